//! The metric as it is before the experiment.

use serde::{Deserialize, Serialize};

use super::PowerError;
use crate::infer::contrast::Contrast;
use crate::infer::summary::Summary;

/// What the metric is without the treatment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Baseline {
    /// A mean, with the variance of one unit. Also a ratio, with the variance of its delta method.
    Mean {
        /// The mean.
        mean: f64,
        /// The variance of one unit.
        variance: f64,
    },
    /// The share of units with a yes.
    Proportion {
        /// The share.
        share: f64,
    },
}

impl Baseline {
    /// From what was measured of a metric before; none where nothing can be said of it.
    #[must_use]
    pub fn of(summary: &Summary) -> Option<Self> {
        if let Summary::Proportion { .. } = summary {
            return summary.value().map(|share| Self::Proportion { share });
        }
        let contrast = Contrast::of(summary, summary).ok()?;
        let variance = contrast.variance_control * summary.units() as f64;
        Some(Self::Mean { mean: contrast.control, variance })
    }

    pub(super) fn value(self) -> f64 {
        match self {
            Self::Mean { mean, .. } => mean,
            Self::Proportion { share } => share,
        }
    }

    /// The variances of one unit in the control, and in a treatment with this effect.
    pub(super) fn variances(self, effect: f64) -> Result<(f64, f64), PowerError> {
        match self {
            Self::Mean { mean, variance } if mean.is_finite() && variance > 0.0 && variance.is_finite() => {
                Ok((variance, variance))
            }
            Self::Mean { .. } => Err(PowerError::Baseline),
            Self::Proportion { share } if share > 0.0 && share < 1.0 => {
                let treated = share + effect;
                let inside = (0.0..=1.0).contains(&treated);
                if inside { Ok((share * (1.0 - share), treated * (1.0 - treated))) } else { Err(PowerError::Effect) }
            }
            Self::Proportion { .. } => Err(PowerError::Baseline),
        }
    }
}
