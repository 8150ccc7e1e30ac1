//! The chance that a test sees an effect, by the rule of its method.

use super::PowerError;
use crate::infer::sequential::group::crossing;
use crate::infer::sequential::mixture;
use crate::infer::tail::ln_p_normal;

/// A comparison of the control with the smallest treatment.
pub(super) struct Test {
    pub(super) effect: f64,
    /// Of the difference, times the units of all arms.
    pub(super) variance: f64,
    /// The share of all units that are in the two arms compared.
    pub(super) pair: f64,
    pub(super) rule: Rule,
}

/// When an effect counts as seen.
pub(super) enum Rule {
    Once { critical: f64 },
    Sequence { alpha: f64, looks: usize, odds: Odds },
    Looks(Vec<(f64, f64)>),
    Posterior { critical: f64, prior: Option<(f64, f64)> },
}

/// The odds of a mixture, as they grow with the units.
pub(super) enum Odds {
    PerUnit(f64),
    /// Of effects with this variance, on the absolute scale.
    OfVariance(f64),
}

impl Test {
    pub(super) fn power(&self, units: f64) -> f64 {
        let error = (self.variance / units).sqrt();
        let drift = self.effect.abs() / error;
        match &self.rule {
            Rule::Once { critical } => normal_below(drift - critical),
            Rule::Looks(looks) => crossing(looks, drift),
            Rule::Posterior { critical, prior } => {
                let Some((mean, variance)) = prior else { return normal_below(drift - critical) };
                let weight = variance / (variance + error * error);
                // The prior pulls towards its mean, or away from it.
                let pull = (1.0 - weight) * mean * self.effect.signum() / (weight * error);
                normal_below(drift + pull - critical / weight.sqrt())
            }
            Rule::Sequence { alpha, looks, odds } => {
                let critical = |share: f64| {
                    let odds = match odds {
                        Odds::PerUnit(each) => each * units * self.pair * share,
                        Odds::OfVariance(variance) => variance / (error * error) * share,
                    };
                    mixture::critical(odds, *alpha)
                };
                if *looks == 1 {
                    return normal_below(drift - critical(1.0));
                }
                let shares = (1..=*looks).map(|look| look as f64 / *looks as f64);
                crossing(&shares.map(|share| (share, critical(share))).collect::<Vec<_>>(), drift)
            }
        }
    }
}

/// Φ(z).
fn normal_below(z: f64) -> f64 {
    let tail = ln_p_normal(z).exp() / 2.0;
    if z > 0.0 { 1.0 - tail } else { tail }
}

/// Where a rising function of a number above 0 is 0, to 1e-12 relative; out of reach where it is none before.
pub(super) fn solve(start: f64, function: impl Fn(f64) -> Option<f64>) -> Result<f64, PowerError> {
    let (mut low, mut high) = (start, start);
    while low > f64::MIN_POSITIVE && function(low).is_none_or(|value| value >= 0.0) {
        (low, high) = (low / 2.0, low);
    }
    loop {
        match function(high) {
            Some(value) if value >= 0.0 => break,
            Some(_) => (low, high) = (high, high * 2.0),
            // Beyond the end: the last half step may still reach it.
            None if high / low > 1.0 + 1e-9 => high = (high * low).sqrt(),
            None => return Err(PowerError::OutOfReach),
        }
        if high.is_infinite() {
            return Err(PowerError::OutOfReach);
        }
    }
    while high / low - 1.0 > 1e-12 {
        let middle = (low * high).sqrt();
        if middle <= low || middle >= high {
            break;
        }
        if function(middle).is_some_and(|value| value >= 0.0) { high = middle } else { low = middle }
    }
    Ok(high)
}
