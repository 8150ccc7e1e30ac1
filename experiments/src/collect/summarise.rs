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

/// A stratum with fewer units in some arm is taken together with others like it: its variance would be guesswork, and one
/// rare value must not leave a whole metric without an answer. Chosen by counts alone, which no effect moves.
pub(super) const STRATUM_UNITS_MIN: u64 = 10;

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

/// Strata, some of them taken together; the same in every arm.
struct Cells<'a> {
    strata: &'a Split,
    /// Of each stratum, and of units without one, the place of its cell.
    of: Vec<usize>,
    count: usize,
    small: usize,
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
    /// Clusters of which no member is known.
    pub(super) nobody: u64,
    /// Strata too small to stand alone.
    pub(super) strata_small: usize,
    /// What was capped at (above and below the line), and how many units lie above.
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
        let caps = metric.terms.cap.and_then(|cap| caps(cap, values));
        Self { metric, observed, values, strata, adjust, caps }
    }

    /// Of the units at these places.
    pub(super) fn summarise(&self, places: impl IntoIterator<Item = usize>) -> Summarised {
        let arms = self.observed.experiment.design.variants.len();
        let mut of_arm: Vec<Vec<(usize, &UnitValue)>> = vec![Vec::new(); arms];
        let mut summarised = Summarised { caps: self.caps.map(|caps| caps.after), ..Summarised::default() };
        for place in places {
            let (subject, value) = (&self.observed.subjects[place], &self.values[place]);
            if matches!(value, UnitValue::Immature | UnitValue::Nobody) {
                let left_out =
                    if *value == UnitValue::Nobody { &mut summarised.nobody } else { &mut summarised.immature };
                *left_out += 1;
                continue;
            }
            summarised.capped += u64::from(self.caps.is_some_and(|caps| above(value, caps.after)));
            of_arm[subject.arm].push((place, value));
        }
        let cells = self.stratified().map(|strata| self.cells(&of_arm, strata));
        summarised.strata_small = cells.as_ref().map_or(0, |cells| cells.small);
        let each: Result<Vec<Summary>, Why> = of_arm.iter().map(|units| self.arm(units, cells.as_ref())).collect();
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

    /// The strata, where the metric is one that is post-stratified: a number or a yes of each member.
    pub(super) fn stratified(&self) -> Option<&'a Split> {
        match &self.metric.kind {
            Kind::Mean { .. } | Kind::Proportion { .. } => {
                self.strata.filter(|_| self.observed.experiment.design.by_member())
            }
            Kind::Ratio { .. }
            | Kind::Quantile { .. }
            | Kind::Retention { .. }
            | Kind::Funnel { .. }
            | Kind::TimeToEvent { .. } => None,
        }
    }

    fn arm(&self, units: &[(usize, &UnitValue)], cells: Option<&Cells<'_>>) -> Result<Summary, Why> {
        if let Some(cells) = cells {
            return Ok(Summary::Strata(self.by_cell(units, cells)));
        }
        if self.counts_members()
            && let Some(of_clusters) = self.of_clusters(units)
        {
            return Ok(of_clusters);
        }
        Ok(match &self.metric.kind {
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

    /// Clusters are randomised, and members counted: a mean or a share of members is a ratio of two sums over clusters
    /// (Deng, Knoblich and Lu 2018), whatever the clusters' sizes are. None for what is counted of a cluster as a whole.
    fn of_clusters(&self, units: &[(usize, &UnitValue)]) -> Option<Summary> {
        let row = |place: usize, value: &UnitValue| match &self.metric.kind {
            Kind::Mean { .. } => {
                let members = self.observed.members(&self.observed.subjects[place]) as f64;
                let [after, before] = self.number(value);
                Some([after, members, before, members])
            }
            Kind::Proportion { .. } | Kind::Retention { .. } => Some(self.pair(value)),
            Kind::Ratio { .. } | Kind::Quantile { .. } | Kind::Funnel { .. } | Kind::TimeToEvent { .. } => None,
        };
        let rows: Vec<[f64; 4]> = units.iter().map(|(place, value)| row(*place, value)).collect::<Option<_>>()?;
        let after = |row: &[f64; 4]| [row[0], row[1]];
        Some(if self.adjust && !matches!(self.metric.kind, Kind::Retention { .. }) {
            Summary::AdjustedRatio(Joint::of(rows))
        } else {
            Summary::Ratio(Joint::of(rows.iter().map(after)))
        })
    }

    /// Whether members of clusters are counted, and not the clusters.
    pub(super) fn counts_members(&self) -> bool {
        let of_members =
            matches!(self.metric.kind, Kind::Mean { .. } | Kind::Proportion { .. } | Kind::Retention { .. });
        of_members && !self.observed.experiment.design.by_member()
    }

    /// Which strata are taken together: those with too few units in some arm that has any.
    fn cells<'s>(&self, of_arm: &[Vec<(usize, &UnitValue)>], strata: &'s Split) -> Cells<'s> {
        // One more for units without a value.
        let mut counts = vec![vec![0_u64; of_arm.len()]; strata.values.len() + 1];
        for (arm, units) in of_arm.iter().enumerate() {
            units.iter().for_each(|(place, _)| counts[strata.of[*place].unwrap_or(strata.values.len())][arm] += 1);
        }
        let arms: Vec<usize> = (0..of_arm.len()).filter(|arm| !of_arm[*arm].is_empty()).collect();
        let least = |counts: &[u64]| arms.iter().map(|arm| counts[*arm]).min().unwrap_or(0);
        let filled = |stratum: &usize| counts[*stratum].iter().any(|count| *count > 0);
        let (mut large, mut small): (Vec<usize>, Vec<usize>) =
            (0..counts.len()).filter(filled).partition(|stratum| least(&counts[*stratum]) >= STRATUM_UNITS_MIN);
        let few = small.len();
        let together: Vec<u64> =
            (0..of_arm.len()).map(|arm| small.iter().map(|stratum| counts[*stratum][arm]).sum()).collect();
        if few > 0 && least(&together) < STRATUM_UNITS_MIN {
            // Not enough even together: with the smallest of the others.
            let smallest = large.iter().copied().min_by_key(|stratum| least(&counts[*stratum]));
            large.retain(|stratum| Some(*stratum) != smallest);
            small.extend(smallest);
        }
        let mut of = vec![large.len(); counts.len()];
        large.iter().enumerate().for_each(|(cell, stratum)| of[*stratum] = cell);
        Cells { strata, of, count: large.len() + usize::from(!small.is_empty()), small: few }
    }

    fn by_cell(&self, units: &[(usize, &UnitValue)], cells: &Cells<'_>) -> Vec<Moments> {
        let mut moments = vec![Moments::default(); cells.count];
        for (place, value) in units {
            let stratum = cells.strata.of[*place].unwrap_or(cells.strata.values.len());
            moments[cells.of[stratum]].push(self.number(value)[0]);
        }
        moments
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
            | UnitValue::Nobody
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
            | UnitValue::Nobody
            | UnitValue::Immature => false,
        };
        (units.iter().filter(|(_, value)| yes(value)).count() as u64, units.len() as u64)
    }

    fn supply(&self, of_arm: &[Vec<(usize, &UnitValue)>]) -> Supply {
        let units = || Supply::Units(of_arm.iter().map(|units| units.len() as u64).collect());
        if self.counts_members() {
            return units();
        }
        match &self.metric.kind {
            Kind::Proportion { .. } | Kind::Retention { .. } | Kind::Funnel { .. } => {
                Supply::Conversions(of_arm.iter().map(|units| self.conversions(units)).collect())
            }
            Kind::Mean { .. } => {
                let shape = |units: &Vec<(usize, &UnitValue)>| Shape::of(units.iter().map(|(_, v)| self.number(v)[0]));
                Supply::Numbers(of_arm.iter().map(shape).collect())
            }
            Kind::Ratio { .. } | Kind::Quantile { .. } | Kind::TimeToEvent { .. } => units(),
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
        | UnitValue::Nobody
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
        | UnitValue::Nobody
        | UnitValue::Immature => None,
    }
}

fn above(value: &UnitValue, caps: [f64; 2]) -> bool {
    numbers(value).is_some_and(|[after, _]| after[0] > caps[0] || after[1] > caps[1])
}

/// Over all arms together, so that the cap does not depend on the arm; none where there is nothing to cap. A value is in the
/// units of what is above the line: what is below it is something else, and is left as it is.
fn caps(cap: Cap, values: &[UnitValue]) -> Option<Caps> {
    let all: Vec<[[f64; 2]; 2]> = values.iter().filter_map(numbers).collect();
    if all.is_empty() {
        return None;
    }
    let q = match cap {
        Cap::Value(at) => return Some(Caps { after: [at, f64::INFINITY], before: [at, f64::INFINITY] }),
        Cap::Quantile(q) => q,
    };
    let at = |period: usize, side: usize| {
        let mut numbers: Vec<f64> = all.iter().map(|unit| unit[period][side]).collect();
        let place = (numbers.len() as f64 * q).ceil() as usize;
        let place = place.clamp(1, numbers.len()) - 1;
        *numbers.select_nth_unstable_by(place, f64::total_cmp).1
    };
    Some(Caps { after: [at(0, 0), at(0, 1)], before: [at(1, 0), at(1, 1)] })
}
