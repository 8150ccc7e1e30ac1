//! What may be set.

use serde::{Deserialize, Serialize};

use super::NAME;
use crate::model::FitError;
use crate::spec::{Axis, Range};

/// What a search varies.
pub const AXES: &[Axis] = &[
    Axis { field: "gravity", range: Range::Even(0.5, 2.0) },
    Axis { field: "recent_days", range: Range::Log(1.0, 60.0) },
];

/// Parameters, not yet checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// The power of the age, in hours.
    pub gravity: f64,
    /// For how many days an event is recent.
    pub recent_days: f64,
}

impl Default for Params {
    /// Discourse's.
    fn default() -> Self {
        Self { gravity: 1.2, recent_days: 7.0 }
    }
}

/// Parameters that make sense.
#[derive(Debug, Clone)]
pub struct Checked(pub(super) Params);

impl Params {
    /// Checks them.
    pub fn check(&self) -> Result<Checked, FitError> {
        let wrong = [
            ((0.0..=10.0).contains(&self.gravity), "gravity", "from 0 to 10"),
            ((0.0..=36_500.0).contains(&self.recent_days), "recent_days", "from 0 to 36500"),
        ];
        match wrong.into_iter().find(|(right, ..)| !right) {
            Some((_, field, want)) => Err(FitError::Parameter { model: NAME, field, want }),
            None => Ok(Checked(self.clone())),
        }
    }
}
