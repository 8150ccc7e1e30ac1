//! The principal axes of one side's factors: in them the Gram matrix YᵀY is a diagonal.
//!
//! This is what makes an epoch cheap. Every row's system holds α₀·YᵀY, k² numbers that conjugate gradients multiply with in
//! each step of each row. Turned into the eigenvectors of YᵀY once per half-epoch, that part is k numbers, and it is also
//! the preconditioner. Scores do not change: both sides are turned alike.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::linalg::matmul::{matmul, triangular};
use faer::{Accum, Mat, MatMut, MatRef, Par, Spec};
use rayon::prelude::*;

use super::NAME;
use super::table::Table;
use crate::model::FitError;

/// Rows whose products are summed in `f32` and by one thread; sums of blocks follow in order, in `f64`.
const GRAM_ROWS: usize = 2048;
/// Rows that are turned at once.
const TURN_ROWS: usize = 512;

/// The axes, by falling eigenvalue.
pub(super) struct Axes {
    /// The diagonal of the Gram matrix of the table once turned, the table's stride long.
    pub(super) values: Vec<f32>,
    /// One axis a column.
    turn: Mat<f32>,
}

impl Axes {
    /// The principal axes of a table's rows.
    pub(super) fn of(table: &Table) -> Result<Self, FitError> {
        let rank = table.rank();
        let (values, vectors) = eigen(&gram(table)).ok_or(FitError::Numbers {
            model: NAME,
            what: "the factors grew beyond bounds; more regularization helps",
        })?;
        let from_last = |axis: usize| rank - 1 - axis;
        let mut padded = vec![0.0; table.stride()];
        for (axis, value) in padded.iter_mut().enumerate().take(rank) {
            *value = values[from_last(axis)].max(0.0) as f32;
        }
        let turn = Mat::from_fn(rank, rank, |row, axis| vectors[(row, from_last(axis))] as f32);
        Ok(Self { values: padded, turn })
    }

    /// Writes a table's rows in these axes.
    pub(super) fn turn(&self, table: &mut Table) {
        let (rank, stride) = (table.rank(), table.stride());
        table.values_mut().par_chunks_mut(TURN_ROWS * stride).for_each_init(Vec::new, |before: &mut Vec<f32>, rows| {
            before.clear();
            before.extend_from_slice(rows);
            let count = rows.len() / stride;
            let before = MatRef::from_row_major_slice_with_stride(before, count, rank, stride);
            // Not from_row_major_slice_with_stride_mut: faer 0.24 takes its columns for rows and writes beyond the slice.
            let rows = MatMut::from_column_major_slice_with_stride_mut(rows, rank, count, stride).transpose_mut();
            matmul(rows, Accum::Replace, before, &self.turn, 1.0, Par::Seq);
        });
    }
}

/// YᵀY, its lower triangle; the same bytes whatever the number of threads.
fn gram(table: &Table) -> Mat<f64> {
    let (rank, stride) = (table.rank(), table.stride());
    let block = |rows: &[f32]| {
        let rows = MatRef::from_row_major_slice_with_stride(rows, rows.len() / stride, rank, stride);
        let mut sum = Mat::<f32>::zeros(rank, rank);
        let (lower, whole) = (triangular::BlockStructure::TriangularLower, triangular::BlockStructure::Rectangular);
        triangular::matmul(&mut sum, lower, Accum::Replace, rows.transpose(), whole, rows, whole, 1.0, Par::Seq);
        sum
    };
    let blocks: Vec<Mat<f32>> = table.values().par_chunks(GRAM_ROWS * stride).map(block).collect();
    let mut sum = Mat::<f64>::zeros(rank, rank);
    for block in blocks {
        for col in 0..rank {
            for row in col..rank {
                sum[(row, col)] += f64::from(block[(row, col)]);
            }
        }
    }
    sum
}

/// Eigenvalues, rising, and eigenvectors of a symmetric matrix given by its lower triangle.
fn eigen(matrix: &Mat<f64>) -> Option<(Vec<f64>, Mat<f64>)> {
    let rank = matrix.nrows();
    let mut values = vec![0.0; rank];
    let mut vectors = Mat::zeros(rank, rank);
    let scratch = self_adjoint_evd_scratch::<f64>(rank, ComputeEigenvectors::Yes, Par::Seq, Spec::default());
    let diagonal = faer::diag::DiagMut::from_slice_mut(&mut values);
    let mut memory = MemBuffer::new(scratch);
    let stack = MemStack::new(&mut memory);
    self_adjoint_evd(matrix.as_ref(), diagonal, Some(vectors.as_mut()), Par::Seq, stack, Spec::default()).ok()?;
    values.iter().all(|value| value.is_finite()).then_some((values, vectors))
}
