//! Conditions made ready, and the asking.

use std::cmp::Ordering;

use regex::Regex;
use serde_json::Value;

use super::SavedGroups;
use super::script::{compare_units, identical, less_than, padded_version, same, to_number, to_text, truthy, type_of};

/// A statement on an object of attributes.
#[derive(Debug, Clone)]
pub(super) enum Node {
    Every(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    At(Vec<String>, Test),
    Never,
}

/// A statement on one value.
#[derive(Debug, Clone)]
pub(super) enum Test {
    Every(Vec<Test>),
    Not(Box<Test>),
    /// A bare string: equal when the value is written as text.
    Text(String),
    /// The same, in lower case.
    TextFolded(String),
    /// A bare number: equal when the value is taken as a number.
    Number(f64),
    /// A bare boolean: equal to what the value counts as.
    Flag(bool),
    Null,
    /// A bare list or object: equal through and through.
    Same(Value),
    /// `$eq`: equal in type and value; lists and objects never are.
    Identical(Value),
    /// `$lt` and its like: the value stands so to the constant.
    Compare(Relation, Value),
    /// `$vlt` and its like, against a padded version.
    Version(Relation, String),
    Exists(bool),
    In {
        list: Vec<Value>,
        folded: bool,
    },
    InGroup(String),
    Size(Box<Test>),
    Element(Box<Test>),
    ElementObject(Box<Node>),
    All(Vec<Test>),
    Matches(Regex),
    Type(String),
    Never,
}

/// How two things stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Relation {
    const fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

impl Node {
    pub(super) fn eval(&self, attributes: &Value, groups: &SavedGroups) -> bool {
        match self {
            Self::Every(nodes) => nodes.iter().all(|node| node.eval(attributes, groups)),
            Self::Any(nodes) => nodes.iter().any(|node| node.eval(attributes, groups)),
            Self::Not(node) => !node.eval(attributes, groups),
            Self::At(path, test) => follow(attributes, path, |value| test.eval(value, groups)),
            Self::Never => false,
        }
    }
}

/// Hands on the value at a path; null where there is none. A list has its indices and `length`.
fn follow(attributes: &Value, path: &[String], ask: impl FnOnce(&Value) -> bool) -> bool {
    let mut current = attributes;
    for (at, step) in path.iter().enumerate() {
        let next = match current {
            Value::Object(map) => map.get(step),
            Value::Array(list) if step == "length" => {
                let rest = path.len() - at - 1;
                return if rest == 0 { ask(&Value::from(list.len())) } else { ask(&Value::Null) };
            }
            Value::Array(list) => {
                step.parse::<usize>().ok().filter(|i| i.to_string() == *step).and_then(|i| list.get(i))
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        };
        match next {
            Some(next) => current = next,
            None => return ask(&Value::Null),
        }
    }
    ask(current)
}

impl Test {
    pub(super) fn eval(&self, value: &Value, groups: &SavedGroups) -> bool {
        match self {
            Self::Every(tests) => tests.iter().all(|test| test.eval(value, groups)),
            Self::Not(test) => !test.eval(value, groups),
            Self::Text(text) => to_text(value) == *text,
            Self::TextFolded(text) => to_text(value).to_lowercase() == *text,
            Self::Number(number) => to_number(value) == *number,
            Self::Flag(flag) => !value.is_null() && truthy(value) == *flag,
            Self::Null => value.is_null(),
            Self::Same(other) => same(value, other),
            Self::Identical(other) => identical(value, other),
            Self::Compare(relation, other) => match relation {
                Relation::Equal => identical(value, other),
                Relation::Less => less_than(value, other) == Some(true),
                // `a <= b` is `not b < a` in JavaScript, unless the two cannot be compared.
                Relation::LessOrEqual => less_than(other, value) == Some(false),
                Relation::Greater => less_than(other, value) == Some(true),
                Relation::GreaterOrEqual => less_than(value, other) == Some(false),
            },
            Self::Version(relation, version) => relation.holds(compare_units(&padded_version(value), version)),
            Self::Exists(wanted) => value.is_null() != *wanted,
            Self::In { list, folded } => is_in(value, list, *folded),
            Self::InGroup(name) => groups.has(name, value),
            Self::Size(test) => value.as_array().is_some_and(|list| test.eval(&Value::from(list.len()), groups)),
            Self::Element(test) => any_element(value, |element| test.eval(element, groups)),
            Self::ElementObject(node) => any_element(value, |element| node.eval(element, groups)),
            Self::All(tests) => value
                .as_array()
                .is_some_and(|list| tests.iter().all(|test| list.iter().any(|element| test.eval(element, groups)))),
            Self::Matches(regex) => regex.is_match(&to_text(value)),
            Self::Type(name) => type_of(value) == name,
            Self::Never => false,
        }
    }
}

/// `$elemMatch` passes over null.
fn any_element(value: &Value, ask: impl Fn(&Value) -> bool) -> bool {
    value.as_array().is_some_and(|list| list.iter().any(|element| !element.is_null() && ask(element)))
}

/// Whether a value is in a list; of a list, whether any element is.
fn is_in(value: &Value, list: &[Value], folded: bool) -> bool {
    let equal = |a: &Value, b: &Value| match (a, b) {
        (Value::String(a), Value::String(b)) if folded => a.to_lowercase() == b.to_lowercase(),
        _ => identical(a, b),
    };
    let contains = |element: &Value| list.iter().any(|other| equal(element, other));
    value.as_array().map_or_else(|| contains(value), |elements| elements.iter().any(contains))
}
