//! Catalogue coverage: Herlocker et al. (2004), Ge, Delgado-Battenfeld and Jannach (2010).

/// The share of items that were in any list: `exposures` counts for every item of the catalogue in how many lists it was.
/// 0 for an empty catalogue.
#[must_use]
pub fn coverage(exposures: &[u64]) -> f64 {
    exposures.iter().filter(|lists| **lists > 0).count() as f64 / exposures.len().max(1) as f64
}
