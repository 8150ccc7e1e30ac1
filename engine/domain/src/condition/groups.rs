//! Saved groups: long lists by name.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::script::identical;

/// Named lists that `$inGroup` and `$notInGroup` look into. A missing list is empty. Made ready once, so that a list of a
/// hundred thousand ids takes no longer to ask than one of ten.
#[derive(Debug, Clone, Default)]
pub struct SavedGroups {
    lists: HashMap<String, Members>,
}

#[derive(Debug, Clone, Default)]
struct Members {
    texts: HashSet<String>,
    /// By their bits, with one zero.
    numbers: HashSet<u64>,
    /// Booleans and null; lists and objects are never equal to anything.
    others: Vec<Value>,
}

impl SavedGroups {
    /// Without any list.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a list, or puts it in the place of one of the same name.
    pub fn insert(&mut self, name: String, values: &[Value]) {
        let mut members = Members::default();
        for value in values {
            match value {
                Value::String(text) => drop(members.texts.insert(text.clone())),
                Value::Number(number) => drop(number.as_f64().map(|number| members.numbers.insert(bits(number)))),
                Value::Null | Value::Bool(_) if !members.others.contains(value) => members.others.push(value.clone()),
                Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {}
            }
        }
        self.lists.insert(name, members);
    }

    /// Whether there is a list of this name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.lists.contains_key(name)
    }

    /// Whether a value is in a list; of a list, whether any element is.
    pub(super) fn has(&self, name: &str, value: &Value) -> bool {
        self.lists.get(name).is_some_and(|members| match value {
            Value::Array(elements) => elements.iter().any(|element| members.has(element)),
            other => members.has(other),
        })
    }
}

impl Members {
    fn has(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => self.texts.contains(text),
            Value::Number(number) => number.as_f64().is_some_and(|number| self.numbers.contains(&bits(number))),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                self.others.iter().any(|other| identical(other, value))
            }
        }
    }
}

/// Equal numbers have equal bits: the two zeros become one.
fn bits(number: f64) -> u64 {
    (number + 0.0).to_bits()
}

/// Name → JSON array; what is no array is no list.
impl From<&Map<String, Value>> for SavedGroups {
    fn from(lists: &Map<String, Value>) -> Self {
        let mut groups = Self::new();
        for (name, values) in lists {
            if let Value::Array(values) = values {
                groups.insert(name.clone(), values);
            }
        }
        groups
    }
}
