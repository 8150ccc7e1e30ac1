//! How many units an experiment needs, what it can see, and how likely it is to see it.
//!
//! One calculation for every method: the estimate, in standard errors, is normal around a drift; a method is a boundary for
//! it at each look ([`crossing`](crate::infer::sequential::group::crossing) for the chance to reach one). Wrong-sided rejections count for nothing at one look, as in
//! every textbook formula, and where there are several they are too rare to matter.

mod baseline;
mod chance;
mod error;

use serde::{Deserialize, Serialize};

pub use self::baseline::Baseline;
use self::chance::{Odds, Rule, Test, solve};
pub use self::error::PowerError;
use crate::infer::effect::Scale;
use crate::infer::method::Method;
use crate::infer::sequential::asymptotic;
use crate::infer::tail::normal_quantile;

/// No experiment is planned with more units than this.
pub const UNITS_MAX: f64 = 1e13;
/// Looks of a plan at most.
pub use crate::infer::sequential::group::LOOKS_MAX;

/// What a test is to reach.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Goal {
    /// The two-sided level, in (0, 1), over all comparisons with the control together.
    pub alpha: f64,
    /// The chance to see an effect that is there, in (alpha, 1).
    pub power: f64,
}

impl Default for Goal {
    /// 5% and 80%.
    fn default() -> Self {
        Self { alpha: 0.05, power: 0.8 }
    }
}

/// An experiment to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The metric without the treatment.
    pub baseline: Baseline,
    /// What is to be reached.
    #[serde(default)]
    pub goal: Goal,
    /// How it will be analysed. A group sequential method brings its own looks.
    #[serde(default)]
    pub method: Method,
    /// How often, at equal distances, a method that is valid at any look is looked at; 1 is at the end only.
    #[serde(default = "one_look")]
    pub looks: usize,
    /// The shares of the arms, the control's first. With more than two arms alpha is shared equally between the
    /// comparisons (Bonferroni), and the smallest treatment is what the plan holds for.
    #[serde(default = "equal_arms")]
    pub weights: Vec<f64>,
    /// The share of the variance that CUPED or strata take out, in [0, 1): ρ² of outcome and covariate.
    #[serde(default)]
    pub variance_reduction: f64,
    /// How much larger the variance is because whole clusters are assigned; see [`design_effect`].
    #[serde(default = "no_clusters")]
    pub design_effect: f64,
}

fn one_look() -> usize {
    1
}

fn equal_arms() -> Vec<f64> {
    vec![0.5, 0.5]
}

fn no_clusters() -> f64 {
    1.0
}

/// The design effect 1 + (m − 1)ρ of clusters of m units with an intra-cluster correlation ρ (Kish 1965).
#[must_use]
pub fn design_effect(units_per_cluster: f64, correlation: f64) -> f64 {
    1.0 + (units_per_cluster - 1.0) * correlation
}

/// The days until so many units are in, rounded up; none where none come.
#[must_use]
pub fn days(units: u64, units_per_day: f64) -> Option<u64> {
    (units_per_day > 0.0).then(|| (units as f64 / units_per_day).ceil() as u64)
}

/// How many units a plan needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// In all arms.
    pub total: u64,
    /// In each arm, rounded up.
    pub per_arm: Vec<u64>,
}

impl Plan {
    /// Two equal arms, looked at once, with the default method and goal.
    #[must_use]
    pub fn new(baseline: Baseline) -> Self {
        Self {
            baseline,
            goal: Goal::default(),
            method: Method::default(),
            looks: one_look(),
            weights: equal_arms(),
            variance_reduction: 0.0,
            design_effect: no_clusters(),
        }
    }

    /// The chance to see an effect, absolute and in the metric's units, with so many units in all arms.
    pub fn power(&self, units: f64, effect: f64) -> Result<f64, PowerError> {
        let test = self.test(effect)?;
        if units > 0.0 && units.is_finite() { Ok(test.power(units)) } else { Err(PowerError::Units) }
    }

    /// The units that see an effect, absolute and in the metric's units, with the chance that the goal asks for.
    pub fn units(&self, effect: f64) -> Result<Size, PowerError> {
        let exact = self.units_exact(effect)?;
        let sum: f64 = self.weights.iter().sum();
        // A hair off, so that 100.000000001 is 100.
        let up = |units: f64| (units - 1e-6).ceil().max(1.0) as u64;
        let per_arm: Vec<u64> = self.weights.iter().map(|weight| up(exact * weight / sum)).collect();
        Ok(Size { total: per_arm.iter().sum(), per_arm })
    }

