//! What follows on what: item-to-item transitions that fade with distance, in members' own order.
//!
//! With x the history of who asks, x_i = Σ e^(−steps since ÷ `recency`), T the transitions counted ([`Params`]), r and c the
//! sums of its rows and columns: score_j = Σ_i x_i · r_i^−a · T_ij · c_j^−b, with a = `source_power`, b = `target_power`: a
//! Markov chain that skips (sequential rules, Ludewig and Jannach 2018, with decay in both places as SLIST has it, Choe et
//! al. 2021).
//!
//! Where items have content Z (items × features, rows of length 1 as [`Words`] weighs them), two more scores are added, each
//! in standard deviations from its mean over all items:
//!
//! - what follows on items alike: x·Z·D⁻¹·Zᵀ·T, where D makes what follows on one feature sum to 1; its weight is
//!   `content_weight`;
//! - what is alike itself: x·Z·Zᵀ, times (popularity + ½)^`popularity_power`; its weight is `likeness_weight`.
//!
//! Where a data set knows no order, that in which a member's events are given is taken.

mod fit;
mod params;

pub use params::{AXES, Checked, Params};

use crate::csr::Csr;
use crate::log::View;
use crate::model::{Model, Request};
use crate::words::{Words, late};

/// The name in documents.
pub const NAME: &str = "transitions";

/// The most steps between two items that one may still follow on the other, and the most of a history that is read.
pub const STEPS_MAX: usize = 50;

/// What follows on what.
#[derive(Debug, Clone)]
pub struct Transitions {
    params: Params,
    /// T, items × items.
    counts: Csr,
    /// r^−a.
    source: Vec<f32>,
    /// c^−b.
    target: Vec<f32>,
    alike: Option<Alike>,
}

/// What content tells.
#[derive(Debug, Clone)]
struct Alike {
    words: Words,
    /// Z, items × features, and the same transposed.
    rows: Csr,
    postings: Csr,
    /// D⁻¹.
    features: Vec<f32>,
    /// (popularity + ½)^power.
    popularity: Vec<f32>,
}

impl Transitions {
    /// x: the last items of the history, and what each counts.
    fn history(&self, request: &Request<'_>) -> Vec<(usize, f32)> {
        let fade = (-1.0 / self.params.recency).exp();
        let told = request.history().rev().filter(|event| event.weight > 0.0).take(STEPS_MAX).enumerate();
        told.map(|(step, event)| (event.item.ix(), fade.powi(step as i32) as f32)).collect()
    }

    /// `out` += x · diag(scale) · T, for items that were there at the fit.
    fn follow(&self, x: impl Iterator<Item = (usize, f32)>, out: &mut [f32]) {
        let width = out.len();
        for (item, weight) in x.filter(|(item, _)| *item < self.counts.rows()) {
            for (other, count) in self.counts.entries(item).take_while(|(other, _)| *other < width) {
                out[other] += weight * count;
            }
        }
    }

    fn score_one(&self, request: &Request<'_>, out: &mut [f32]) {
        let x = self.history(request);
        out.fill(0.0);
        let known = x.iter().filter(|(item, _)| *item < self.source.len());
        self.follow(known.map(|(item, weight)| (*item, weight * self.source[*item])), out);
        out.iter_mut().zip(&self.target).for_each(|(score, scale)| *score *= scale);
        let Some(alike) = &self.alike else {
            out.iter_mut().filter(|score| **score == 0.0).for_each(|score| *score = f32::NEG_INFINITY);
            return;
        };
        let profile = alike.profile(&x, &request.view);
        let mut followed = vec![0.0; out.len()];
        let near = alike.postings_of(&profile, Some(&alike.features));
        self.follow(near.into_iter().enumerate().filter(|(_, weight)| *weight != 0.0), &mut followed);
        let likeness = alike.likeness(&profile, &request.view);
        let unspoken: Vec<bool> =
            (0..out.len()).map(|item| out[item] == 0.0 && followed[item] == 0.0 && likeness[item] == 0.0).collect();
        standardise(out, 1.0);
        standardise(&mut followed, self.params.content_weight);
        let mut likeness = likeness;
        standardise(&mut likeness, self.params.likeness_weight);
        for (item, score) in out.iter_mut().enumerate() {
            *score = if unspoken[item] { f32::NEG_INFINITY } else { *score + followed[item] + likeness[item] };
        }
    }
}

impl Alike {
    /// x·Z.
    fn profile(&self, x: &[(usize, f32)], view: &View<'_>) -> Vec<(usize, f32)> {
        let mut profile = vec![0.0_f32; self.words.features()];
        for (item, weight) in x {
            if *item < self.rows.rows() && !self.rows.row(*item).0.is_empty() {
                self.rows.entries(*item).for_each(|(feature, told)| profile[feature] += weight * told);
            } else {
                let (features, values) = view.content_of(crate::log::ItemIx(*item as u32));
                let row = self.words.row(features, values);
                row.iter().for_each(|(feature, told)| profile[*feature as usize] += weight * told);
            }
        }
        profile.into_iter().enumerate().filter(|(_, weight)| *weight != 0.0).collect()
    }

    /// The profile · diag(scale) · Zᵀ.
    fn postings_of(&self, profile: &[(usize, f32)], scale: Option<&[f32]>) -> Vec<f32> {
        let mut items = vec![0.0; self.rows.rows()];
        for (feature, weight) in profile {
            let weight = weight * scale.map_or(1.0, |scale| scale[*feature]);
            self.postings.entries(*feature).for_each(|(item, told)| items[item] += weight * told);
        }
        items
    }

    /// x·Z·Zᵀ · popularity, new items included, which have no more than the prior.
    fn likeness(&self, profile: &[(usize, f32)], view: &View<'_>) -> Vec<f32> {
        let mut items = self.postings_of(profile, None);
        items.iter_mut().zip(&self.popularity).for_each(|(score, popularity)| *score *= popularity);
        items.resize(view.items(), 0.0);
        let mut told = vec![0.0_f32; self.words.features()];
        profile.iter().for_each(|(feature, weight)| told[*feature] = *weight);
        let unmet = self.popularity.iter().copied().fold(1.0, f32::min);
        for (item, features, values) in late(*view, &self.rows) {
            let row = self.words.row(features, values);
            items[item] = unmet * row.iter().map(|(feature, value)| told[*feature as usize] * value).sum::<f32>();
        }
        items
    }
}

/// Values become weight · (value − mean) ÷ deviation; zeros where all are the same.
fn standardise(values: &mut [f32], weight: f64) {
    let count = values.len() as f64;
    let mean = values.iter().map(|value| f64::from(*value)).sum::<f64>() / count;
    let deviation = (values.iter().map(|value| (f64::from(*value) - mean).powi(2)).sum::<f64>() / count).sqrt();
    let scale = if deviation > 0.0 { weight / deviation } else { 0.0 };
    values.iter_mut().for_each(|value| *value = ((f64::from(*value) - mean) * scale) as f32);
}

impl Model for Transitions {
    /// −∞ for items that neither follow on the history nor resemble it.
    fn score(&self, requests: &[Request<'_>], out: &mut [f32]) {
        let Some(width) = requests.first().map(|request| request.view.items()).filter(|items| *items > 0) else {
            return;
        };
        for (request, out) in requests.iter().zip(out.chunks_mut(width)) {
            self.score_one(request, out);
        }
    }
}

#[cfg(test)]
mod tests;
