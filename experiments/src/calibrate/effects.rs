//! False alarms and coverage: experiments without an effect, and with a known one, looked at every day.

use super::draw::Draw;
use super::measure::{Bound, Count, Measure};
use super::world::World;
use crate::health::gate::{Gate, Guarded};
use crate::infer::compare::Question;
use crate::infer::effect::Scale;
use crate::infer::finding::{Interval, Why};
use crate::infer::method::Method;
use crate::infer::sequential::group::{Looks, Spending};
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
    pub(super) looks: usize,
    pub(super) plan: Plan,
}

/// How the daily looks are judged. The last one is judged by a fixed horizon too.
#[derive(Debug, Clone)]
pub(super) enum Plan {
    /// Alike, by this method.
    Alike(Method),
    /// By a group sequential test that planned them.
    Group,
}

/// The questions of each look, on both scales, and those of the end.
#[derive(Debug, Clone)]
pub(super) struct Questions {
    daily: Vec<[Gate; 2]>,
    end: [Gate; 2],
}

/// The same, ready.
#[derive(Debug)]
pub(super) struct Prepared<'a> {
    daily: Vec<[Guarded<'a>; 2]>,
    end: [Guarded<'a>; 2],
}

impl Questions {
    pub(super) fn prepare(&self) -> Result<Prepared<'_>, Why> {
        Ok(Prepared { daily: self.daily.iter().map(both).collect::<Result<_, Why>>()?, end: both(&self.end)? })
    }
}

impl<'a> Prepared<'a> {
    /// Of a look, which counts from 1.
    fn daily(&self, look: usize) -> Option<&[Guarded<'a>; 2]> {
        self.daily.get(look - 1).or(self.daily.last())
    }

    pub(super) fn absolute(&self, look: usize) -> Option<&Guarded<'a>> {
        self.daily(look).map(|[absolute, _]| absolute)
    }
}

fn both([absolute, relative]: &[Gate; 2]) -> Result<[Guarded<'_>; 2], Why> {
    Ok([absolute.prepare()?, relative.prepare()?])
}

impl Daily {
    pub(super) fn questions(&self) -> Questions {
        let gates = |method: &Method| {
            SCALES.map(|scale| Gate::new(Question { scale, method: method.clone(), alpha: ALPHA, fieller: false }))
        };
        let daily = match &self.plan {
            Plan::Alike(method) => vec![gates(method)],
            Plan::Group => {
                let looks = Looks::even(self.looks, Spending::OBrienFleming);
                let at = |look| gates(&Method::GroupSequential { looks: looks.clone(), look });
                (1..=self.looks).map(at).collect()
            }
        };
        Questions { daily, end: gates(&Method::FixedHorizon) }
    }

    pub(super) fn measures(&self, name: &str) -> Vec<Measure> {
        let looks = self.looks;
        // A group sequential test spends its level to the full, and is held to it as a fixed horizon is.
        let (how, alarms, coverage) = match self.plan {
            Plan::Alike(_) => ("sequence", Bound::AtMost, Bound::AtLeast),
            Plan::Group => ("group sequential", Bound::Within(COVERAGE_RANGE), Bound::Within(COVERAGE_RANGE)),
        };
        let mut measures = Vec::new();
        // In the order of the scales.
        for short in ["absolute", "relative"] {
            let what = |text: &str| format!("{name}, {short}: {text}");
            measures.extend([
                Measure::new(what(&format!("false alarms in {looks} looks, {how}")), ALPHA, alarms),
                Measure::new(what(&format!("coverage at all {looks} looks, {how}")), 1.0 - ALPHA, coverage),
                Measure::new(what("false alarms at the end, fixed"), ALPHA, Bound::Within(COVERAGE_RANGE)),
                Measure::new(what("coverage at the end, fixed"), 1.0 - ALPHA, Bound::Within(COVERAGE_RANGE)),
            ]);
        }
        measures
    }

    /// One experiment without and one with an effect.
    pub(super) fn run(&self, asked: &Prepared<'_>, draw: &mut Draw, counts: &mut [Count]) {
        for (effect, lift) in [0.0, LIFT].into_iter().enumerate() {
            let missed = self.experiment(asked, draw, lift);
            for (scale, missed) in missed.iter().enumerate() {
                // Without an effect, a miss is a false alarm; with one, anything else is coverage.
                counts[4 * scale + effect].note(missed.daily != (effect == 1));
                counts[4 * scale + 2 + effect].note(missed.end != (effect == 1));
            }
        }
    }

    /// Another day, in both arms.
    pub(super) fn advance(&self, draw: &mut Draw, lift: f64, arms: &mut [Option<Summary>; 2]) {
        for (arm, lift) in arms.iter_mut().zip([0.0, lift]) {
            let day = self.world.day(draw, self.units, lift);
            *arm = match arm.take() {
                Some(so_far) => day.and_then(|day| so_far.merge(&day)),
                None => day,
            };
        }
    }

    fn experiment(&self, asked: &Prepared<'_>, draw: &mut Draw, lift: f64) -> [Missed; 2] {
        let mut missed = [Missed::default(); 2];
        let mut arms: [Option<Summary>; 2] = [None, None];
        for look in 1..=self.looks {
            self.advance(draw, lift, &mut arms);
            let [Some(control), Some(treatment)] = &arms else { return [Missed { daily: true, end: true }; 2] };
            let Some(daily) = asked.daily(look) else { return missed };
            let last = look == self.looks;
            for (at, missed) in missed.iter_mut().enumerate() {
                let truth = self.world.truth(lift, SCALES[at]);
                let outside = |found: &Interval| found.low > truth || found.high < truth;
                // No answer is no false answer, except at the end, where one is due.
                missed.daily |= daily[at].compare(control, treatment).interval().map_or(last, outside);
                if last {
                    missed.end = asked.end[at].compare(control, treatment).interval().is_none_or(outside);
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
