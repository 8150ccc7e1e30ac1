//! From a view to Z ≈ L⁻¹, of G + Λ ≈ L·Lᵀ.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rayon::prelude::*;

use super::params::Checked;
use super::{NAME, Sansa};
use crate::csr::Csr;
use crate::ease::Data;
use crate::log::View;
use crate::model::{Context, FitError, Progress};
use crate::signal::power;

/// What is smaller than this share of a column's own entry is not followed further.
const NEGLIGIBLE: f32 = 1e-3;

/// How many columns pass between two words on progress.
const STEP: usize = 1024;

/// Entries below the diagonal, and the diagonal.
type Column = (Vec<(u32, f32)>, f32);

impl Checked {
    /// The model.
    pub fn fit(&self, view: &View<'_>, context: &Context<'_>) -> Result<Sansa, FitError> {
        let params = &self.0;
        let data = Data::of(view, &params.dense(), NAME)?;
        let count = data.penalty.len();
        let kept = params.neighbours as usize;
        // The factor by columns and by rows, and its inverse.
        let needs = 3 * count as u64 * (kept.min(count) as u64 + 1) * size_of::<(u32, f32)>() as u64;
        context.allow(NAME, "the sparse factor and its inverse", needs)?;
        // Rare items first: what is eliminated early connects what it touches, and they touch little.
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by(|a, b| data.degrees[*a].total_cmp(&data.degrees[*b]));
        let factor = factor(&data, &order, params.l2 as f32, kept, context.progress);
        let columns: Vec<Vec<(u32, f32)>> = (0..count)
            .into_par_iter()
            .map_init(|| vec![0.0; count], |sums, col| solve(&factor, col, kept, sums))
            .collect();
        let mut place = vec![0_u32; count];
        order.iter().zip(0..).for_each(|(item, at)| place[*item] = at);
        let scale = |exponent: f64| -> Vec<f32> { data.degrees.iter().map(|n| power(*n, exponent) as f32).collect() };
        let inverse = Csr::from_rows(count, place.iter().map(|at| columns[*at as usize].iter().copied()));
        let diagonal = (0..count).map(|item| inverse.row(item).1.iter().map(|z| z * z).sum()).collect();
        Ok(Sansa { inverse, diagonal, signal: scale(-params.signal_exponent), output: scale(params.output_exponent) })
    }
}

/// The incomplete Cholesky factor of G + Λ in this order, by columns: each keeps its `kept` largest entries.
fn factor(data: &Data, order: &[usize], floor: f32, kept: usize, progress: &dyn Progress) -> Vec<Column> {
    let count = order.len();
    let mut place = vec![0; count];
    order.iter().enumerate().for_each(|(at, item)| place[*item] = at);
    let mut columns: Vec<Column> = Vec::with_capacity(count);
    // For each row, the columns before it that reach it, with their entries.
    let mut rows: Vec<Vec<(u32, f32)>> = vec![Vec::new(); count];
    let (mut sums, mut met) = (vec![0.0_f32; count], Vec::new());
    for col in 0..count {
        let mut add = |row: usize, value: f32| {
            if row > col {
                if sums[row] == 0.0 {
                    met.push(row);
                }
                sums[row] += value;
            }
        };
        let mut pivot = data.penalty[order[col]];
        for (member, _) in data.back.entries(order[col]) {
            pivot += data.weights[member];
            data.forth.row(member).0.iter().for_each(|item| add(place[*item as usize], data.weights[member]));
        }
        for (before, left) in std::mem::take(&mut rows[col]) {
            pivot -= left * left;
            columns[before as usize].0.iter().for_each(|(row, right)| add(*row as usize, -left * right));
        }
        // No pivot of the whole factor is below λ; where one is here, it is for what was left out.
        let root = pivot.max(floor).sqrt();
        // A sum that came back to 0 was met twice.
        met.sort_unstable();
        met.dedup();
        let found = met.drain(..).map(|row| (row as u32, std::mem::take(&mut sums[row]) / root)).collect();
        let entries = largest(found, kept);
        entries.iter().for_each(|(row, value)| rows[*row as usize].push((col as u32, *value)));
        columns.push((entries, root));
        if (col + 1) % STEP == 0 || col + 1 == count {
            progress.step("items", col as u64 + 1, count as u64);
        }
    }
    columns
}

/// The `kept` largest entries by size, by row; of equal ones, those of lower rows.
fn largest(mut entries: Vec<(u32, f32)>, kept: usize) -> Vec<(u32, f32)> {
    entries.retain(|(_, value)| *value != 0.0);
    if entries.len() > kept {
        entries.select_nth_unstable_by(kept, |a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
        entries.truncate(kept);
    }
    entries.sort_unstable_by_key(|(row, _)| *row);
    entries
}

/// Column `col` of L⁻¹ by forward substitution, what is negligible left out. `sums` is room for a column, all 0 before and
/// after.
fn solve(factor: &[Column], col: usize, kept: usize, sums: &mut [f32]) -> Vec<(u32, f32)> {
    let mut found = Vec::new();
    let mut next = BinaryHeap::from([Reverse(col)]);
    sums[col] = 1.0;
    let least = NEGLIGIBLE / factor[col].1;
    while let Some(Reverse(row)) = next.pop() {
        // A row may wait twice, where its sum was 0 for a moment; the second time it is 0.
        let (entries, diagonal) = &factor[row];
        let value = std::mem::take(&mut sums[row]) / diagonal;
        if value.abs() < least {
            continue;
        }
        found.push((row as u32, value));
        for (below, entry) in entries {
            let sum = &mut sums[*below as usize];
            if *sum == 0.0 {
                next.push(Reverse(*below as usize));
            }
            *sum -= entry * value;
        }
    }
    largest(found, kept)
}
