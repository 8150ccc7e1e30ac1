//! Precision at a cutoff.

use super::hits;

/// Right among the first k, over k, also where the list is shorter: a gap is not right.
#[must_use]
pub fn precision(right: &[bool], k: usize) -> f64 {
    hits(right, k) as f64 / k.max(1) as f64
}
