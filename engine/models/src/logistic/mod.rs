//! Logistic regression: how likely something is, from a few numbers that were measured.
//!
//! P(yes | x) = σ(intercept + Σ wᵢ·xᵢ). The fit is linfa's; this side standardises what is measured, keeps chosen columns
//! free of the penalty, and gives the weights back in the measured units.

mod fit;
#[cfg(test)]
mod tests;

pub use fit::{Examples, LogisticError, fit};

use serde::{Deserialize, Serialize};

/// A fitted model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Logistic {
    /// The log-odds where everything measured is 0.
    pub intercept: f64,
    /// What one more unit of each measured number adds to the log-odds.
    pub weights: Vec<f64>,
    /// The mean of each measured number among the examples.
    pub means: Vec<f64>,
}

impl Logistic {
    /// The log-odds of what was measured.
    #[must_use]
    pub fn log_odds(&self, measured: &[f64]) -> f64 {
        self.intercept + self.weights.iter().zip(measured).map(|(weight, x)| weight * x).sum::<f64>()
    }

    /// How likely it is.
    #[must_use]
    pub fn probability(&self, measured: &[f64]) -> f64 {
        1.0 / (1.0 + (-self.log_odds(measured)).exp())
    }
}
