//! How an interval is made, and what it promises.

use serde::{Deserialize, Serialize};

use super::bayesian::Prior;
use super::sequential::asymptotic::TUNED_FOR_UNITS;
use super::sequential::group::Looks;

/// How an interval is made, and what it promises.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// The asymptotic confidence sequence: valid at every look, however many.
    Sequential {
        /// The units of both arms at which it is tightest. Fixed before the first look.
        tuned_for: f64,
    },
    /// The mixture sequential probability ratio test: valid at every look, for effects about as large as expected.
    Msprt {
        /// The variance of the effects expected, on the scale of the question. Fixed before the first look.
        effect_variance: f64,
    },
    /// Welch's t test: valid at one look that was fixed before.
    FixedHorizon,
    /// A group sequential test: valid at looks that were planned before.
    GroupSequential {
        /// The plan.
        looks: Looks,
        /// Which of the looks this is, from 1.
        look: usize,
    },
    /// The posterior of a normal model.
    Bayesian {
        /// What was believed before.
        prior: Prior,
    },
}

impl Default for Method {
    fn default() -> Self {
        Self::Sequential { tuned_for: TUNED_FOR_UNITS }
    }
}

impl Method {
    /// What a reader of the interval has to know.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::Sequential { .. } => "confidence sequence, valid at any look",
            Self::Msprt { .. } => "mSPRT, valid at any look",
            Self::FixedHorizon => "fixed horizon, valid at the planned end only",
            Self::GroupSequential { .. } => "group sequential, valid at planned looks only",
            Self::Bayesian { .. } => "Bayesian credible interval, valid at the planned end only",
        }
    }
}
