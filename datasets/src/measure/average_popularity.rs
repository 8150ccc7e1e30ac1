//! Average recommendation popularity: Yin et al. (2012).

/// The mean over the list of how many members dealt with the item before the training ended. None for an empty list.
#[must_use]
pub fn average_popularity(known_by: impl ExactSizeIterator<Item = u32>) -> Option<f64> {
    let places = known_by.len();
    (places > 0).then(|| known_by.map(f64::from).sum::<f64>() / places as f64)
}
