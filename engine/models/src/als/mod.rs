//! iALS: factors of members and items by alternating least squares over all pairs, those that did not happen weighing
//! little (Hu, Koren, Volinsky 2008; Rendle, Krichene, Zhang, Koren 2022, "Revisiting the Performance of iALS").
//!
//! The learning is done in the principal axes of the side that is fixed (`axes.rs`); what comes of it is [`Factors`], which
//! fold a member's new history in with one small solve.

mod axes;
mod factors;
mod fit;
mod params;
mod solve;
mod table;
#[cfg(test)]
mod tests;

pub use factors::{Factors, StoredError};
pub use params::{AXES, Checked, EPOCHS_MAX, FACTORS_MAX, Params, STEPS_MAX};

use crate::log::ItemIx;
use crate::model::{Model, Request};

/// The name in documents.
pub const NAME: &str = "als";

/// Factors, and how much of each member's history is in them.
#[derive(Debug, Clone)]
pub struct Als {
    factors: Factors,
    /// A member's events when the model was fitted.
    seen: Vec<u32>,
    /// Items without a factor: nobody had met them.
    unmet: Vec<u32>,
}

impl Als {
    fn new(factors: Factors, seen: Vec<u32>) -> Self {
        let rows = factors.items.chunks_exact(factors.rank);
        let unmet = rows.enumerate().filter(|(_, row)| row.iter().all(|value| *value == 0.0));
        let unmet = unmet.map(|(item, _)| item as u32).collect();
        Self { factors, seen, unmet }
    }

    /// What was learned, to be kept.
    #[must_use]
    pub const fn factors(&self) -> &Factors {
        &self.factors
    }

    /// What was learned, to be kept.
    #[must_use]
    pub fn into_factors(self) -> Factors {
        self.factors
    }

    /// A member's factor: the trained one, or folded in where they did more since.
    fn vector(&self, request: &Request<'_>) -> Vec<f32> {
        let now = request.history().count();
        match (self.seen.get(request.member.ix()), self.factors.member(request.member)) {
            (Some(seen), Some(factor)) if *seen as usize == now => factor.to_vec(),
            _ => {
                let history: Vec<(ItemIx, f32)> = request.history().map(|event| (event.item, event.weight)).collect();
                self.factors.fold_in(&history)
            }
        }
    }
}

impl Model for Als {
    fn score(&self, requests: &[Request<'_>], out: &mut [f32]) {
        let known = self.factors.items.len() / self.factors.rank;
        let Some(items) = requests.first().map(|request| request.view.items()).filter(|items| *items > 0) else {
            return;
        };
        let vectors: Vec<f32> = requests.iter().flat_map(|request| self.vector(request)).collect();
        if items == known {
            factors::scores(&self.factors, &vectors, out);
        } else {
            // The log has grown, or is another.
            let mut all = vec![0.0; requests.len() * known];
            factors::scores(&self.factors, &vectors, &mut all);
            out.fill(f32::NEG_INFINITY);
            for (out, all) in out.chunks_mut(items).zip(all.chunks(known.max(1))) {
                let both = items.min(known);
                out[..both].copy_from_slice(&all[..both]);
            }
        }
        for (out, vector) in out.chunks_mut(items).zip(vectors.chunks(self.factors.rank)) {
            if vector.iter().all(|value| *value == 0.0) {
                out.fill(f32::NEG_INFINITY);
            }
            for item in self.unmet.iter().filter(|item| (**item as usize) < items) {
                out[*item as usize] = f32::NEG_INFINITY;
            }
        }
    }
}
