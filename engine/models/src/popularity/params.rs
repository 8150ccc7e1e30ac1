//! What may be set.

use serde::{Deserialize, Serialize};

use super::NAME;
use crate::model::FitError;
use crate::spec::{Axis, Range};

/// What a search varies.
pub const AXES: &[Axis] = &[Axis { field: "half_life_days", range: Range::Log(0.1, 365.0) }];

/// Parameters, not yet checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// After how many days an engagement counts half; 0: all count the same. Where a data set has no times, all do.
    pub half_life_days: f64,
}

impl Default for Params {
    fn default() -> Self {
        Self { half_life_days: 14.0 }
    }
}

/// Parameters that make sense.
#[derive(Debug, Clone)]
pub struct Checked(pub(super) Params);

impl Params {
    /// Checks them.
    pub fn check(&self) -> Result<Checked, FitError> {
        if !(self.half_life_days >= 0.0 && self.half_life_days.is_finite()) {
            return Err(FitError::Parameter { model: NAME, field: "half_life_days", want: "0 or more" });
        }
        Ok(Checked(self.clone()))
    }
}
