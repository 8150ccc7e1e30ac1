//! The Gini coefficient of exposure: how unequally lists are shared among items. Gini (1912); for recommendations Fleder
//! and Hosanagar (2009).

/// Σᵢ (2i − n − 1)·xᵢ ÷ (n·Σx) over exposures x in ascending order, i from 1: 0 where every item is in as many lists,
/// towards 1 where one item is in all. 0 where nothing was listed.
#[must_use]
pub fn gini(exposures: &[u64]) -> f64 {
    let mut ascending = exposures.to_vec();
    ascending.sort_unstable();
    let n = ascending.len() as f64;
    let sum: f64 = ascending.iter().map(|lists| *lists as f64).sum();
    if sum == 0.0 {
        return 0.0;
    }
    let weighted: f64 =
        ascending.iter().zip(1..).map(|(lists, i)| (2.0 * f64::from(i) - n - 1.0) * *lists as f64).sum();
    weighted / (n * sum)
}
