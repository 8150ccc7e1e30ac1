//! Proportions without the normal model: Beta posteriors, for arms with few successes.

use super::finding::Why;
use super::sequential::group::POINTS;
use super::tail::{ln_beta_front, ln_p_beta};

/// Panels of the integration, over this many standard deviations on each side of the mean.
const PANELS: usize = 400;
const DEVIATIONS: f64 = 40.0;
/// Where the density is below e⁻⁴⁵ of that at the mean, nothing is added.
const NEGLIGIBLE: f64 = 45.0;

/// P(p_T > p_C) of two proportions, each (successes, units), whose priors are uniform: ∫ f_T(x) P(p_C < x) dx over
/// Beta(1 + successes, 1 + failures).
pub fn chance_to_win(control: (u64, u64), treatment: (u64, u64)) -> Result<f64, Why> {
    if control.0 > control.1 || treatment.0 > treatment.1 {
        return Err(Why::BadQuestion);
    }
    let parameters = |(successes, n): (u64, u64)| (1.0 + successes as f64, 1.0 + (n - successes) as f64);
    let ((a_c, b_c), (a, b)) = (parameters(control), parameters(treatment));
    let mean = a / (a + b);
    let deviation = (mean * (1.0 - mean) / (a + b + 1.0)).sqrt();
    let (low, high) = ((mean - DEVIATIONS * deviation).max(0.0), (mean + DEVIATIONS * deviation).min(1.0));
    let half = (high - low) / PANELS as f64 / 2.0;
    let ln_highest = ln_beta_front(mean, a, b);
    let (mut above, mut all) = (0.0, 0.0);
    for panel in 0..PANELS {
        let middle = low + (2.0 * panel as f64 + 1.0) * half;
        for (offset, weight) in POINTS {
            for x in [middle - offset * half, middle + offset * half] {
                let ln_front = ln_beta_front(x, a, b);
                if ln_front > ln_highest - NEGLIGIBLE {
                    let mass = weight * half * (ln_front - x.ln() - (1.0 - x).ln()).exp();
                    above -= mass * ln_p_beta(x, a_c, b_c).exp_m1();
                    all += mass;
                }
            }
        }
    }
    let chance = above / all;
    if chance.is_finite() { Ok(chance.clamp(0.0, 1.0)) } else { Err(Why::NotFinite) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testdata::{close, conformance};

    #[test]
    fn the_reference_agrees() {
        let Some(golden) = conformance("statistics.json") else { return };
        let wanted = golden["beta_prob"]["(1+49,1+51)vs(1+51,1+49)"].as_f64().unwrap();
        close(chance_to_win((49, 100), (51, 100)).unwrap(), wanted, 1e-9);
    }

    /// mpmath 1.4.1: the sum of Beta functions.
    #[test]
    fn mpmath_agrees() {
        for (control, treatment, wanted) in [
            ((0, 0), (0, 0), 0.5),
            ((2, 98), (8, 98), 0.970_925_804_849_373),
            ((1_000, 10_000), (1_100, 10_000), 0.989_457_354_431_714),
            ((0, 99_999), (0, 49_999), 2.0 / 3.0),
            ((39, 40), (29, 37), 0.004_967_243_269_677_957),
        ] {
            close(chance_to_win(control, treatment).unwrap(), wanted, 1e-9);
            close(chance_to_win(treatment, control).unwrap(), 1.0 - wanted, 1e-9);
        }
        assert_eq!(chance_to_win((2, 1), (0, 1)), Err(Why::BadQuestion));
        let sure = chance_to_win((1_000_000, 1_000_000_000), (2_000_000, 1_000_000_000)).unwrap();
        assert!((sure - 1.0).abs() < 1e-12, "{sure}");
    }
}