    /// The same, of all arms, not rounded.
    pub fn units_exact(&self, effect: f64) -> Result<f64, PowerError> {
        let test = self.test(effect)?;
        let quantiles = normal_quantile(self.goal.alpha) + normal_quantile(2.0 * (1.0 - self.goal.power).min(0.5));
        let about = test.variance * (quantiles / effect).powi(2);
        solve(about.clamp(1e-3, UNITS_MAX), |units| {
            if units > UNITS_MAX { None } else { Some(test.power(units) - self.goal.power) }
        })
    }

    /// The smallest increase, absolute and in the metric's units, that so many units in all arms see with the chance that
    /// the goal asks for.
    pub fn detectable(&self, units: f64) -> Result<f64, PowerError> {
        let value = self.baseline.value();
        let largest = match self.baseline {
            Baseline::Mean { variance, .. } => variance.sqrt() * 1e9,
            Baseline::Proportion { share } => 1.0 - share,
        };
        self.power(units, largest.min(value.abs().max(largest) / 2.0))?;
        solve(largest / 1e6, |effect| {
            if effect > largest { None } else { Some(self.power(units, effect).ok()? - self.goal.power) }
        })
    }

    fn test(&self, effect: f64) -> Result<Test, PowerError> {
        let Goal { alpha, power } = self.goal;
        if !(alpha > 0.0 && power > alpha && power < 1.0) {
            return Err(PowerError::Goal);
        }
        let sum: f64 = self.weights.iter().sum();
        if self.weights.len() < 2 || !sum.is_finite() || !self.weights.iter().all(|weight| *weight > 0.0) {
            return Err(PowerError::Weights);
        }
        let factor = self.design_effect * (1.0 - self.variance_reduction);
        let sound = self.design_effect >= 1.0 && self.variance_reduction >= 0.0 && factor > 0.0 && factor.is_finite();
        if !sound {
            return Err(PowerError::Factor);
        }
        if effect == 0.0 || !effect.is_finite() {
            return Err(PowerError::Effect);
        }
        let (control, treatment) = self.baseline.variances(effect)?;
        let smallest = self.weights[1..].iter().copied().fold(f64::INFINITY, f64::min);
        let pair = (self.weights[0] + smallest) / sum;
        let alpha = alpha / (self.weights.len() - 1) as f64;
        Ok(Test {
            effect,
            variance: factor * sum * (control / self.weights[0] + treatment / smallest),
            pair,
            rule: self.rule(alpha)?,
        })
    }

    fn rule(&self, alpha: f64) -> Result<Rule, PowerError> {
        if !(1..=LOOKS_MAX).contains(&self.looks) {
            return Err(PowerError::Method);
        }
        let above_zero = |number: f64| number > 0.0 && number.is_finite();
        Ok(match &self.method {
            Method::FixedHorizon => Rule::Once { critical: normal_quantile(alpha) },
            Method::Sequential { tuned_for } if above_zero(*tuned_for) => {
                Rule::Sequence { alpha, looks: self.looks, odds: Odds::PerUnit(asymptotic::odds(1, alpha, *tuned_for)) }
            }
            Method::Msprt { effect_variance } if above_zero(*effect_variance) => {
                Rule::Sequence { alpha, looks: self.looks, odds: Odds::OfVariance(*effect_variance) }
            }
            Method::GroupSequential { looks, .. } => {
                let boundaries = looks.boundaries(alpha).map_err(|_| PowerError::Method)?;
                Rule::Looks(looks.information.iter().copied().zip(boundaries).collect())
            }
            Method::Bayesian { prior } => {
                let prior = prior.on(Scale::Absolute, self.baseline.value());
                if !(prior.mean.is_finite() && above_zero(prior.variance)) {
                    return Err(PowerError::Method);
                }
                Rule::Posterior {
                    critical: normal_quantile(alpha),
                    prior: prior.proper.then_some((prior.mean, prior.variance)),
                }
            }
            Method::Sequential { .. } | Method::Msprt { .. } => return Err(PowerError::Method),
        })
    }
}

/// The z-values of a level and of the chance to miss.
fn quantiles(goal: Goal) -> (f64, f64) {
    // One-sided: the chance to miss is the tail on one side.
    (normal_quantile(goal.alpha), normal_quantile(2.0 * (1.0 - goal.power)))
}

/// Units an arm of a fixed-horizon test of two equal arms, (z_α/2 + z_β)²(σ²_T + σ²_C)/δ², for a power above ½; not
/// rounded up, infinite for no difference. [`Plan::units`] is the same, with more to it.
#[must_use]
pub fn units_per_arm(difference: f64, variance_control: f64, variance_treatment: f64, goal: Goal) -> f64 {
    let (level, miss) = quantiles(goal);
    ((level + miss) / difference).powi(2) * (variance_control + variance_treatment)
}

