//! Why a document is not a design: whoever wrote it must act.

use std::fmt;

/// What is wrong with a document, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct DesignError {
    /// The field, as a path such as `variants[1].weight`; empty for the document as a whole.
    pub field: String,
    /// What is wrong, and what would be right.
    pub what: String,
}

impl DesignError {
    /// An error at a field.
    pub fn at(field: impl Into<String>, what: impl Into<String>) -> Self {
        Self { field: field.into(), what: what.into() }
    }
}

impl fmt::Display for DesignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() { f.write_str(&self.what) } else { write!(f, "{}: {}", self.field, self.what) }
    }
}

/// Reads a document into its type; an error names the field.
pub(crate) fn read<T: serde::de::DeserializeOwned>(document: &serde_json::Value) -> Result<T, DesignError> {
    serde_path_to_error::deserialize(document).map_err(|error| {
        let path = error.path().to_string();
        DesignError::at(if path == "." { String::new() } else { path }, error.into_inner().to_string())
    })
}

/// How long a key may be, in bytes.
pub const KEY_BYTES_MAX: usize = 200;

/// Checks the key of a document: something that can stand in an address and a table.
pub fn check_key(key: &str) -> Result<(), DesignError> {
    let sound = !key.is_empty()
        && key.len() <= KEY_BYTES_MAX
        && !key.chars().any(|c| c.is_control() || c.is_whitespace())
        && !key.starts_with('$');
    if sound {
        return Ok(());
    }
    Err(DesignError::at(
        "key",
        format!("a key is 1 to {KEY_BYTES_MAX} bytes without spaces and does not begin with $; this is {key:?}"),
    ))
}
