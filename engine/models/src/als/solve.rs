//! One side's rows, the other side fixed: preconditioned conjugate gradients, row by row.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::table::Table;
use crate::csr::Csr;

/// Rows that one task solves.
const TASK_ROWS: usize = 64;
/// Rows of the fixed side that are taken together: their sums do not wait for one another.
const ABREAST: usize = 4;

/// What rows are solved against: (α₀·YᵀY + λ_u·I + Σ w·y·yᵀ)·x = Σ w·y, the sums over what the row has dealt with
/// (Rendle et al. 2022, eq. 7). Y is in its principal axes, so α₀·YᵀY is a diagonal.
pub(super) struct Against<'a> {
    /// Y.
    pub(super) fixed: &'a Table,
    /// α₀ times the diagonal of YᵀY, Y's stride long.
    pub(super) spread: &'a [f32],
    /// At most so many steps.
    pub(super) steps: u32,
    /// A row is done when its squared error falls below this share of its own size, both measured by the diagonal.
    pub(super) enough: f32,
}

/// Betters all rows, from where they are: `pairs` is rows × fixed rows, `ridges` a row's λ_u.
pub(super) fn rows(against: &Against<'_>, pairs: &Csr, ridges: &[f32], table: &mut Table) {
    let stride = table.stride();
    let arch = Arch::new();
    table.values_mut().par_chunks_mut(TASK_ROWS * stride).enumerate().for_each_init(
        || Scratch::new(stride),
        |scratch, (task, rows)| {
            arch.dispatch(Task { against, pairs, ridges, first: task * TASK_ROWS, rows, scratch });
        },
    );
}

/// One row's diagonal, error, direction, and what the system makes of the direction.
struct Scratch {
    diagonal: Vec<f32>,
    error: Vec<f32>,
    direction: Vec<f32>,
    image: Vec<f32>,
}

impl Scratch {
    fn new(stride: usize) -> Self {
        let zeros = || vec![0.0; stride];
        Self { diagonal: zeros(), error: zeros(), direction: zeros(), image: zeros() }
    }
}

struct Task<'a> {
    against: &'a Against<'a>,
    pairs: &'a Csr,
    ridges: &'a [f32],
    first: usize,
    rows: &'a mut [f32],
    scratch: &'a mut Scratch,
}

impl WithSimd for Task<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for (place, x) in self.rows.chunks_exact_mut(self.against.fixed.stride()).enumerate() {
            let row = self.first + place;
            let (cols, weights) = self.pairs.row(row);
            if cols.is_empty() {
                x.fill(0.0);
            } else {
                solve(simd, self.against, (cols, weights), self.ridges[row], x, self.scratch);
            }
        }
    }
}

/// One row, by conjugate gradients with the diagonal as preconditioner (Saad 2003, algorithm 9.1); the diagonal is all of the
/// system but a matrix of as many ranks as the row has pairs, so few steps do.
#[inline(always)]
fn solve<S: Simd>(
    simd: S,
    against: &Against<'_>,
    pairs: (&[u32], &[f32]),
    ridge: f32,
    x: &mut [f32],
    scratch: &mut Scratch,
) {
    let Scratch { diagonal, error, direction, image } = scratch;
    for ((diagonal, spread), (error, x)) in diagonal.iter_mut().zip(against.spread).zip(error.iter_mut().zip(&*x)) {
        *diagonal = spread + ridge;
        *error = -*diagonal * x;
    }
    add_pairs(simd, against.fixed, pairs, x, |weight, dot| weight * (1.0 - dot), error);
    let enough = against.enough * weighed(x, diagonal, |x, diagonal| x * x * diagonal);
    let mut size = weighed(error, diagonal, |error, diagonal| error * error / diagonal);
    for (direction, (error, diagonal)) in direction.iter_mut().zip(error.iter().zip(&*diagonal)) {
        *direction = error / diagonal;
    }
    for step in 1..=against.steps {
        // Where nothing is left to gain, or where numbers end.
        if !(size > enough.max(f32::MIN_POSITIVE) && size.is_finite()) {
            break;
        }
        for (image, (diagonal, direction)) in image.iter_mut().zip(diagonal.iter().zip(&*direction)) {
            *image = diagonal * direction;
        }
        add_pairs(simd, against.fixed, pairs, direction, |weight, dot| weight * dot, image);
        let far = size / weighed(direction, image, |direction, image| direction * image);
        for (x, direction) in x.iter_mut().zip(&*direction) {
            *x += far * direction;
        }
        if step == against.steps {
            break;
        }
        for (error, image) in error.iter_mut().zip(&*image) {
            *error -= far * image;
        }
        let left = weighed(error, diagonal, |error, diagonal| error * error / diagonal);
        let turn = left / size;
        for (direction, (error, diagonal)) in direction.iter_mut().zip(error.iter().zip(&*diagonal)) {
            *direction = error / diagonal + turn * *direction;
        }
        size = left;
    }
}

/// Σ f(aᵢ, bᵢ), in lanes.
#[inline(always)]
fn weighed(a: &[f32], b: &[f32], f: impl Fn(f32, f32) -> f32) -> f32 {
    let mut sums = [0.0; 16];
    for (a, b) in a.chunks_exact(16).zip(b.chunks_exact(16)) {
        for lane in 0..16 {
            sums[lane] += f(a[lane], b[lane]);
        }
    }
    sums.iter().sum()
}

/// Adds Σ f(w, y·v)·y over a row's pairs to `out`.
#[inline(always)]
fn add_pairs<S: Simd>(
    simd: S,
    fixed: &Table,
    (cols, weights): (&[u32], &[f32]),
    v: &[f32],
    f: impl Fn(f32, f32) -> f32,
    out: &mut [f32],
) {
    let (cols, cols_left) = cols.as_chunks::<ABREAST>();
    let (weights, weights_left) = weights.as_chunks::<ABREAST>();
    for (cols, weights) in cols.iter().zip(weights) {
        add_rows(simd, cols.map(|col| fixed.row(col as usize)), *weights, v, &f, out);
    }
    for (col, weight) in cols_left.iter().zip(weights_left) {
        add_rows(simd, [fixed.row(*col as usize)], [*weight], v, &f, out);
    }
}

#[inline(always)]
fn add_rows<S: Simd, const N: usize>(
    simd: S,
    rows: [&[f32]; N],
    weights: [f32; N],
    v: &[f32],
    f: &impl Fn(f32, f32) -> f32,
    out: &mut [f32],
) {
    let v = S::as_simd_f32s(v).0;
    let rows = rows.map(|row| &S::as_simd_f32s(row).0[..v.len()]);
    let mut dots = [simd.splat_f32s(0.0); N];
    for (lane, v) in v.iter().enumerate() {
        for (dot, row) in dots.iter_mut().zip(rows) {
            *dot = simd.mul_add_e_f32s(row[lane], *v, *dot);
        }
    }
    let mut scales = dots;
    for (scale, weight) in scales.iter_mut().zip(weights) {
        *scale = simd.splat_f32s(f(weight, simd.reduce_sum_f32s(*scale)));
    }
    let out = &mut S::as_mut_simd_f32s(out).0[..v.len()];
    for (lane, out) in out.iter_mut().enumerate() {
        let mut sum = *out;
        for (scale, row) in scales.iter().zip(rows) {
            sum = simd.mul_add_e_f32s(row[lane], *scale, sum);
        }
        *out = sum;
    }
}
