//! Normalised discounted cumulative gain: Järvelin and Kekäläinen (2002), with gains of 0 and 1 and log₂(place + 1).

/// Σ over right places r ≤ k of 1/log₂(r + 1), over the same of a list whose first min(|T|, k) places are right.
///
/// The ideal list is cut at k like the real one, so that 1 can be reached however many targets there are.
#[must_use]
pub fn ndcg(right: &[bool], targets: usize, k: usize) -> f64 {
    let ideal: f64 = (1..=targets.min(k)).map(discount).sum();
    let right = right.iter().take(k).zip(1..).filter(|(right, _)| **right);
    let gain: f64 = right.map(|(_, place)| discount(place)).sum();
    // The sum of nothing is −0.
    if ideal > 0.0 && gain > 0.0 { gain / ideal } else { 0.0 }
}

/// What a place, from 1, is worth.
fn discount(place: usize) -> f64 {
    1.0 / (place as f64 + 1.0).log2()
}
