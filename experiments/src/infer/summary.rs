//! What is known of one arm for one metric: small, and however many units there are.

use serde::{Deserialize, Serialize};

use super::joint::Joint;
use super::moments::Moments;
use super::quantile::QuantileSample;
use super::survival::SurvivalSample;

/// What is known of one arm for one metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Summary {
    /// A number per unit; also a capped or winsorised one: capping happens before.
    Mean(Moments),
    /// A yes or no per unit.
    Proportion {
        /// Units with a yes.
        successes: u64,
        /// Units.
        n: u64,
    },
    /// An outcome and its pre-exposure covariate, in this order: CUPED.
    AdjustedMean(Joint<2>),
    /// A numerator and a denominator per unit; the metric is Σnumerator/Σdenominator.
    Ratio(Joint<2>),
    /// Numerator, denominator, and both before exposure: CUPED for a ratio.
    AdjustedRatio(Joint<4>),
    /// A quantile over units or over events.
    Quantile(QuantileSample),
    /// Time to an event, compared by its restricted mean.
    Survival(SurvivalSample),
    /// A number per unit in each stratum of the units, known before exposure; the same order of strata in every arm.
    Strata(Vec<Moments>),
}

impl Summary {
    /// Units.
    #[must_use]
    pub fn units(&self) -> u64 {
        match self {
            Self::Mean(moments) => moments.n,
            Self::Proportion { n, .. } => *n,
            Self::AdjustedMean(joint) | Self::Ratio(joint) => joint.n,
            Self::AdjustedRatio(joint) => joint.n,
            Self::Quantile(sample) => sample.units,
            Self::Survival(sample) => sample.units(),
            Self::Strata(strata) => strata.iter().map(|stratum| stratum.n).sum(),
        }
    }

    /// The metric's value in this arm alone, not adjusted; none where there is none.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        if self.units() == 0 {
            return None;
        }
        let value = match self {
            Self::Mean(moments) => moments.mean,
            Self::Proportion { successes, n } => *successes as f64 / *n as f64,
            Self::AdjustedMean(joint) => joint.mean[0],
            Self::Ratio(joint) => joint.mean[0] / joint.mean[1],
            Self::AdjustedRatio(joint) => joint.mean[0] / joint.mean[1],
            Self::Quantile(sample) => sample.estimate,
            Self::Survival(sample) => sample.restricted_mean().ok()?.mean,
            Self::Strata(strata) => strata.iter().copied().fold(Moments::default(), Moments::merge).mean,
        };
        value.is_finite().then_some(value)
    }

    /// Both lots of units together; none where the two are not of the same kind, or cannot be merged: quantiles, and
    /// different numbers of strata.
    #[must_use]
    pub fn merge(&self, other: &Self) -> Option<Self> {
        Some(match (self, other) {
            (Self::Mean(a), Self::Mean(b)) => Self::Mean(a.merge(*b)),
            (Self::Proportion { successes: s1, n: n1 }, Self::Proportion { successes: s2, n: n2 }) => {
                Self::Proportion { successes: s1 + s2, n: n1 + n2 }
            }
            (Self::AdjustedMean(a), Self::AdjustedMean(b)) => Self::AdjustedMean(a.merge(*b)),
            (Self::Ratio(a), Self::Ratio(b)) => Self::Ratio(a.merge(*b)),
            (Self::AdjustedRatio(a), Self::AdjustedRatio(b)) => Self::AdjustedRatio(a.merge(*b)),
            (Self::Survival(a), Self::Survival(b)) => Self::Survival(a.merge(b)?),
            (Self::Strata(a), Self::Strata(b)) if a.len() == b.len() => {
                Self::Strata(a.iter().zip(b).map(|(a, b)| a.merge(*b)).collect())
            }
            // Each kind by name, so that a new one has to be thought of.
            (
                Self::Mean(_)
                | Self::Proportion { .. }
                | Self::AdjustedMean(_)
                | Self::Ratio(_)
                | Self::AdjustedRatio(_)
                | Self::Quantile(_)
                | Self::Survival(_)
                | Self::Strata(_),
                _,
            ) => return None,
        })
    }
}
