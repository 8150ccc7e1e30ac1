//! From a document to a condition made ready.

use serde_json::{Map, Value};

use super::eval::{Node, Relation, Test};
use super::pattern::regex;
use super::script::{padded_version, to_text, truthy};
use super::{
    CONDITION_DEPTH_MAX, CONDITION_LIST_MAX, CONDITION_NODES_MAX, CONDITION_PATTERN_CHARS_MAX, ConditionError,
};

/// What to do about what is not understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// It is an error.
    Strict,
    /// It is false, as in GrowthBook's SDKs.
    Lenient,
}

/// Every operator on a value.
const OPERATORS: [&str; 27] = [
    "$eq",
    "$ne",
    "$lt",
    "$lte",
    "$gt",
    "$gte",
    "$in",
    "$nin",
    "$ini",
    "$nini",
    "$all",
    "$alli",
    "$elemMatch",
    "$size",
    "$type",
    "$exists",
    "$regex",
    "$regexi",
    "$not",
    "$inGroup",
    "$notInGroup",
    "$veq",
    "$vne",
    "$vlt",
    "$vlte",
    "$vgt",
    "$vgte",
];
/// Every connective of whole conditions.
const CONNECTIVES: [&str; 4] = ["$and", "$or", "$nor", "$not"];
const TYPES: [&str; 7] = ["null", "boolean", "number", "string", "array", "object", "undefined"];

/// An attribute that older GrowthBook SDKs set themselves, `$` and all.
const GROUPS_ATTRIBUTE: &str = "$groups";

pub(super) fn compile(source: &Value, mode: Mode) -> Result<Node, ConditionError> {
    Compiler { mode, path: Vec::new(), nodes: 0 }.node(source)
}

struct Compiler {
    mode: Mode,
    path: Vec<String>,
    nodes: usize,
}

type Compiled<T> = Result<T, ConditionError>;

impl Compiler {
    /// A whole condition: an object of connectives and attributes.
    fn node(&mut self, source: &Value) -> Compiled<Node> {
        let Value::Object(entries) = source else {
            self.refuse("an object of attributes and connectives", source)?;
            return self.no_object(source);
        };
        let nodes = entries.iter().map(|(key, value)| self.within(key, |this| this.entry(key, value)));
        Ok(Node::Every(nodes.collect::<Result<_, _>>()?))
    }

    /// JavaScript sees an object with indices in a list or text, one without entries in a number or boolean, and fails at
    /// null.
    fn no_object(&mut self, source: &Value) -> Compiled<Node> {
        let parts = match source {
            Value::Array(list) => list.clone(),
            Value::String(text) => text.chars().map(|part| part.to_string().into()).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
        };
        self.limit("comparisons and connectives", parts.len(), CONDITION_NODES_MAX)?;
        let entries =
            parts.iter().enumerate().map(|(at, part)| self.within("", |this| this.entry(&at.to_string(), part)));
        let nodes = entries.collect::<Result<_, _>>()?;
        Ok(if source.is_null() { Node::Never } else { Node::Every(nodes) })
    }

    fn entry(&mut self, key: &str, value: &Value) -> Compiled<Node> {
        match key {
            "$and" => Ok(Node::Every(self.nodes(value)?)),
            "$or" => Ok(self.any(value)?),
            "$nor" => Ok(Node::Not(Box::new(self.any(value)?))),
            "$not" => Ok(Node::Not(Box::new(self.node(value)?))),
            attribute => {
                if self.mode == Mode::Strict && attribute.starts_with('$') && attribute != GROUPS_ATTRIBUTE {
                    return Err(self.misplaced(attribute));
                }
                Ok(Node::At(attribute.split('.').map(str::to_owned).collect(), self.test(value)?))
            }
        }
    }

    /// `$or` of nothing holds.
    fn any(&mut self, value: &Value) -> Compiled<Node> {
        let nodes = self.nodes(value)?;
        Ok(if nodes.is_empty() { Node::Every(nodes) } else { Node::Any(nodes) })
    }

    fn nodes(&mut self, value: &Value) -> Compiled<Vec<Node>> {
        let Value::Array(list) = value else {
            self.refuse("a list of conditions", value)?;
            return Ok(Vec::new());
        };
        list.iter().enumerate().map(|(at, node)| self.within(&at.to_string(), |this| this.node(node))).collect()
    }

