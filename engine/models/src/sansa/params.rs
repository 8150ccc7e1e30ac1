//! What may be set.

use serde::{Deserialize, Serialize};

use super::NAME;
use crate::ease;
use crate::model::FitError;
use crate::spec::{Axis, Range};

/// How many entries a column may keep.
pub const NEIGHBOURS_MAX: u32 = 4096;

/// What a search varies.
pub const AXES: &[Axis] = &[
    Axis { field: "l2", range: Range::Log(1.0, 3000.0) },
    Axis { field: "dropout", range: Range::Even(0.0, 0.9) },
    Axis { field: "member_exponent", range: Range::Even(0.0, 1.0) },
    Axis { field: "neighbours", range: Range::Whole(32, 512) },
];

/// Parameters, not yet checked: those of [`ease::Params`], and how sparse it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// λ, above 0.
    pub l2: f64,
    /// The share p of a history that is hidden, in expectation, while the rest predicts it: 0 or more, below 1.
    pub dropout: f64,
    /// How far long histories are held back; 0: not at all.
    pub member_exponent: f64,
    /// How far items that many dealt with are held back in the member's own row.
    pub signal_exponent: f64,
    /// How much of it the scores are given back.
    pub output_exponent: f64,
    /// How many entries each column of the factor and of its inverse keeps, the largest: the model takes 8 bytes for each.
    pub neighbours: u32,
}

impl Default for Params {
    fn default() -> Self {
        let like = ease::Params::default();
        Self {
            l2: like.l2,
            dropout: like.dropout,
            member_exponent: like.member_exponent,
            signal_exponent: like.signal_exponent,
            output_exponent: like.output_exponent,
            neighbours: 128,
        }
    }
}

impl Params {
    /// The dense model of the same equations.
    pub(super) fn dense(&self) -> ease::Params {
        ease::Params {
            l2: self.l2,
            dropout: self.dropout,
            member_exponent: self.member_exponent,
            signal_exponent: self.signal_exponent,
            output_exponent: self.output_exponent,
            diagonal_max: 0.0,
        }
    }

    /// Checks them.
    pub fn check(&self) -> Result<Checked, FitError> {
        self.dense().check().map_err(|error| match error {
            FitError::Parameter { field, want, .. } => FitError::Parameter { model: NAME, field, want },
            other @ (FitError::Memory { .. }
            | FitError::Nothing { .. }
            | FitError::Numbers { .. }
            | FitError::Elsewhere { .. }) => other,
        })?;
        if !(1..=NEIGHBOURS_MAX).contains(&self.neighbours) {
            return Err(FitError::Parameter { model: NAME, field: "neighbours", want: "between 1 and 4096" });
        }
        Ok(Checked(self.clone()))
    }
}

/// Parameters that make sense.
#[derive(Debug, Clone)]
pub struct Checked(pub(super) Params);
