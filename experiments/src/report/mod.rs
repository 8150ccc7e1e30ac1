//! An experiment's analysis: health first, then what moved. The same for the server's experiments and for anybody's table.
//!
//! [`Input`] is what is known of the arms, [`analyse`] makes an [`Analysis`] of it, which is data: it is shown as a table
//! here, as JSON over HTTP, and as a picture by whoever draws.

mod analyse;
#[cfg(test)]
mod published;
mod table;
#[cfg(test)]
mod tests;
pub mod words;

use serde::Serialize;

use crate::design::Role;
use crate::design::plan;
use crate::health::enough::Supply;
use crate::health::{Check, Health};
use crate::infer::finding::{Finding, Why};
use crate::infer::non_inferiority::MarginTest;
use crate::infer::summary::Summary;
use crate::metrics::Better;

pub use analyse::{LOOK_LATE_MAX, analyse};

/// What is known of an experiment.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// What it is called.
    pub title: String,
    /// The arms; the first is the control.
    pub arms: Vec<ArmInput>,
    /// What was found of its health.
    pub health: Vec<Check>,
    /// What was measured.
    pub metrics: Vec<MetricInput>,
    /// How it is to be analysed.
    pub analysis: plan::Analysis,
}

/// An arm as it was planned, and how many units are in it.
#[derive(Debug, Clone, PartialEq)]
pub struct ArmInput {
    /// Its key.
    pub key: String,
    /// Its planned share of the units.
    pub weight: f64,
    /// Its units.
    pub units: u64,
}

/// What was measured of one metric.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricInput {
    /// Its key.
    pub key: String,
    /// What people call it; the key where nothing else.
    pub name: String,
    /// What its numbers are.
    pub measure: Measure,
    /// What it is there for.
    pub role: Role,
    /// Which way is better.
    pub better: Better,
    /// One for each arm.
    pub arms: Vec<Summary>,
    /// What is known of the supply of data; none where nothing can be said of it.
    pub supply: Option<Supply>,
    /// Why nothing can be said, whatever the summaries are.
    pub refused: Option<Why>,
    /// The same of parts of the units.
    pub segments: Vec<SegmentInput>,
    /// Of a funnel: for each arm, how many units got to each step, the first being the exposure.
    pub steps: Vec<Vec<u64>>,
    /// What a reader should know.
    pub notes: Vec<String>,
}

/// A metric among the units with one value of a dimension.
#[derive(Debug, Clone, PartialEq)]
pub struct SegmentInput {
    /// The dimension, such as `country`.
    pub dimension: String,
    /// Its value.
    pub value: String,
    /// One for each arm.
    pub arms: Vec<Summary>,
    /// What is known of the supply of data.
    pub supply: Option<Supply>,
    /// Why nothing can be said, whatever the summaries are.
    pub refused: Option<Why>,
}

/// What the numbers of a metric are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// A share of the units.
    Share,
    /// A number per unit.
    PerUnit,
    /// One sum by another.
    Ratio,
    /// A quantile.
    Quantile,
    /// Days.
    Days,
}

/// What may be said of an experiment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Analysis {
    /// What it is called.
    pub title: String,
    /// How the intervals are made, and what they promise.
    pub method: String,
    /// At which looks they may be believed.
    pub valid: Valid,
    /// The chance of a false alarm that is taken. All intervals of one metric hold together with 1 − alpha.
    pub alpha: f64,
    /// How p-values are corrected: over the goals and their arms; over secondary metrics and theirs; over the arms of a
    /// guardrail; over the values of a dimension.
    pub correction: plan::Correction,
    /// Looked at first. With an alarm, no effect is shown.
    pub health: Health,
    /// The arms; the first is the control.
    pub arms: Vec<ArmLine>,
    /// One table for each metric.
    pub metrics: Vec<MetricTable>,
}

/// At which looks an analysis may be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Valid {
    /// At any, however many.
    AnyLook,
    /// At one that was planned before.
    OneLook {
        /// After so many units, where the analysis says; else by the rule of the decision.
        units: Option<u64>,
    },
    /// At a few that were planned before.
    PlannedLooks {
        /// The last that was reached; 0 before the first.
        look: usize,
        /// How many there are.
        of: usize,
        /// Whether it has just been reached. Between two looks nothing new may be said.
        now: bool,
    },
}

/// An arm.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ArmLine {
    /// Its key.
    pub key: String,
    /// Its planned share.
    pub weight: f64,
    /// Its units.
    pub units: u64,
}

/// What may be said of one metric.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MetricTable {
    /// Its key.
    pub key: String,
    /// What people call it.
    pub name: String,
    /// What its numbers are.
    pub measure: Measure,
    /// What it is there for.
    pub role: Role,
    /// Which way is better.
    pub better: Better,
    /// One line for each arm.
    pub lines: Vec<Line>,
    /// The same by segments: to explore, not to decide.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<SegmentTable>,
    /// Of a funnel: for each arm, how many units got to each step.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Vec<u64>>,
    /// What a reader should know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// One metric among the units with one value of a dimension.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SegmentTable {
    /// The dimension.
    pub dimension: String,
    /// Its value.
    pub value: String,
    /// One line for each arm. P-values are corrected over the values of the dimension.
    pub lines: Vec<Line>,
}

/// One arm, for one metric.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// The arm's key.
    pub arm: String,
    /// Units with a value.
    pub units: u64,
    /// The metric's value; none where there is none.
    pub value: Option<f64>,
    /// Against the control, in the metric's units; none for the control.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub absolute: Option<Finding>,
    /// Against the control, as a share of its value; none for the control.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relative: Option<Finding>,
    /// The p-value of the difference, as in [`Line::absolute`]; 0 below 1e-308, where its logarithm still tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p: Option<f64>,
    /// Its natural logarithm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ln_p: Option<f64>,
    /// The p-value, corrected for all that was asked at the same time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p_adjusted: Option<f64>,
    /// Its natural logarithm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ln_p_adjusted: Option<f64>,
    /// Whether that p-value is at most alpha, and the interval leaves out no change. So what is significant also looks it;
    /// an interval may leave out no change that is not, where many were compared.
    pub significant: bool,
    /// Of a guardrail: whether it got worse by more than its margin. None where nothing may be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guardrail: Option<MarginTest>,
}
