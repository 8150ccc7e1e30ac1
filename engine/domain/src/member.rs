//! Members: what people say of themselves.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::MemberId;

/// What is known of a member by declaration, by name.
pub type Traits = serde_json::Map<String, Value>;

/// Sets traits of a member: each name given replaces what was there, `null` removes it, the others stay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberPut {
    /// Whose traits.
    pub member: MemberId,
    /// What is set. Names with a meaning of their own: `interests` (tags, declared), `locale`, `timezone`,
    /// `consent_behaviour` (false: rank by declared interests only).
    #[serde(default)]
    pub traits: Traits,
}

impl MemberPut {
    /// The declared interests, if this sets them: a list of tags, or one text with commas.
    #[must_use]
    pub fn interests(&self) -> Option<Vec<String>> {
        match self.traits.get("interests")? {
            Value::Array(list) => Some(list.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
            Value::String(text) => {
                Some(text.split(',').map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned).collect())
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Some(Vec::new()),
        }
    }

    /// Whether behaviour may be used for ranking, if this sets it.
    #[must_use]
    pub fn consent_behaviour(&self) -> Option<bool> {
        self.traits.get("consent_behaviour").map(|value| value.as_bool().unwrap_or(true))
    }
}
