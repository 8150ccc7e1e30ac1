//! Made-up members with a known truth.

use super::draw::Draw;
use crate::infer::effect::Scale;
use crate::infer::joint::Joint;
use crate::infer::moments::Moments;
use crate::infer::quantile::QuantileSample;
use crate::infer::summary::Summary;
use crate::infer::tail::normal_quantile;

/// How heavy the tail of amounts is: P(X > x) = x⁻³, of finite variance and infinite skewness.
const PARETO_SHAPE: f64 = 3.0;
/// Who buys anything at all.
const BUYERS: f64 = 0.05;
/// A large mean, with a standard deviation of 1 around it.
const BILLION: f64 = 1e9;
/// How much of a member's outcome is what it was before.
const CORRELATION: f64 = 0.8;

/// A kind of outcome.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum World {
    /// Normal, mean 1, standard deviation 1.
    Normal,
    /// Normal, mean 10⁹, standard deviation 1: does the variance survive?
    Billion,
    /// Yes with this probability.
    Proportion(f64),
    /// Log-normal, σ = 1.
    Lognormal,
    /// Purchases: 95% nothing, the rest Pareto.
    Purchases,
    /// Normal, with the value before exposure, which it is correlated with by .8.
    Adjusted,
    /// Log-normal, before exposure and after.
    AdjustedLognormal,
    /// Conversions per visit, of light and heavy users.
    Ratio,
    /// The same, with those before exposure.
    AdjustedRatio,
    /// Log-normal, σ = 1, by this quantile. Days cannot be added up: for one look.
    Quantile(f64),
    /// Log-normal times, several of each member, who is slow or fast on all of them; by this quantile. For one look.
    QuantileOfEvents(f64),
    /// Normal around 1.6 or .4, by what is known of a member before exposure.
    Strata,
    /// The covariate was measured after exposure, and the treatment moves it.
    AdjustedAfter,
    /// Conversions per visit, as if every visit were a unit.
    VisitsAsUnits,
    /// As [`World::Billion`], from Σx and Σx².
    BillionFromSums,
}

impl World {
    /// One day's new units in one arm, with an outcome that is larger by the share `lift`.
    /// None where there are too few units for a summary.
    pub(super) fn day(self, draw: &mut Draw, units: u64, lift: f64) -> Option<Summary> {
        let up = 1.0 + lift;
        let numbers = 0..units;
        Some(match self {
            Self::Normal => Summary::Mean(Moments::of(numbers.map(|_| up + draw.normal()))),
            Self::Billion => Summary::Mean(Moments::of(numbers.map(|_| BILLION + lift + draw.normal()))),
            Self::BillionFromSums => {
                let (mut sum, mut squares) = (0.0, 0.0);
                numbers.map(|_| BILLION + lift + draw.normal()).for_each(|x| {
                    sum += x;
                    squares += x * x;
                });
                Summary::Mean(Moments::from_sums(units, sum, squares))
            }
            Self::Proportion(p) => {
                let successes = numbers.filter(|_| draw.chance(p * up)).count() as u64;
                Summary::Proportion { successes, n: units }
            }
            Self::Lognormal => Summary::Mean(Moments::of(numbers.map(|_| up * draw.normal().exp()))),
            Self::Purchases => Summary::Mean(Moments::of(
                numbers.map(|_| if draw.chance(BUYERS) { up * draw.pareto(PARETO_SHAPE) } else { 0.0 }),
            )),
            Self::Adjusted => Summary::AdjustedMean(Joint::of(numbers.map(|_| pair(draw, lift, 0.0)))),
            Self::AdjustedAfter => Summary::AdjustedMean(Joint::of(numbers.map(|_| pair(draw, lift, lift)))),
            Self::AdjustedLognormal => Summary::AdjustedMean(Joint::of(numbers.map(|_| {
                let member = draw.normal();
                let [now, past] = [draw.normal(), draw.normal()].map(|noise| ((member + noise) / 2.0_f64.sqrt()).exp());
                [up * now, past]
            }))),
            Self::Ratio => Summary::Ratio(Joint::of(numbers.map(|_| {
                let heavy = draw.chance(0.5);
                visits(draw, heavy, up)
            }))),
            Self::AdjustedRatio => Summary::AdjustedRatio(Joint::of(numbers.map(|_| {
                let heavy = draw.chance(0.5);
                let ([m, d], [m0, d0]) = (visits(draw, heavy, up), visits(draw, heavy, 1.0));
                [m, d, m0, d0]
            }))),
            Self::VisitsAsUnits => {
                let (mut successes, mut n) = (0, 0);
                for _ in numbers {
                    let heavy = draw.chance(0.5);
                    let [m, d] = visits(draw, heavy, up);
                    (successes, n) = (successes + m as u64, n + d as u64);
                }
                Summary::Proportion { successes, n }
            }
            Self::Quantile(level) => {
                let mut values: Vec<f64> = numbers.map(|_| up * draw.normal().exp()).collect();
                Summary::Quantile(QuantileSample::of(&mut values, level).ok()?)
            }
            Self::QuantileOfEvents(level) => {
                let mut values = Vec::new();
                for unit in numbers {
                    let slow = draw.normal();
                    for _ in 0..=draw.below(8) {
                        values.push((unit, up * ((slow + draw.normal()) / 2.0_f64.sqrt()).exp()));
                    }
                }
                Summary::Quantile(QuantileSample::clustered(&values, level).ok()?)
            }
            Self::Strata => {
                let mut strata = vec![Moments::default(); 2];
                for _ in numbers {
                    let active = draw.chance(0.3);
                    let mean = if active { 1.6 } else { 0.4 };
                    strata[usize::from(active)].push(up * mean + 0.5 * draw.normal());
                }
                Summary::Strata(strata)
            }
        })
    }

