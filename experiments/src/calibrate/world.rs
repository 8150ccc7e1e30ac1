//! Made-up members with a known truth.

use super::draw::Draw;
use crate::infer::effect::Scale;
use crate::infer::joint::Joint;
use crate::infer::moments::Moments;
use crate::infer::summary::Summary;

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
    /// The covariate was measured after exposure, and the treatment moves it.
    AdjustedAfter,
    /// Conversions per visit, as if every visit were a unit.
    VisitsAsUnits,
    /// As [`World::Billion`], from Σx and Σx².
    BillionFromSums,
}

impl World {
    /// One day's new units in one arm, with an outcome that is larger by the share `lift`.
    pub(super) fn day(self, draw: &mut Draw, units: u64, lift: f64) -> Summary {
        let up = 1.0 + lift;
        let numbers = 0..units;
        match self {
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
        }
    }

    /// The outcome's expectation without a treatment.
    pub(super) fn mean(self) -> f64 {
        match self {
            Self::Normal | Self::Adjusted | Self::AdjustedAfter => 1.0,
            Self::Billion | Self::BillionFromSums => BILLION,
            Self::Proportion(p) => p,
            Self::Lognormal | Self::AdjustedLognormal => 0.5_f64.exp(),
            Self::Purchases => BUYERS * PARETO_SHAPE / (PARETO_SHAPE - 1.0),
            // Half are heavy, with 6 visits of which 40% convert; half light, with 2 of which 10% do.
            Self::Ratio | Self::AdjustedRatio | Self::VisitsAsUnits => (6.0 * 0.4 + 2.0 * 0.1) / (6.0 + 2.0),
        }
    }

    /// The true effect of that lift.
    pub(super) fn truth(self, lift: f64, scale: Scale) -> f64 {
        match (self, scale) {
            // There the lift is added, as a share of 10⁹ would be no treatment but another world.
            (Self::Billion | Self::BillionFromSums, Scale::Absolute) => lift,
            (Self::Billion | Self::BillionFromSums, Scale::Relative) => lift / BILLION,
            (_, Scale::Absolute) => lift * self.mean(),
            (_, Scale::Relative) => lift,
        }
    }
}

/// The outcome, and the value before exposure; what is added to each.
fn pair(draw: &mut Draw, lift: f64, past_lift: f64) -> [f64; 2] {
    let past = draw.normal();
    let now = CORRELATION * past + (1.0 - CORRELATION * CORRELATION).sqrt() * draw.normal();
    [1.0 + lift + now, 3.0 + past_lift + past]
}

/// Conversions and visits of one member: those who visit more convert more often, so that visits are no units.
fn visits(draw: &mut Draw, heavy: bool, up: f64) -> [f64; 2] {
    let (more, p) = if heavy { (11, 0.4) } else { (3, 0.1) };
    let visits = 1 + draw.below(more);
    let conversions = (0..visits).filter(|_| draw.chance(p * up)).count();
    [conversions as f64, visits as f64]
}

#[cfg(test)]
mod tests {
    use super::*;

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
        ] {
            let mut draw = Draw::of(1, "truth", 0);
            let value = |draw: &mut Draw, lift| world.day(draw, 100_000, lift).value().unwrap();
            let (control, treatment) = (value(&mut draw, 0.0), value(&mut draw, 0.5));
            let spread = if world == World::Purchases { 0.06 } else { 0.03 };
            assert!((control - world.mean()).abs() < spread * world.mean(), "{world:?}: {control}");
            let effect = world.truth(0.5, Scale::Absolute);
            assert!((treatment - control - effect).abs() < 2.0 * spread * (effect + 1.0), "{world:?}: {treatment}");
        }
    }
}
