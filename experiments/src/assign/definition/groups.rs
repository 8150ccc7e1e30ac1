//! Saved groups: lists of values, or conditions by name.
//!
//! Conditions know lists only (`$inGroup`). A reference `{"$savedGroup": {"id", "attributeKey"?}}` is written out when a
//! condition is made ready.

use anklang_domain::{CONDITION_NODES_MAX, Condition, SavedGroups};
use serde_json::{Map, Value, json};

use super::fields::Object;

/// The saved groups of a payload.
#[derive(Debug, Default)]
pub(super) struct Groups {
    /// Every list, by name: what `$inGroup` looks into.
    pub(super) lists: SavedGroups,
    entries: Object,
}

impl Groups {
    /// Takes `savedGroups`, in either of its shapes.
    pub(super) fn parse(source: Option<&Value>) -> Self {
        let Some(source) = source.and_then(Value::as_object) else { return Self::default() };
        let mut groups = Self::default();
        for (name, entry) in source {
            match entry {
                Value::Array(values) => groups.lists.insert(name.clone(), values),
                Value::Object(object) => {
                    if let Some(Value::Array(values)) = object.get("values").filter(|_| is_list(object)) {
                        groups.lists.insert(name.clone(), values);
                    }
                    groups.entries.insert(name.clone(), without_values(object));
                }
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
        groups
    }

    /// A condition made ready; none where there is none.
    pub(super) fn condition(&self, source: Option<&Value>) -> Option<Condition> {
        let source = source.filter(|source| anklang_domain::javascript::truthy(source))?;
        if !source.to_string().contains("$savedGroup") {
            return Some(Condition::lenient(source));
        }
        let mut writing = Writing { groups: self, left: CONDITION_NODES_MAX, open: Vec::new() };
        Some(Condition::lenient(&writing.condition(source)))
    }
}

fn is_list(entry: &Object) -> bool {
    entry.get("type").and_then(Value::as_str) == Some("list")
}

/// Long lists are kept once.
fn without_values(entry: &Object) -> Value {
    let kept = entry.iter().filter(|(name, _)| *name != "values");
    Value::Object(kept.map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// What holds for nobody.
fn nobody() -> Value {
    json!({ "$not": {} })
}

/// Writes the groups out; what refers to itself, or grows too large, holds for nobody.
struct Writing<'a> {
    groups: &'a Groups,
    left: usize,
    open: Vec<String>,
}

impl Writing<'_> {
    fn condition(&mut self, source: &Value) -> Value {
        let Value::Object(entries) = source else { return source.clone() };
        if self.left == 0 {
            return nobody();
        }
        self.left -= 1;
        let mut written = Map::new();
        let mut group = None;
        for (key, value) in entries {
            match (key.as_str(), value) {
                ("$savedGroup", reference) => group = Some(self.group(reference)),
                ("$and" | "$or" | "$nor", Value::Array(list)) => {
                    written.insert(key.clone(), list.iter().map(|entry| self.condition(entry)).collect());
                }
                ("$not", nested) => {
                    written.insert(key.clone(), self.condition(nested));
                }
                (_attribute, value) => {
                    written.insert(key.clone(), self.test(value));
                }
            }
        }
        match group {
            Some(group) => json!({ "$and": [written, group] }),
            None => Value::Object(written),
        }
    }

    /// Elements may be asked whole conditions too.
    fn test(&mut self, source: &Value) -> Value {
        let Value::Object(operators) = source else { return source.clone() };
        let written = operators.iter().map(|(name, value)| {
            let plain = value.as_object().is_some_and(|map| map.keys().any(|key| !key.starts_with('$')));
            let value = match name.as_str() {
                "$elemMatch" if plain => self.condition(value),
                "$elemMatch" | "$not" | "$size" => self.test(value),
                _other => value.clone(),
            };
            (name.clone(), value)
        });
        Value::Object(written.collect())
    }

    fn group(&mut self, reference: &Value) -> Value {
        self.referred(reference).unwrap_or_else(nobody)
    }

    fn referred(&mut self, reference: &Value) -> Option<Value> {
        let reference = reference.as_object()?;
        let id = reference.get("id")?.as_str()?;
        let attribute = match reference.get("attributeKey") {
            Some(attribute) => Some(attribute.as_str()?),
            None => None,
        };
        if self.open.iter().any(|open| open == id) {
            return None;
        }
        let groups = self.groups;
        let entry = groups.entries.get(id)?.as_object()?;
        if is_list(entry) {
            let attribute = attribute.or_else(|| entry.get("attributeKey").and_then(Value::as_str))?;
            return groups.lists.contains(id).then(|| json!({ attribute: { "$inGroup": id } }));
        }
        let condition = entry.get("condition").filter(|condition| condition.is_object())?;
        if entry.get("type").and_then(Value::as_str) != Some("condition") {
            return None;
        }
        self.open.push(id.to_owned());
        let written = self.condition(condition);
        self.open.pop();
        Some(written)
    }
}
