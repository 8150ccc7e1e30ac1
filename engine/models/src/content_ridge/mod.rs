//! Ridge regression of each member's preferences on content: what ranks items that nobody has met.
//!
//! With Z the items × features that [`Words`] weighs, of the items that somebody dealt with, and y what speaks for the
//! member among them, w = (ZᵀZ + λI)⁻¹Zᵀy, and an item with features z scores z·w (Hoerl and Kennard 1970, with the y of
//! implicit feedback: 0 where nothing happened). Nothing is solved beforehand: each request solves for its own w by conjugate
//! gradients, so members are folded in at once, and new items are scored by what they say.
//!
//! y = x + c·(‖x‖ ÷ ‖s‖)·s, where x is 1 at the member's items and s = R̃ᵀR̃x what those who share them dealt with (the
//! linear filter of GF-CF, Shen et al. 2021); c = [`alike`](Params::alike).
//!
//! [`ContentMap`] is the same regression onto factors: what gives a new item a vector on arrival.

mod fit;
mod map;
mod params;
mod solve;

pub use map::{ContentMap, MapError};
pub use params::{AXES, Checked, Params};

use self::solve::Taught;
use crate::csr::Csr;
use crate::model::{Model, Request};
use crate::signal::{Columns, LANES, items, multiply};
use crate::words::{Words, late};

/// The name in documents.
pub const NAME: &str = "content_ridge";

/// Preferences for features.
#[derive(Debug, Clone)]
pub struct ContentRidge {
    params: Params,
    words: Words,
    /// Items × features, all that have content.
    rows: Csr,
    /// The same; rows of items that nobody dealt with are empty.
    taught: Taught,
    /// R̃, members × items, where it is asked for.
    alike: Option<Taught>,
}

impl ContentRidge {
    /// y, items × requests.
    fn targets(&self, requests: &[Request<'_>]) -> Columns {
        let known = self.taught.rows.rows();
        let mut targets: Columns = vec![[0.0; LANES]; known];
        for (lane, request) in requests.iter().enumerate() {
            items(request).into_iter().filter(|item| *item < known).for_each(|item| targets[item][lane] = 1.0);
        }
        if let Some(alike) = &self.alike {
            let mut members: Columns = vec![[0.0; LANES]; alike.rows.rows()];
            let mut shared: Columns = vec![[0.0; LANES]; known];
            multiply(&alike.rows, &targets, &mut members);
            multiply(&alike.turned, &members, &mut shared);
            let (own, others) = (squares(&targets), squares(&shared));
            let scale = |lane: usize| match others[lane] > 0.0 {
                true => (self.params.alike * (own[lane] / others[lane]).sqrt()) as f32,
                false => 0.0,
            };
            let scale: [f32; LANES] = std::array::from_fn(scale);
            for (target, shared) in targets.iter_mut().zip(&shared) {
                (0..LANES).for_each(|lane| target[lane] += scale[lane] * shared[lane]);
            }
        }
        // What has no content can be told from nothing: it is no target.
        for (item, target) in targets.iter_mut().enumerate() {
            if self.taught.rows.row(item).0.is_empty() {
                *target = [0.0; LANES];
            }
        }
        targets
    }

    fn score_lanes(&self, requests: &[Request<'_>], out: &mut [f32], width: usize) {
        let weights = self.taught.weights(&self.targets(requests), self.params.l2);
        out.fill(f32::NEG_INFINITY);
        for item in 0..self.rows.rows().min(width) {
            let mut sums = [0.0_f32; LANES];
            for (feature, value) in self.rows.entries(item) {
                sums.iter_mut().zip(&weights[feature]).for_each(|(sum, weight)| *sum += value * weight);
            }
            for (lane, sum) in sums.iter().enumerate().take(requests.len()).filter(|(_, sum)| **sum != 0.0) {
                out[lane * width + item] = *sum;
            }
        }
        for (lane, request) in requests.iter().enumerate() {
            for (item, features, values) in late(request.view, &self.rows) {
                let told = self.words.row(features, values);
                let sum: f32 = told.iter().map(|(feature, value)| value * weights[*feature as usize][lane]).sum();
                if sum != 0.0 {
                    out[lane * width + item] = sum;
                }
            }
        }
    }
}

/// The squared length of each lane.
fn squares(columns: &[[f32; LANES]]) -> [f64; LANES] {
    let mut sums = [0.0; LANES];
    for row in columns {
        (0..LANES).for_each(|lane| sums[lane] += f64::from(row[lane]) * f64::from(row[lane]));
    }
    sums
}

impl Model for ContentRidge {
    /// −∞ for items whose content tells nothing of the member, and for members whose items have none.
    fn score(&self, requests: &[Request<'_>], out: &mut [f32]) {
        let Some(width) = requests.first().map(|request| request.view.items()).filter(|items| *items > 0) else {
            return;
        };
        for (requests, out) in requests.chunks(LANES).zip(out.chunks_mut(LANES * width)) {
            self.score_lanes(requests, out, width);
        }
    }
}

#[cfg(test)]
mod tests;
