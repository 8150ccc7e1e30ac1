//! What an analysis may say: a measured interval, or why there is none. Never an invented number.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::effect::Effect;

/// The outcome of an analysis.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// The data carry this much.
    Measured(Interval),
    /// They do not, for this reason.
    Inconclusive(Why),
}

/// An estimate with its uncertainty. In the units of the metric, or as a share of the control's mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The best guess.
    pub estimate: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// The natural logarithm of the two-sided p-value, which does not underflow. With a Bayesian method: of twice the
    /// smaller posterior tail.
    pub ln_p: f64,
    /// The standard error of the estimate; with a Bayesian method, the posterior standard deviation.
    pub standard_error: f64,
    /// What the past or the strata of the units were good for.
    pub adjustment: Adjustment,
    /// With a Bayesian method, what else the posterior says.
    pub posterior: Option<Posterior>,
}

/// What knowing the units before exposure was good for.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Adjustment {
    /// The metric is not adjusted.
    #[default]
    None,
    /// The variance of the difference fell by this share.
    Reduced(f64),
    /// The covariate did not vary before exposure: the plain analysis is shown.
    NoPrePeriodVariance,
}

/// What a Bayesian analysis says of treatment and control, where more is better.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Posterior {
    /// The probability that the treatment is better.
    pub chance_to_win: f64,
    /// The expected loss from staying with the control, and from shipping the treatment.
    pub risk: [f64; 2],
}

impl Finding {
    /// The interval, where there is one.
    #[must_use]
    pub fn interval(&self) -> Option<&Interval> {
        match self {
            Self::Measured(interval) => Some(interval),
            Self::Inconclusive(_) => None,
        }
    }

    /// Measured if every number is one.
    pub(crate) fn of(interval: Interval) -> Self {
        let Interval { estimate, low, high, ln_p, standard_error, posterior, .. } = interval;
        let said = posterior.map_or([0.0; 3], |said| [said.chance_to_win, said.risk[0], said.risk[1]]);
        let finite = [estimate, low, high, ln_p, standard_error].iter().chain(&said).all(|number| number.is_finite());
        if finite { Self::Measured(interval) } else { Self::Inconclusive(Why::NotFinite) }
    }
}

impl Interval {
    pub(crate) fn around(effect: &Effect, half_width: f64, ln_p: f64) -> Self {
        Self {
            estimate: effect.estimate,
            low: effect.estimate - half_width,
            high: effect.estimate + half_width,
            ln_p,
            standard_error: effect.standard_error,
            adjustment: Adjustment::None,
            posterior: None,
        }
    }

    /// The two-sided p-value; 0 below 1e-308, where [`Interval::ln_p`] still tells.
    #[must_use]
    pub fn p(&self) -> f64 {
        self.ln_p.exp()
    }

    /// Whether 0 lies outside.
    #[must_use]
    pub fn excludes_zero(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

/// Why nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Nothing to compare with.
    OneArm,
    /// Fewer units than an analysis of this kind needs.
    TooFewUnits,
    /// Every unit has the same value, so that nothing is known of the spread.
    NoVariance,
    /// A change relative to a mean of 0 is not a number.
    ControlIsZero,
    /// Some value is infinite or not a number.
    NotFinite,
    /// The weights are not one share above or equal to 0 for each arm, or leave nothing to share.
    BadWeights,
    /// Units were seen in an arm that was to have none.
    UnplannedArm,
    /// The arms are not filled as planned: whatever broke the split may have made the difference.
    SampleRatioMismatch,
    /// The two arms were not measured alike.
    DifferentMetrics,
    /// The denominator of a ratio is 0 in some arm.
    DenominatorIsZero,
    /// Fieller's interval has no end: the control's mean cannot be told from 0.
    Unbounded,
    /// No unit was observed up to the horizon that the restricted mean is taken to.
    HorizonNotReached,
    /// Alpha is not in (0, 1), or the method's parameters make no sense.
    BadQuestion,
    /// A health check rang an alarm.
    Unhealthy,
    /// Of a group sequential plan, the first look has not been reached.
    BeforeFirstLook,
    /// Many units have the same value at the quantile: it jumps, and how far cannot be told.
    TiedValues,
    /// A stratum has fewer than two units in some arm.
    EmptyStratum,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OneArm => "only one arm",
            Self::TooFewUnits => "too few units",
            Self::NoVariance => "no variance",
            Self::ControlIsZero => "the control's mean is 0",
            Self::NotFinite => "a value is not a number",
            Self::BadWeights => "the planned weights are not shares of the arms",
            Self::UnplannedArm => "units in an arm that was to have none",
            Self::SampleRatioMismatch => "the arms are not filled as planned",
            Self::DifferentMetrics => "the arms were not measured alike",
            Self::DenominatorIsZero => "the denominator is 0",
            Self::Unbounded => "the control's mean cannot be told from 0",
            Self::HorizonNotReached => "nobody was observed up to the horizon",
            Self::BadQuestion => "the level or the method's parameters make no sense",
            Self::Unhealthy => "the experiment is not sound",
            Self::BeforeFirstLook => "the first planned look has not been reached",
            Self::TiedValues => "many units have the same value at this quantile",
            Self::EmptyStratum => "a stratum has fewer than two units in some arm",
        })
    }
}
