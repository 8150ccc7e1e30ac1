//! Large symmetric matrices: minus the inverse, in place.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par};
use rayon::prelude::*;

use crate::model::Progress;

/// How many rows are eliminated at a time, and how many one thread updates at a time: large enough that the products are
/// bound by arithmetic and not by memory.
const BLOCK: usize = 512;

/// How many rows and columns are mirrored at a time, so that both sides stay in the cache.
const TILE: usize = 64;

/// A symmetric matrix, row after row. Both halves are kept: scores add up whole rows.
#[derive(Debug, Clone)]
pub(crate) struct Symmetric {
    pub(crate) n: usize,
    pub(crate) values: Vec<f32>,
}

/// A matrix that is not positive definite, as far as `f32` can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotPositive;

impl Symmetric {
    /// How many bytes an n × n matrix and its inversion take.
    pub(crate) const fn needs_bytes(n: usize) -> u64 {
        (n as u64 * n as u64 + 2 * n as u64 * BLOCK as u64) * size_of::<f32>() as u64
    }

    /// A matrix made row by row: `fill` is given a row's number and the row, all 0; what it writes right of the diagonal
    /// is not read.
    pub(crate) fn from_rows(n: usize, fill: impl Fn(usize, &mut [f32]) + Sync) -> Self {
        let mut values = vec![0.0; n * n];
        values.par_chunks_mut(n.max(1)).enumerate().for_each(|(row, out)| fill(row, out));
        Self { n, values }
    }

    /// The row of this number.
    pub(crate) fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.n..(row + 1) * self.n]
    }

    /// Turns A into −A⁻¹ by sweeping blocks of pivots K (Goodnight 1979, section 3, with blocks for numbers): with
    /// D = A_KK⁻¹ and R all other rows, A_RR ← A_RR − A_RK·D·A_KR, A_RK ← A_RK·D, A_KK ← −D. n³ operations on the lower
    /// half alone, which are those of Cholesky's way, but all in large products, and no second matrix.
    ///
    /// Every product is made by one thread, so the number of threads changes nothing.
    pub(crate) fn invert_negated(&mut self, what: &str, progress: &dyn Progress) -> Result<(), NotPositive> {
        self.sweep(BLOCK, what, progress)
    }

    fn sweep(&mut self, block: usize, what: &str, progress: &dyn Progress) -> Result<(), NotPositive> {
        let n = self.n;
        for start in (0..n).step_by(block) {
            let end = (start + block).min(n);
            let panel = self.panel(start, end);
            let pivot = inverse(&panel[start * (end - start)..end * (end - start)], end - start)?;
            let solved = product(&panel, &pivot);
            self.update(&panel, &solved, end - start);
            self.store(&solved, &pivot, start, end);
            progress.step(what, end as u64, n as u64);
        }
        mirror(&mut self.values, n, 0, n);
        Ok(())
    }

    /// Columns start … end of all rows (n × width), read from the lower half.
    fn panel(&self, start: usize, end: usize) -> Vec<f32> {
        let (n, width) = (self.n, end - start);
        let mut panel = vec![0.0; n * width];
        panel.par_chunks_mut(width * TILE).enumerate().for_each(|(tile, out)| {
            for (place, out) in out.chunks_mut(width).enumerate() {
                let row = tile * TILE + place;
                for (col, value) in out.iter_mut().enumerate() {
                    let (high, low) = if row >= start + col { (row, start + col) } else { (start + col, row) };
                    *value = self.values[high * n + low];
                }
            }
        });
        panel
    }

    /// Lower half −= solved · panelᵀ.
    fn update(&mut self, panel: &[f32], solved: &[f32], width: usize) {
        let n = self.n;
        let right = MatRef::from_row_major_slice(panel, n, width);
        let slabs = self.values.par_chunks_mut(n * BLOCK).zip(solved.par_chunks(width * BLOCK)).enumerate();
        slabs.for_each(|(slab, (out, left))| {
            let rows = left.len() / width;
            let last = slab * BLOCK + rows;
            let out = MatMut::from_row_major_slice_mut(out, rows, n).subcols_mut(0, last);
            let left = MatRef::from_row_major_slice(left, rows, width);
            matmul(out, Accum::Add, left, right.subrows(0, last).transpose(), -1.0, Par::Seq);
        });
    }

    /// Writes the rows and columns of the pivots.
    fn store(&mut self, solved: &[f32], pivot: &Mat<f32>, start: usize, end: usize) {
        let (n, width) = (self.n, end - start);
        for row in start..end {
            for col in 0..start {
                self.values[row * n + col] = solved[col * width + row - start];
            }
            for col in start..end {
                self.values[row * n + col] = -pivot[(row - start, col - start)];
            }
        }
        for row in end..n {
            self.values[row * n + start..row * n + end].copy_from_slice(&solved[row * width..(row + 1) * width]);
        }
    }
}

