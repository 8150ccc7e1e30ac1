//! `anklang.toml`.

use toml::de::{DeTable, DeValue};

use super::{Config, ConfigError};

/// Sets what the file says.
pub(super) fn apply(config: &mut Config, text: &str, name: &str) -> Result<(), ConfigError> {
    let place = |at: usize| format!("{name}, line {}", line(text, at));
    let table = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        ConfigError { place: place(at), why: error.message().to_owned() }
    })?;
    walk(config, table.get_ref(), "", &place)
}

fn walk(
    config: &mut Config,
    table: &DeTable<'_>,
    prefix: &str,
    place: &dyn Fn(usize) -> String,
) -> Result<(), ConfigError> {
    for (key, value) in table {
        let name = format!("{prefix}{}", key.get_ref());
        let place_here = place(key.span().start);
        let text = match value.get_ref() {
            DeValue::Table(inner) => {
                walk(config, inner, &format!("{name}."), place)?;
                continue;
            }
            DeValue::String(text) => text.to_string(),
            DeValue::Integer(number) => number.to_string(),
            DeValue::Float(number) => number.to_string(),
            DeValue::Boolean(truth) => truth.to_string(),
            DeValue::Datetime(moment) => moment.to_string(),
            DeValue::Array(_) => {
                return Err(ConfigError { place: place_here, why: format!("{name} is one value, not a list") });
            }
        };
        config.set(&name, &text, &place_here)?;
    }
    Ok(())
}

fn line(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}
