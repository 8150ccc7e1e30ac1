//! Which items have been met by the same members.

use super::params::{Checked, Params, Weighting};
use super::{ItemKnn, NAME};
use crate::csr::Csr;
use crate::log::View;
use crate::model::{Context, FitError};
use crate::neighbors::{greatest, raise};

impl Checked {
    /// The model of a view.
    pub fn fit(&self, view: &View<'_>, context: &Context<'_>) -> Result<ItemKnn, FitError> {
        let params = &self.0;
        let kept = view.items() as u64 * u64::from(params.neighbors).min(view.items() as u64);
        context.allow(NAME, "neighbours", 16 * kept)?;
        let mut counts = view.counts();
        raise(&mut counts, params.weight_power);
        let by_member = weighted(params, counts);
        let by_item = by_member.transpose();
        let length = |item: usize| by_item.entries(item).map(|(_, value)| f64::from(value).powi(2)).sum::<f64>().sqrt();
        let lengths: Vec<f64> = (0..by_item.rows()).map(|item| length(item).powf(params.length_power)).collect();
        let near = |row: usize, col: usize, product: f32| {
            let value = f64::from(product) / (lengths[row] * lengths[col] + params.shrink);
            if value.is_finite() { value as f32 } else { 0.0 }
        };
        let near = greatest(&by_item, &by_member, params.neighbors as usize, near);
        context.progress.step(NAME, 1, 1);
        Ok(ItemKnn { near, weight_power: params.weight_power })
    }
}

/// Members × items, weighed as [`Weighting`] tells.
fn weighted(params: &Params, counts: Csr) -> Csr {
    let items = counts.cols() as f64;
    let rarity = |member: usize| (items / (1.0 + counts.row(member).0.len() as f64)).ln().max(0.0);
    let popularity = counts.col_sums();
    let mean = popularity.iter().map(|sum| f64::from(*sum)).sum::<f64>() / items.max(1.0);
    let value = |member: usize, item: usize, weight: f32| {
        let weight = f64::from(weight);
        match params.weighting {
            Weighting::Plain => weight,
            Weighting::TfIdf => weight.sqrt() * rarity(member),
            Weighting::Bm25 => {
                let norm = 1.0 - params.b + params.b * f64::from(popularity[item]) / mean;
                weight * (params.k1 + 1.0) / (params.k1 * norm + weight) * rarity(member)
            }
        }
    };
    let value = &value;
    let row = |member| counts.entries(member).map(move |(item, w)| (item as u32, value(member, item, w) as f32));
    Csr::from_rows(counts.cols(), (0..counts.rows()).map(row))
}
