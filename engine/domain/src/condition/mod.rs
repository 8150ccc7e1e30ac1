//! Conditions: one language for segments, targeting, audiences, triggers and curation rules.
//!
//! It is GrowthBook's (after MongoDB's), so that its SDKs come to the same answer on their own. Attributes are JSON, and
//! what happens where types do not match is what JavaScript does: `{"n": {"$gt": 5}}` holds for `"8"`, a missing
//! attribute is null, and null counts as 0 when it is compared with a number.
//!
//! A condition somebody writes here is checked when it is written ([`Condition::parse`]): an operator that does not exist
//! is an error with its path, not a rule that quietly never fires. A condition that comes from elsewhere can be taken as
//! it is ([`Condition::lenient`]), and then behaves as in GrowthBook's SDKs: what they do not understand is false.
//!
//! ```
//! use anklang_domain::{Condition, SavedGroups};
//! use serde_json::json;
//!
//! let keen = Condition::parse(&json!({"replies_7d": {"$gte": 3}, "tags": {"$in": ["rust", "c++"]}}))?;
//! assert!(keen.eval(&json!({"replies_7d": 5, "tags": ["rust"]}), &SavedGroups::new()));
//!
//! let error = Condition::parse(&json!({"age": {"$gte": 18, "$ls": 30}})).unwrap_err();
//! assert_eq!(error.to_string(), "at age: there is no operator $ls; did you mean $lt?");
//! # Ok::<(), anklang_domain::ConditionError>(())
//! ```

mod compile;
mod eval;
mod groups;
pub(crate) mod pattern;
pub(crate) mod script;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use groups::SavedGroups;

/// How deep a condition may be nested.
pub const CONDITION_DEPTH_MAX: usize = 24;
/// How many comparisons and connectives a condition may have in all.
pub const CONDITION_NODES_MAX: usize = 1_000;
/// How long a list in a condition may be. Longer ones belong in a saved group.
pub const CONDITION_LIST_MAX: usize = 10_000;
/// How long a pattern may be, in characters.
pub const CONDITION_PATTERN_CHARS_MAX: usize = 1_000;

/// Why a document is not a condition: whoever wrote it must act.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConditionError {
    /// An operator nobody knows.
    #[error("at {path}: there is no operator {found}; did you mean {nearest}?")]
    Operator {
        /// Where, as attribute names and operators joined by dots.
        path: String,
        /// What stands there.
        found: String,
        /// The operator spelt most alike.
        nearest: &'static str,
    },
    /// A value of the wrong shape.
    #[error("at {path}: there must be {wanted}, not {found}")]
    Shape {
        /// Where.
        path: String,
        /// What would be right.
        wanted: &'static str,
        /// What stands there, cut short.
        found: String,
    },
    /// A pattern that is not a regular expression, or one with look-around or back-references, which could take for ever.
    #[error("at {path}: the pattern cannot be used: {reason}")]
    Pattern {
        /// Where.
        path: String,
        /// Why.
        reason: String,
    },
    /// Above one of the limits.
    #[error("at {path}: at most {max} {what}")]
    Limit {
        /// Where.
        path: String,
        /// Of what there is too much.
        what: &'static str,
        /// The limit.
        max: usize,
    },
}

/// A condition, ready to be asked. Serialises as the document it was made from.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub struct Condition {
    source: Value,
    root: eval::Node,
}

impl Condition {
    /// Checks a document and makes it ready.
    pub fn parse(source: &Value) -> Result<Self, ConditionError> {
        Ok(Self { root: compile::compile(source, compile::Mode::Strict)?, source: source.clone() })
    }

    /// Takes any document at all, as GrowthBook's SDKs do: an operator they do not know is false. What is above the
    /// limits is false too.
    #[must_use]
    pub fn lenient(source: &Value) -> Self {
        let root = compile::compile(source, compile::Mode::Lenient).unwrap_or(eval::Node::Never);
        Self { root, source: source.clone() }
    }

    /// Whether it holds for these attributes, a JSON object.
    #[must_use]
    pub fn eval(&self, attributes: &Value, groups: &SavedGroups) -> bool {
        self.root.eval(attributes, groups)
    }

    /// The document it was made from.
    #[must_use]
    pub const fn source(&self) -> &Value {
        &self.source
    }

    /// The condition that holds where this one does not.
    #[must_use]
    pub fn negated(&self) -> Self {
        let source = serde_json::json!({ "$not": self.source });
        Self { source, root: eval::Node::Not(Box::new(self.root.clone())) }
    }
}

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl TryFrom<Value> for Condition {
    type Error = ConditionError;
    fn try_from(source: Value) -> Result<Self, ConditionError> {
        Self::parse(&source)
    }
}

impl From<Condition> for Value {
    fn from(condition: Condition) -> Self {
        condition.source
    }
}