    /// The outcome's expectation without a treatment.
    pub(super) fn mean(self) -> f64 {
        match self {
            Self::Normal | Self::Adjusted | Self::AdjustedAfter => 1.0,
            Self::Billion | Self::BillionFromSums => BILLION,
            Self::Proportion(p) => p,
            Self::Lognormal | Self::AdjustedLognormal => 0.5_f64.exp(),
            Self::Purchases => BUYERS * PARETO_SHAPE / (PARETO_SHAPE - 1.0),
            Self::Quantile(level) | Self::QuantileOfEvents(level) => {
                // Two-sided: the tail beyond the quantile on both sides.
                let both = 2.0 * level.min(1.0 - level);
                let z = if both < 1.0 { normal_quantile(both).copysign(level - 0.5) } else { 0.0 };
                z.exp()
            }
            Self::Strata => 0.3 * 1.6 + 0.7 * 0.4,
            // Half are heavy, with 6 visits of which 70% convert; half light, with 2 of which 10% do.
            Self::Ratio | Self::AdjustedRatio | Self::VisitsAsUnits => (6.0 * 0.7 + 2.0 * 0.1) / (6.0 + 2.0),
        }
    }

    /// The true effect of that lift.
    pub(super) fn truth(self, lift: f64, scale: Scale) -> f64 {
        // At 10⁹ the lift is added, as a share of that would be no treatment but another world.
        let added = matches!(self, Self::Billion | Self::BillionFromSums);
        match scale {
            Scale::Absolute if added => lift,
            Scale::Relative if added => lift / BILLION,
            Scale::Absolute => lift * self.mean(),
            Scale::Relative => lift,
        }
    }
}

/// (e − 1)e, for σ = 1.
pub(super) fn lognormal_variance(up: f64) -> f64 {
    let e = std::f64::consts::E;
    up * up * e * (e - 1.0)
}

/// The variance of one member's share in the ratio of visits, E[(M − RD)²]/E[D]² with M binomial of D.
pub(super) fn ratio_variance(up: f64) -> f64 {
    let ratio = World::Ratio.mean() * up;
    // E[D], E[D²] of 1 to 11, and of 1 to 3, evenly.
    let kind = |visits: f64, squares: f64, p: f64| visits * p * (1.0 - p) + squares * (p - ratio) * (p - ratio);
    let sum = 0.5 * kind(6.0, 46.0, 0.7 * up) + 0.5 * kind(2.0, 14.0 / 3.0, 0.1 * up);
    sum / 16.0
}

/// The outcome, and the value before exposure; what is added to each.
fn pair(draw: &mut Draw, lift: f64, past_lift: f64) -> [f64; 2] {
    let past = draw.normal();
    let now = CORRELATION * past + (1.0 - CORRELATION * CORRELATION).sqrt() * draw.normal();
    [1.0 + lift + now, 3.0 + past_lift + past]
}

/// Conversions and visits of one member: those who visit more convert more often, so that visits are no units.
fn visits(draw: &mut Draw, heavy: bool, up: f64) -> [f64; 2] {
    let (more, p) = if heavy { (11, 0.7) } else { (3, 0.1) };
    let visits = 1 + draw.below(more);
    let conversions = (0..visits).filter(|_| draw.chance(p * up)).count();
    [conversions as f64, visits as f64]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variance_of_a_ratio() {
        let Some(Summary::Ratio(joint)) = World::Ratio.day(&mut Draw::of(1, "ratio", 0), 200_000, 0.1) else {
            panic!()
        };
        let found = crate::infer::ratio::sample(&joint).unwrap();
        assert!((found.variance / ratio_variance(1.1) - 1.0).abs() < 0.03, "{found:?}");
    }

    #[test]
    fn the_truth_is_the_truth() {
        for world in [
            World::Normal,
            World::Billion,
            World::Proportion(0.1),
            World::Lognormal,
            World::Purchases,
            World::Adjusted,
            World::AdjustedLognormal,
            World::Ratio,
            World::AdjustedRatio,
            World::Quantile(0.9),
            World::QuantileOfEvents(0.5),
            World::Strata,
        ] {
            let mut draw = Draw::of(1, "truth", 0);
            let value = |draw: &mut Draw, lift| world.day(draw, 40_000, lift).unwrap().value().unwrap();
            let (control, treatment) = (value(&mut draw, 0.0), value(&mut draw, 0.5));
            let spread = if world == World::Purchases { 0.08 } else { 0.04 };
            assert!((control - world.mean()).abs() < spread * world.mean(), "{world:?}: {control}");
            let effect = world.truth(0.5, Scale::Absolute);
            assert!((treatment - control - effect).abs() < 2.0 * spread * (effect + 1.0), "{world:?}: {treatment}");
        }
    }
}
