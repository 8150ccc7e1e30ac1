//! Is the power what was promised?

use super::draw::Draw;
use super::effects::{Daily, Plan, Prepared};
use super::measure::{Bound, Count, Measure};
use super::world::{World, lognormal_variance, ratio_variance};
use crate::design::power::{self, Baseline, Goal, PowerError};
use crate::infer::method::Method;
use crate::infer::sequential::group::{Looks, Spending};
use crate::infer::summary::Summary;

/// The power found has to be within this of the power promised.
const POWER_RANGE: f64 = 0.02;
/// Looks of a group sequential test.
const GROUP_LOOKS: usize = 5;

/// An effect that a plan promises to see.
#[derive(Debug, Clone, Copy)]
pub(super) struct Promise {
    pub(super) name: &'static str,
    world: World,
    /// The variance of one unit at that factor on the outcome; none for a proportion, which has it from its share.
    variance: Option<fn(f64) -> f64>,
    lift: f64,
    how: How,
}

/// How it is going to be analysed.
#[derive(Debug, Clone, Copy)]
enum How {
    Fixed,
    /// The default, at every look.
    Sequence,
    Group,
}

const fn promise(
    name: &'static str,
    world: World,
    variance: Option<fn(f64) -> f64>,
    (lift, how): (f64, How),
) -> Promise {
    Promise { name, world, variance, lift, how }
}

const TENTH: World = World::Proportion(0.1);
const NORMAL: Option<fn(f64) -> f64> = Some(|_| 1.0);
const LOGNORMAL: Option<fn(f64) -> f64> = Some(lognormal_variance);
const RATIO: Option<fn(f64) -> f64> = Some(ratio_variance);

pub(super) const PROMISES: [Promise; 8] = [
    promise("power-proportion", TENTH, None, (0.3, How::Fixed)),
    promise("power-mean", World::Normal, NORMAL, (0.1, How::Fixed)),
    promise("power-lognormal", World::Lognormal, LOGNORMAL, (0.1, How::Fixed)),
    promise("power-ratio", World::Ratio, RATIO, (0.1, How::Fixed)),
    promise("power-mean-sequence", World::Normal, NORMAL, (0.1, How::Sequence)),
    promise("power-proportion-sequence", TENTH, None, (0.3, How::Sequence)),
    promise("power-ratio-sequence", World::Ratio, RATIO, (0.05, How::Sequence)),
    promise("power-mean-group", World::Normal, NORMAL, (0.1, How::Group)),
];

impl Promise {
    /// The experiment that the plan asks for.
    pub(super) fn daily(&self, looks: usize) -> Result<Daily, PowerError> {
        let (looks, method, plan) = match self.how {
            How::Fixed => (1, Method::FixedHorizon, Plan::Alike(Method::FixedHorizon)),
            How::Sequence => (looks, Method::default(), Plan::Alike(Method::default())),
            How::Group => {
                let even = Looks::even(GROUP_LOOKS, Spending::OBrienFleming);
                (GROUP_LOOKS, Method::GroupSequential { looks: even, look: 1 }, Plan::Group)
            }
        };
        let design = power::Plan { method, looks, ..power::Plan::new(self.baseline()) };
        let size = design.units(self.lift * self.world.mean())?;
        let per_arm = size.per_arm.first().copied().unwrap_or(0);
        Ok(Daily { world: self.world, units: per_arm.div_ceil(looks as u64), looks, plan })
    }

    /// With the variance of both arms on average, as the lift changes it.
    fn baseline(&self) -> Baseline {
        let mean = self.world.mean();
        match self.variance {
            Some(variance) => {
                Baseline::Mean { mean, variance: f64::midpoint(variance(1.0), variance(1.0 + self.lift)) }
            }
            None => Baseline::Proportion { share: mean },
        }
    }

    pub(super) fn measure(&self) -> Measure {
        let how = match self.how {
            How::Fixed => "fixed",
            How::Sequence => "sequence",
            How::Group => "group sequential",
        };
        let what = format!("{}: +{:.0}% is seen, {how}", self.name, self.lift * 100.0);
        Measure::new(what, Goal::default().power, Bound::Within(POWER_RANGE))
    }

    /// Whether the effect is seen at any look.
    pub(super) fn run(&self, daily: &Daily, asked: &Prepared<'_>, draw: &mut Draw, counts: &mut [Count]) {
        let mut arms: [Option<Summary>; 2] = [None, None];
        let seen = (1..=daily.looks).any(|look| {
            daily.advance(draw, self.lift, &mut arms);
            let [Some(control), Some(treatment)] = &arms else { return false };
            let found = asked.absolute(look).map(|guarded| guarded.compare(control, treatment));
            found.is_some_and(|found| found.interval().is_some_and(|interval| interval.low > 0.0))
        });
        counts[0].note(seen);
    }
}
