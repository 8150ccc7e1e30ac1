//! What may be set.

use serde::{Deserialize, Serialize};

use super::NAME;
use crate::model::FitError;
use crate::spec::{Axis, Range};

/// The most factors: beyond it one Gram matrix and its eigenvectors alone take minutes.
pub const FACTORS_MAX: u32 = 2048;
/// The most epochs.
pub const EPOCHS_MAX: u32 = 1000;
/// The most conjugate gradient steps.
pub const STEPS_MAX: u32 = 100;

/// What a search varies.
pub const AXES: &[Axis] = &[
    Axis { field: "factors", range: Range::Whole(32, 256) },
    Axis { field: "unobserved", range: Range::Log(0.001, 1.0) },
    Axis { field: "regularization", range: Range::Log(0.0003, 0.1) },
];

/// Parameters, not yet checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// The length of a factor, k.
    pub factors: u32,
    /// How often both sides are solved.
    pub epochs: u32,
    /// The weight of every pair, whether anything happened or not: α₀ in Rendle et al. 2022. A pair that happened weighs 1
    /// (see `weight_power`) on top.
    pub unobserved: f64,
    /// λ: the weight of the squared length of a factor, before it is scaled by frequency.
    pub regularization: f64,
    /// ν: how far regularisation grows with what a row must explain; a member's is λ·(|N(u)| + α₀·|I|)^ν.
    pub frequency_power: f64,
    /// A pair whose events weigh w together counts as w^`weight_power`: 0, all pairs alike; 1, as Hu et al. 2008.
    pub weight_power: f64,
    /// Steps of preconditioned conjugate gradients a row and epoch, begun where the last epoch ended.
    pub steps: u32,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            factors: 128,
            epochs: 16,
            unobserved: 0.1,
            regularization: 0.003,
            frequency_power: 1.0,
            weight_power: 0.5,
            steps: 2,
        }
    }
}

/// Parameters that make sense.
#[derive(Debug, Clone)]
pub struct Checked(pub(super) Params);

impl Params {
    /// Checks them.
    pub fn check(&self) -> Result<Checked, FitError> {
        let at_least = |value: f64, least: f64| value >= least && value.is_finite();
        let whole = |value: u32, most: u32| (1..=most).contains(&value);
        let wrong = [
            (whole(self.factors, FACTORS_MAX), "factors", "from 1 to 2048"),
            (whole(self.epochs, EPOCHS_MAX), "epochs", "from 1 to 1000"),
            (at_least(self.unobserved, 0.0), "unobserved", "0 or more"),
            (at_least(self.regularization, f64::from(f32::MIN_POSITIVE)), "regularization", "more than 0"),
            ((0.0..=2.0).contains(&self.frequency_power), "frequency_power", "from 0 to 2"),
            ((0.0..=2.0).contains(&self.weight_power), "weight_power", "from 0 to 2"),
            (whole(self.steps, STEPS_MAX), "steps", "from 1 to 100"),
        ];
        match wrong.into_iter().find(|(right, ..)| !right) {
            Some((_, field, want)) => Err(FitError::Parameter { model: NAME, field, want }),
            None => Ok(Checked(self.clone())),
        }
    }
}
