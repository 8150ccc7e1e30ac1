//! The share of the long tail: APLT of Abdollahpouri, Burke and Mobasher (2019).

/// The head is the fewest of the most popular items that make up this share of all engagement; the rest is the tail.
pub const HEAD_SHARE: f64 = 0.8;

/// The share of the list that is in the tail. None for an empty list.
#[must_use]
pub fn long_tail(in_tail: impl ExactSizeIterator<Item = bool>) -> Option<f64> {
    let places = in_tail.len();
    (places > 0).then(|| in_tail.filter(|tail| *tail).count() as f64 / places as f64)
}

/// Which items are in the tail, from how many members know each and the items from the most popular on.
#[must_use]
pub fn tail(known_by: &[u32], by_popularity: &[u32]) -> Vec<bool> {
    let all: u64 = known_by.iter().map(|by| u64::from(*by)).sum();
    let mut tail = vec![true; known_by.len()];
    let mut sum = 0_u64;
    for item in by_popularity {
        if sum as f64 >= HEAD_SHARE * all as f64 {
            break;
        }
        sum += u64::from(known_by[*item as usize]);
        tail[*item as usize] = false;
    }
    tail
}
