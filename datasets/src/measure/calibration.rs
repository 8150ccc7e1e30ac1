//! Calibration: Steck (2018), eq. 2 to 6, with the same weight for every item.

use std::collections::BTreeMap;

use super::intra_list_distance::Features;

/// How much of the history's distribution is mixed into the list's, so that a tag the list lacks costs a finite amount.
pub const MIXED_IN: f64 = 0.01;

/// KL(p‖q̃) = Σ_g p(g)·ln(p(g) ÷ q̃(g)), q̃ = (1 − α)·q + α·p: p is the mean of the tag distributions of what the member
/// dealt with, q that of what is listed. 0 where the list is like the history. Values below 0 say nothing of a tag; items
/// without tags are left out. None where the history or the list has no tags at all.
#[must_use]
pub fn calibration<'a>(
    history: impl Iterator<Item = Features<'a>>,
    list: impl Iterator<Item = Features<'a>>,
) -> Option<f64> {
    let (p, q) = (distribution(history)?, distribution(list)?);
    let divergence = |(tag, p): (&u32, &f64)| {
        let q = (1.0 - MIXED_IN) * q.get(tag).copied().unwrap_or(0.0) + MIXED_IN * p;
        p * (p / q).ln()
    };
    // Above 0 but for rounding.
    Some(p.iter().map(divergence).sum::<f64>().max(0.0))
}

/// The mean of the items' tag distributions; tags of no weight are left out. In the order of tags, so that sums are the
/// same every time.
fn distribution<'a>(items: impl Iterator<Item = Features<'a>>) -> Option<BTreeMap<u32, f64>> {
    let mut shares: BTreeMap<u32, f64> = BTreeMap::new();
    let mut counted = 0.0;
    for (tags, values) in items {
        let sum: f64 = values.iter().map(|value| f64::from(value.max(0.0))).sum();
        if sum > 0.0 {
            counted += 1.0;
            for (tag, value) in tags.iter().zip(values).filter(|(_, value)| **value > 0.0) {
                *shares.entry(*tag).or_default() += f64::from(*value) / sum;
            }
        }
    }
    shares.values_mut().for_each(|share| *share /= counted);
    (!shares.is_empty()).then_some(shares)
}
