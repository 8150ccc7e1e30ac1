//! An experiment as its team writes it down before it starts.

use anklang_domain::{Condition, UnixMillis};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::{DesignError, check_key, read};
use super::plan::{Analysis, Decision};

/// Variants of one experiment.
pub const VARIANTS_MAX: usize = 20;
/// Metrics of one experiment, of every role together.
pub const METRICS_MAX: usize = 100;
/// Units with a variant of their own, for trying things out.
pub const OVERRIDES_MAX: usize = 1_000;
/// Dimensions by which an experiment's results may be looked at.
pub const DIMENSIONS_MAX: usize = 20;
/// How far the weights' sum may lie from 1.
pub const WEIGHTS_TOLERANCE: f64 = 1e-6;

/// An experiment's design. Made by [`Design::parse`] alone, so whoever holds one need not check it again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Design {
    /// What people call it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// What is believed, and what would show it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hypothesis: String,
    /// The attribute that is randomised: `id`, the member, unless it is a cluster such as `group`.
    #[serde(default = "unit_default")]
    pub unit: String,
    /// The attribute that stands in where the unit's is missing, such as `anonymousId`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback_unit: Option<String>,
    /// What is compared; the first is the control.
    pub variants: Vec<Variant>,
    /// The share of the audience that takes part.
    #[serde(default = "whole")]
    pub coverage: f64,
    /// Who may take part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<Condition>,
    /// Segments that all of them must be in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<String>,
    /// Experiments in one layer that take different parts of it never share a unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer: Option<LayerPart>,
    /// Holdouts whose units take no part.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holdouts: Vec<String>,
    /// Features that must have a certain value first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prerequisites: Vec<Prerequisite>,
    /// Units that see a variant whatever their hash says, and are not counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<Override>,
    /// Not before this moment, even when started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<UnixMillis>,
    /// Nobody is assigned from this moment on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<UnixMillis>,
    /// What is measured.
    #[serde(default)]
    pub metrics: Metrics,
    /// By what the results may be looked at: names of attributes sent with exposures, or of members' traits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dimensions: Vec<String>,
    /// How it will be analysed.
    #[serde(default)]
    pub analysis: Analysis,
    /// What its outcome will decide.
    #[serde(default)]
    pub decision: Decision,
    /// Who draws: exposures that do not fit the draw are found and shown.
    #[serde(default)]
    pub assigned_by: AssignedBy,
    /// Whether a unit that was seen in a variant stays there, also across log-in.
    #[serde(default = "yes")]
    pub sticky: bool,
}

/// Who assigns units to variants.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssignedBy {
    /// The hash of the unit, here or in an SDK.
    #[default]
    Anklang,
    /// Something else, which only reports exposures.
    Elsewhere,
}

/// One of the things compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// Its key, as in exposures.
    pub key: String,
    /// What people call it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Its share of those who take part.
    pub weight: f64,
    /// What a client gets; the key where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
}

/// A part of a layer: units whose hash in the layer lies in [from, to).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerPart {
    /// The layer's key.
    pub key: String,
    /// From this share of it.
    pub from: f64,
    /// To this.
    pub to: f64,
}

/// A feature that must have a certain value first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prerequisite {
    /// Its key.
    pub feature: String,
    /// Asked of `{"value": …}`; that it is on where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
}

/// A unit that sees a variant whatever its hash says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// The unit.
    pub unit: String,
    /// The variant's key.
    pub variant: String,
}

/// What is measured, by role.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// What the experiment is to move.
    #[serde(default)]
    pub goals: Vec<String>,
    /// What it must not harm.
    #[serde(default)]
    pub guardrails: Vec<Guardrail>,
    /// What helps to understand.
    #[serde(default)]
    pub secondary: Vec<String>,
}

/// What must not be harmed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guardrail {
    /// The metric's key.
    pub metric: String,
    /// How much worse is still taken, as a share of the control's mean.
    pub margin: f64,
}

fn unit_default() -> String {
    "id".to_owned()
}

const fn whole() -> f64 {
    1.0
}

const fn yes() -> bool {
    true
}

impl Design {
    /// Reads a design and checks everything that can be checked without other documents.
    pub fn parse(document: &Value) -> Result<Self, DesignError> {
        let design: Self = read(document)?;
        design.check_variants()?;
        design.check_shares()?;
        design.check_lists()?;
        design.analysis.check()?;
        design.decision.check(&design)?;
        Ok(design)
    }