    /// What a value is held against: a constant, or an object of operators.
    fn test(&mut self, value: &Value) -> Compiled<Test> {
        let Value::Object(entries) = value else {
            return Ok(constant(value));
        };
        let operators = entries.keys().filter(|key| key.starts_with('$')).count();
        if operators == 0 || operators < entries.len() {
            if operators > 0 {
                self.refuse("either operators or the keys of an object to equal", value)?;
            }
            return Ok(Test::Same(value.clone()));
        }
        Ok(Test::Every(self.operators(entries)?))
    }

    fn operators(&mut self, entries: &Map<String, Value>) -> Compiled<Vec<Test>> {
        let mut tests = Vec::with_capacity(entries.len());
        for (name, value) in entries {
            if self.mode == Mode::Strict && !OPERATORS.contains(&name.as_str()) {
                return Err(self.unknown(name, OPERATORS.iter()));
            }
            tests.push(self.within(name, |this| this.operator(name, value))?);
        }
        Ok(tests)
    }

    fn operator(&mut self, name: &str, value: &Value) -> Compiled<Test> {
        let compare = |relation| Ok(Test::Compare(relation, value.clone()));
        let version = |relation| Ok(Test::Version(relation, padded_version(value)));
        match name {
            "$eq" => self.scalar(value).map(|()| Test::Identical(value.clone())),
            "$ne" => self.scalar(value).map(|()| not(Test::Identical(value.clone()))),
            "$lt" => self.ordered(value).and_then(|()| compare(Relation::Less)),
            "$lte" => self.ordered(value).and_then(|()| compare(Relation::LessOrEqual)),
            "$gt" => self.ordered(value).and_then(|()| compare(Relation::Greater)),
            "$gte" => self.ordered(value).and_then(|()| compare(Relation::GreaterOrEqual)),
            "$veq" => self.ordered(value).and_then(|()| version(Relation::Equal)),
            "$vne" => self.ordered(value).and_then(|()| version(Relation::Equal)).map(not),
            "$vlt" => self.ordered(value).and_then(|()| version(Relation::Less)),
            "$vlte" => self.ordered(value).and_then(|()| version(Relation::LessOrEqual)),
            "$vgt" => self.ordered(value).and_then(|()| version(Relation::Greater)),
            "$vgte" => self.ordered(value).and_then(|()| version(Relation::GreaterOrEqual)),
            "$exists" => self.flag(value).map(|()| Test::Exists(truthy(value))),
            "$in" => self.list(value, false, true),
            "$ini" => self.list(value, true, true),
            "$nin" => self.list(value, false, false),
            "$nini" => self.list(value, true, false),
            "$inGroup" => self.group(value),
            "$notInGroup" => self.group(value).map(not),
            "$all" => self.all(value, false),
            "$alli" => self.all(value, true),
            "$size" => self.test(value).map(|test| Test::Size(Box::new(test))),
            "$not" => self.test(value).map(not),
            "$elemMatch" => self.element(value),
            "$regex" => self.pattern(value, false),
            "$regexi" => self.pattern(value, true),
            "$type" => self.kind(value),
            _unknown => Ok(Test::Never),
        }
    }

    fn scalar(&self, value: &Value) -> Compiled<()> {
        if value.is_array() || value.is_object() {
            self.refuse("a string, number, boolean or null (a list or object is given without an operator)", value)?;
        }
        Ok(())
    }

    fn ordered(&self, value: &Value) -> Compiled<()> {
        if value.is_string() || value.is_number() { Ok(()) } else { self.refuse("a number or a string", value) }
    }

    fn flag(&self, value: &Value) -> Compiled<()> {
        if value.is_boolean() { Ok(()) } else { self.refuse("true or false", value) }
    }

    /// `$in` and its like. In JavaScript neither it nor its opposite holds for what is no list.
    fn list(&self, value: &Value, folded: bool, wanted: bool) -> Compiled<Test> {
        let Value::Array(list) = value else {
            self.refuse("a list", value)?;
            return Ok(Test::Never);
        };
        self.limit("entries in a list", list.len(), CONDITION_LIST_MAX)?;
        let test = Test::In { list: list.clone(), folded };
        Ok(if wanted { test } else { not(test) })
    }

    fn group(&self, value: &Value) -> Compiled<Test> {
        if !value.is_string() {
            self.refuse("the name of a saved group", value)?;
        }
        Ok(Test::InGroup(to_text(value).into_owned()))
    }

    fn all(&mut self, value: &Value, folded: bool) -> Compiled<Test> {
        let Value::Array(list) = value else {
            self.refuse("a list", value)?;
            return Ok(Test::Never);
        };
        self.limit("entries in a list", list.len(), CONDITION_LIST_MAX)?;
        let test = |value: &Value| match value {
            Value::String(text) if folded => Ok(Test::TextFolded(text.to_lowercase())),
            other => self.test(other),
        };
        Ok(Test::All(list.iter().map(test).collect::<Result<_, _>>()?))
    }

