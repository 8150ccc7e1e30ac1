//! Recall, of which there are two: papers call both Recall@k, and they differ wherever a member has more than k targets.

use super::hits;

/// Right among the first k, over |T|: what LightGCN and its relatives report.
#[must_use]
pub fn recall(right: &[bool], targets: usize, k: usize) -> f64 {
    hits(right, k) as f64 / targets.max(1) as f64
}

/// Right among the first k, over min(|T|, k): what Liang et al. (2018, Mult-VAE) and Steck (2019, EASE) report.
#[must_use]
pub fn capped(right: &[bool], targets: usize, k: usize) -> f64 {
    hits(right, k) as f64 / targets.min(k).max(1) as f64
}