/// Units an arm to see one proportion become another, with the pooled variance under no effect (Fleiss 1981), as for the
/// pooled z test of other tools; the analyses here do not pool, and [`Plan::units`] is for them.
#[must_use]
pub fn units_per_arm_pooled(control: f64, treatment: f64, goal: Goal) -> f64 {
    let (level, miss) = quantiles(goal);
    let variance = |share: f64| share * (1.0 - share);
    let pooled = 2.0 * variance(f64::midpoint(control, treatment));
    let apart = variance(control) + variance(treatment);
    ((level * pooled.sqrt() + miss * apart.sqrt()) / (treatment - control)).powi(2)
}

#[cfg(test)]
mod tests {
    use anklang_domain::Stream;

    use super::*;
    use crate::infer::bayesian::Prior;
    use crate::infer::sequential::group::{Looks, Spending};
    use crate::infer::sequential::mixture;
    use crate::testdata::{close, conformance};

    fn fixed(baseline: Baseline) -> Plan {
        Plan { method: Method::FixedHorizon, ..Plan::new(baseline) }
    }

    #[test]
    fn the_reference_agrees() {
        let Some(golden) = conformance("statistics.json") else { return };
        let wanted = |at: usize| golden["power"]["p .10->.11 (pooled H0, unpooled)"][at].as_f64().unwrap();
        close(units_per_arm_pooled(0.10, 0.11, Goal::default()), wanted(0), 1e-9);
        close(units_per_arm(0.01, 0.09, 0.11 * 0.89, Goal::default()), wanted(1), 1e-9);
        let plan = fixed(Baseline::Proportion { share: 0.1 });
        close(plan.units_exact(0.01).unwrap() / 2.0, wanted(1), 1e-9);
        assert_eq!(plan.units(0.01).unwrap(), Size { total: 29_498, per_arm: vec![14_749; 2] });
        close(plan.detectable(2.0 * wanted(1)).unwrap(), 0.01, 1e-9);
        close(plan.power(2.0 * wanted(1), 0.01).unwrap(), 0.8, 1e-9);
    }

    /// statsmodels 0.15.0, NormalIndPower.solve_power, which counts wrong-sided rejections too.
    #[test]
    fn statsmodels_agrees() {
        for (effect, alpha, power, ratio, control) in [
            (0.2, 0.05, 0.8, 1.0, 392.443_023_257_788_5),
            (0.05, 0.01, 0.9, 1.0, 11_903.509_732_571_678),
            (0.1, 0.05, 0.8, 3.0, 1_046.514_734_654_266_2),
        ] {
            let baseline = Baseline::Mean { mean: 0.0, variance: 1.0 };
            let plan = Plan { goal: Goal { alpha, power }, weights: vec![1.0, ratio], ..fixed(baseline) };
            close(plan.units_exact(effect).unwrap() / (1.0 + ratio), control, 1e-5);
        }
    }

    /// The inflation of five looks: the same recursion in SciPy.
    #[test]
    fn a_sequence_needs_more() {
        let baseline = Baseline::Mean { mean: 1.0, variance: 4.0 };
        let once = fixed(baseline).units_exact(0.1).unwrap();
        let sequence = Plan::new(baseline).units_exact(0.1).unwrap();
        let daily = Plan { looks: 28, ..Plan::new(baseline) }.units_exact(0.1).unwrap();
        assert!(once < daily && daily < sequence && sequence < 2.5 * once, "{once} {daily} {sequence}");
        let looks = Looks::even(5, Spending::OBrienFleming);
        let group = Plan { method: Method::GroupSequential { looks, look: 5 }, ..Plan::new(baseline) };
        close(group.units_exact(0.1).unwrap() / once, 1.024_715_620_921_566, 1e-6);
    }

    /// 4,000 simulated experiments of 28 looks each, a seed, normal scores.
    #[test]
    fn the_power_promised_is_the_power_there_is() {
        let baseline = Baseline::Mean { mean: 1.0, variance: 4.0 };
        let looks = Looks::even(28, Spending::Pocock);
        for method in
            [Method::default(), Method::Msprt { effect_variance: 0.01 }, Method::GroupSequential { looks, look: 28 }]
        {
            let plan = Plan { looks: 28, method, ..Plan::new(baseline) };
            let units = plan.units_exact(0.1).unwrap();
            let test = plan.test(0.1).unwrap();
            let seen = simulated(&test, units);
            assert!((seen - 0.8).abs() < 0.02, "{plan:?}: {seen}");
        }
    }

