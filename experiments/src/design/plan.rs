//! What is fixed before the first look: how an experiment is analysed, and what its outcome decides.

use serde::{Deserialize, Serialize};

use super::error::DesignError;
use super::experiment::Design;
use crate::infer::bayesian::Prior;
use crate::infer::effect::Scale;
pub use crate::infer::frequentist::multiplicity::Correction;
use crate::infer::sequential::asymptotic::TUNED_FOR_UNITS;
pub use crate::infer::sequential::group::Spending;

/// How an experiment is analysed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Analysis {
    /// By which method.
    pub method: MethodName,
    /// The chance of a false alarm that is taken: shared by the arms where intervals are made, and by a family of
    /// comparisons where p-values are corrected.
    pub alpha: f64,
    /// The number of units at which a sequence is tightest.
    pub tuned_for: f64,
    /// Planned looks, for the group-sequential method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub looks: Option<u32>,
    /// Units planned in all: the end of a group-sequential plan, and of a method that holds at one look.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub units_planned: Option<u64>,
    /// How the error is divided between planned looks: `obrien_fleming`, `pocock`, or `{"power": 2}`.
    #[serde(skip_serializing_if = "is_default")]
    pub spending: Spending,
    /// What the Bayesian method believes of the relative change before the data; nothing where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prior: Option<Belief>,
    /// Whether what units did before their exposure is used to reduce the variance (CUPED).
    pub adjust: bool,
    /// The dimension by which effects are post-stratified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stratify: Option<String>,
    /// How p-values are corrected, over the goals and their arms; apart from them, over secondary metrics.
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
            spending: Spending::default(),
            prior: None,
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
    /// A few planned looks, between which the error is spent (Lan and DeMets).
    GroupSequential,
    /// A normal posterior. Looking early is not free with it either: without a prior it is Welch's interval under another
    /// name.
    Bayesian,
}

/// A normal belief of the relative change.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Belief {
    /// Its mean: 0 for no change.
    #[serde(default)]
    pub mean: f64,
    /// Its standard deviation: 0.3 for a third up or down.
    pub sd: f64,
}

impl From<Belief> for Prior {
    fn from(belief: Belief) -> Self {
        Self { mean: belief.mean, variance: belief.sd * belief.sd, scale: Scale::Relative, proper: true }
    }
}

fn is_default(spending: &Spending) -> bool {
    *spending == Spending::default()
}

/// Looks of a group-sequential design.
pub const LOOKS_MAX: u32 = 50;
/// Of the power family; further up nearly everything is spent at the end.
pub const POWER_MAX: f64 = 10.0;

impl Analysis {
    pub(super) fn check(&self) -> Result<(), DesignError> {
        if !(self.alpha > 0.0 && self.alpha <= 0.5) {
            return Err(DesignError::at("analysis.alpha", format!("above 0 and at most 0.5; this is {}", self.alpha)));
        }
        if !(self.tuned_for.is_finite() && self.tuned_for >= 1.0) {
            return Err(DesignError::at("analysis.tuned_for", "a number of units, at least 1"));
        }
        if let Spending::Power(power) = self.spending
            && !(power > 0.0 && power <= POWER_MAX)
        {
            return Err(DesignError::at("analysis.spending", format!("a power above 0 and at most {POWER_MAX}")));
        }
        if self.prior.is_some_and(|prior| !(prior.mean.is_finite() && prior.sd > 0.0 && prior.sd <= 1e3)) {
            return Err(DesignError::at("analysis.prior", "a mean, and a standard deviation above 0 such as 0.3"));
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
    /// Not before so many days. With a method that holds at one look only, that look.
    pub days_min: u32,
    /// Not before so many units in all. With a method that holds at one look only, that look.
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
