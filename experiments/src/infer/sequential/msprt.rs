//! The mixture sequential probability ratio test of Johari, Koomen, Pekelis and Walsh (2017, arXiv 1512.04922), with a
//! normal mixture over the effects expected.

use crate::infer::effect::Effect;

/// ln Λ = ½ ln(V/(V + τ)) + τΔ²/(2V(V + τ)): V the squared standard error, τ the variance of the effects expected. The
/// always-valid p is min(1, 1/Λ).
#[must_use]
pub fn ln_likelihood_ratio(effect: &Effect, effect_variance: f64) -> f64 {
    let (odds, z) = (odds(effect, effect_variance), effect.estimate / effect.standard_error);
    z * z * odds / (2.0 * (1.0 + odds)) - 0.5 * odds.ln_1p()
}

/// The half-width, in standard errors, at which Λ reaches 1/alpha: √((1 + V/τ)(ln(1 + τ/V) − 2 ln α)).
#[must_use]
pub fn critical(effect: &Effect, effect_variance: f64, alpha: f64) -> f64 {
    let odds = odds(effect, effect_variance);
    ((1.0 + odds) / odds * (odds.ln_1p() - 2.0 * alpha.ln())).sqrt()
}

/// τ/V.
fn odds(effect: &Effect, effect_variance: f64) -> f64 {
    effect_variance / effect.standard_error / effect.standard_error
}
