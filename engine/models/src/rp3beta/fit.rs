//! Where walks of two steps from an item end.

use super::params::Checked;
use super::{NAME, Rp3Beta};
use crate::csr::Csr;
use crate::log::View;
use crate::model::{Context, FitError};
use crate::neighbors::{greatest, raise};

impl Checked {
    /// The model of a view.
    pub fn fit(&self, view: &View<'_>, context: &Context<'_>) -> Result<Rp3Beta, FitError> {
        let params = &self.0;
        let kept = view.items() as u64 * u64::from(params.neighbors).min(view.items() as u64);
        context.allow(NAME, "neighbours", 16 * kept)?;
        let mut counts = view.counts();
        raise(&mut counts, params.weight_power);
        let by_item = steps(&counts.transpose(), params.alpha);
        let by_member = steps(&counts, params.alpha);
        let popularity = counts.col_sums();
        let penalties: Vec<f32> = popularity.iter().map(|sum| f64::from(*sum).powf(-params.beta) as f32).collect();
        let value = |_: usize, col: usize, walks: f32| {
            let value = walks * penalties[col];
            if value.is_finite() { value } else { 0.0 }
        };
        let near = greatest(&by_item, &by_member, params.neighbors as usize, value);
        context.progress.step(NAME, 1, 1);
        Ok(Rp3Beta { near, weight_power: params.weight_power })
    }
}

/// The probability of each step from a row, to the power α.
fn steps(matrix: &Csr, alpha: f64) -> Csr {
    let sums = matrix.row_sums();
    let row = |row: usize| {
        let sum = f64::from(sums[row]);
        matrix.entries(row).map(move |(col, weight)| (col as u32, (f64::from(weight) / sum).powf(alpha) as f32))
    };
    Csr::from_rows(matrix.cols(), (0..matrix.rows()).map(row))
}
