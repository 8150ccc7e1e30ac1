//! Welch's t test (1947): one look, after a number of units that was fixed beforehand. Looked at daily for four weeks it
//! rejects more than a quarter of experiments without an effect; [`super::super::sequential`] does not.

use crate::infer::effect::Effect;
use crate::infer::finding::{Finding, Interval};
use crate::infer::tail::{ln_p_student, student_quantile};

/// The estimate with its 1 − alpha interval, alpha in (0, 1).
#[must_use]
pub fn welch(effect: &Effect, alpha: f64) -> Finding {
    let half_width = student_quantile(alpha, effect.degrees) * effect.standard_error;
    let ln_p = ln_p_student(effect.estimate / effect.standard_error, effect.degrees);
    Finding::of(Interval::around(effect, half_width, ln_p))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Moments;
    use crate::infer::effect::{Sample, Scale};
    use crate::testdata::{close, conformance};

    fn measured(control: &Sample, treatment: &Sample, scale: Scale) -> Interval {
        match welch(&Effect::between(control, treatment, scale).unwrap(), 0.05) {
            Finding::Measured(interval) => interval,
            Finding::Inconclusive(why) => panic!("{why}"),
        }
    }

    /// SciPy on the public data sets, in statistics.json.
    #[test]
    fn scipy_agrees() {
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
            let wanted = &golden[name];
            let absolute = Effect::between(&sample(control), &sample(treatment), Scale::Absolute).unwrap();
            close(absolute.estimate / absolute.standard_error, wanted["welch"]["t"].as_f64().unwrap(), 1e-9);
            close(absolute.degrees, wanted["welch"]["df"].as_f64().unwrap(), 1e-9);
            let p = measured(&sample(control), &sample(treatment), Scale::Absolute).p();
            close(p, wanted["welch"]["p"].as_f64().unwrap(), 1e-9);
            let relative = Effect::between(&sample(control), &sample(treatment), Scale::Relative).unwrap();
            close(relative.estimate, wanted["delta"][0].as_f64().unwrap(), 1e-9);
            close(relative.standard_error, wanted["delta"][1].as_f64().unwrap(), 1e-9);
        }
    }

    /// GrowthBook's engine, from the table in EXPERIMENTS.md (five digits), and the same by SciPy 1.x to all digits.
    #[test]
    fn growthbooks_engine_agrees() {
        let control = Sample::of(&Moments::from_sums(3407, 1396.87, 52_377.976_7)).unwrap();
        let treatment = Sample::of(&Moments::from_sums(3461, 2422.7, 134_698.29)).unwrap();
        let relative = measured(&control, &treatment, Scale::Relative);
        close(relative.estimate, 0.707_317_073_170_731_7, 1e-9);
        close(relative.low, -0.035_260_089_066_117_77, 1e-9);
        close(relative.high, 1.449_894_235_407_581, 1e-9);
        close(relative.p(), 0.061_911_827_456_183_6, 1e-9);
        let absolute = measured(&control, &treatment, Scale::Absolute);
        close(absolute.low, 0.045_377_892_559_290_12, 1e-9);
        close(absolute.high, 0.534_622_107_440_709_8, 1e-9);
        close(absolute.p(), 0.020_158_402_643_586_978, 1e-9);
        let few = measured(&Sample::proportion(14, 28).unwrap(), &Sample::proportion(16, 30).unwrap(), Scale::Relative);
        close(few.low, -0.477_674_028_270_678_6, 1e-9);
        close(few.high, 0.611_007_361_604_011_9, 1e-9);
        close(few.p(), 0.807_071_683_202_188_8, 1e-9);
    }
}
