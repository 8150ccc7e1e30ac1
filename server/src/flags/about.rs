//! What is to be known of features besides their values: which rules there are, and for whom.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::KEY_ATTRIBUTE;

/// What OFREP needs to know of a feature besides its value.
#[derive(Debug, Clone, Default)]
pub(crate) struct About {
    /// Switched off: kept from SDKs, without a value over OFREP.
    pub(crate) disabled: bool,
    /// Whether a rule of it tells units apart by the targeting key.
    pub(crate) splits_by_key: bool,
    /// Its rules, by the ids they are compiled under.
    pub(crate) rules: HashMap<String, Kind>,
}

/// For whom a rule's value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// For everybody.
    All,
    /// For whoever meets a condition.
    Targeted,
    /// For a share of the units.
    Share,
}

/// Begins the ids under which rules without an id of their own are compiled: no text that people write begins so.
const NO_ID: char = '\0';

/// The id that a rule has in the configuration; empty where it has none.
pub(crate) fn own_id(compiled: &str) -> &str {
    if compiled.starts_with(NO_ID) { "" } else { compiled }
}

impl About {
    pub(super) fn of(feature: &Value) -> Self {
        let rules = rules_of(feature);
        Self {
            disabled: feature.get("enabled") == Some(&Value::Bool(false)),
            splits_by_key: rules.iter().any(|rule| {
                let named = rule.get("hashAttribute").and_then(Value::as_str).filter(|name| !name.is_empty());
                named.is_none_or(|name| name == KEY_ATTRIBUTE) && splits(rule)
            }),
            rules: rules.iter().enumerate().map(|(at, rule)| (compiled_id(at, rule), Kind::of(rule))).collect(),
        }
    }
}

impl Kind {
    fn of(rule: &Value) -> Self {
        let says = |name: &str| match rule.get(name) {
            Some(Value::Object(fields)) => !fields.is_empty(),
            Some(Value::Array(list)) => !list.is_empty(),
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) | None => false,
        };
        if splits(rule) {
            Self::Share
        } else if says("condition") || says("parentConditions") {
            Self::Targeted
        } else {
            Self::All
        }
    }
}

/// Whether a rule tells units apart: a rollout to all of them does not.
fn splits(rule: &Value) -> bool {
    let partial = rule.get("coverage").is_some_and(|coverage| coverage.as_f64().is_none_or(|share| share < 1.0));
    let by = ["variations", "contextualVariations", "range"];
    partial || by.iter().any(|name| rule.get(name).is_some())
}

/// A rule's documents, wherever they stand.
fn rules_of(feature: &Value) -> &[Value] {
    feature.get("rules").and_then(Value::as_array).map_or(&[][..], Vec::as_slice)
}

/// The same document with an id for every rule, so that an evaluation tells which one decided.
pub(super) fn named(document: &Map<String, Value>) -> Value {
    let mut document = document.clone();
    let features = document.get_mut("features").and_then(Value::as_object_mut);
    let rules = features.into_iter().flat_map(|features| features.values_mut());
    for rules in rules.filter_map(|feature| feature.get_mut("rules")?.as_array_mut()) {
        for (at, rule) in rules.iter_mut().enumerate() {
            let id = compiled_id(at, rule);
            if let Some(rule) = rule.as_object_mut() {
                rule.insert("id".to_owned(), id.into());
            }
        }
    }
    Value::Object(document)
}

fn compiled_id(at: usize, rule: &Value) -> String {
    let own = rule.get("id").and_then(Value::as_str).filter(|id| !id.is_empty());
    own.map_or_else(|| format!("{NO_ID}{at}"), str::to_owned)
}

/// The phase of each experiment: as its rule names it, else its bucket version.
pub(super) fn phases(document: &Map<String, Value>) -> HashMap<String, String> {
    let features = document.get("features").and_then(Value::as_object).into_iter().flatten();
    let rules = features.flat_map(|(key, feature)| rules_of(feature).iter().map(move |rule| (key, rule)));
    let phase = |(feature, rule): (&String, &Value)| {
        let text = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        };
        let key = rule.get("key").and_then(text).unwrap_or_else(|| feature.clone());
        let phase = ["phase", "bucketVersion"].iter().find_map(|name| text(rule.get(*name)?))?;
        Some((key, phase))
    };
    rules.filter_map(phase).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_flag_that_splits_by_key_is_known() {
        let splits = |rule: Value| About::of(&json!({"rules": [rule]})).splits_by_key;
        assert!(!splits(json!({"force": 1, "coverage": 1})));
        assert!(splits(json!({"variations": [0, 1]})));
        assert!(splits(json!({"force": 1, "coverage": 0.1})));
        assert!(!splits(json!({"force": 1})));
        assert!(!splits(json!({"variations": [0, 1], "hashAttribute": "company"})));
    }
}
