//! What may be set, and what the papers set.

use serde::{Deserialize, Serialize};

use super::NAME;
use crate::model::FitError;
use crate::spec::{Axis, Range};

/// What a search varies.
pub const AXES: &[Axis] = &[
    Axis { field: "l2", range: Range::Log(1.0, 3000.0) },
    Axis { field: "dropout", range: Range::Even(0.0, 0.9) },
    Axis { field: "member_exponent", range: Range::Even(0.0, 1.0) },
    Axis { field: "signal_exponent", range: Range::Even(-0.5, 0.0) },
    Axis { field: "output_exponent", range: Range::Even(-0.5, 0.0) },
];

/// Parameters, not yet checked.
///
/// With R (members × items, 0 or 1), member degrees n_u and item degrees n_i:
/// G = Rᵀ · diag(n_u^−`member_exponent`) · R, Λ = diag(`l2` + p ÷ (1 − p) · n_i) with p = `dropout`, P = (G + Λ)⁻¹,
/// B = I − P · diag(κ), where κ_j = 1 ÷ P_jj makes the diagonal of B 0; a member's row r scores
/// r · diag(n_i^−`signal_exponent`) · B · diag(n_j^`output_exponent`).
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
    /// ξ: how large the diagonal of B may be; 0: an item never predicts itself.
    pub diagonal_max: f64,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            l2: 200.0,
            dropout: 0.0,
            member_exponent: 0.0,
            signal_exponent: 0.0,
            output_exponent: 0.0,
            diagonal_max: 0.0,
        }
    }
}

impl Params {
    /// EASE, Steck 2019 (Embarrassingly Shallow Autoencoders for Sparse Data, eq. 8).
    #[must_use]
    pub fn ease(l2: f64) -> Self {
        Self { l2, ..Self::default() }
    }

    /// EDLAE, Steck 2020 (Autoencoders that don't overfit towards the Identity, eq. 10, of full rank).
    #[must_use]
    pub fn edlae(l2: f64, dropout: f64) -> Self {
        Self { l2, dropout, ..Self::default() }
    }

    /// RDLAE, Moon et al. 2023 (It's Enough: Relaxing Diagonal Constraints in Linear Autoencoders for Recommendation,
    /// eq. 14): the diagonal may be up to ξ.
    #[must_use]
    pub fn rdlae(l2: f64, dropout: f64, diagonal_max: f64) -> Self {
        Self { l2, dropout, diagonal_max, ..Self::default() }
    }

    /// DAN, Park et al. 2025 (Why is Normalization Necessary for Linear Recommenders?): `alpha` balances items,
    /// W_ij = n_i^α · B_ij · n_j^−α, and `beta` members.
    #[must_use]
    pub fn dan(l2: f64, dropout: f64, alpha: f64, beta: f64) -> Self {
        Self { member_exponent: beta, signal_exponent: -alpha, output_exponent: -alpha, ..Self::edlae(l2, dropout) }
    }

    /// Checks them.
    pub fn check(&self) -> Result<Checked, FitError> {
        let refuse = |field, want| Err(FitError::Parameter { model: NAME, field, want });
        // NaN lies in no range.
        if !(1e-3..=1e9).contains(&self.l2) {
            return refuse("l2", "between 0.001 and 1000000000");
        }
        if !(0.0..1.0).contains(&self.dropout) {
            return refuse("dropout", "0 or more, below 1");
        }
        let exponents = [
            ("member_exponent", self.member_exponent),
            ("signal_exponent", self.signal_exponent),
            ("output_exponent", self.output_exponent),
        ];
        if let Some((field, _)) = exponents.into_iter().find(|(_, value)| !(-2.0..=2.0).contains(value)) {
            return refuse(field, "between -2 and 2");
        }
        if !(0.0..=1.0).contains(&self.diagonal_max) {
            return refuse("diagonal_max", "between 0 and 1");
        }
        Ok(Checked(self.clone()))
    }
}

/// Parameters that make sense.
#[derive(Debug, Clone)]
pub struct Checked(pub(super) Params);
