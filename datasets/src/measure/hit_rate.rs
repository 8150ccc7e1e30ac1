//! Hit rate: over members, the share of lists with anything right (HR@k, Success@k).

use super::hits;

/// 1 where anything among the first k is right, else 0.
#[must_use]
pub fn hit_rate(right: &[bool], k: usize) -> f64 {
    if hits(right, k) > 0 { 1.0 } else { 0.0 }
}
