//! Fieller's interval (1954) for a relative change: exact for a ratio of normal means where the delta method is not, that
//! is, where the control's mean is not far from 0 against its error.

use crate::infer::effect::Sample;
use crate::infer::finding::{Finding, Interval, Why};
use crate::infer::tail::{ln_p_normal, normal_quantile};

/// The relative change with its 1 − alpha interval, alpha in (0, 1): the ratios r for which the test of μ_T = r μ_C does
/// not reject, less 1. They are the roots of r²(μ_C² − z²v_C) − 2r μ_T μ_C + (μ_T² − z²v_T), v = s²/n; where
/// z²v_C ≥ μ_C² they are not an interval, and nothing is said.
#[must_use]
pub fn fieller(control: &Sample, treatment: &Sample, alpha: f64) -> Finding {
    let (c, t) = (control.variance_of_mean(), treatment.variance_of_mean());
    if control.mean == 0.0 {
        return Finding::Inconclusive(Why::ControlIsZero);
    }
    if c + t == 0.0 {
        return Finding::Inconclusive(Why::NoVariance);
    }
    // All as shares of the control's mean, so that neither 1e-200 nor 1e200 leaves the range of numbers.
    let (c, t) = (c / control.mean / control.mean, t / control.mean / control.mean);
    let ratio = treatment.mean / control.mean;
    let z = normal_quantile(alpha);
    let g = z * z * c;
    if g >= 1.0 {
        return Finding::Inconclusive(Why::ControlIsZero);
    }
    let root = z * (t + ratio * ratio * c - g * t).sqrt();
    let interval = Interval {
        estimate: ratio - 1.0,
        low: (ratio - root) / (1.0 - g) - 1.0,
        high: (ratio + root) / (1.0 - g) - 1.0,
        ln_p: ln_p_normal((ratio - 1.0) / (c + t).sqrt()),
    };
    let finite = [interval.low, interval.high, interval.ln_p].iter().all(|number| number.is_finite());
    if finite { Finding::Measured(interval) } else { Finding::Inconclusive(Why::NotFinite) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testdata::{close, conformance};

    #[test]
    fn the_reference_agrees() {
        let Some(golden) = conformance("statistics.json") else { return };
        for (name, control, treatment) in [
            ("cookie_ret7", "cookie/gate_30/retention_7", "cookie/gate_40/retention_7"),
            ("cookie_ret1", "cookie/gate_30/retention_1", "cookie/gate_40/retention_1"),
            ("cookie_rounds", "cookie/gate_30/sum_gamerounds", "cookie/gate_40/sum_gamerounds"),
            ("hill_mens_spend", "hillstrom/No E-Mail/spend", "hillstrom/Mens E-Mail/spend"),
            ("hill_womens_spend", "hillstrom/No E-Mail/spend", "hillstrom/Womens E-Mail/spend"),
        ] {
            let sample = |path: &str| {
                let arm = golden.pointer(&format!("/suff/{path}")).unwrap();
                let number = |key: &str| arm[key].as_f64().unwrap();
                Sample { n: arm["n"].as_u64().unwrap(), mean: number("mean"), variance: number("var") }
            };
            let Finding::Measured(interval) = fieller(&sample(control), &sample(treatment), 0.05) else {
                panic!("{name}")
            };
            close(interval.low, golden[name]["fieller"][0].as_f64().unwrap(), 1e-9);
            close(interval.high, golden[name]["fieller"][1].as_f64().unwrap(), 1e-9);
        }
    }

    #[test]
    fn a_control_around_zero_gives_no_interval() {
        let sample = |mean, variance| Sample { n: 100, mean, variance };
        let said = |control, treatment| fieller(&control, &treatment, 0.05);
        assert_eq!(said(sample(0.0, 1.0), sample(1.0, 1.0)), Finding::Inconclusive(Why::ControlIsZero));
        assert_eq!(said(sample(0.1, 1.0), sample(1.0, 1.0)), Finding::Inconclusive(Why::ControlIsZero));
        assert_eq!(said(sample(1.0, 0.0), sample(1.0, 0.0)), Finding::Inconclusive(Why::NoVariance));
        assert!(
            matches!(said(sample(-2.0, 1.0), sample(-3.0, 1.0)), Finding::Measured(i) if i.low < 0.5 && i.high > 0.5)
        );
    }
}
