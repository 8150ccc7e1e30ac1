//! What was learned, and how a member who did more since, or whom nobody knew, gets factors at once.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par, Spec};
use serde::{Deserialize, Serialize};

use crate::log::{ItemIx, MemberIx};

/// Factors of both sides, along the principal axes of the items': the first axis tells most.
///
/// They can be kept with serde and are checked when read back. A score is the product of a member's and an item's factor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
pub struct Factors {
    pub(super) rank: usize,
    /// Members × rank, row after row.
    pub(super) members: Vec<f32>,
    /// Items × rank, row after row.
    pub(super) items: Vec<f32>,
    /// α₀·YᵀY of the items' factors Y: in these axes a diagonal.
    pub(super) spread: Vec<f32>,
    pub(super) ridge: Ridge,
    pub(super) weight_power: f64,
}

/// λ·(n + α₀·N)^ν: how strongly a row is regularised that deals with the weight n of N rows of the other side.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Ridge {
    pub(super) regularization: f64,
    /// α₀·N.
    pub(super) everything: f64,
    pub(super) frequency_power: f64,
}

impl Ridge {
    pub(super) fn of(&self, weight: f64) -> f64 {
        self.regularization * (weight + self.everything).powf(self.frequency_power)
    }
}

/// Factors as they were read, not yet checked.
#[derive(Deserialize)]
struct Stored {
    rank: usize,
    members: Vec<f32>,
    items: Vec<f32>,
    spread: Vec<f32>,
    ridge: Ridge,
    weight_power: f64,
}

/// Why stored factors are not taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StoredError {
    /// The tables are no whole rows of one length.
    #[error("the stored factors are cut off: not whole rows of one length")]
    Shape,
    /// A number is not finite or not in its range.
    #[error("the stored factors hold numbers that no training makes")]
    Numbers,
}

impl TryFrom<Stored> for Factors {
    type Error = StoredError;

    fn try_from(stored: Stored) -> Result<Self, StoredError> {
        let Stored { rank, members, items, spread, ridge, weight_power } = stored;
        if rank == 0 || spread.len() != rank || members.len() % rank != 0 || items.len() % rank != 0 {
            return Err(StoredError::Shape);
        }
        let finite = |values: &[f32]| values.iter().all(|value| value.is_finite());
        let positive = |value: f64| value >= 0.0 && value.is_finite();
        let scalars = [ridge.regularization, ridge.everything, ridge.frequency_power, weight_power];
        let diagonal = spread.iter().all(|value| *value >= 0.0);
        if !(finite(&members) && finite(&items) && finite(&spread) && diagonal && scalars.into_iter().all(positive)) {
            return Err(StoredError::Numbers);
        }
        Ok(Self { rank, members, items, spread, ridge, weight_power })
    }
}

impl Factors {
    /// The length of a factor.
    #[must_use]
    pub const fn rank(&self) -> usize {
        self.rank
    }

    /// A member's factor; zeros for one who had done nothing, nothing for one who was not known.
    #[must_use]
    pub fn member(&self, member: MemberIx) -> Option<&[f32]> {
        self.members.get(member.ix() * self.rank..)?.get(..self.rank)
    }

    /// An item's factor; zeros for one that nobody had dealt with, nothing for one that was not known.
    #[must_use]
    pub fn item(&self, item: ItemIx) -> Option<&[f32]> {
        self.items.get(item.ix() * self.rank..)?.get(..self.rank)
    }

    /// The items' side alone: what folds members in needs no member's factor, and who is not kept need not be erased.
    #[must_use]
    pub fn without_members(self) -> Self {
        Self { members: Vec::new(), ..self }
    }

    /// How many members have factors.
    #[must_use]
    pub const fn members(&self) -> usize {
        self.members.len() / self.rank
    }

    /// All items' factors, items × rank, row after row.
    #[must_use]
    pub fn items(&self) -> &[f32] {
        &self.items
    }

