//! Reading fields out of documents as JavaScript would.

use anklang_domain::javascript::{to_number, truthy};
use serde_json::{Map, Value};

use crate::assign::{HashVersion, Range};

/// An object of a document.
pub(super) type Object = Map<String, Value>;

/// A text that is not empty.
pub(super) fn text<'a>(object: &'a Object, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// A field that counts as true.
pub(super) fn given<'a>(object: &'a Object, name: &str) -> Option<&'a Value> {
    object.get(name).filter(|value| truthy(value))
}

/// A list.
pub(super) fn list<'a>(object: &'a Object, name: &str) -> Option<&'a [Value]> {
    object.get(name).and_then(Value::as_array).map(Vec::as_slice)
}

/// A field as a number, where there is the field.
pub(super) fn number(object: &Object, name: &str) -> Option<f64> {
    object.get(name).map(to_number)
}

/// Whether a field counts as true.
pub(super) fn flag(object: &Object, name: &str) -> bool {
    given(object, name).is_some()
}

/// A version number from 0 up; 0 where there is none.
pub(super) fn version(object: &Object, name: &str) -> u64 {
    object.get(name).and_then(Value::as_u64).unwrap_or(0)
}

/// A stretch `[start, end]`.
pub(super) fn range(value: &Value) -> Option<Range> {
    let bounds = value.as_array()?;
    Some(Range { start: to_number(bounds.first()?), end: to_number(bounds.get(1)?) })
}

/// A list of stretches; one that is none holds nothing.
pub(super) fn ranges(list: &[Value]) -> Vec<Range> {
    list.iter().map(|value| range(value).unwrap_or(Range { start: f64::NAN, end: f64::NAN })).collect()
}

/// Weights as numbers.
pub(super) fn weights(list: &[Value]) -> Vec<f64> {
    list.iter().map(to_number).collect()
}

/// The hash to use: the default where none is named, and none where there is no such hash.
pub(super) fn hash_version(object: &Object, default: HashVersion) -> Option<HashVersion> {
    match given(object, "hashVersion") {
        None => Some(default),
        Some(number) => match number.as_f64() {
            Some(1.0) => Some(HashVersion::V1),
            Some(2.0) => Some(HashVersion::V2),
            Some(_) | None => None,
        },
    }
}
