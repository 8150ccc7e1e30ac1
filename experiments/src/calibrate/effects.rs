//! False alarms and coverage: experiments without an effect, and with a known one, looked at every day.

use super::draw::Draw;
use super::measure::{Bound, Count, Measure};
use super::world::World;
use crate::health::enough;
use crate::infer::compare::Question;
use crate::infer::effect::Scale;
use crate::infer::finding::{Finding, Interval};
use crate::infer::method::Method;
use crate::infer::summary::Summary;

/// The level of every interval here.
pub(super) const ALPHA: f64 = 0.05;
/// The effect that intervals have to cover: a tenth more.
pub(super) const LIFT: f64 = 0.1;
/// Coverage of a fixed horizon has to be within this of 95%.
const COVERAGE_RANGE: f64 = 0.01;

const SCALES: [Scale; 2] = [Scale::Absolute, Scale::Relative];

/// A world that is looked at every day.
#[derive(Debug, Clone)]
pub(super) struct Daily {
    pub(super) world: World,
    /// New units in each arm, each day.
    pub(super) units: u64,
    /// How the daily looks are judged; the end always by a fixed horizon too.
    pub(super) daily: Method,
}

impl Daily {
    pub(super) fn measures(&self, name: &str, looks: u32) -> Vec<Measure> {
        let mut measures = Vec::new();
        // In the order of the scales.
        for short in ["absolute", "relative"] {
            let what = |text: &str| format!("{name}, {short}: {text}");
            measures.extend([
                Measure::new(what(&format!("false alarms in {looks} looks, sequence")), ALPHA, Bound::AtMost),
                Measure::new(what(&format!("coverage at all {looks} looks, sequence")), 1.0 - ALPHA, Bound::AtLeast),
                Measure::new(what("false alarms at the end, fixed"), ALPHA, Bound::Within(COVERAGE_RANGE)),
                Measure::new(what("coverage at the end, fixed"), 1.0 - ALPHA, Bound::Within(COVERAGE_RANGE)),
            ]);
        }
        measures
    }

    /// One experiment without and one with an effect.
    pub(super) fn run(&self, draw: &mut Draw, looks: u32, counts: &mut [Count]) {
        for (effect, lift) in [0.0, LIFT].into_iter().enumerate() {
            let missed = self.experiment(draw, looks, lift);
            for (scale, missed) in missed.iter().enumerate() {
                // Without an effect, a miss is a false alarm; with one, anything else is coverage.
                counts[4 * scale + effect].note(missed.daily != (effect == 1));
                counts[4 * scale + 2 + effect].note(missed.end != (effect == 1));
            }
        }
    }

    fn experiment(&self, draw: &mut Draw, looks: u32, lift: f64) -> [Missed; 2] {
        let mut missed = [Missed::default(); 2];
        let mut arms: [Option<Summary>; 2] = [None, None];
        for look in 1..=looks {
            for (arm, lift) in arms.iter_mut().zip([0.0, lift]) {
                let day = self.world.day(draw, self.units, lift);
                *arm = match arm.take() {
                    Some(so_far) => so_far.merge(&day),
                    None => Some(day),
                };
            }
            let [Some(control), Some(treatment)] = &arms else { return missed };
            let judged = |method: &Method, scale| judge(control, treatment, method, scale);
            for (missed, scale) in missed.iter_mut().zip(SCALES) {
                let truth = self.world.truth(lift, scale);
                let outside = |found: Interval| found.low > truth || found.high < truth;
                // No answer is no false answer, except at the end, where one is due.
                let daily = judged(&self.daily, scale).interval().copied();
                missed.daily |= daily.map_or(look == looks, outside);
                if look == looks {
                    let end = judged(&Method::FixedHorizon, scale).interval().copied();
                    missed.end = end.is_none_or(outside);
                }
            }
        }
        missed
    }
}

/// Whether the truth lay outside.
#[derive(Debug, Clone, Copy, Default)]
struct Missed {
    /// At any look.
    daily: bool,
    /// At the end.
    end: bool,
}

/// As analyses do: first whether there is enough, then the comparison.
pub(super) fn judge(control: &Summary, treatment: &Summary, method: &Method, scale: Scale) -> Finding {
    let question = Question { scale, method: method.clone(), alpha: ALPHA, fieller: false };
    enough::judge(control, treatment, &question)
}
