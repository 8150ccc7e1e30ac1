//! The environment: `ANKLANG_DATA_DIR`, `ANKLANG_LISTEN`, `ANKLANG_LIMITS_WORKERS` …

use super::{Config, ConfigError, SETTINGS};
use crate::nearest::nearest;

const PREFIX: &str = "ANKLANG_";
/// Read by the tests, which find research data by the first and take their pains from the others: never a setting.
const NOT_OURS: [&str; 3] = ["ANKLANG_DATA", "ANKLANG_CI_CACHE", "ANKLANG_CRASH_ROUNDS"];

/// Sets what the variables say.
pub(super) fn apply(config: &mut Config, variables: impl Iterator<Item = (String, String)>) -> Result<(), ConfigError> {
    for (name, value) in variables.filter(|(name, _)| is_ours(name)) {
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

fn is_ours(name: &str) -> bool {
    name.starts_with(PREFIX) && !NOT_OURS.contains(&name)
}

fn variable(key: &str) -> String {
    let key = if key == "data" { "data.dir" } else { key };
    format!("{PREFIX}{}", key.replace('.', "_").to_ascii_uppercase())
}
