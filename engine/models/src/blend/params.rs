//! What may be set.

use serde::{Deserialize, Serialize};

use super::NAME;
use crate::model::FitError;
use crate::spec::Spec;

/// How many models a blend may have.
pub const PARTS_MAX: usize = 16;

/// Parameters, not yet checked.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// The models; none is a model that has nothing to say.
    pub parts: Vec<Part>,
}

/// One model of a blend.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// What it counts: more than 0.
    pub weight: f64,
    /// The model.
    pub of: Spec,
}

/// Parameters that make sense; those of the parts are checked as these are fitted.
#[derive(Debug, Clone)]
pub struct Checked(pub(super) Params);

impl Params {
    /// Checks them.
    pub fn check(&self) -> Result<Checked, FitError> {
        let refuse = |want| Err(FitError::Parameter { model: NAME, field: "parts", want });
        if self.parts.len() > PARTS_MAX {
            return refuse("at most 16 models");
        }
        if self.parts.iter().any(|part| !(part.weight > 0.0 && part.weight <= 1e6)) {
            return refuse("models with weights above 0, up to 1000000");
        }
        if self.parts.iter().any(|part| matches!(part.of, Spec::Blend(_))) {
            return refuse("models that are no blends themselves");
        }
        Ok(Checked(self.clone()))
    }
}
