//! What may be set.

use serde::{Deserialize, Serialize};

use super::NAME;
use crate::model::FitError;
use crate::spec::{Axis, Range};

/// What a search varies.
pub const AXES: &[Axis] = &[
    Axis { field: "neighbors", range: Range::Whole(10, 1000) },
    Axis { field: "shrink", range: Range::Log(0.1, 100.0) },
    Axis { field: "length_power", range: Range::Even(0.0, 1.0) },
];

/// What a pair of member and item weighs before items are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weighting {
    /// What its events weigh.
    Plain,
    /// √w · ln(I ÷ (1 + n_u)): members who deal with much say little about each thing.
    TfIdf,
    /// Okapi BM25 with an item's members as its words: w·(k₁ + 1) ÷ (k₁·(1 − b + b·n_i ÷ mean n) + w) · ln(I ÷ (1 + n_u)).
    Bm25,
}

/// Parameters, not yet checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// How many neighbours each item keeps.
    pub neighbors: u32,
    /// What pairs weigh.
    pub weighting: Weighting,
    /// p in x_i·x_j ÷ (|x_i|^p·|x_j|^p + shrink): 1, the cosine; 0, the bare product.
    pub length_power: f64,
    /// What is added to the lengths, so that items that few dealt with are not near to anything by chance.
    pub shrink: f64,
    /// BM25's k₁: from where on more of the same says no more.
    pub k1: f64,
    /// BM25's b: how far items that many deal with count less.
    pub b: f64,
    /// A pair whose events weigh w together counts as w^`weight_power`.
    pub weight_power: f64,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            neighbors: 200,
            weighting: Weighting::TfIdf,
            length_power: 1.0,
            shrink: 5.0,
            k1: 1.2,
            b: 0.75,
            weight_power: 0.5,
        }
    }
}

/// Parameters that make sense.
#[derive(Debug, Clone)]
pub struct Checked(pub(super) Params);

impl Params {
    /// Checks them.
    pub fn check(&self) -> Result<Checked, FitError> {
        let positive = |value: f64| value >= 0.0 && value.is_finite();
        let wrong = [
            (self.neighbors > 0, "neighbors", "1 or more"),
            ((0.0..=2.0).contains(&self.length_power), "length_power", "from 0 to 2"),
            (positive(self.shrink), "shrink", "0 or more"),
            (positive(self.k1), "k1", "0 or more"),
            ((0.0..=1.0).contains(&self.b), "b", "from 0 to 1"),
            ((0.0..=2.0).contains(&self.weight_power), "weight_power", "from 0 to 2"),
        ];
        match wrong.into_iter().find(|(right, ..)| !right) {
            Some((_, field, want)) => Err(FitError::Parameter { model: NAME, field, want }),
            None => Ok(Checked(self.clone())),
        }
    }
}
