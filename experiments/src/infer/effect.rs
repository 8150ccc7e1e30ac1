//! The difference between two arms, and how sure it is.

use serde::{Deserialize, Serialize};

use super::contrast::Contrast;
use super::finding::Why;
use super::moments::Moments;

/// What an arm's units tell: how many, their mean, and the variance of one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// Units.
    pub n: u64,
    /// Their mean.
    pub mean: f64,
    /// The variance of one unit.
    pub variance: f64,
}

impl Sample {
    /// Of a number per unit, with the unbiased variance.
    pub fn of(moments: &Moments) -> Result<Self, Why> {
        let variance = moments.variance().ok_or(Why::TooFewUnits)?;
        Self { n: moments.n, mean: moments.mean, variance }.checked()
    }

    /// Of a yes or no per unit, with the variance p(1 − p).
    pub fn proportion(successes: u64, n: u64) -> Result<Self, Why> {
        if n < 2 || successes > n {
            return Err(Why::TooFewUnits);
        }
        let share = successes as f64 / n as f64;
        Self { n, mean: share, variance: share * (1.0 - share) }.checked()
    }

    pub(crate) fn checked(self) -> Result<Self, Why> {
        let sound = self.mean.is_finite() && self.variance.is_finite() && self.variance >= 0.0;
        if sound { Ok(self) } else { Err(Why::NotFinite) }
    }

    /// The variance of the mean.
    pub(crate) fn variance_of_mean(&self) -> f64 {
        self.variance / self.n as f64
    }
}

/// How a difference is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// In the metric's own units.
    Absolute,
    /// As a share of the control's mean.
    #[default]
    Relative,
}

/// An estimated difference: treatment against control.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    /// The difference.
    pub estimate: f64,
    /// Its standard error, above 0.
    pub standard_error: f64,
    /// Welch's degrees of freedom.
    pub degrees: f64,
    /// Units in both arms.
    pub n: u64,
}

impl Effect {
    /// Compares two arms that have nothing in common; [`Contrast::effect`] says how.
    pub fn between(control: &Sample, treatment: &Sample, scale: Scale) -> Result<Self, Why> {
        Contrast::independent(control, treatment).effect(scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_said_is_not_said() {
        let of = |numbers: &[f64]| Sample::of(&Moments::of(numbers.iter().copied()));
        assert_eq!(of(&[1.0]), Err(Why::TooFewUnits));
        assert_eq!(of(&[1.0, f64::NAN]), Err(Why::NotFinite));
        assert_eq!(of(&[1.0, f64::INFINITY]), Err(Why::NotFinite));
        assert_eq!(of(&[1e200, -1e200]), Err(Why::NotFinite));
        let (zero, one, same) = (of(&[-1.0, 1.0]).unwrap(), of(&[0.0, 2.0]).unwrap(), of(&[1.0, 1.0]).unwrap());
        assert_eq!(Effect::between(&zero, &one, Scale::Relative), Err(Why::ControlIsZero));
        assert_eq!(Effect::between(&same, &same, Scale::Absolute), Err(Why::NoVariance));
        assert!(Effect::between(&zero, &one, Scale::Absolute).is_ok());
        assert!(Effect::between(&same, &one, Scale::Relative).is_ok());
    }
}
