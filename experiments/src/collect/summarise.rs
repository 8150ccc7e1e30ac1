//! What units count for, summarised by arm.

use crate::health::enough::Supply;
use crate::health::shape::Shape;
use crate::infer::finding::Why;
use crate::infer::joint::Joint;
use crate::infer::moments::Moments;
use crate::infer::quantile::QuantileSample;
use crate::infer::summary::Summary;
use crate::infer::survival::SurvivalSample;
use crate::metrics::value::UnitValue;
use crate::metrics::{Cap, Kind, Metric};
use crate::tally::Observed;

use super::Split;

/// How one metric is summarised: the same for the whole and for every segment.
pub(super) struct Plan<'a> {
    metric: &'a Metric,
    observed: &'a Observed<'a>,
    values: &'a [UnitValue],
    strata: Option<&'a Split>,
    adjust: bool,
    caps: Option<Caps>,
}

/// What values are held to: numerator and denominator, after the exposure and before it.
#[derive(Debug, Clone, Copy)]
struct Caps {
    after: [f64; 2],
    before: [f64; 2],
}

/// A metric's summaries, one for each arm.
#[derive(Debug, Default)]
pub(super) struct Summarised {
    pub(super) arms: Vec<Summary>,
    pub(super) supply: Option<Supply>,
    /// Why there are no summaries.
    pub(super) refused: Option<Why>,
    /// Units that are not known yet.
    pub(super) immature: u64,
    /// What was capped at, and how many units lie above.
    pub(super) caps: Option<[f64; 2]>,
    pub(super) capped: u64,
    /// Of a funnel, units that got to each step, for each arm.
    pub(super) steps: Vec<Vec<u64>>,
}

impl<'a> Plan<'a> {
    pub(super) fn new(
        metric: &'a Metric,
        observed: &'a Observed<'a>,
        values: &'a [UnitValue],
        strata: Option<&'a Split>,
    ) -> Self {
        let adjust = observed.experiment.design.analysis.adjust && metric.terms.pre_days > 0;
        let caps = metric.terms.cap.map(|cap| caps(cap, values));
        Self { metric, observed, values, strata, adjust, caps }
    }

    /// Of the units for which `part` holds, by their place.
    pub(super) fn summarise(&self, part: impl Fn(usize) -> bool) -> Summarised {
        let arms = self.observed.experiment.design.variants.len();
        let mut of_arm: Vec<Vec<(usize, &UnitValue)>> = vec![Vec::new(); arms];
        let mut summarised = Summarised { caps: self.caps.map(|caps| caps.after), ..Summarised::default() };
        for (place, (subject, value)) in self.observed.subjects.iter().zip(self.values).enumerate() {
            if !part(place) {
                continue;
            }
            if *value == UnitValue::Immature {
                summarised.immature += 1;
                continue;
            }
            summarised.capped += u64::from(self.caps.is_some_and(|caps| above(value, caps.after)));
            of_arm[subject.arm].push((place, value));
        }
        let each: Result<Vec<Summary>, Why> = of_arm.iter().map(|units| self.arm(units)).collect();
        match each {
            Ok(arms) => summarised.arms = arms,
            Err(why) => {
                summarised.refused = Some(why);
                let moments = |units: &Vec<_>| Moments { n: units.len() as u64, ..Moments::default() };
                summarised.arms = of_arm.iter().map(|units| Summary::Mean(moments(units))).collect();
            }
        }
        summarised.supply = Some(self.supply(&of_arm));
        if let Kind::Funnel { steps } = &self.metric.kind {
            summarised.steps = of_arm.iter().map(|units| reached(units, steps.len())).collect();
        }
        summarised
    }

    fn arm(&self, units: &[(usize, &UnitValue)]) -> Result<Summary, Why> {
        if let (Some(strata), Kind::Mean { .. } | Kind::Proportion { .. }) = (self.strata, &self.metric.kind) {
            return Ok(Summary::Strata(self.stratified(units, strata)));
        }
        Ok(match &self.metric.kind {
            Kind::Mean { .. } if !self.observed.experiment.design.by_member() => {
                let members = |place: usize| self.observed.members(&self.observed.subjects[place]) as f64;
                Summary::Ratio(Joint::of(units.iter().map(|(place, value)| [self.number(value)[0], members(*place)])))
            }
            Kind::Mean { .. } | Kind::Proportion { .. } if self.adjust => {
                Summary::AdjustedMean(Joint::of(units.iter().map(|(_, value)| self.number(value))))
            }
            Kind::Mean { .. } => Summary::Mean(Moments::of(units.iter().map(|(_, value)| self.number(value)[0]))),
            Kind::Proportion { .. } | Kind::Retention { .. } | Kind::Funnel { .. } => {
                let (successes, n) = self.conversions(units);
                Summary::Proportion { successes, n }
            }
            Kind::Ratio { .. } if self.adjust => {
                Summary::AdjustedRatio(Joint::of(units.iter().map(|(_, value)| self.pair(value))))
            }
            Kind::Ratio { .. } => Summary::Ratio(Joint::of(units.iter().map(|(_, value)| {
                let [numerator, denominator, ..] = self.pair(value);
                [numerator, denominator]
            }))),
            Kind::Quantile { q, .. } => Summary::Quantile(QuantileSample::clustered(&many(units), *q)?),
            Kind::TimeToEvent { horizon_days, .. } => {
                Summary::Survival(SurvivalSample::of(units.iter().filter_map(|(_, value)| time(value)), *horizon_days)?)
            }
        })
    }

