//! Features: values that clients ask for, and by what rules each member gets theirs. Holdouts, layers and segments, which
//! experiments and features refer to.

use anklang_domain::Condition;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::{DesignError, read};
use super::experiment::{Prerequisite, check_coverage};

/// Rules of one feature.
pub const RULES_MAX: usize = 100;

/// A feature, or flag.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Feature {
    /// What it does.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The value where no rule applies.
    #[serde(default)]
    pub default: Value,
    /// Switched off, a feature is not served at all: clients use the default in their code.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Asked in order; the first that applies decides.
    #[serde(default)]
    pub rules: Vec<Rule>,
}

/// One rule of a feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its name in answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// To whom it applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
    /// Segments that all of them must be in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<String>,
    /// Features that must have a certain value first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prerequisites: Vec<Prerequisite>,
    /// The value that they get.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// Or: the experiment that decides, by its key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub experiment: Option<String>,
    /// The share of them that gets the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<f64>,
    /// The attribute by which the share is drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

const fn yes() -> bool {
    true
}

impl Feature {
    /// Reads a feature and checks what can be checked without other documents.
    pub fn parse(document: &Value) -> Result<Self, DesignError> {
        let feature: Self = read(document)?;
        if feature.rules.len() > RULES_MAX {
            return Err(DesignError::at("rules", format!("at most {RULES_MAX}")));
        }
        for (at, rule) in feature.rules.iter().enumerate() {
            rule.check().map_err(|error| {
                let dot = if error.field.is_empty() { "" } else { "." };
                DesignError::at(format!("rules[{at}]{dot}{}", error.field), error.what)
            })?;
        }
        Ok(feature)
    }
}

impl Rule {
    fn check(&self) -> Result<(), DesignError> {
        match (&self.value, &self.experiment) {
            (Some(_), Some(_)) => Err(DesignError::at("", "a rule gives a value or names an experiment, not both")),
            (None, None) => Err(DesignError::at("", "a rule gives a value, or names an experiment")),
            (None, Some(_)) if self.coverage.is_some() || self.unit.is_some() => {
                Err(DesignError::at("", "the experiment says whom it covers; coverage and unit belong there"))
            }
            (None, Some(_)) => Ok(()),
            (Some(_), None) => self.coverage.map_or(Ok(()), check_coverage),
        }
    }
}

/// Members that are kept out of every experiment that names this holdout, to see what all of them together do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Holdout {
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The share that is kept out.
    pub share: f64,
    /// The attribute by which they are drawn.
    #[serde(default = "id")]
    pub unit: String,
}

fn id() -> String {
    "id".to_owned()
}

impl Holdout {
    /// Reads a holdout.
    pub fn parse(document: &Value) -> Result<Self, DesignError> {
        let holdout: Self = read(document)?;
        if !(holdout.share > 0.0 && holdout.share < 1.0) {
            return Err(DesignError::at("share", format!("above 0 and below 1; this is {}", holdout.share)));
        }
        Ok(holdout)
    }
}

/// A layer: experiments in different parts of it never share a unit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Layer {
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
}

impl Layer {
    /// Reads a layer.
    pub fn parse(document: &Value) -> Result<Self, DesignError> {
        read(document)
    }
}

/// A segment: a named condition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Segment {
    /// Whom it means.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Asked of a member's attributes.
    pub condition: Condition,
}

impl Segment {
    /// Reads a segment.
    pub fn parse(document: &Value) -> Result<Self, DesignError> {
        read(document)
    }
}
