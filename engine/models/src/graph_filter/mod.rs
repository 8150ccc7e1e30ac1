//! Filters on the graph between items (collaborative filtering without training): GF-CF (2021), Turbo-CF (2024),
//! ChebyCF (2025) and a ridge on the same graph are one family, see [`Params`].
//!
//! A filter is a polynomial of the graph, so a request costs `order` walks from items to members and back, and the memory
//! is that of the data.

mod chebyshev;
mod eigen;
mod fit;
mod params;

pub use params::{AXES, Checked, IDEAL_RANK_MAX, ORDER_MAX, Params, Response};

use crate::csr::Csr;
use crate::model::{Model, Request};
use crate::signal::{Columns, LANES, items, multiply};
use eigen::Tall;

/// The name in documents.
pub const NAME: &str = "graph_filter";

/// A filter on the graph.
#[derive(Debug, Clone)]
pub struct GraphFilter {
    graph: Graph,
    /// 2 ÷ the largest eigenvalue.
    stretch: f32,
    /// What each item counts in a member's row.
    signal: Vec<f32>,
    /// What each score is multiplied by; 0 where nobody dealt with the item.
    output: Vec<f32>,
    coefficients: Vec<f32>,
    ideal: Option<Ideal>,
    ideal_weight: f32,
}

#[derive(Debug, Clone)]
enum Graph {
    /// R̃ and R̃ᵀ: the graph is their product, which is never made.
    Product { forth: Csr, back: Csr },
    /// The graph itself.
    Pairs(Csr),
}

#[derive(Debug, Clone)]
struct Ideal {
    vectors: Tall,
    signal: Vec<f32>,
    output: Vec<f32>,
}

impl Graph {
    /// `out` = graph · `columns` (items × lanes). `middle` is room for members × lanes.
    fn apply(&self, columns: &Columns, middle: &mut Columns, out: &mut Columns) {
        match self {
            Self::Product { forth, back } => {
                middle.resize(forth.rows(), [0.0; LANES]);
                multiply(forth, columns, middle);
                multiply(back, middle, out);
            }
            Self::Pairs(graph) => multiply(graph, columns, out),
        }
    }
}

impl GraphFilter {
    /// Σ c_k·T_k(2G ÷ λ_max − I) · `rows`, by T_k = 2x·T_(k−1) − T_(k−2).
    fn respond(&self, rows: Columns) -> Columns {
        let mut sum = rows.clone();
        sum.iter_mut().flatten().for_each(|value| *value *= self.coefficients[0]);
        let (mut before, mut now) = (rows.clone(), rows);
        let (mut middle, mut applied) = (Columns::new(), vec![[0.0; LANES]; now.len()]);
        for (k, coefficient) in self.coefficients.iter().enumerate().skip(1) {
            self.graph.apply(&now, &mut middle, &mut applied);
            let (twice, past) = if k == 1 { (1.0, 0.0) } else { (2.0, 1.0) };
            for ((next, now), (before, sum)) in applied.iter().zip(&now).zip(before.iter_mut().zip(&mut sum)) {
                for lane in 0..LANES {
                    let step = twice * (self.stretch * next[lane] - now[lane]) - past * before[lane];
                    before[lane] = step;
                    sum[lane] += coefficient * step;
                }
            }
            std::mem::swap(&mut before, &mut now);
        }
        sum
    }

    /// Scores of at most [`LANES`] members, items × lanes.
    fn answer(&self, histories: &[Vec<usize>]) -> Columns {
        let mut rows: Columns = vec![[0.0; LANES]; self.signal.len()];
        for (lane, history) in histories.iter().enumerate() {
            history.iter().for_each(|item| rows[*item][lane] = self.signal[*item]);
        }
        let mut scores = self.respond(rows);
        for (row, output) in scores.iter_mut().zip(&self.output) {
            row.iter_mut().for_each(|value| *value *= output);
        }
        if let Some(ideal) = &self.ideal {
            ideal.add(histories, self.ideal_weight, &mut scores);
        }
        scores
    }
}

impl Ideal {
    /// Adds weight · D^β · V Vᵀ · D^−β · r.
    fn add(&self, histories: &[Vec<usize>], weight: f32, scores: &mut Columns) {
        let width = self.vectors.width;
        let mut inner: Columns = vec![[0.0; LANES]; width];
        for (lane, history) in histories.iter().enumerate() {
            for item in history {
                let vector = &self.vectors.values[item * width..(item + 1) * width];
                for (sum, value) in inner.iter_mut().zip(vector) {
                    sum[lane] += self.signal[*item] * value;
                }
            }
        }
        for ((row, vector), output) in scores.iter_mut().zip(self.vectors.values.chunks(width.max(1))).zip(&self.output)
        {
            let mut sum = [0.0; LANES];
            for (inner, value) in inner.iter().zip(vector) {
                for (sum, inner) in sum.iter_mut().zip(inner) {
                    *sum += value * inner;
                }
            }
            for (row, sum) in row.iter_mut().zip(sum) {
                *row += weight * output * sum;
            }
        }
    }
}

impl Model for GraphFilter {
    /// −∞ for items that nobody dealt with, and for members that dealt with nothing.
    fn score(&self, requests: &[Request<'_>], out: &mut [f32]) {
        let Some(width) = requests.first().map(|request| request.view.items()).filter(|items| *items > 0) else {
            return;
        };
        let known = |request: &Request<'_>| -> Vec<usize> {
            items(request).into_iter().filter(|item| self.output.get(*item).is_some_and(|scale| *scale > 0.0)).collect()
        };
        out.fill(f32::NEG_INFINITY);
        for (batch, out) in requests.chunks(LANES).zip(out.chunks_mut(LANES * width)) {
            let histories: Vec<Vec<usize>> = batch.iter().map(known).collect();
            let scores = self.answer(&histories);
            for (lane, out) in out.chunks_mut(width).enumerate().filter(|(lane, _)| !histories[*lane].is_empty()) {
                for ((out, row), scale) in out.iter_mut().zip(&scores).zip(&self.output) {
                    if *scale > 0.0 {
                        *out = row[lane];
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
