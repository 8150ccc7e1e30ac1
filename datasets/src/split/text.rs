//! Splits as text: `timeline:origins=8,days=7`.

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value};

use super::{Split, SplitError};

/// The field that names the split in documents.
const TAG: &str = "split";

impl FromStr for Split {
    type Err = SplitError;

    fn from_str(text: &str) -> Result<Self, SplitError> {
        let bad = |what: String| SplitError::Text { text: text.chars().take(80).collect(), what };
        let (name, settings) = text.split_once(':').unwrap_or((text, ""));
        let mut document = Map::new();
        document.insert(TAG.to_owned(), name.trim().into());
        for setting in settings.split(',').filter(|setting| !setting.trim().is_empty()) {
            let Some((key, value)) = setting.split_once('=') else {
                return Err(bad(format!("{setting:?} is not a setting like days=7")));
            };
            let value = serde_json::from_str(value.trim()).unwrap_or_else(|_| value.trim().into());
            if document.insert(key.trim().to_owned(), value).is_some() {
                return Err(bad(format!("{} is set twice", key.trim())));
            }
        }
        let split: Self = serde_json::from_value(document.into()).map_err(|error| bad(error.to_string()))?;
        split.check()?;
        Ok(split)
    }
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok(Value::Object(mut document)) = serde_json::to_value(self) else { return Err(fmt::Error) };
        let name = document.remove(TAG);
        f.write_str(name.as_ref().and_then(Value::as_str).unwrap_or_default())?;
        for (place, (key, value)) in document.iter().enumerate() {
            write!(f, "{}{key}={value}", if place == 0 { ':' } else { ',' })?;
        }
        Ok(())
    }
}
