//! What may be set.

use serde::{Deserialize, Serialize};

use super::NAME;
use crate::model::FitError;
use crate::spec::{Axis, Range};

/// What a search varies.
pub const AXES: &[Axis] = &[
    Axis { field: "neighbors", range: Range::Whole(10, 1000) },
    Axis { field: "alpha", range: Range::Even(0.3, 1.5) },
    Axis { field: "beta", range: Range::Even(0.0, 1.0) },
];

/// Parameters, not yet checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// How many neighbours each item keeps.
    pub neighbors: u32,
    /// α: the power of the probability of each step.
    pub alpha: f64,
    /// β: the power of an item's popularity that its probability is divided by.
    pub beta: f64,
    /// A pair whose events weigh w together counts as w^`weight_power`.
    pub weight_power: f64,
}

impl Default for Params {
    fn default() -> Self {
        Self { neighbors: 200, alpha: 0.8, beta: 0.5, weight_power: 0.5 }
    }
}

/// Parameters that make sense.
#[derive(Debug, Clone)]
pub struct Checked(pub(super) Params);

impl Params {
    /// Checks them.
    pub fn check(&self) -> Result<Checked, FitError> {
        let small = |value: f64| (0.0..=4.0).contains(&value);
        let wrong = [
            (self.neighbors > 0, "neighbors", "1 or more"),
            (small(self.alpha), "alpha", "from 0 to 4"),
            (small(self.beta), "beta", "from 0 to 4"),
            ((0.0..=2.0).contains(&self.weight_power), "weight_power", "from 0 to 2"),
        ];
        match wrong.into_iter().find(|(right, ..)| !right) {
            Some((_, field, want)) => Err(FitError::Parameter { model: NAME, field, want }),
            None => Ok(Checked(self.clone())),
        }
    }
}
