//! What may be set, and what the papers set.

use serde::{Deserialize, Serialize};

use super::NAME;
use crate::model::FitError;
use crate::spec::{Axis, Range};

/// What a search varies.
pub const AXES: &[Axis] = &[
    Axis { field: "member_exponent", range: Range::Even(0.0, 0.6) },
    Axis { field: "signal_exponent", range: Range::Even(0.0, 0.5) },
    Axis { field: "output_exponent", range: Range::Even(0.0, 0.6) },
    Axis { field: "ridge", range: Range::Log(0.05, 3.0) },
];

/// How many terms a filter may have.
pub const ORDER_MAX: u32 = 64;

/// How many ideal directions there may be.
pub const IDEAL_RANK_MAX: u32 = 4096;

/// How much of a frequency passes, as a function of s: an eigenvalue of the graph as a share of the largest, so s = 1 is
/// the smoothest signal and s = 0 the roughest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Response {
    /// s: two steps along the graph, from items to members and back (GF-CF, eq. 8).
    Linear,
    /// s ÷ (s + ridge): what ridge regression of the items on each other answers, which is EASE without its constraint on
    /// the diagonal. A large `ridge` is linear, a small one lets all frequencies pass alike.
    Ridge,
    /// ½·(1 + sign(2s − 1)·|2s − 1|^flatness): the plateau of ChebyCF; 1 is linear, more is flatter in the middle.
    Plateau,
    /// s·(2 − s), the second filter of Turbo-CF.
    Square,
}

/// Parameters, not yet checked.
///
/// With R (members × items, 0 or 1), member degrees n_u, item degrees n_i and R̃ = D_u^−`member_exponent` · R ·
/// D_i^−`item_exponent`, the graph between items is G = (R̃ᵀR̃)^∘`similarity_power`, and a member's row r scores
///
/// r · [D_i^−`signal_exponent` · h(G ÷ λ_max) · D_i^`output_exponent`
///    + `ideal_weight` · D_i^−`ideal_exponent` · V Vᵀ · D_i^`ideal_exponent`],
///
/// V the first `ideal_rank` eigenvectors of R̃ᵀR̃.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// How far long histories are held back in the graph.
    pub member_exponent: f64,
    /// How far items that many dealt with are held back in the graph.
    pub item_exponent: f64,
    /// How far they are held back in the member's own row.
    pub signal_exponent: f64,
    /// How much of it the scores are given back.
    pub output_exponent: f64,
    /// Every similarity is raised to this power: above 1 drops what is alike by chance. Other than 1 takes the memory of
    /// all pairs of items that share a member.
    pub similarity_power: f64,
    /// Which frequencies pass.
    pub response: Response,
    /// For the ridge: s at which half passes.
    pub ridge: f64,
    /// For the plateau: 1 or more.
    pub flatness: f64,
    /// The degree of the polynomial that stands for the response, by interpolation at Chebyshev's nodes.
    pub order: u32,
    /// How many of the smoothest directions pass in full beside the response; 0: none.
    pub ideal_rank: u32,
    /// How much these count.
    pub ideal_weight: f64,
    /// How far items that many dealt with are held back for these, and given back.
    pub ideal_exponent: f64,
}

impl Default for Params {
    /// A ridge; its numbers are those that were best on a fifth of Gowalla's train, held out.
    fn default() -> Self {
        Self {
            member_exponent: 0.2,
            item_exponent: 0.5,
            signal_exponent: 0.15,
            output_exponent: 0.35,
            similarity_power: 1.0,
            response: Response::Ridge,
            ridge: 0.2,
            flatness: 1.0,
            order: 5,
            ideal_rank: 0,
            ideal_weight: 0.0,
            ideal_exponent: 0.0,
        }
    }
}

impl Params {
    /// GF-CF, Shen et al. 2021 (How Powerful is Graph Convolution for Recommendation?, eq. 9), with its 256 directions and the
    /// weight .3 it takes on Gowalla.
    #[must_use]
    pub fn gf_cf() -> Self {
        Self {
            member_exponent: 0.5,
            signal_exponent: 0.0,
            output_exponent: 0.0,
            response: Response::Linear,
            order: 1,
            ideal_rank: 256,
            ideal_weight: 0.3,
            ideal_exponent: 0.5,
            ..Self::default()
        }
    }

    /// Turbo-CF, Park et al. 2024: D_u^−α R D_i^(α−1), similarities to the power s, the first (linear) filter.
    #[must_use]
    pub fn turbo_cf(alpha: f64, power: f64) -> Self {
        Self {
            member_exponent: alpha,
            item_exponent: 1.0 - alpha,
            similarity_power: power,
            ideal_rank: 0,
            ..Self::gf_cf()
        }
    }

    /// ChebyCF, Kim et al. 2025 (Graph Spectral Filtering with Chebyshev Interpolation for Recommendation), as it is set for
    /// Gowalla: K = 8, φ = 1.5, η = 512, α = .2, β = .4.
    #[must_use]
    pub fn cheby_cf() -> Self {
        Self {
            signal_exponent: 0.4,
            output_exponent: 0.4,
            response: Response::Plateau,
            flatness: 1.5,
            order: 8,
            ideal_rank: 512,
            ideal_weight: 0.2,
            ideal_exponent: 0.4,
            ..Self::gf_cf()
        }
    }

    /// Checks them.
    pub fn check(&self) -> Result<Checked, FitError> {
        let refuse = |field, want| Err(FitError::Parameter { model: NAME, field, want });
        let exponents = [
            ("member_exponent", self.member_exponent),
            ("item_exponent", self.item_exponent),
            ("signal_exponent", self.signal_exponent),
            ("output_exponent", self.output_exponent),
            ("ideal_exponent", self.ideal_exponent),
        ];
        // NaN lies in no range.
        if let Some((field, _)) = exponents.into_iter().find(|(_, value)| !(-2.0..=2.0).contains(value)) {
            return refuse(field, "between -2 and 2");
        }
        if !(0.1..=8.0).contains(&self.similarity_power) {
            return refuse("similarity_power", "between 0.1 and 8");
        }
        if !(1e-3..=1e6).contains(&self.ridge) {
            return refuse("ridge", "between 0.001 and 1000000");
        }
        if !(1.0..=1e3).contains(&self.flatness) {
            return refuse("flatness", "between 1 and 1000");
        }
        if !(1..=ORDER_MAX).contains(&self.order) {
            return refuse("order", "between 1 and 64");
        }
        if self.ideal_rank > IDEAL_RANK_MAX {
            return refuse("ideal_rank", "4096 or less");
        }
        if !(0.0..=1e3).contains(&self.ideal_weight) {
            return refuse("ideal_weight", "between 0 and 1000");
        }
        Ok(Checked(self.clone()))
    }
}

/// Parameters that make sense.
#[derive(Debug, Clone)]
pub struct Checked(pub(super) Params);