/// The inverse of a small positive definite matrix, given row after row; inside in `f64`.
fn inverse(values: &[f32], n: usize) -> Result<Mat<f32>, NotPositive> {
    use faer::linalg::cholesky::llt::{factor, inverse};
    let mut lower = Mat::from_fn(n, n, |row, col| f64::from(values[row * n + col]));
    let params = faer::prelude::default();
    let scratch = factor::cholesky_in_place_scratch::<f64>(n, Par::Seq, params);
    let mut memory = faer::dyn_stack::MemBuffer::new(scratch.or(inverse::inverse_scratch::<f64>(n, Par::Seq)));
    let stack = faer::dyn_stack::MemStack::new(&mut memory);
    factor::cholesky_in_place(lower.as_mut(), faer::prelude::default(), Par::Seq, stack, params)
        .map_err(|_| NotPositive)?;
    let mut out = Mat::<f64>::zeros(n, n);
    inverse::inverse(out.as_mut(), lower.as_ref(), Par::Seq, stack);
    let whole = Mat::from_fn(n, n, |row, col| out[(row.max(col), row.min(col))] as f32);
    let finite = (0..n).all(|at| whole[(at, at)].is_finite() && whole[(at, at)] > 0.0);
    if finite { Ok(whole) } else { Err(NotPositive) }
}

/// `tall` · `small`, row after row.
fn product(tall: &[f32], small: &Mat<f32>) -> Vec<f32> {
    let width = small.ncols();
    let mut out = vec![0.0; tall.len()];
    out.par_chunks_mut(width * BLOCK).zip(tall.par_chunks(width * BLOCK)).for_each(|(out, left)| {
        let left = MatRef::from_row_major_slice(left, left.len() / width, width);
        let out = MatMut::from_row_major_slice_mut(out, left.nrows(), width);
        matmul(out, Accum::Replace, left, small.as_ref(), 1.0, Par::Seq);
    });
    out
}

/// Copies the lower half of rows and columns start … end to the upper; `rows` are these rows, n values each.
fn mirror(rows: &mut [f32], n: usize, start: usize, end: usize) {
    if end - start <= TILE {
        for row in start..end {
            for col in row + 1..end {
                rows[(row - start) * n + col] = rows[(col - start) * n + row];
            }
        }
        return;
    }
    let mid = start + (end - start) / 2;
    let (top, bottom) = rows.split_at_mut((mid - start) * n);
    let below = &*bottom;
    top.par_chunks_mut(TILE * n).enumerate().for_each(|(tile, top)| {
        let first = start + tile * TILE;
        for from in (mid..end).step_by(TILE) {
            let to = (from + TILE).min(end);
            for (place, row) in top.chunks_mut(n).enumerate() {
                for col in from..to {
                    row[col] = below[(col - mid) * n + first + place];
                }
            }
        }
    });
    rayon::join(|| mirror(top, n, start, mid), || mirror(bottom, n, mid, end));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Quiet;
    use proptest::prelude::*;

    fn spd(n: usize, seed: u64) -> Symmetric {
        use rand::{RngExt, SeedableRng};
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
        let thin: Vec<f32> = (0..n * 8).map(|_| rng.random::<f32>() - 0.3).collect();
        Symmetric::from_rows(n, |row, out| {
            for col in 0..=row {
                let dot: f32 = (0..8).map(|k| thin[row * 8 + k] * thin[col * 8 + k]).sum();
                out[col] = dot + if row == col { 2.0 } else { 0.0 };
            }
        })
    }

    /// Across the edges of blocks and tiles: A · A⁻¹ is the identity, and it is symmetric to the bit.
    #[test]
    fn times_the_matrix_is_the_identity() {
        for n in [1, 2, 63, 65, 130, 200] {
            let mut matrix = spd(n, n as u64);
            let mut whole = matrix.clone();
            mirror(&mut whole.values, n, 0, n);
            matrix.sweep(32, "", &Quiet).unwrap();
            for row in (0..n).step_by(1 + n / 40) {
                for col in 0..n {
                    let dot: f64 = (0..n).map(|k| f64::from(whole.row(row)[k]) * f64::from(matrix.row(k)[col])).sum();
                    let want = if row == col { -1.0 } else { 0.0 };
                    assert!((dot - want).abs() < 1e-4, "{n}: ({row}, {col}) is {dot}");
                    assert_eq!(matrix.row(row)[col].to_bits(), matrix.row(col)[row].to_bits());
                }
            }
        }
    }

    #[test]
    fn any_number_of_threads_gives_the_same_bytes() {
        let made = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let mut matrix = spd(BLOCK + 40, 3);
            pool.install(|| matrix.sweep(64, "", &Quiet)).unwrap();
            matrix.values.into_iter().map(f32::to_bits).collect::<Vec<_>>()
        };
        let one = made(1);
        assert!(one == made(2) && one == made(5));
    }

    #[test]
    fn what_is_not_positive_definite_is_refused() {
        for diagonal in [-1.0, 0.0, f32::NAN] {
            let mut matrix = Symmetric::from_rows(3, |row, out| out[row] = if row == 1 { diagonal } else { 1.0 });
            assert_eq!(matrix.invert_negated("", &Quiet), Err(NotPositive), "{diagonal}");
        }
    }

    proptest! {
        #[test]
        fn mirrored_is_symmetric(n in 1_usize..200) {
            let mut values: Vec<f32> = (0..n * n).map(|at| at as f32).collect();
            mirror(&mut values, n, 0, n);
            for row in 0..n {
                for col in 0..=row {
                    prop_assert_eq!(values[row * n + col], (row * n + col) as f32);
                    prop_assert_eq!(values[col * n + row], (row * n + col) as f32);
                }
            }
        }
    }
}
