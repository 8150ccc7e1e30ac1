//! Bayesian analysis with a normal model.

use serde::{Deserialize, Serialize};

use super::effect::{Effect, Scale};
use super::finding::{Adjustment, Finding, Interval, Posterior, Why};
use super::tail::ln_p_normal;

/// What is believed of an effect before the data: normal.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Prior {
    /// The mean.
    pub mean: f64,
    /// The variance, above 0.
    pub variance: f64,
    /// The scale of both. Where the question is on the other one, they are converted by the control's mean.
    pub scale: Scale,
    /// Without, nothing is believed: the prior is flat.
    pub proper: bool,
}

impl Default for Prior {
    /// Flat. Made proper, it is N(0, .3²) on the relative change.
    fn default() -> Self {
        Self { mean: 0.0, variance: 0.09, scale: Scale::Relative, proper: false }
    }
}

impl Prior {
    /// On the scale of a question.
    pub(crate) fn on(self, scale: Scale, control: f64) -> Self {
        let by = match (self.scale, scale) {
            (Scale::Absolute, Scale::Absolute) | (Scale::Relative, Scale::Relative) => 1.0,
            (Scale::Relative, Scale::Absolute) => control.abs(),
            (Scale::Absolute, Scale::Relative) => control.abs().recip(),
        };
        Self { mean: self.mean * by, variance: self.variance * by * by, scale, ..self }
    }
}

/// The posterior of the effect with the interval that `critical` standard deviations span: precisions add, and the mean is
/// weighted by them. The risk is the expected loss E\[max(0, ±effect)\].
#[must_use]
pub fn bayesian(effect: &Effect, scale: Scale, control: f64, prior: Prior, critical: f64) -> Finding {
    let prior = prior.on(scale, control);
    let (mut mean, mut error) = (effect.estimate, effect.standard_error);
    if prior.proper {
        let variance = error * error;
        // The weight of the data; in this form neither a tiny nor a huge variance overflows.
        let weight = prior.variance / (prior.variance + variance);
        mean = weight * mean + (1.0 - weight) * prior.mean;
        error *= weight.sqrt();
    }
    if !(mean.is_finite() && error > 0.0 && error.is_finite()) {
        return Finding::Inconclusive(Why::NotFinite);
    }
    let half_width = critical * error;
    Finding::of(Interval {
        estimate: mean,
        low: mean - half_width,
        high: mean + half_width,
        ln_p: ln_p_normal(mean / error),
        standard_error: error,
        adjustment: Adjustment::None,
        posterior: Some(posterior(mean, error)),
    })
}

fn posterior(mean: f64, error: f64) -> Posterior {
    let z = mean / error;
    let tail = ln_p_normal(z).exp() / 2.0;
    let chance_to_win = if z > 0.0 { 1.0 - tail } else { tail };
    // E[max(0, X)] = μΦ(z) + σφ(z), and with −X the other: the smaller one as a difference that is never negative.
    let density = error * (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let small = (density - mean.abs() * tail).max(0.0);
    let large = mean.abs() + small;
    let risk = if z > 0.0 { [large, small] } else { [small, large] };
    Posterior { chance_to_win, risk }
}
