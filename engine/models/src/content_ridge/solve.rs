//! Ridge regression on sparse features, for a few targets at once, by conjugate gradients.

use crate::csr::Csr;
use crate::signal::{Columns, LANES, multiply};

/// The most steps; with features of length 1 and λ around 1 about twenty are enough.
const STEPS_MAX: usize = 100;
/// A target is solved where what is left is this share of it.
const TOLERANCE: f64 = 1e-4;

/// Items × features, both ways.
#[derive(Debug, Clone)]
pub(super) struct Taught {
    pub(super) rows: Csr,
    pub(super) turned: Csr,
}

impl Taught {
    pub(super) fn new(rows: Csr) -> Self {
        Self { turned: rows.transpose(), rows }
    }

    /// W = Zᵀ·(Z·Zᵀ + λI)⁻¹·Y, which is (Zᵀ·Z + λI)⁻¹·Zᵀ·Y: features × lanes from Y, items × lanes (Hoerl and Kennard
    /// 1970; in the items' space as Saunders et al. 1998, so that the residuals are those of the targets).
    ///
    /// Each lane stops by itself: what stands beside it changes nothing.
    pub(super) fn weights(&self, targets: &[[f32; LANES]], l2: f64) -> Columns {
        let items = targets.len();
        let mut middle: Columns = vec![[0.0; LANES]; self.rows.cols()];
        let mut applied: Columns = vec![[0.0; LANES]; items];
        let mut solution: Columns = vec![[0.0; LANES]; items];
        let (mut left, mut direction) = (targets.to_vec(), targets.to_vec());
        let mut error = dots(&left, &left);
        let enough = error.map(|error| error * TOLERANCE * TOLERANCE);
        for _ in 0..STEPS_MAX {
            let open: [bool; LANES] = std::array::from_fn(|lane| error[lane] > enough[lane]);
            if open.iter().all(|open| !open) {
                break;
            }
            multiply(&self.turned, &direction, &mut middle);
            multiply(&self.rows, &middle, &mut applied);
            add(&mut applied, &direction, &[l2 as f32; LANES]);
            let curve = dots(&direction, &applied);
            let step = |lane: usize| if open[lane] { (error[lane] / curve[lane]) as f32 } else { 0.0 };
            let step: [f32; LANES] = std::array::from_fn(step);
            add(&mut solution, &direction, &step);
            add(&mut left, &applied, &step.map(|step| -step));
            let now = dots(&left, &left);
            let kept = |lane: usize| if open[lane] { (now[lane] / error[lane]) as f32 } else { 0.0 };
            let kept: [f32; LANES] = std::array::from_fn(kept);
            for (direction, left) in direction.iter_mut().zip(&left) {
                for lane in 0..LANES {
                    direction[lane] = left[lane] + kept[lane] * direction[lane];
                }
            }
            error = now;
        }
        multiply(&self.turned, &solution, &mut middle);
        middle
    }
}

/// The product of each lane with its own.
fn dots(left: &[[f32; LANES]], right: &[[f32; LANES]]) -> [f64; LANES] {
    let mut sums = [0.0; LANES];
    for (left, right) in left.iter().zip(right) {
        for lane in 0..LANES {
            sums[lane] += f64::from(left[lane]) * f64::from(right[lane]);
        }
    }
    sums
}

/// `out` += `columns` · diag(`scale`).
fn add(out: &mut [[f32; LANES]], columns: &[[f32; LANES]], scale: &[f32; LANES]) {
    for (out, columns) in out.iter_mut().zip(columns) {
        for lane in 0..LANES {
            out[lane] += scale[lane] * columns[lane];
        }
    }
}
