//! What one unit counts for: a function of its logs, its exposure, and how long it was looked at.

use anklang_domain::DAY_MS;

use super::definition::{Aggregate, Kind, Metric, Per, RetentionKind};
use super::event::Event;
use super::log::Log;

/// One unit as a metric sees it.
#[derive(Debug, Clone, Copy)]
pub struct Unit<'a> {
    /// When it was first exposed, in milliseconds since 1970.
    pub exposed_ms: i64,
    /// Until when it was looked at.
    pub until_ms: i64,
    /// What it did, for each of [`Metric::events`].
    pub logs: &'a [&'a Log],
}

/// What a unit counts for.
#[derive(Debug, Clone, PartialEq)]
pub enum UnitValue {
    /// A number, and what it was before the exposure.
    Number {
        /// After.
        after: f64,
        /// Before.
        before: f64,
    },
    /// Yes or no, and what it was before the exposure.
    Flag {
        /// After.
        after: bool,
        /// Before.
        before: bool,
    },
    /// Numerator and denominator, and what they were before; of a cluster's share, members that did and members.
    Pair {
        /// After.
        after: [f64; 2],
        /// Before.
        before: [f64; 2],
    },
    /// A number for each event.
    Many(Vec<f64>),
    /// So many steps of a funnel.
    Steps(usize),
    /// Days until the event, or until nothing more is known.
    Time {
        /// Days from the exposure.
        days: f64,
        /// Whether it was the event.
        happened: bool,
    },
    /// A cluster of which no member is known: whatever it did cannot be counted.
    Nobody,
    /// Not known yet: the unit was exposed too recently.
    Immature,
}

/// What a unit counts for by this metric.
#[must_use]
pub fn value(metric: &Metric, unit: &Unit<'_>) -> UnitValue {
    let (from, before) = metric.window_ms();
    let from = unit.exposed_ms.saturating_add(from);
    let window_ends = unit.exposed_ms.saturating_add(before);
    if metric.terms.mature_only && unit.until_ms < window_ends {
        return UnitValue::Immature;
    }
    let until = unit.until_ms.min(window_ends);
    let after = |at: usize| unit.logs.get(at).map_or(&[][..], |log| log.between(from, until));
    let past = unit.exposed_ms - metric.lookback_ms();
    let earlier = |at: usize| unit.logs.get(at).map_or(&[][..], |log| log.between(past, unit.exposed_ms));
    let sum = |events: &[(i64, f64)], of| aggregate(events, of, unit.exposed_ms);
    match &metric.kind {
        Kind::Mean { of, .. } => UnitValue::Number { after: sum(after(0), *of), before: sum(earlier(0), *of) },
        Kind::Proportion { at_least, .. } => {
            let enough = |events: &[(i64, f64)]| events.len() >= *at_least as usize;
            UnitValue::Flag { after: enough(after(0)), before: enough(earlier(0)) }
        }
        Kind::Ratio { numerator, denominator } => UnitValue::Pair {
            after: [sum(after(0), numerator.of), sum(after(1), denominator.of)],
            before: [sum(earlier(0), numerator.of), sum(earlier(1), denominator.of)],
        },
        Kind::Quantile { per: Per::Event, .. } => UnitValue::Many(after(0).iter().map(|(_, value)| *value).collect()),
        Kind::Quantile { per: Per::Unit, .. } => UnitValue::Many(vec![sum(after(0), Aggregate::Sum)]),
        Kind::Retention { day, retained, .. } => retention(unit, i64::from(*day), *retained),
        Kind::Funnel { steps } => UnitValue::Steps(reached(steps, &after)),
        Kind::TimeToEvent { horizon_days, .. } => time_to_event(unit, after(0), until, *horizon_days),
    }
}

/// 0 where nothing happened.
fn aggregate(events: &[(i64, f64)], of: Aggregate, exposed_ms: i64) -> f64 {
    match of {
        Aggregate::Count => events.len() as f64,
        Aggregate::Sum => events.iter().map(|(_, value)| value).sum(),
        Aggregate::Max => events.iter().map(|(_, value)| *value).reduce(f64::max).unwrap_or(0.0),
        Aggregate::Days => {
            let mut days: Vec<i64> = events.iter().map(|(at, _)| (at - exposed_ms).div_euclid(DAY_MS)).collect();
            days.dedup(); // events are in order
            days.len() as f64
        }
    }
}

fn retention(unit: &Unit<'_>, day: i64, retained: RetentionKind) -> UnitValue {
    let begins = |day: i64| unit.exposed_ms.saturating_add(day.saturating_mul(DAY_MS));
    if unit.until_ms < begins(day + 1) {
        return UnitValue::Immature;
    }
    let (from, before) = match retained {
        RetentionKind::Day => (begins(day), begins(day + 1)),
        RetentionKind::Rolling => (begins(1), begins(day + 1)),
        RetentionKind::Unbounded => (begins(day), unit.until_ms),
    };
    let back = unit.logs.first().is_some_and(|log| !log.between(from, before).is_empty());
    UnitValue::Flag { after: back, before: false }
}

/// The steps gone through in their order, each the first of its kind not before the one before it, and no event twice.
fn reached<'a>(steps: &[Event], after: &impl Fn(usize) -> &'a [(i64, f64)]) -> usize {
    let mut last = i64::MIN;
    let mut used: Vec<usize> = Vec::with_capacity(steps.len());
    for (step, event) in steps.iter().enumerate() {
        let events = after(step);
        let before = steps.iter().zip(&used).filter(|(other, _)| *other == event).map(|(_, place)| place + 1).max();
        let place = events.partition_point(|(at, _)| *at < last).max(before.unwrap_or(0));
        let Some((at, _)) = events.get(place) else { return step };
        last = *at;
        used.push(place);
    }
    steps.len()
}

fn time_to_event(unit: &Unit<'_>, events: &[(i64, f64)], until_ms: i64, horizon_days: f64) -> UnitValue {
    let days = |ms: i64| (ms - unit.exposed_ms).max(0) as f64 / DAY_MS as f64;
    match events.first() {
        Some((at, _)) if days(*at) <= horizon_days => UnitValue::Time { days: days(*at), happened: true },
        Some(_) | None => UnitValue::Time { days: days(until_ms).min(horizon_days), happened: false },
    }
}
