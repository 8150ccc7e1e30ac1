//! Quantiles.

use serde::{Deserialize, Serialize};

use super::effect::Sample;
use super::finding::Why;

/// A quantile of one arm with the variance of its estimate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct QuantileSample {
    /// Units, each with one or several values.
    pub units: u64,
    /// Which quantile, in (0, 1).
    pub level: f64,
    /// The sample quantile.
    pub estimate: f64,
    /// The variance of the estimate.
    pub variance: f64,
}

/// For the methods that work from a mean and the variance of one unit.
pub(crate) fn sample(of: &QuantileSample) -> Result<Sample, Why> {
    if of.units < 2 {
        return Err(Why::TooFewUnits);
    }
    Sample { n: of.units, mean: of.estimate, variance: of.variance * of.units as f64 }.checked()
}
