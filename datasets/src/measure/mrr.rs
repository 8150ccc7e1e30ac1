//! Reciprocal rank: Voorhees (1999, TREC-8); its mean over members is the MRR.

/// 1 over the first right place among the first k; 0 where none is.
#[must_use]
pub fn mrr(right: &[bool], k: usize) -> f64 {
    right.iter().take(k).position(|right| *right).map_or(0.0, |place| 1.0 / (place as f64 + 1.0))
}
