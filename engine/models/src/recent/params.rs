//! What may be set.

use serde::{Deserialize, Serialize};

use crate::model::FitError;
use crate::spec::Axis;

/// What a search varies: nothing.
pub const AXES: &[Axis] = &[];

/// What an item's age counts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// When it was born; its first event where that is not known.
    Born,
    /// Its last event; when it was born where there is none.
    Active,
}

/// Parameters, not yet checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// What an item's age counts from.
    pub by: By,
}

impl Default for Params {
    fn default() -> Self {
        Self { by: By::Active }
    }
}

/// Parameters that make sense.
#[derive(Debug, Clone)]
pub struct Checked(pub(super) Params);

impl Params {
    /// Checks them: all do.
    pub fn check(&self) -> Result<Checked, FitError> {
        Ok(Checked(self.clone()))
    }
}