    fn check_variants(&self) -> Result<(), DesignError> {
        let variants = &self.variants;
        if variants.len() < 2 || variants.len() > VARIANTS_MAX {
            let what = format!("an experiment compares 2 to {VARIANTS_MAX} variants; these are {}", variants.len());
            return Err(DesignError::at("variants", what));
        }
        for (at, variant) in variants.iter().enumerate() {
            check_key(&variant.key).map_err(|e| DesignError::at(format!("variants[{at}].key"), e.what))?;
            if variants[..at].iter().any(|other| other.key == variant.key) {
                let what = format!("{:?} is there twice", variant.key);
                return Err(DesignError::at(format!("variants[{at}].key"), what));
            }
            if !(variant.weight.is_finite() && (0.0..=1.0).contains(&variant.weight)) {
                let what = format!("a weight lies between 0 and 1; this is {}", variant.weight);
                return Err(DesignError::at(format!("variants[{at}].weight"), what));
            }
        }
        let sum: f64 = variants.iter().map(|variant| variant.weight).sum();
        if (sum - 1.0).abs() > WEIGHTS_TOLERANCE {
            return Err(DesignError::at("variants", format!("the weights must sum to 1; these sum to {sum}")));
        }
        if variants.iter().filter(|variant| variant.weight > 0.0).count() < 2 {
            return Err(DesignError::at("variants", "at least two variants need a weight above 0"));
        }
        Ok(())
    }

    fn check_shares(&self) -> Result<(), DesignError> {
        check_coverage(self.coverage)?;
        if let Some(part) = &self.layer {
            check_key(&part.key).map_err(|e| DesignError::at("layer.key", e.what))?;
            if !(part.from >= 0.0 && part.from < part.to && part.to <= 1.0) {
                let what = format!("a part of a layer is 0 <= from < to <= 1; this is {} to {}", part.from, part.to);
                return Err(DesignError::at("layer", what));
            }
        }
        if let (Some(starts), Some(ends)) = (self.starts_at, self.ends_at)
            && ends <= starts
        {
            return Err(DesignError::at("ends_at", format!("it ends at {ends}, before it starts at {starts}")));
        }
        Ok(())
    }

    fn check_lists(&self) -> Result<(), DesignError> {
        if self.unit.is_empty() {
            return Err(DesignError::at("unit", "the attribute that is randomised has a name, such as id"));
        }
        if self.overrides.len() > OVERRIDES_MAX {
            return Err(DesignError::at("overrides", format!("at most {OVERRIDES_MAX}")));
        }
        for (at, own) in self.overrides.iter().enumerate() {
            if self.variant(&own.variant).is_none() {
                let what = format!("there is no variant {:?}", own.variant);
                return Err(DesignError::at(format!("overrides[{at}].variant"), what));
            }
        }
        if self.dimensions.len() > DIMENSIONS_MAX {
            return Err(DesignError::at("dimensions", format!("at most {DIMENSIONS_MAX}")));
        }
        let metrics: Vec<&str> = self.metrics.all().map(|(metric, _)| metric).collect();
        if metrics.len() > METRICS_MAX {
            return Err(DesignError::at("metrics", format!("at most {METRICS_MAX}")));
        }
        for (at, metric) in metrics.iter().enumerate() {
            if metrics[..at].contains(metric) {
                return Err(DesignError::at("metrics", format!("{metric:?} is there twice")));
            }
        }
        for (at, guardrail) in self.metrics.guardrails.iter().enumerate() {
            if !(guardrail.margin > 0.0 && guardrail.margin < 1.0) {
                let what = format!("a margin is a share between 0 and 1, such as 0.02; this is {}", guardrail.margin);
                return Err(DesignError::at(format!("metrics.guardrails[{at}].margin"), what));
            }
        }
        Ok(())
    }

    /// The place of a variant.
    #[must_use]
    pub fn variant(&self, key: &str) -> Option<usize> {
        self.variants.iter().position(|variant| variant.key == key)
    }

    /// The place of a variant as an exposure names it: by its key, or where no variant has this key, by its number from 0, as
    /// some SDKs report it.
    #[must_use]
    pub fn exposed_variant(&self, name: &str) -> Option<usize> {
        let numbered = || name.parse::<usize>().ok().filter(|number| *number < self.variants.len());
        self.variant(name).or_else(numbered)
    }

    /// The variants' weights, in order.
    #[must_use]
    pub fn weights(&self) -> Vec<f64> {
        self.variants.iter().map(|variant| variant.weight).collect()
    }

    /// Whether members themselves are randomised, and not a cluster of them.
    #[must_use]
    pub fn by_member(&self) -> bool {
        matches!(self.unit.as_str(), "id" | "userId" | "user_id" | "member" | "anonymousId")
    }
}

/// Checks a share of the audience.
pub(crate) fn check_coverage(coverage: f64) -> Result<(), DesignError> {
    if coverage.is_finite() && (0.0..=1.0).contains(&coverage) {
        return Ok(());
    }
    Err(DesignError::at("coverage", format!("a share between 0 and 1; this is {coverage}")))
}

/// What a metric is there for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// To be moved.
    Goal,
    /// Not to be harmed by more than this share.
    Guardrail {
        /// The share of the control's mean.
        margin: f64,
    },
    /// To understand.
    Secondary,
}

impl Metrics {
    /// Every metric and its role: goals, guardrails, the others.
    pub fn all(&self) -> impl Iterator<Item = (&str, Role)> {
        let goals = self.goals.iter().map(|metric| (metric.as_str(), Role::Goal));
        let guardrails =
            self.guardrails.iter().map(|guard| (guard.metric.as_str(), Role::Guardrail { margin: guard.margin }));
        let others = self.secondary.iter().map(|metric| (metric.as_str(), Role::Secondary));
        goals.chain(guardrails).chain(others)
    }
}
