//! From a view to what requests are solved with.

use super::params::Checked;
use super::solve::Taught;
use super::{ContentRidge, NAME};
use crate::csr::Csr;
use crate::log::View;
use crate::model::{Context, FitError};
use crate::signal::{power, row_degrees};
use crate::words::Words;

impl Checked {
    /// The model. Items that somebody dealt with teach; all items with content are scored.
    pub fn fit(&self, view: &View<'_>, _context: &Context<'_>) -> Result<ContentRidge, FitError> {
        let (content, matrix) = (view.content(), view.matrix());
        let words = Words::of(&content, self.0.idf_power);
        let rows = words.rows(&content);
        let met = matrix.col_sums();
        // A view without content has no rows at all.
        let row = |item: usize| {
            let known = item < rows.rows() && met[item] > 0.0;
            let entries = known.then(|| rows.entries(item).map(|(feature, value)| (feature as u32, value)));
            entries.into_iter().flatten()
        };
        let taught = Taught::new(Csr::from_rows(words.features(), (0..view.items()).map(row)));
        if taught.rows.nnz() == 0 {
            return Err(FitError::Nothing { model: NAME, what: "no item that somebody dealt with has content" });
        }
        let alike = (self.0.alike > 0.0).then(|| Taught::new(normalised(matrix)));
        Ok(ContentRidge { params: self.0.clone(), words, rows, taught, alike })
    }
}

/// R̃ = diag(n_u^−½) · R · diag(n_i^−½), as graph filters have it.
fn normalised(mut matrix: Csr) -> Csr {
    let scale = |degrees: Vec<f64>| -> Vec<f32> { degrees.iter().map(|n| power(*n, -0.5) as f32).collect() };
    let (members, items) = (scale(row_degrees(&matrix)), scale(row_degrees(&matrix.transpose())));
    let of = |member: usize| matrix.row(member).0.iter().map(move |item| (member, *item as usize));
    let values: Vec<f32> =
        (0..matrix.rows()).flat_map(of).map(|(member, item)| members[member] * items[item]).collect();
    matrix.values_mut().copy_from_slice(&values);
    matrix
}
