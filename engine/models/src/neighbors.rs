//! What lies near what: sparse rows of the greatest values, which ItemKNN and RP3β share.

use rayon::prelude::*;

use crate::csr::Csr;
use crate::log::ItemIx;
use crate::model::Request;

/// Rows that one task makes.
const TASK_ROWS: usize = 64;

/// The rows of `left`·`right` (rows × members, members × cols), each value v at (row, col) made `value(row, col, v)`; of
/// each row the `keep` greatest above 0, the diagonal left out. Where values tie, the lower column stays. The same bytes
/// whatever the number of threads.
pub(crate) fn greatest(left: &Csr, right: &Csr, keep: usize, value: impl Fn(usize, usize, f32) -> f32 + Sync) -> Csr {
    let task = |task: usize| {
        let mut sums = Sums::new(right.cols());
        let rows = task * TASK_ROWS..((task + 1) * TASK_ROWS).min(left.rows());
        rows.map(|row| {
            for (member, outer) in left.entries(row) {
                sums.add(right.row(member), outer);
            }
            let mut entries: Vec<(u32, f32)> = Vec::new();
            sums.drain(|col, sum| {
                let made = if col == row { 0.0 } else { value(row, col, sum) };
                if made > 0.0 {
                    entries.push((col as u32, made));
                }
            });
            truncate(&mut entries, keep);
            // What was truncated would otherwise be kept until all rows are done.
            entries.shrink_to_fit();
            entries
        })
        .collect::<Vec<_>>()
    };
    let tasks: Vec<Vec<Vec<(u32, f32)>>> = (0..left.rows().div_ceil(TASK_ROWS)).into_par_iter().map(task).collect();
    Csr::from_rows(right.cols(), tasks.into_iter().flatten())
}

fn truncate(entries: &mut Vec<(u32, f32)>, keep: usize) {
    if entries.len() > keep {
        let greater = |a: &(u32, f32), b: &(u32, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        if keep > 0 {
            entries.select_nth_unstable_by(keep - 1, greater);
        }
        entries.truncate(keep);
    }
}

/// Sums by column, and which columns have any.
struct Sums {
    values: Vec<f32>,
    touched: Vec<u32>,
    is_touched: Vec<bool>,
}

impl Sums {
    fn new(cols: usize) -> Self {
        Self { values: vec![0.0; cols], touched: Vec::new(), is_touched: vec![false; cols] }
    }

    fn add(&mut self, (cols, values): (&[u32], &[f32]), scale: f32) {
        for (col, value) in cols.iter().zip(values) {
            let at = *col as usize;
            if !self.is_touched[at] {
                self.is_touched[at] = true;
                self.touched.push(*col);
            }
            self.values[at] += scale * value;
        }
    }

    /// Gives every sum away and starts again.
    fn drain(&mut self, mut each: impl FnMut(usize, f32)) {
        for col in self.touched.drain(..) {
            let at = col as usize;
            each(at, self.values[at]);
            (self.values[at], self.is_touched[at]) = (0.0, false);
        }
    }
}

/// What a request's member dealt with, each item once with the sum of its weights to a power, where the sum is above 0.
pub(crate) fn history(request: &Request<'_>, weight_power: f64) -> Vec<(ItemIx, f32)> {
    let mut events: Vec<(ItemIx, f32)> = request.history().map(|event| (event.item, event.weight)).collect();
    events.sort_by_key(|(item, _)| *item);
    let sums =
        events.chunk_by(|a, b| a.0 == b.0).map(|run| (run[0].0, run.iter().map(|(_, weight)| weight).sum::<f32>()));
    sums.filter(|(_, sum)| *sum > 0.0).map(|(item, sum)| (item, f64::from(sum).powf(weight_power) as f32)).collect()
}

/// Scores from rows of neighbours: Σ over the history of weight · the row's values; −∞ where no row reaches.
pub(crate) fn score(rows: &Csr, weight_power: f64, requests: &[Request<'_>], out: &mut [f32]) {
    let Some(items) = requests.first().map(|request| request.view.items()).filter(|items| *items > 0) else {
        return;
    };
    for (request, out) in requests.iter().zip(out.chunks_mut(items)) {
        out.fill(f32::NEG_INFINITY);
        for (item, weight) in history(request, weight_power).into_iter().filter(|(item, _)| item.ix() < rows.rows()) {
            for (near, value) in rows.entries(item.ix()).filter(|(near, _)| *near < items) {
                let before = if out[near] == f32::NEG_INFINITY { 0.0 } else { out[near] };
                out[near] = before + weight * value;
            }
        }
    }
}

/// Raises every value of a matrix to a power.
pub(crate) fn raise(csr: &mut Csr, power: f64) {
    if power != 1.0 {
        for value in csr.values_mut() {
            *value = f64::from(*value).powf(power) as f32;
        }
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use crate::log::{Event, ItemFacts, ItemIx, Log, MemberIx};

    /// Six members, seven items, the last of which nobody has met; three pairs weigh more than 1, one of them in two parts.
    pub(crate) fn weighed() -> Log {
        let pairs =
            [(0, 0, 1.0), (0, 1, 2.0), (0, 2, 1.0), (1, 1, 1.0), (1, 2, 2.5), (1, 3, 1.0), (2, 0, 1.0), (2, 3, 1.0)];
        let more =
            [(3, 2, 1.0), (3, 4, 1.0), (4, 1, 1.0), (4, 2, 1.0), (4, 4, 1.0), (4, 5, 4.0), (5, 0, 1.0), (5, 5, 1.0)];
        let rest = [(1, 2, 0.5)];
        let event = |(member, item, weight)| Event { at: 0, member: MemberIx(member), item: ItemIx(item), weight };
        let events = pairs.into_iter().chain(more).chain(rest).map(event).collect();
        Log::new(6, 7, events, ItemFacts::default()).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// By the dense product.
        #[test]
        fn the_greatest_of_the_product(rows in prop::collection::vec(prop::collection::vec((0_u32..8, -3_i8..4), 0..6), 1..8), keep in 0_usize..9) {
            let right = Csr::from_rows(8, rows.iter().map(|row| row.iter().map(|(col, v)| (*col, f32::from(*v)))));
            let left = right.transpose();
            let near = greatest(&left, &right, keep, |_, _, sum| sum);
            for row in 0..8 {
                let mut sums = [0.0; 8];
                for (member, outer) in left.entries(row) {
                    for (col, value) in right.entries(member) {
                        sums[col] += outer * value;
                    }
                }
                let mut want: Vec<(usize, f32)> = (0..8).filter(|col| *col != row && sums[*col] > 0.0).map(|col| (col, sums[col])).collect();
                want.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
                want.truncate(keep);
                want.sort_by_key(|(col, _)| *col);
                prop_assert_eq!(near.entries(row).collect::<Vec<_>>(), want);
            }
        }
    }
}