    fn simulated(test: &Test, units: f64) -> f64 {
        let drift = test.effect / (test.variance / units).sqrt();
        let boundaries: Vec<f64> = (1..=28_u32)
            .map(|look| match &test.rule {
                Rule::Looks(looks) => looks[look as usize - 1].1,
                Rule::Sequence { alpha, odds: Odds::PerUnit(each), .. } => {
                    mixture::critical(each * units * test.pair * f64::from(look) / 28.0, *alpha)
                }
                Rule::Sequence { alpha, odds: Odds::OfVariance(variance), .. } => {
                    mixture::critical(variance * units / test.variance * f64::from(look) / 28.0, *alpha)
                }
                Rule::Once { .. } | Rule::Posterior { .. } => unreachable!(),
            })
            .collect();
        let mut chance = Stream::named(3, "power");
        let experiments = 4_000;
        let seen = (0..experiments).filter(|_| {
            let mut score = 0.0;
            boundaries.iter().enumerate().any(|(at, boundary)| {
                // Twelve uniforms are near enough to normal.
                let normal: f64 = (0..12).map(|_| chance.unit()).sum::<f64>() - 6.0;
                score += drift / 28.0 + normal / 28.0_f64.sqrt();
                let share = (at + 1) as f64 / 28.0;
                score.abs() / share.sqrt() > *boundary
            })
        });
        seen.count() as f64 / f64::from(experiments)
    }

    #[test]
    fn what_makes_a_difference() {
        let plan = fixed(Baseline::Mean { mean: 10.0, variance: 9.0 });
        let units = |plan: &Plan| plan.units_exact(0.5).unwrap();
        let once = units(&plan);
        close(units(&Plan { variance_reduction: 0.4, ..plan.clone() }), 0.6 * once, 1e-9);
        close(units(&Plan { design_effect: design_effect(20.0, 0.05), ..plan.clone() }), 1.95 * once, 1e-9);
        // 1/(4 · .9 · .1).
        close(units(&Plan { weights: vec![9.0, 1.0], ..plan.clone() }), once / 0.36, 1e-9);
        let three = Plan { weights: vec![1.0; 3], ..plan.clone() };
        let alone = Plan { goal: Goal { alpha: 0.025, power: 0.8 }, ..plan.clone() };
        close(units(&three), 1.5 * units(&alone), 1e-9);
        let believed = Prior { proper: true, ..Prior::default() };
        assert!(units(&Plan { method: Method::Bayesian { prior: believed }, ..plan.clone() }) > once);
        close(units(&Plan { method: Method::Bayesian { prior: Prior::default() }, ..plan.clone() }), once, 1e-9);
        for plan in [plan.clone(), three, Plan { looks: 7, ..Plan::new(plan.baseline) }] {
            let effect = plan.detectable(1_000.0).unwrap();
            close(plan.units_exact(effect).unwrap(), 1_000.0, 1e-8);
        }
        assert_eq!((days(1_001, 100.0), days(1, 0.0)), (Some(11), None));
    }

    #[test]
    fn a_plan_that_makes_no_sense_says_what_is_wrong() {
        let good = fixed(Baseline::Proportion { share: 0.5 });
        let of = |plan: Plan| plan.units(0.1).unwrap_err();
        assert_eq!(of(Plan { goal: Goal { alpha: 0.0, power: 0.8 }, ..good.clone() }), PowerError::Goal);
        assert_eq!(of(Plan { goal: Goal { alpha: 0.05, power: 0.05 }, ..good.clone() }), PowerError::Goal);
        assert_eq!(of(fixed(Baseline::Proportion { share: 1.0 })), PowerError::Baseline);
        assert_eq!(of(fixed(Baseline::Mean { mean: 0.0, variance: f64::NAN })), PowerError::Baseline);
        assert_eq!(of(Plan { weights: vec![1.0], ..good.clone() }), PowerError::Weights);
        assert_eq!(of(Plan { weights: vec![1.0, 0.0], ..good.clone() }), PowerError::Weights);
        assert_eq!(of(Plan { variance_reduction: 1.0, ..good.clone() }), PowerError::Factor);
        assert_eq!(of(Plan { design_effect: 0.5, ..good.clone() }), PowerError::Factor);
        assert_eq!(of(Plan { looks: 0, ..Plan::new(good.baseline) }), PowerError::Method);
        let method = Method::Sequential { tuned_for: f64::NAN };
        assert_eq!(of(Plan { method, ..good.clone() }), PowerError::Method);
        for effect in [0.0, f64::NAN, 0.6] {
            assert_eq!(good.units(effect).unwrap_err(), PowerError::Effect);
        }
        assert_eq!(good.units(1e-9).unwrap_err(), PowerError::OutOfReach);
        assert_eq!(good.detectable(3.0).unwrap_err(), PowerError::OutOfReach);
        assert_eq!(good.power(-1.0, 0.1), Err(PowerError::Units));
    }
}