    /// The factor of a member with this history, the items fixed: the one solution of
    /// (α₀·YᵀY + λ_u·I + Σ w·y·yᵀ)·x = Σ w·y, by Cholesky (Rendle et al. 2022, eq. 7). Weights of one item add up, as in
    /// training; items whose weights end at 0 or below, or that have no factor, say nothing. Zeros where nothing is said.
    /// Takes k²·(n + k/3) multiplications for n items of history.
    #[must_use]
    pub fn fold_in(&self, history: &[(ItemIx, f32)]) -> Vec<f32> {
        let pairs = self.pairs(history);
        let rank = self.rank;
        if pairs.is_empty() {
            return vec![0.0; rank];
        }
        let ridge = self.ridge.of(pairs.iter().map(|(_, weight)| f64::from(*weight)).sum());
        // Rows √w·y: their products are the sum wanted.
        let mut rows = Mat::<f64>::zeros(pairs.len(), rank);
        let mut x = vec![0.0; rank];
        for (place, (y, weight)) in pairs.iter().enumerate() {
            for (axis, value) in y.iter().enumerate() {
                rows[(place, axis)] = f64::from(weight.sqrt()) * f64::from(*value);
                x[axis] += f64::from(*weight) * f64::from(*value);
            }
        }
        let mut system = Mat::<f64>::zeros(rank, rank);
        for (axis, spread) in self.spread.iter().enumerate() {
            system[(axis, axis)] = f64::from(*spread) + ridge;
        }
        matmul(&mut system, Accum::Add, rows.transpose(), &rows, 1.0, Par::Seq);
        // λ_u > 0 keeps the system positive definite; where it is too small for that, nothing can be said.
        if solve(system, &mut x).is_none() {
            return vec![0.0; rank];
        }
        x.into_iter().map(|value| value as f32).collect()
    }

    /// Factors and weights of the items that speak, by item.
    fn pairs(&self, history: &[(ItemIx, f32)]) -> Vec<(&[f32], f32)> {
        let mut sorted: Vec<(ItemIx, f32)> = history.iter().copied().filter(|(_, weight)| weight.is_finite()).collect();
        sorted.sort_by_key(|(item, _)| *item);
        let sums = sorted.chunk_by(|a, b| a.0 == b.0).map(|run| (run[0].0, run.iter().map(|(_, w)| w).sum::<f32>()));
        sums.filter(|(_, sum)| *sum > 0.0)
            .filter_map(|(item, sum)| Some((self.item(item)?, f64::from(sum).powf(self.weight_power) as f32)))
            .filter(|(y, _)| y.iter().any(|value| *value != 0.0))
            .collect()
    }
}

/// Solves a positive definite system in place; nothing where it is none.
fn solve(mut system: Mat<f64>, x: &mut [f64]) -> Option<()> {
    let rank = x.len();
    let scratch = llt::factor::cholesky_in_place_scratch::<f64>(rank, Par::Seq, Spec::default())
        .or(llt::solve::solve_in_place_scratch::<f64>(rank, 1, Par::Seq));
    let mut memory = MemBuffer::new(scratch);
    let stack = MemStack::new(&mut memory);
    let regularization = llt::factor::LltRegularization::default();
    llt::factor::cholesky_in_place(system.as_mut(), regularization, Par::Seq, stack, Spec::default()).ok()?;
    let x = MatMut::from_column_major_slice_mut(x, rank, 1);
    llt::solve::solve_in_place(system.as_ref(), x, Par::Seq, stack);
    Some(())
}

/// Scores of `vectors` (so many × rank) for all items, into `out`, so many × items.
pub(super) fn scores(factors: &Factors, vectors: &[f32], out: &mut [f32]) {
    let (rank, items) = (factors.rank, factors.items.len() / factors.rank);
    let count = vectors.len() / rank;
    let vectors = MatRef::from_row_major_slice(vectors, count, rank);
    let factors = MatRef::from_row_major_slice(&factors.items, items, rank);
    let out = MatMut::from_row_major_slice_mut(out, count, items);
    matmul(out, Accum::Replace, vectors, factors.transpose(), 1.0, Par::Seq);
}
