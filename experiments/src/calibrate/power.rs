//! Is the power what was promised?

use super::draw::Draw;
use super::effects::judge;
use super::measure::{Bound, Count, Measure};
use super::world::World;
use crate::design::power::{Goal, units_per_arm, units_per_arm_proportions};
use crate::infer::effect::Scale;
use crate::infer::method::Method;

/// The power found has to be within this of the power promised.
const POWER_RANGE: f64 = 0.02;

/// An effect that a design promises to see.
#[derive(Debug, Clone, Copy)]
pub(super) enum Promise {
    /// .10 → .13.
    Proportion,
    /// A mean of 1 up by a tenth, at a standard deviation of 1.
    Mean,
    /// The same, log-normal.
    Lognormal,
}

impl Promise {
    pub(super) const ALL: [Self; 3] = [Self::Proportion, Self::Mean, Self::Lognormal];

    pub(super) fn measure(self) -> Measure {
        let what = match self {
            Self::Proportion => "power: proportion .10 → .13, fixed",
            Self::Mean => "power: mean +10%, fixed",
            Self::Lognormal => "power: log-normal +10%, fixed",
        };
        Measure::new(what, Goal::default().power, Bound::Within(POWER_RANGE))
    }

    fn design(self) -> (World, f64, u64) {
        let goal = Goal::default();
        let (world, lift, units) = match self {
            Self::Proportion => (World::Proportion(0.1), 0.3, units_per_arm_proportions(0.1, 0.13, goal)),
            Self::Mean => (World::Normal, 0.1, units_per_arm(0.1, 1.0, 1.0, goal)),
            Self::Lognormal => {
                let (one, lift) = (1.0_f64.exp() * (1.0_f64.exp() - 1.0), 0.1);
                let apart = lift * World::Lognormal.mean();
                (World::Lognormal, lift, units_per_arm(apart, one, one * 1.1 * 1.1, goal))
            }
        };
        (world, lift, units.ceil() as u64)
    }

    pub(super) fn run(self, draw: &mut Draw, counts: &mut [Count]) {
        let (world, lift, units) = self.design();
        let (control, treatment) = (world.day(draw, units, 0.0), world.day(draw, units, lift));
        let found = judge(&control, &treatment, &Method::FixedHorizon, Scale::Absolute);
        counts[0].note(found.interval().is_some_and(|interval| interval.low > 0.0));
    }
}
