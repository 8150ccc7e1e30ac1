//! Novelty as self-information: Zhou et al. (2010).

/// The mean over the list of −log₂(mᵢ ÷ M): mᵢ of M members dealt with item i before the training ended. An item that
/// nobody dealt with counts as known to one. None for an empty list, or without members.
#[must_use]
pub fn novelty(known_by: impl ExactSizeIterator<Item = u32>, members: u32) -> Option<f64> {
    let places = known_by.len();
    if places == 0 || members == 0 {
        return None;
    }
    let bits = |by: u32| (f64::from(members) / f64::from(by.max(1))).log2();
    Some(known_by.map(bits).sum::<f64>() / places as f64)
}
