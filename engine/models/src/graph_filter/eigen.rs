//! The smoothest directions of R̃ᵀR̃: its first eigenvectors by subspace iteration with Rayleigh–Ritz (Halko, Martinsson
//! and Tropp 2011, algorithm 4.4).
//!
//! Every sum is made by one thread in one order, so the number of threads changes nothing.

use faer::diag::DiagRef;
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::csr::Csr;

/// How many directions more than asked for are kept on the way.
const OVERSAMPLING: usize = 64;

/// How often the graph is applied.
const ROUNDS: usize = 12;

/// How many rows one thread multiplies at a time.
const ROWS: usize = 1024;

/// What counts as no direction at all, as a share of the largest eigenvalue.
const NEGLIGIBLE: f32 = 1e-6;

/// A tall matrix, row after row.
#[derive(Debug, Clone)]
pub(super) struct Tall {
    /// How many columns there are.
    pub(super) width: usize,
    /// rows × width.
    pub(super) values: Vec<f32>,
}

/// How many bytes [`smoothest`] takes beside the graph.
pub(super) fn needs_bytes(members: usize, items: usize, rank: usize) -> u64 {
    ((members + 3 * items) * (rank + OVERSAMPLING) * size_of::<f32>()) as u64
}

/// The eigenvectors of the `rank` largest eigenvalues of `graph`ᵀ·`graph` as columns (items × rank), or of as many as are
/// not 0. `turned` is the graph transposed. None where the numbers do not converge.
pub(super) fn smoothest(graph: &Csr, turned: &Csr, rank: usize, seed: u64) -> Option<Tall> {
    let (members, items) = (graph.rows(), graph.cols());
    let mut width = (rank + OVERSAMPLING).min(items).min(members);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let start = (0..items * width).map(|_| rng.random::<f32>() - 0.5).collect();
    let mut basis = orthonormal(Tall { width, values: start })?;
    let mut middle = Vec::new();
    for round in 0..=ROUNDS {
        width = basis.width;
        middle.resize(members * width, 0.0);
        sparse(graph, &basis.values, width, &mut middle);
        let mut applied = Tall { width, values: vec![0.0; items * width] };
        sparse(turned, &middle, width, &mut applied.values);
        if round == ROUNDS {
            return ritz(&basis, &applied, rank);
        }
        basis = orthonormal(applied)?;
    }
    None
}

/// `out` = `matrix` · `dense`, the latter `width` columns wide.
fn sparse(matrix: &Csr, dense: &[f32], width: usize, out: &mut [f32]) {
    out.par_chunks_mut(width.max(1)).enumerate().for_each(|(row, out)| {
        out.fill(0.0);
        for (col, value) in matrix.entries(row) {
            for (sum, x) in out.iter_mut().zip(&dense[col * width..(col + 1) * width]) {
                *sum += value * x;
            }
        }
    });
}

/// The same span with orthonormal columns: Q·W·Σ^−½ of QᵀQ = W·Σ·Wᵀ; what is negligible is dropped.
fn orthonormal(tall: Tall) -> Option<Tall> {
    // Twice: the first leaves an error that grows with the condition of the columns.
    let once = times(&tall, &directions(&cross(&tall, &tall), tall.width, true)?);
    Some(times(&once, &directions(&cross(&once, &once), once.width, true)?))
}

/// The first `rank` eigenvectors within the span of `basis`, whose image is `applied`.
fn ritz(basis: &Tall, applied: &Tall, rank: usize) -> Option<Tall> {
    let mut small = directions(&cross(basis, applied), basis.width, false)?;
    small.truncate(rank.min(small.len()));
    Some(times(basis, &small))
}

/// leftᵀ · right.
fn cross(left: &Tall, right: &Tall) -> Mat<f32> {
    let mut out = Mat::zeros(left.width, right.width);
    matmul(out.as_mut(), Accum::Replace, as_mat(left).transpose(), as_mat(right), 1.0, Par::Seq);
    out
}

fn as_mat(tall: &Tall) -> MatRef<'_, f32> {
    MatRef::from_row_major_slice(&tall.values, tall.values.len() / tall.width.max(1), tall.width)
}

/// The eigenvectors of a small symmetric matrix, largest eigenvalue first, without the negligible; scaled by
/// eigenvalue^−½ where asked.
fn directions(small: &Mat<f32>, width: usize, scaled: bool) -> Option<Vec<Vec<f32>>> {
    if width == 0 {
        return Some(Vec::new());
    }
    let (mut values, mut vectors) = (Mat::<f32>::zeros(width, 1), Mat::<f32>::zeros(width, width));
    let params = faer::prelude::default();
    let scratch = self_adjoint_evd_scratch::<f32>(width, ComputeEigenvectors::Yes, Par::Seq, params);
    let mut memory = faer::dyn_stack::MemBuffer::new(scratch);
    let stack = faer::dyn_stack::MemStack::new(&mut memory);
    let diagonal = values.as_mut().col_mut(0).as_diagonal_mut();
    self_adjoint_evd(small.as_ref(), diagonal, Some(vectors.as_mut()), Par::Seq, stack, params).ok()?;
    let values = DiagRef::from(values.as_ref().col(0).as_diagonal()).column_vector();
    let largest = values[width - 1];
    let kept = (0..width).rev().filter(|col| values[*col] > NEGLIGIBLE * largest);
    let vector = |col: usize| {
        let scale = if scaled { values[col].sqrt().recip() } else { 1.0 };
        (0..width).map(|row| vectors[(row, col)] * scale).collect()
    };
    Some(kept.map(vector).collect())
}

/// `tall` · `small`, the latter given by its columns.
fn times(tall: &Tall, small: &[Vec<f32>]) -> Tall {
    let (inner, width) = (tall.width, small.len());
    let rows = tall.values.len() / inner.max(1);
    let right = Mat::from_fn(inner, width, |row, col| small[col][row]);
    let mut values = vec![0.0; rows * width];
    let chunks = values.par_chunks_mut((ROWS * width).max(1)).zip(tall.values.par_chunks((ROWS * inner).max(1)));
    chunks.for_each(|(out, left)| {
        let left = MatRef::from_row_major_slice(left, left.len() / inner, inner);
        let out = MatMut::from_row_major_slice_mut(out, left.nrows(), width);
        matmul(out, Accum::Replace, left, right.as_ref(), 1.0, Par::Seq);
    });
    Tall { width, values }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_directions_than_there_are_give_those_there_are() {
        let graph = Csr::from_rows(4, [vec![(0, 1.0), (1, 2.0)], vec![(0, 2.0), (1, 4.0)], vec![(3, 1.0)]]);
        let found = smoothest(&graph, &graph.transpose(), 9, 1).unwrap();
        // Rows 0 and 1 are one direction, (1, 2) ÷ √5, with eigenvalue 25; row 2 another, with 1.
        assert_eq!(found.width, 2);
        let first: Vec<f32> = (0..4).map(|item| found.values[item * 2].abs()).collect();
        for (got, want) in first.iter().zip([0.2_f32.sqrt(), 0.8_f32.sqrt(), 0.0, 0.0]) {
            assert!((got - want).abs() < 1e-5, "{first:?}");
        }
    }
}
