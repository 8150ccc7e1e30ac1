//! EASE for catalogues too large for a matrix of items by items (SANSA, Spišák et al. 2023): a sparse factor of G + Λ and a
//! sparse inverse of that.
//!
//! P = (G + Λ)⁻¹ ≈ Zᵀ·Z with Z ≈ L⁻¹, L the incomplete Cholesky factor. The paper finds Z by steps of minimal residual;
//! here it is forward substitution that leaves out what is negligible, which is exact where nothing is left out.

mod fit;
mod params;

pub use params::{AXES, Checked, NEIGHBOURS_MAX, Params};

use crate::csr::Csr;
use crate::model::{Model, Request};
use crate::signal::items;

/// The name in documents.
pub const NAME: &str = "sansa";

/// Every item as a weighted sum of all others, nearly.
#[derive(Debug, Clone)]
pub struct Sansa {
    /// Zᵀ: a row for each item.
    inverse: Csr,
    /// P_jj.
    diagonal: Vec<f32>,
    /// What each item counts in a member's row.
    signal: Vec<f32>,
    /// What each score is multiplied by; 0 where nobody dealt with the item.
    output: Vec<f32>,
}

impl Model for Sansa {
    /// −∞ for items that nobody dealt with, and for members that dealt with nothing.
    fn score(&self, requests: &[Request<'_>], out: &mut [f32]) {
        let Some(width) = requests.first().map(|request| request.view.items()).filter(|items| *items > 0) else {
            return;
        };
        let mut inner = vec![0.0_f32; self.inverse.cols()];
        for (request, out) in requests.iter().zip(out.chunks_mut(width)) {
            let known = |item: &usize| self.output.get(*item).is_some_and(|scale| *scale > 0.0);
            let history: Vec<usize> = items(request).into_iter().filter(known).collect();
            inner.fill(0.0);
            for item in &history {
                self.inverse.entries(*item).for_each(|(row, z)| inner[row] += self.signal[*item] * z);
            }
            for (item, score) in out.iter_mut().enumerate() {
                *score = f32::NEG_INFINITY;
                if !history.is_empty() && known(&item) {
                    let sum: f32 = self.inverse.entries(item).map(|(row, z)| inner[row] * z).sum();
                    let own = if history.binary_search(&item).is_ok() { self.signal[item] } else { 0.0 };
                    *score = self.output[item] * (own - sum / self.diagonal[item]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