    fn stratified(&self, units: &[(usize, &UnitValue)], strata: &Split) -> Vec<Moments> {
        // One more for units without a value.
        let mut cells = vec![Moments::default(); strata.values.len() + 1];
        for (place, value) in units {
            cells[strata.of[*place].unwrap_or(strata.values.len())].push(self.number(value)[0]);
        }
        // A stratum that nobody is in, in any arm, is none.
        let used = |at: &usize| {
            self.observed.subjects.iter().zip(&strata.of).any(|(_, of)| of.unwrap_or(strata.values.len()) == *at)
        };
        (0..cells.len()).filter(used).map(|at| cells[at]).collect()
    }

    /// After the exposure and before it.
    fn number(&self, value: &UnitValue) -> [f64; 2] {
        let (after, before) = match value {
            UnitValue::Number { after, before } => (*after, *before),
            UnitValue::Flag { after, before } => (f64::from(u8::from(*after)), f64::from(u8::from(*before))),
            UnitValue::Pair { .. }
            | UnitValue::Many(_)
            | UnitValue::Steps(_)
            | UnitValue::Time { .. }
            | UnitValue::Immature => (f64::NAN, f64::NAN),
        };
        match self.caps {
            Some(caps) => [after.min(caps.after[0]), before.min(caps.before[0])],
            None => [after, before],
        }
    }

    /// Numerator and denominator after the exposure, and before it.
    fn pair(&self, value: &UnitValue) -> [f64; 4] {
        let UnitValue::Pair { after, before } = value else { return [f64::NAN; 4] };
        let caps = self.caps.unwrap_or(Caps { after: [f64::INFINITY; 2], before: [f64::INFINITY; 2] });
        [
            after[0].min(caps.after[0]),
            after[1].min(caps.after[1]),
            before[0].min(caps.before[0]),
            before[1].min(caps.before[1]),
        ]
    }

    fn conversions(&self, units: &[(usize, &UnitValue)]) -> (u64, u64) {
        let steps = self.metric.events().len();
        let yes = |value: &UnitValue| match value {
            UnitValue::Flag { after, .. } => *after,
            UnitValue::Steps(reached) => *reached == steps,
            UnitValue::Number { .. }
            | UnitValue::Pair { .. }
            | UnitValue::Many(_)
            | UnitValue::Time { .. }
            | UnitValue::Immature => false,
        };
        (units.iter().filter(|(_, value)| yes(value)).count() as u64, units.len() as u64)
    }

    fn supply(&self, of_arm: &[Vec<(usize, &UnitValue)>]) -> Supply {
        match &self.metric.kind {
            Kind::Proportion { .. } | Kind::Retention { .. } | Kind::Funnel { .. } => {
                Supply::Conversions(of_arm.iter().map(|units| self.conversions(units)).collect())
            }
            Kind::Mean { .. } => {
                let shape = |units: &Vec<(usize, &UnitValue)>| Shape::of(units.iter().map(|(_, v)| self.number(v)[0]));
                Supply::Numbers(of_arm.iter().map(shape).collect())
            }
            Kind::Ratio { .. } | Kind::Quantile { .. } | Kind::TimeToEvent { .. } => {
                Supply::Units(of_arm.iter().map(|units| units.len() as u64).collect())
            }
        }
    }
}

/// The values of units with several, each with its unit.
fn many(units: &[(usize, &UnitValue)]) -> Vec<(u64, f64)> {
    let mut all = Vec::new();
    for (place, value) in units {
        if let UnitValue::Many(values) = value {
            all.extend(values.iter().map(|value| (*place as u64, *value)));
        }
    }
    all
}

fn time(value: &UnitValue) -> Option<(f64, bool)> {
    match value {
        UnitValue::Time { days, happened } => Some((*days, *happened)),
        UnitValue::Number { .. }
        | UnitValue::Flag { .. }
        | UnitValue::Pair { .. }
        | UnitValue::Many(_)
        | UnitValue::Steps(_)
        | UnitValue::Immature => None,
    }
}

fn reached(units: &[(usize, &UnitValue)], steps: usize) -> Vec<u64> {
    let got = |step: usize| {
        units.iter().filter(|(_, value)| matches!(value, UnitValue::Steps(reached) if *reached >= step)).count() as u64
    };
    (0..=steps).map(got).collect()
}

/// The numbers of a unit that may be capped: after and before.
fn numbers(value: &UnitValue) -> Option<[[f64; 2]; 2]> {
    match value {
        UnitValue::Number { after, before } => Some([[*after, 0.0], [*before, 0.0]]),
        UnitValue::Pair { after, before } => Some([*after, *before]),
        UnitValue::Flag { .. }
        | UnitValue::Many(_)
        | UnitValue::Steps(_)
        | UnitValue::Time { .. }
        | UnitValue::Immature => None,
    }
}

fn above(value: &UnitValue, caps: [f64; 2]) -> bool {
    numbers(value).is_some_and(|[after, _]| after[0] > caps[0] || after[1] > caps[1])
}

/// Over all arms together, so that the cap does not depend on the arm.
fn caps(cap: Cap, values: &[UnitValue]) -> Caps {
    let q = match cap {
        Cap::Value(at) => return Caps { after: [at; 2], before: [at; 2] },
        Cap::Quantile(q) => q,
    };
    let all: Vec<[[f64; 2]; 2]> = values.iter().filter_map(numbers).collect();
    let at = |period: usize, side: usize| {
        let mut numbers: Vec<f64> = all.iter().map(|unit| unit[period][side]).collect();
        let place = (numbers.len() as f64 * q).ceil() as usize;
        let place = place.clamp(1, numbers.len().max(1)) - 1;
        if numbers.is_empty() {
            return f64::INFINITY;
        }
        *numbers.select_nth_unstable_by(place, f64::total_cmp).1
    };
    Caps { after: [at(0, 0), at(0, 1)], before: [at(1, 0), at(1, 1)] }
}
