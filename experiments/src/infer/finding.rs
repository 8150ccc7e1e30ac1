//! What an analysis may say: a measured interval, or why there is none. Never an invented number.

use std::fmt;

use serde::Serialize;

/// The outcome of an analysis.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// The data carry this much.
    Measured(Interval),
    /// They do not, for this reason.
    Inconclusive(Why),
}

/// An estimate with its uncertainty. In the units of the metric, or as a share of the control's mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// The best guess.
    pub estimate: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// The natural logarithm of the two-sided p-value, which does not underflow.
    pub ln_p: f64,
}

impl Interval {
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
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
        })
    }
}
