//! The environment: `ANKLANG_LISTEN`, `ANKLANG_LIMITS_WORKERS` …

use super::{Config, ConfigError, SETTINGS};
use crate::nearest::nearest;

const PREFIX: &str = "ANKLANG_";

/// Sets what the variables say.
pub(super) fn apply(config: &mut Config, variables: impl Iterator<Item = (String, String)>) -> Result<(), ConfigError> {
    for (name, value) in variables.filter(|(name, _)| name.starts_with(PREFIX)) {
        match SETTINGS.iter().find(|(key, _)| variable(key) == name) {
            Some((key, _)) => config.set(key, &value, &name)?,
            None => {
                let known: Vec<String> = SETTINGS.iter().map(|(key, _)| variable(key)).collect();
                let why = match nearest(&name, known.iter().map(String::as_str)) {
                    Some(right) => format!("there is no such variable; did you mean {right}?"),
                    None => format!("there is no such variable; there are {}", known.join(", ")),
                };
                return Err(ConfigError { place: name, why });
            }
        }
    }
    Ok(())
}

fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "_").to_ascii_uppercase())
}
