//! Serendipity: Ge, Delgado-Battenfeld and Jannach (2010), where what is popular is the primitive prediction.

/// The share of the first k places that are right and that the list of the k most popular candidates does not have.
/// `right` and `obvious` are by place; a place that is not there is neither.
#[must_use]
pub fn serendipity(right: &[bool], obvious: &[bool], k: usize) -> f64 {
    let surprises = right.iter().zip(obvious).take(k).filter(|(right, obvious)| **right && !**obvious);
    surprises.count() as f64 / k.max(1) as f64
}
