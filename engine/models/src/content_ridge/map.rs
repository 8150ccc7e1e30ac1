//! From features to factors: what gives a new item a vector on arrival.

use serde::{Deserialize, Serialize};

use super::NAME;
use super::params::Checked;
use super::solve::Taught;
use crate::csr::Csr;
use crate::model::FitError;
use crate::signal::LANES;
use crate::words::Words;

/// The linear map from features to factors that ridge regression finds: V ≈ Z·W for the items known, W features × rank.
///
/// It can be kept with serde and is checked when read back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
pub struct ContentMap {
    words: Words,
    rank: usize,
    /// Features × rank, row after row.
    weights: Vec<f32>,
}

/// A map as it was read, not yet checked.
#[derive(Deserialize)]
struct Stored {
    words: Words,
    rank: usize,
    weights: Vec<f32>,
}

/// Why a stored map is not taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stored map from content to factors is cut off, or holds numbers that no fit makes")]
pub struct MapError;

impl TryFrom<Stored> for ContentMap {
    type Error = MapError;

    fn try_from(stored: Stored) -> Result<Self, MapError> {
        let Stored { words, rank, weights } = stored;
        let shaped = rank > 0 && words.features().checked_mul(rank) == Some(weights.len());
        let sound = shaped && words.is_sound() && weights.iter().all(|weight| weight.is_finite());
        if sound { Ok(Self { words, rank, weights }) } else { Err(MapError) }
    }
}

impl Checked {
    /// The map from `content` (items × features) to `factors` (items × `rank`, row after row); `l2` and `idf_power` are
    /// those of the model. Items without content, or whose factors are all 0 because nobody met them, teach nothing.
    pub fn map(&self, content: &Csr, factors: &[f32], rank: usize) -> Result<ContentMap, FitError> {
        let items = content.rows();
        if rank == 0 || items.checked_mul(rank) != Some(factors.len()) {
            return Err(FitError::Numbers { model: NAME, what: "there must be one row of factors an item" });
        }
        if factors.iter().any(|value| !value.is_finite()) {
            return Err(FitError::Numbers { model: NAME, what: "factors must be finite" });
        }
        let words = Words::of(content, self.0.idf_power);
        let met = |item: usize| factors[item * rank..(item + 1) * rank].iter().any(|value| *value != 0.0);
        let taught = |item: usize| {
            let (features, values) = content.row(item);
            if met(item) { words.row(features, values) } else { Vec::new() }
        };
        let taught = Taught::new(Csr::from_rows(content.cols(), (0..items).map(taught)));
        if taught.rows.nnz() == 0 {
            return Err(FitError::Nothing { model: NAME, what: "no item has both content and factors" });
        }
        let mut weights = vec![0.0; content.cols() * rank];
        for first in (0..rank).step_by(LANES) {
            let lanes = LANES.min(rank - first);
            let target = |item: usize| {
                let empty = taught.rows.row(item).0.is_empty();
                std::array::from_fn(
                    |lane| if empty || lane >= lanes { 0.0 } else { factors[item * rank + first + lane] },
                )
            };
            let targets: Vec<[f32; LANES]> = (0..items).map(target).collect();
            for (row, solved) in weights.chunks_mut(rank).zip(taught.weights(&targets, self.0.l2)) {
                row[first..first + lanes].copy_from_slice(&solved[..lanes]);
            }
        }
        Ok(ContentMap { words, rank, weights })
    }
}

impl ContentMap {
    /// The length of a factor.
    #[must_use]
    pub const fn rank(&self) -> usize {
        self.rank
    }

    /// The factor of an item with these features and values; none where it has no feature that tells anything. Features
    /// that were not known when the map was made say nothing.
    #[must_use]
    pub fn apply(&self, features: &[u32], values: &[f32]) -> Option<Vec<f32>> {
        let row = self.words.row(features, values);
        let mut factor = vec![0.0; self.rank];
        for (feature, told) in &row {
            let weights = &self.weights[*feature as usize * self.rank..][..self.rank];
            factor.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += told * weight);
        }
        factor.iter().any(|value| *value != 0.0).then_some(factor)
    }
}
