//! What may be set.

use serde::{Deserialize, Serialize};

use super::NAME;
use crate::model::FitError;
use crate::spec::{Axis, Range};

/// What a search varies.
pub const AXES: &[Axis] = &[
    Axis { field: "l2", range: Range::Log(0.3, 30.0) },
    Axis { field: "idf_power", range: Range::Even(0.3, 1.5) },
    Axis { field: "alike", range: Range::Even(0.0, 1.5) },
];

/// Parameters, not yet checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// λ: how strongly preferences for features are held to 0. Each item's features have length 1 together.
    pub l2: f64,
    /// How much more rare features tell than common ones; 0: all the same.
    pub idf_power: f64,
    /// How much the items that others dealt with beside the member's own count as the member's, too; 0: nothing. With it
    /// what people do helps what content cannot tell.
    pub alike: f64,
}

impl Default for Params {
    fn default() -> Self {
        Self { l2: 2.0, idf_power: 0.7, alike: 1.0 }
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
            ((1e-3..=1e9).contains(&self.l2), "l2", "from 0.001 to 1000000000"),
            ((0.0..=4.0).contains(&self.idf_power), "idf_power", "from 0 to 4"),
            ((0.0..=100.0).contains(&self.alike), "alike", "from 0 to 100"),
        ];
        match wrong.into_iter().find(|(right, ..)| !right) {
            Some((_, field, want)) => Err(FitError::Parameter { model: NAME, field, want }),
            None => Ok(Checked(self.clone())),
        }
    }
}