    /// Operators are asked of the element itself, anything else of its attributes.
    fn element(&mut self, value: &Value) -> Compiled<Test> {
        let map = value.as_object();
        if map.is_some_and(|map| !map.is_empty() && map.keys().all(|key| key.starts_with('$'))) {
            return Ok(Test::Element(Box::new(self.test(value)?)));
        }
        Ok(Test::ElementObject(Box::new(self.node(value)?)))
    }

    fn pattern(&self, value: &Value, folded: bool) -> Compiled<Test> {
        let Value::String(pattern) = value else {
            self.refuse("a regular expression", value)?;
            return Ok(Test::Never);
        };
        self.limit("characters in a pattern", pattern.chars().count(), CONDITION_PATTERN_CHARS_MAX)?;
        match (regex(pattern, folded), self.mode) {
            (Ok(regex), _) => Ok(Test::Matches(regex)),
            (Err(reason), Mode::Strict) => Err(ConditionError::Pattern { path: self.place(), reason }),
            (Err(_), Mode::Lenient) => Ok(Test::Never),
        }
    }

    fn kind(&self, value: &Value) -> Compiled<Test> {
        match value {
            Value::String(name) if TYPES.contains(&name.as_str()) => Ok(Test::Type(name.clone())),
            other => {
                self.refuse("one of null, boolean, number, string, array, object", other)?;
                Ok(Test::Never)
            }
        }
    }

    /// Goes one level down, and counts it.
    fn within<T>(&mut self, step: &str, compile: impl FnOnce(&mut Self) -> Compiled<T>) -> Compiled<T> {
        self.path.push(step.to_owned());
        self.nodes += 1;
        self.limit("levels of nesting", self.path.len(), CONDITION_DEPTH_MAX)?;
        self.limit("comparisons and connectives", self.nodes, CONDITION_NODES_MAX)?;
        let compiled = compile(self)?;
        self.path.pop();
        Ok(compiled)
    }

    fn limit(&self, what: &'static str, count: usize, max: usize) -> Compiled<()> {
        if count > max { Err(ConditionError::Limit { path: self.place(), what, max }) } else { Ok(()) }
    }

    /// An error where that is wanted.
    fn refuse(&self, wanted: &'static str, value: &Value) -> Compiled<()> {
        if self.mode == Mode::Lenient {
            return Ok(());
        }
        let found = value.to_string();
        let short: String = found.chars().take(40).collect();
        let found = if short.len() < found.len() { short + "…" } else { short };
        Err(ConditionError::Shape { path: self.place(), wanted, found })
    }

    /// An operator where an attribute or connective belongs.
    fn misplaced(&self, found: &str) -> ConditionError {
        let outer = self.path.len().saturating_sub(1);
        if OPERATORS.contains(&found) {
            let wanted = "an attribute, $and, $or, $nor or $not";
            return ConditionError::Shape {
                path: place(&self.path[..outer]),
                wanted,
                found: format!("the operator {found}"),
            };
        }
        let nearest = nearest(found, CONNECTIVES.iter());
        ConditionError::Operator { path: place(&self.path[..outer]), found: found.to_owned(), nearest }
    }

    fn unknown(&self, found: &str, known: impl Iterator<Item = &'static &'static str>) -> ConditionError {
        ConditionError::Operator { path: self.place(), found: found.to_owned(), nearest: nearest(found, known) }
    }

    fn place(&self) -> String {
        place(&self.path)
    }
}

fn place(path: &[String]) -> String {
    if path.is_empty() { "the top".to_owned() } else { path.join(".") }
}

fn not(test: Test) -> Test {
    Test::Not(Box::new(test))
}

fn constant(value: &Value) -> Test {
    match value {
        Value::Null => Test::Null,
        Value::Bool(flag) => Test::Flag(*flag),
        Value::Number(number) => Test::Number(number.as_f64().unwrap_or(f64::NAN)),
        Value::String(text) => Test::Text(text.clone()),
        Value::Array(_) | Value::Object(_) => Test::Same(value.clone()),
    }
}

/// The name with the fewest edits between (Levenshtein), the first of equals.
fn nearest(found: &str, known: impl Iterator<Item = &'static &'static str>) -> &'static str {
    let found: Vec<char> = found.chars().take(20).collect();
    known.min_by_key(|name| edits(&found, &name.chars().collect::<Vec<_>>())).copied().unwrap_or("$and")
}

fn edits(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(!x.eq_ignore_ascii_case(y));
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
