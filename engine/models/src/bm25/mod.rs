//! Okapi BM25 over content (Robertson and Zaragoza 2009, eq. 3.15, with the idf that is never negative): items are
//! documents, features are words, what a member dealt with is the query.
//!
//! A word counts in the query as much as it tells of the member's items: the sum of their [`Words`], each of length 1.

mod fit;
mod params;

pub use params::{AXES, Checked, Params};

use crate::csr::Csr;
use crate::model::{Model, Request};
use crate::words::{Words, late};

/// The name in documents.
pub const NAME: &str = "bm25";

/// Items as documents.
#[derive(Debug, Clone)]
pub struct Bm25 {
    params: Params,
    idf: Vec<f64>,
    length_mean: f64,
    words: Words,
    /// Items × features: what an item adds to a query.
    profiles: Csr,
    /// Items × features: idf · tf · (k1 + 1) ÷ (tf + k1 · (1 − b + b · length ÷ mean length)).
    documents: Csr,
    /// The same, features × items.
    postings: Csr,
}

impl Bm25 {
    /// What each feature of an item scores.
    fn document(&self, features: &[u32], values: &[f32]) -> Vec<(u32, f32)> {
        let said = || features.iter().zip(values).filter(|(_, tf)| **tf > 0.0);
        let length: f64 = said().map(|(_, tf)| f64::from(*tf)).sum();
        let Params { k1, b, .. } = self.params;
        let held_back = k1 * (1.0 - b + b * length / self.length_mean);
        let weight = |(feature, tf): (&u32, &f32)| {
            let (tf, idf) = (f64::from(*tf), self.idf.get(*feature as usize)?);
            Some((*feature, (idf * tf * (k1 + 1.0) / (tf + held_back)) as f32))
        };
        said().filter_map(weight).collect()
    }

    /// How much each word counts for the member; none where their items say nothing.
    fn query(&self, request: &Request<'_>) -> Option<Vec<f32>> {
        let mut query = vec![0.0_f32; self.words.features()];
        let fade = if self.params.half_life_steps > 0.0 { (-1.0 / self.params.half_life_steps).exp2() } else { 1.0 };
        let mut left = 1.0_f64;
        for event in request.history().rev() {
            let weight = event.weight * left as f32;
            left *= fade;
            if event.item.ix() < self.profiles.rows() && !self.profiles.row(event.item.ix()).0.is_empty() {
                self.profiles.entries(event.item.ix()).for_each(|(word, told)| query[word] += weight * told);
            } else {
                let (features, values) = request.view.content_of(event.item);
                let row = self.words.row(features, values);
                row.iter().for_each(|(word, told)| query[*word as usize] += weight * told);
            }
        }
        // What speaks against outweighs: such words are not asked for.
        query.iter_mut().for_each(|count| *count = count.max(0.0));
        query.iter().any(|count| *count > 0.0).then_some(query)
    }
}

impl Model for Bm25 {
    /// −∞ for items that share no word with the query.
    fn score(&self, requests: &[Request<'_>], out: &mut [f32]) {
        let Some(width) = requests.first().map(|request| request.view.items()).filter(|items| *items > 0) else {
            return;
        };
        for (request, out) in requests.iter().zip(out.chunks_mut(width)) {
            out.fill(0.0);
            if let Some(query) = self.query(request) {
                for (word, count) in query.iter().enumerate().filter(|(_, count)| **count > 0.0) {
                    for (item, weight) in self.postings.entries(word).take_while(|(item, _)| *item < width) {
                        out[item] += count * weight;
                    }
                }
                for (item, features, values) in late(request.view, &self.documents) {
                    let row = self.document(features, values);
                    out[item] = row.iter().map(|(word, weight)| query[*word as usize] * weight).sum();
                }
            }
            out.iter_mut().filter(|score| **score <= 0.0).for_each(|score| *score = f32::NEG_INFINITY);
        }
    }
}

#[cfg(test)]
mod tests;
