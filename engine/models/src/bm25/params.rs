//! What may be set.

use serde::{Deserialize, Serialize};

use super::NAME;
use crate::model::FitError;
use crate::spec::{Axis, Range};

/// What a search varies.
pub const AXES: &[Axis] = &[
    Axis { field: "k1", range: Range::Even(0.2, 3.0) },
    Axis { field: "b", range: Range::Even(0.0, 1.0) },
    Axis { field: "half_life_steps", range: Range::Of(&[0.0, 3.0, 10.0, 30.0]) },
];

/// Parameters, not yet checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// How soon more of a feature adds nothing.
    pub k1: f64,
    /// How far items with many features are held back, from 0 to 1.
    pub b: f64,
    /// After how many later events of the member an event counts half in their profile; 0: all count the same.
    pub half_life_steps: f64,
}

impl Default for Params {
    fn default() -> Self {
        Self { k1: 1.2, b: 0.75, half_life_steps: 0.0 }
    }
}

/// Parameters that make sense.
#[derive(Debug, Clone)]
pub struct Checked(pub(super) Params);

impl Params {
    /// Checks them.
    pub fn check(&self) -> Result<Checked, FitError> {
        // NaN lies in no range.
        let wrong = [
            ((0.0..=100.0).contains(&self.k1), "k1", "from 0 to 100"),
            ((0.0..=1.0).contains(&self.b), "b", "from 0 to 1"),
            ((0.0..=1e6).contains(&self.half_life_steps), "half_life_steps", "from 0 to 1000000"),
        ];
        match wrong.into_iter().find(|(right, ..)| !right) {
            Some((_, field, want)) => Err(FitError::Parameter { model: NAME, field, want }),
            None => Ok(Checked(self.clone())),
        }
    }
}
