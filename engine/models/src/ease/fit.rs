//! From a view to −P = −(G + Λ)⁻¹, by items or by members, whichever are fewer.

use super::params::{Checked, Params};
use super::{Ease, NAME};
use crate::csr::Csr;
use crate::dense::{NotPositive, Symmetric};
use crate::log::View;
use crate::model::{Context, FitError};
use crate::signal::{power, row_degrees};

impl Checked {
    /// The model. By members where they are fewer and the memory allows for both matrices, else by items.
    pub fn fit(&self, view: &View<'_>, context: &Context<'_>) -> Result<Ease, FitError> {
        let data = Data::of(view, &self.0, NAME)?;
        let by_items = Symmetric::needs_bytes(data.penalty.len());
        let by_members = by_items + Symmetric::needs_bytes(data.forth.rows());
        if data.forth.rows() < data.penalty.len() && by_members <= context.memory_bytes_max {
            return Ok(self.0.model(&data, by_members_of(&data, context)?));
        }
        context.allow(NAME, "a matrix of items by items", by_items)?;
        Ok(self.0.model(&data, by_items_of(&data, context)?))
    }
}

/// What both ways start from.
pub(crate) struct Data {
    /// R without the members that dealt with nothing.
    pub(crate) forth: Csr,
    /// Rᵀ.
    pub(crate) back: Csr,
    /// n_u^−β.
    pub(crate) weights: Vec<f32>,
    /// n_i.
    pub(crate) degrees: Vec<f64>,
    /// Λ.
    pub(crate) penalty: Vec<f32>,
}

impl Data {
    pub(crate) fn of(view: &View<'_>, params: &Params, model: &'static str) -> Result<Self, FitError> {
        let matrix = view.matrix();
        if matrix.nnz() == 0 {
            return Err(FitError::Nothing { model, what: "no member dealt with an item" });
        }
        let row = |member| matrix.entries(member).map(|(item, value)| (item as u32, value));
        let forth = Csr::from_rows(
            matrix.cols(),
            (0..matrix.rows()).filter(|member| !matrix.row(*member).0.is_empty()).map(row),
        );
        let weights = row_degrees(&forth).iter().map(|n| power(*n, -params.member_exponent) as f32).collect();
        let back = forth.transpose();
        let degrees = row_degrees(&back);
        let noise = params.dropout / (1.0 - params.dropout);
        let penalty = degrees.iter().map(|n| (params.l2 + noise * n) as f32).collect();
        Ok(Self { forth, back, weights, degrees, penalty })
    }
}

fn explain(_: NotPositive) -> FitError {
    FitError::Numbers { model: NAME, what: "the matrix is not positive definite in single precision; raise l2" }
}

/// G + Λ, swept.
pub(super) fn by_items_of(data: &Data, context: &Context<'_>) -> Result<Symmetric, FitError> {
    let mut matrix = Symmetric::from_rows(data.penalty.len(), |item, row| {
        for (member, _) in data.back.entries(item) {
            let weight = data.weights[member];
            for other in data.forth.row(member).0.iter().take_while(|other| **other as usize <= item) {
                row[*other as usize] += weight;
            }
        }
        row[item] += data.penalty[item];
    });
    matrix.invert_negated("items", context.progress).map_err(explain)?;
    Ok(matrix)
}

/// The same by Woodbury: with Y = diag(n_u^−β/2) · R · Λ^−½ and K = I + Y·Yᵀ (members × members),
/// P = Λ^−½ · (I − Yᵀ · K⁻¹ · Y) · Λ^−½.
pub(super) fn by_members_of(data: &Data, context: &Context<'_>) -> Result<Symmetric, FitError> {
    let root: Vec<f32> = data.penalty.iter().map(|penalty| penalty.sqrt().recip()).collect();
    let (mut forth, weights) = (data.forth.clone(), &data.weights);
    let scaled = (0..forth.rows()).flat_map(|member| {
        let weight = weights[member].sqrt();
        data.forth.row(member).0.iter().map(move |item| (weight, *item as usize))
    });
    let scaled: Vec<f32> = scaled.map(|(weight, item)| weight * root[item]).collect();
    forth.values_mut().copy_from_slice(&scaled);
    let back = forth.transpose();
    let mut kernel = Symmetric::from_rows(forth.rows(), |member, row| {
        for (item, left) in forth.entries(member) {
            for (other, right) in back.entries(item).take_while(|(other, _)| *other <= member) {
                row[other] += left * right;
            }
        }
        row[member] += 1.0;
    });
    kernel.invert_negated("members", context.progress).map_err(explain)?;
    Ok(Symmetric::from_rows(data.penalty.len(), |item, row| {
        // −Y_·j · K⁻¹, then times Y.
        let mut carried = vec![0.0_f32; forth.rows()];
        for (member, value) in back.entries(item) {
            for (sum, k) in carried.iter_mut().zip(kernel.row(member)) {
                *sum += value * k;
            }
        }
        for (member, carried) in carried.iter().enumerate() {
            for (other, value) in forth.entries(member) {
                row[other] -= carried * value;
            }
        }
        row[item] -= 1.0;
        row.iter_mut().zip(&root).for_each(|(value, scale)| *value *= root[item] * scale);
    }))
}

impl Params {
    /// What scores need beside −P.
    pub(super) fn model(&self, data: &Data, minus_p: Symmetric) -> Ease {
        let scale = |exponent: f64| -> Vec<f32> { data.degrees.iter().map(|n| power(*n, exponent) as f32).collect() };
        let ceiling = self.diagonal_max as f32;
        let kappa = |item: usize| {
            let p = -minus_p.row(item)[item];
            // RDLAE, eq. 14: where ridge alone keeps the diagonal at or below ξ, nothing more is asked of it.
            let free = data.penalty[item];
            if 1.0 - free * p <= ceiling { free } else { (1.0 - ceiling) / p }
        };
        let kappa = (0..minus_p.n).map(kappa).collect();
        Ease { kappa, signal: scale(-self.signal_exponent), output: scale(self.output_exponent), minus_p }
    }
}
