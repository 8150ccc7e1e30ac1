//! What is fixed before the first look: how an experiment is analysed, and what its outcome decides.

use serde::{Deserialize, Serialize};

use super::error::DesignError;
use super::experiment::Design;
pub use crate::infer::frequentist::multiplicity::Correction;
use crate::infer::sequential::asymptotic::TUNED_FOR_UNITS;

/// How an experiment is analysed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Analysis {
    /// By which method.
    pub method: MethodName,
    /// The chance of a false alarm that is taken, shared by the comparisons with the control.
    pub alpha: f64,
    /// The number of units at which a sequence is tightest.
    pub tuned_for: f64,
    /// Planned looks, for the group-sequential method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub looks: Option<u32>,
    /// Units planned in all, for the group-sequential method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub units_planned: Option<u64>,
    /// Whether what units did before their exposure is used to reduce the variance (CUPED).
    pub adjust: bool,
    /// The dimension by which effects are post-stratified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stratify: Option<String>,
    /// How the p-values of several metrics are corrected.
    pub correction: Correction,
}

impl Default for Analysis {
    fn default() -> Self {
        Self {
            method: MethodName::Sequential,
            alpha: 0.05,
            tuned_for: TUNED_FOR_UNITS,
            looks: None,
            units_planned: None,
            adjust: true,
            stratify: None,
            correction: Correction::Holm,
        }
    }
}

/// The methods there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MethodName {
    /// A confidence sequence, valid at every look.
    #[default]
    Sequential,
    /// Welch's interval, valid at one look.
    FixedHorizon,
    /// Lan and DeMets' spending in the manner of O'Brien and Fleming, valid at the planned looks.
    GroupSequential,
    /// A normal posterior.
    Bayesian,
}

/// Looks of a group-sequential design.
pub const LOOKS_MAX: u32 = 50;

impl Analysis {
    pub(super) fn check(&self) -> Result<(), DesignError> {
        if !(self.alpha > 0.0 && self.alpha <= 0.5) {
            return Err(DesignError::at("analysis.alpha", format!("above 0 and at most 0.5; this is {}", self.alpha)));
        }
        if !(self.tuned_for.is_finite() && self.tuned_for >= 1.0) {
            return Err(DesignError::at("analysis.tuned_for", "a number of units, at least 1"));
        }
        if self.method == MethodName::GroupSequential {
            if !self.looks.is_some_and(|looks| (1..=LOOKS_MAX).contains(&looks)) {
                let what = format!("the group-sequential method needs 1 to {LOOKS_MAX} planned looks");
                return Err(DesignError::at("analysis.looks", what));
            }
            if self.units_planned.is_none_or(|units| units < 2) {
                let what = "the group-sequential method needs the number of units planned in all";
                return Err(DesignError::at("analysis.units_planned", what));
            }
        }
        Ok(())
    }
}

/// What the outcome decides: declared before, so that nobody chooses afterwards.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Decision {
    /// Not before so many days.
    pub days_min: u32,
    /// Not before so many units in all.
    pub units_min: u64,
    /// Stopped for lack of an effect after so many days; never where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days_max: Option<u32>,
    /// An improvement smaller than this share of the control's mean is not worth shipping.
    pub worth: f64,
}

impl Decision {
    pub(super) fn check(&self, design: &Design) -> Result<(), DesignError> {
        if !(self.worth >= 0.0 && self.worth.is_finite()) {
            return Err(DesignError::at("decision.worth", "a share of the control's mean, at least 0"));
        }
        if self.days_max.is_some_and(|max| max < self.days_min.max(1)) {
            let what = format!("at least days_min, which is {}", self.days_min);
            return Err(DesignError::at("decision.days_max", what));
        }
        if design.metrics.goals.is_empty() && *self != Self::default() {
            return Err(DesignError::at("decision", "a decision needs at least one goal among the metrics"));
        }
        Ok(())
    }
}
