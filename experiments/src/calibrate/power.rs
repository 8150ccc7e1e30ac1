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
    pub(super) world: World,
    pub(super) lift: f64,
    pub(super) how: How,
}

/// How it is going to be analysed.
#[derive(Debug, Clone, Copy)]
pub(super) enum How {
    Fixed,
    /// The default, at every look.
    Sequence,
    Group,
}

const fn promise(name: &'static str, world: World, lift: f64, how: How) -> Promise {
    Promise { name, world, lift, how }
}

pub(super) const PROMISES: [Promise; 8] = [
    promise("power-proportion", World::Proportion(0.1), 0.3, How::Fixed),
    promise("power-mean", World::Normal, 0.1, How::Fixed),
    promise("power-lognormal", World::Lognormal, 0.1, How::Fixed),
    promise("power-ratio", World::Ratio, 0.1, How::Fixed),
    promise("power-mean-sequence", World::Normal, 0.1, How::Sequence),
    promise("power-proportion-sequence", World::Proportion(0.1), 0.3, How::Sequence),
    promise("power-ratio-sequence", World::Ratio, 0.05, How::Sequence),
    promise("power-mean-group", World::Normal, 0.1, How::Group),
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
        let up = 1.0 + self.lift;
        let both = |variance: fn(f64) -> f64| Baseline::Mean {
            mean: self.world.mean(),
            variance: f64::midpoint(variance(1.0), variance(up)),
        };
        match self.world {
            World::Proportion(share) => Baseline::Proportion { share },
            World::Lognormal => both(lognormal_variance),
            World::Ratio => both(ratio_variance),
            // The promises above are of no other kind than normal, of variance 1.
            _ => both(|_| 1.0),
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
