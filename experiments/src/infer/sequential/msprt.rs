//! The mixture sequential probability ratio test of Johari, Koomen, Pekelis and Walsh (2017, arXiv 1512.04922):
//! ln Λ = ½ ln(V/(V + τ)) + τΔ²/(2V(V + τ)), V the squared standard error of the estimate Δ, τ the variance of the effects
//! expected. The always-valid p is min(1, 1/Λ).
//!
//! That is the mixture of [`mixture`](super::mixture) with odds τ/V. It differs from the confidence sequence of
//! [`asymptotic`](super::asymptotic) in what it is tuned for: a size of effect in place of a number of units.

use crate::infer::effect::Effect;

/// τ/V.
#[must_use]
pub fn odds(effect: &Effect, effect_variance: f64) -> f64 {
    effect_variance / effect.standard_error / effect.standard_error
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::infer::sequential::mixture::{critical, ln_e};
    use crate::testdata::close;

    /// The formula of the paper, as it stands there.
    #[test]
    fn the_formula_as_it_stands() {
        for (estimate, v, tau) in [(0.02, 1e-4, 1e-3), (-1.5, 0.4, 0.01), (3e-9, 1e-18, 1e-17)] {
            let effect = Effect { estimate, standard_error: f64::sqrt(v), degrees: 1.0, n: 1_000 };
            let (odds, z) = (odds(&effect, tau), estimate / f64::sqrt(v));
            let wanted = 0.5 * (v / (v + tau)).ln() + tau * estimate * estimate / (2.0 * v * (v + tau));
            close(ln_e(z, odds), wanted, 1e-12);
            close(ln_e(critical(odds, 0.05), odds), -(0.05_f64.ln()), 1e-12);
        }
    }
}
