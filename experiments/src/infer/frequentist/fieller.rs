//! Fieller's interval (1954) for a relative change: exact for a ratio of normal means where the delta method is not, that
//! is, where the control's mean is not far from 0 against its error.

use crate::infer::contrast::Contrast;
use crate::infer::effect::Scale;
use crate::infer::finding::{Finding, Interval, Why};

/// The relative change with the interval that `critical` standard errors span: the ratios r for which μ_T = r μ_C is not
/// rejected, less 1. They are the roots of r²(μ_C² − z²v_C) − 2r(μ_T μ_C − z² cov) + (μ_T² − z²v_T), v the variances of
/// the means; where z²v_C ≥ μ_C² they are not an interval, and nothing is said. The p-value is that of no difference.
#[must_use]
pub fn fieller(contrast: &Contrast, critical: f64, ln_p: f64) -> Finding {
    fieller_interval(contrast, critical, ln_p).map_or_else(Finding::Inconclusive, Finding::of)
}

fn fieller_interval(contrast: &Contrast, z: f64, ln_p: f64) -> Result<Interval, Why> {
    let effect = contrast.effect(Scale::Relative)?;
    // All as shares of the control's mean, so that neither 1e-200 nor 1e200 leaves the range of numbers.
    let share = |variance: f64| variance / contrast.control / contrast.control;
    let (c, t) = (share(contrast.variance_control), share(contrast.variance_treatment));
    let both = share(contrast.covariance);
    let ratio = contrast.treatment / contrast.control;
    let g = z * z * c;
    if g.is_nan() || g >= 1.0 {
        return Err(Why::Unbounded);
    }
    let spread = t + ratio * ratio * c - 2.0 * ratio * both - z * z * (t * c - both * both);
    let root = z * spread.max(0.0).sqrt();
    let middle = ratio - z * z * both;
    let ends = [middle - root, middle + root].map(|end| end / (1.0 - g) - 1.0);
    // A share of the size of a control below 0: the other way round.
    let [low, high] = if contrast.control < 0.0 { [-ends[1], -ends[0]] } else { ends };
    Ok(Interval { low, high, ..Interval::around(&effect, 0.0, ln_p) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::infer::effect::Sample;
    use crate::infer::tail::normal_quantile;
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
            let Finding::Measured(interval) =
                fieller(&Contrast::independent(&sample(control), &sample(treatment)), normal_quantile(0.05), 0.0)
            else {
                panic!("{name}")
            };
            close(interval.low, golden[name]["fieller"][0].as_f64().unwrap(), 1e-9);
            close(interval.high, golden[name]["fieller"][1].as_f64().unwrap(), 1e-9);
        }
    }

    #[test]
    fn a_control_around_zero_gives_no_interval() {
        let sample = |mean, variance| Sample { n: 100, mean, variance };
        let said =
            |control, treatment| fieller(&Contrast::independent(&control, &treatment), normal_quantile(0.05), 0.0);
        assert_eq!(said(sample(0.0, 1.0), sample(1.0, 1.0)), Finding::Inconclusive(Why::ControlIsZero));
        assert_eq!(said(sample(0.1, 1.0), sample(1.0, 1.0)), Finding::Inconclusive(Why::Unbounded));
        assert_eq!(said(sample(1.0, 0.0), sample(1.0, 0.0)), Finding::Inconclusive(Why::NoVariance));
        assert!(
            matches!(said(sample(-2.0, 1.0), sample(-3.0, 1.0)), Finding::Measured(i) if i.low < -0.5 && i.high > -0.5)
        );
    }
}
