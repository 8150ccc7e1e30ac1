//! Average precision at a cutoff, whose mean over members is MAP@k: Buckley and Voorhees (2000), cut at k.

/// Σ over right places r ≤ k of (right among the first r) ÷ r, over min(|T|, k).
///
/// trec_eval's `map_cut` divides by |T| instead, with which no list reaches 1 where there are more than k targets.
#[must_use]
pub fn map(right: &[bool], targets: usize, k: usize) -> f64 {
    let mut found = 0.0;
    let mut sum = 0.0;
    for (right, place) in right.iter().take(k).zip(1..) {
        if *right {
            found += 1.0;
            sum += found / f64::from(place);
        }
    }
    sum / targets.min(k).max(1) as f64
}
