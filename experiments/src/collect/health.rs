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

use super::summarise::Plan;
use super::{Measured, Split, at_the_same_time};

/// Everything that is looked at before an effect is shown. What depends on a metric's supply alone is looked at by
/// [`crate::report::analyse`].
pub(super) fn checks(
    tally: &Tally,
    observed: &Observed<'_>,
    arms: &[ArmInput],
    measured: &[Measured<'_>],
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
    checks.extend(before(observed, &keys, measured));
    checks.push(enough::check_days(days));
    checks.extend(interaction::checks(&keys, &pairs(tally, observed, measured, now)));
    for metric in measured {
        let plan = Plan::new(metric.metric, observed, &metric.values, None);
        if let Some(Supply::Numbers(shapes)) = plan.summarise(|_| true).supply {
            checks.push(outlier::check(&keys, metric.key, &shapes));
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

/// Did the arms differ before the experiment?
fn before(observed: &Observed<'_>, keys: &[String], measured: &[Measured<'_>]) -> Vec<Check> {
    let of = |metric: &Measured<'_>| {
        let mut arms = vec![Moments::default(); keys.len()];
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
        (metric.metric.terms.pre_days > 0 && varies).then(|| Before { metric: metric.key.to_owned(), arms })
    };
    imbalance::checks(keys, &measured.iter().filter_map(of).collect::<Vec<_>>())
}

/// The experiments that share units with this one, by the first metric that is a number or a yes of every unit.
fn pairs(tally: &Tally, observed: &Observed<'_>, measured: &[Measured<'_>], now: UnixMillis) -> Vec<Pair> {
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
    // Of all units: those that are not known yet would count for 0.
    let known = |metric: &&Measured<'_>| metric.values.iter().all(|value| number(value).is_some());
    let outcome = measured.iter().find(known);
    let mut pairs = Vec::new();
    for (key, experiment) in at_the_same_time(tally, observed, now) {
        let Some(other) = tally.observe(key, now) else { continue };
        let (here, there) = (observed.experiment.design.variants.len(), experiment.design.variants.len());
        let mut cells = vec![vec![Moments::default(); there]; here];
        for (place, arm) in observed.shared(&other) {
            let value = outcome.and_then(|metric| number(&metric.values[place])).unwrap_or(0.0);
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
