//! The asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (arXiv 2103.06476), equation 9:
//! the default analysis. Of experiments without an effect, looked at daily for four weeks, about 1.4% are ever rejected
//! at a nominal 5%. Its price is an interval about half as wide again as Welch's at one look.

use crate::infer::effect::Effect;
use crate::infer::finding::{Finding, Interval};
use crate::infer::sequential::mixture;

/// The number of units that the sequence is tightest at, where nothing else is said.
pub const TUNED_FOR_UNITS: f64 = 5_000.0;

/// The estimate with its 1 − alpha confidence sequence after all units so far, alpha in (0, 1), tightest around
/// `tuned_for` units. `tuned_for` must be fixed before the first look.
///
/// Half-width: σ√N · √(2(Nρ²+1)/(N²ρ²) · ln(√(Nρ²+1)/α)), with σ the standard error and N the units of both arms.
#[must_use]
pub fn asymptotic(effect: &Effect, alpha: f64, tuned_for: f64) -> Finding {
    let half_width = effect.standard_error * mixture::critical(odds(effect.n, alpha, tuned_for), alpha);
    Finding::of(Interval::around(effect, half_width, (-ln_e(effect, alpha, tuned_for)).min(0.0)))
}

/// The logarithm of the e-value against no effect: ρ²Nz²/(2(Nρ²+1)) − ½ ln(Nρ²+1). The always-valid p is min(1, 1/e).
#[must_use]
pub fn ln_e(effect: &Effect, alpha: f64, tuned_for: f64) -> f64 {
    mixture::ln_e(effect.estimate / effect.standard_error, odds(effect.n, alpha, tuned_for))
}

/// Nρ² after `units` of both arms.
#[must_use]
pub fn odds(units: u64, alpha: f64, tuned_for: f64) -> f64 {
    units as f64 * rho2(alpha, tuned_for)
}

/// ρ² = (−2 ln α + ln(1 − 2 ln α))/N*, which makes the interval tightest at about N* units.
fn rho2(alpha: f64, tuned_for: f64) -> f64 {
    let spent = -2.0 * alpha.ln();
    (spent + spent.ln_1p()) / tuned_for
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Moments;
    use crate::infer::effect::{Sample, Scale};
    use crate::testdata::{close, conformance};
    use anklang_domain::Stream;

    fn measured(effect: &Effect, tuned_for: f64) -> Interval {
        match asymptotic(effect, 0.05, tuned_for) {
            Finding::Measured(interval) => interval,
            Finding::Inconclusive(why) => panic!("{why}"),
        }
    }

    /// statistics.json, from the public data sets.
    #[test]
    fn the_reference_agrees() {
        let Some(golden) = conformance("statistics.json") else { return };
        let (cookie, hillstrom) = (90_189, [42_613, 42_693]);
        for (name, n) in [
            ("cookie_ret7", cookie),
            ("cookie_ret1", cookie),
            ("cookie_rounds", cookie),
            ("hill_mens_spend", hillstrom[0]),
            ("hill_womens_spend", hillstrom[1]),
        ] {
            let number = |path: &str| golden.pointer(&format!("/{name}/{path}")).unwrap().as_f64().unwrap();
            let effect = Effect { estimate: number("delta/0"), standard_error: number("delta/1"), degrees: 1.0, n };
            let interval = measured(&effect, 5_000.0);
            close(interval.high - interval.estimate, number("asympcs_5000/hw"), 1e-9);
            close(interval.low, number("asympcs_5000/ci/0"), 1e-9);
            close(interval.p(), number("asympcs_5000/p"), 1e-9);
        }
    }

    /// GrowthBook's engine, from the table in EXPERIMENTS.md, and the same formula in Python to all digits.
    #[test]
    fn growthbooks_engine_agrees() {
        let control = Sample::of(&Moments::from_sums(3000, 1396.87, 52_377.976_7)).unwrap();
        let treatment = Sample::of(&Moments::from_sums(3461, 2422.7, 134_698.29)).unwrap();
        let interval = measured(&Effect::between(&control, &treatment, Scale::Relative).unwrap(), 1_000.0);
        close(interval.estimate, 0.503_361_085_856_235_8, 1e-9);
        close(interval.low, -0.558_440_505_107_731_5, 1e-9);
        close(interval.high, 1.565_162_676_820_203_2, 1e-9);
        close(interval.p(), 1.0, 0.0);
        let control = Sample::proportion(1396, 3000).unwrap();
        let treatment = Sample::proportion(2422, 3461).unwrap();
        let interval = measured(&Effect::between(&control, &treatment, Scale::Relative).unwrap(), 5_000.0);
        close(interval.low, 0.400_978_496_685_941_5, 1e-9);
        close(interval.high, 0.606_748_206_678_357_7, 1e-9);
        close(interval.p(), 5.174_716_682_839_797e-44, 1e-9);
    }

    #[test]
    fn p_and_interval_say_the_same_and_never_underflow() {
        for estimate in [0.0, 0.01, 0.03, 0.042, 0.05, 0.5, 50.0] {
            let effect = Effect { estimate, standard_error: 0.013, degrees: 1.0, n: 90_000 };
            let interval = measured(&effect, 5_000.0);
            assert_eq!(interval.excludes_zero(), interval.ln_p < 0.05_f64.ln(), "{estimate}");
            assert!(interval.ln_p.is_finite() && interval.ln_p <= 0.0);
        }
    }

    /// A/A tests looked at 28 times: false alarms stay under 5%, where Welch's test would give about 27%.
    #[test]
    fn looking_daily_raises_few_false_alarms() {
        let mut chance = Stream::named(1, "peeking");
        let mut alarms = 0;
        for _ in 0..400 {
            let mut arms = [Moments::default(); 2];
            let rejected = (0..28).any(|_| {
                for arm in &mut arms {
                    (0..100).for_each(|_| arm.push(chance.unit() + chance.unit()));
                }
                let [control, treatment] = arms.map(|arm| Sample::of(&arm).unwrap());
                measured(&Effect::between(&control, &treatment, Scale::Relative).unwrap(), 5_000.0).excludes_zero()
            });
            alarms += u32::from(rejected);
        }
        assert!(alarms <= 20, "{alarms} of 400");
    }
}
