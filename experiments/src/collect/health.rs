//! The checks of an experiment's health, fed from the tally.

use anklang_domain::UnixMillis;

use crate::health::cause::{self, Dimension};
use crate::health::enough::Supply;
use crate::health::imbalance::{self, Before};
use crate::health::interaction::{self, Pair};
use crate::health::{Check, enough, outlier, several_arms, srm};
use crate::infer::moments::Moments;
use crate::metrics::value::UnitValue;
use crate::report::ArmInput;
use crate::tally::{Observed, Tally};

use super::{Digest, Measured, Split, at_the_same_time};

/// Everything that is looked at before an effect is shown. What depends on a metric's supply alone is looked at by
/// [`crate::report::analyse`].
pub(super) fn checks(
    tally: &Tally,
    observed: &Observed<'_>,
    arms: &[ArmInput],
    metrics: &[Digest<'_>],
    outcome: Option<&[f64]>,
    days: f64,
    now: UnixMillis,
) -> Vec<Check> {
    let keys: Vec<String> = arms.iter().map(|arm| arm.key.clone()).collect();
    let weights: Vec<f64> = arms.iter().map(|arm| arm.weight).collect();
    let units: Vec<u64> = arms.iter().map(|arm| arm.units).collect();
    let mut checks = split(observed, &keys, &weights, &units);
    let seen = units.iter().sum::<u64>() + observed.several.count;
    checks.push(several_arms::check(observed.several.count, seen, &observed.several.examples));
    checks.extend(observed.exposures.checks());
    let before = |metric: &Digest<'_>| Some(Before { metric: metric.key.to_owned(), arms: metric.before.clone()? });
    checks.extend(imbalance::checks(&keys, &metrics.iter().filter_map(before).collect::<Vec<_>>()));
    checks.push(enough::check_days(days));
    checks.extend(interaction::checks(&keys, &pairs(tally, observed, outcome, now)));
    for metric in metrics {
        if let Some(Supply::Numbers(shapes)) = &metric.supply {
            checks.push(outlier::check(&keys, metric.key, shapes));
        }
    }
    checks
}

/// Are the arms filled as planned, and if not, why?
fn split(observed: &Observed<'_>, keys: &[String], weights: &[f64], units: &[u64]) -> Vec<Check> {
    let by = |name: &str| {
        let split = Split::new(observed, name);
        let counts = split.counts(observed, keys.len());
        Dimension { name: name.to_owned(), values: split.values.into_iter().zip(counts).collect() }
    };
    let days = by(crate::tally::DAY);
    let counts: Vec<Vec<u64>> = days.values.iter().map(|(_, counts)| counts.clone()).collect();
    let mut checks = vec![srm::check(keys, weights, &counts)];
    let others: Vec<Dimension> =
        observed.dimensions().into_iter().filter(|name| *name != crate::tally::DAY).map(by).collect();
    checks.extend(cause::checks(keys, weights, units, &days, &others));
    checks
}

/// What the units of each arm did before; none where that is not looked at, or never varies.
pub(super) fn before(observed: &Observed<'_>, metric: &Measured<'_>) -> Option<Vec<Moments>> {
    let mut arms = vec![Moments::default(); observed.experiment.design.variants.len()];
    for (subject, value) in observed.subjects.iter().zip(&metric.values) {
        let past = match value {
            UnitValue::Number { before, .. } => *before,
            UnitValue::Flag { before, .. } => f64::from(u8::from(*before)),
            UnitValue::Pair { before, .. } => before[0],
            UnitValue::Many(_)
            | UnitValue::Steps(_)
            | UnitValue::Time { .. }
            | UnitValue::Nobody
            | UnitValue::Immature => continue,
        };
        arms[subject.arm].push(past);
    }
    let varies = arms.iter().any(|arm| arm.m2 > 0.0);
    (metric.metric.terms.pre_days > 0 && varies).then_some(arms)
}

/// What each unit counts for by a metric that is a number or a yes of every unit; none where it is something else. Of all
/// units: those that are not known yet would count for 0.
pub(super) fn outcome(values: &[UnitValue]) -> Option<Vec<f64>> {
    let number = |value: &UnitValue| match value {
        UnitValue::Number { after, .. } => Some(*after),
        UnitValue::Flag { after, .. } => Some(f64::from(u8::from(*after))),
        UnitValue::Pair { .. }
        | UnitValue::Many(_)
        | UnitValue::Steps(_)
        | UnitValue::Time { .. }
        | UnitValue::Nobody
        | UnitValue::Immature => None,
    };
    values.iter().map(number).collect()
}

/// The experiments that share units with this one, by the first metric that is a number or a yes of every unit.
fn pairs(tally: &Tally, observed: &Observed<'_>, outcome: Option<&[f64]>, now: UnixMillis) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for (key, experiment) in at_the_same_time(tally, observed, now) {
        let Some(other) = tally.glance(key, now, false) else { continue };
        let (here, there) = (observed.experiment.design.variants.len(), experiment.design.variants.len());
        let mut cells = vec![vec![Moments::default(); there]; here];
        for (place, arm) in observed.shared(&other) {
            let value = outcome.map_or(0.0, |values| values[place]);
            cells[observed.subjects[place].arm][arm].push(value);
        }
        if cells.iter().flatten().all(|cell| cell.n == 0) {
            continue;
        }
        pairs.push(Pair {
            other: key.to_owned(),
            other_arms: experiment.design.variants.iter().map(|variant| variant.key.clone()).collect(),
            weights: [observed.experiment.design.weights(), experiment.design.weights()],
            cells,
        });
    }
    pairs
}
