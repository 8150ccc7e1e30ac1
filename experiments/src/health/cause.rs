//! Where a sample-ratio mismatch comes from: which day, client, country, device or segment, or which change in mid-run.
//!
//! A list of reasons to look into, not a proof. After Fabijan et al., "Diagnosing Sample Ratio Mismatch in Online
//! Controlled Experiments" (KDD 2019): look for the smallest segment that explains it.

use serde::Serialize;

use super::severity::{ALARM_P, SUSPICIOUS_P, Severity};
use super::srm::srm;
use super::table::independence;
use super::{Check, Code, Details, words};
use crate::infer::frequentist::multiplicity::ln_holm;

/// How many causes are told at most.
pub const CAUSES_MAX: usize = 3;
/// A cause explains at least this share of the mismatch.
pub const EXPLAINED_MIN: f64 = 0.25;
/// Values of one dimension looked at, at most: those with most units.
pub const VALUES_MAX: usize = 1_000;

/// Units per arm for each value of something that is known of them: the client that assigned, the country, the day. In
/// order, where there is one, as with days.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Dimension {
    /// Such as `client`.
    pub name: String,
    /// Its values, and the units per arm that have them.
    pub values: Vec<(String, Vec<u64>)>,
}

/// What may have caused a mismatch.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cause {
    /// What kind of cause.
    pub kind: Kind,
    /// The arm that is off most.
    pub arm: usize,
    /// The share of the units it concerns, from 0 to 1.
    pub share_of_units: f64,
    /// The share of that arm among them, and as planned.
    pub got: f64,
    /// As planned.
    pub planned: f64,
    /// The share of χ² that is gone without them.
    pub explained: f64,
    /// The logarithm of the p-value, adjusted for all that was tried (Holm; for changes Bonferroni).
    pub ln_p: f64,
    /// The logarithm of the p-value of the split without them; none where too few units are left.
    pub rest_ln_p: Option<f64>,
}

/// What kind of cause.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The units with this value.
    Value {
        /// Of which dimension.
        dimension: String,
        /// Which.
        value: String,
    },
    /// An arm got no units at all from one day to another, both included.
    Outage {
        /// The first day.
        from: String,
        /// The last.
        to: String,
    },
    /// The split is as planned before a day, and another from then on; or the other way round.
    Change {
        /// The first day of the other split.
        day: String,
        /// Whether it is the units before it that are off.
        before: bool,
    },
}

impl Cause {
    /// Whether nothing is wrong without these units.
    #[must_use]
    pub fn rest_is_clean(&self) -> bool {
        self.rest_ln_p.is_some_and(|ln_p| ln_p >= SUSPICIOUS_P.ln())
    }
}

/// The planned weights, and all units.
struct Plan<'a> {
    weights: &'a [f64],
    all: Vec<u64>,
    chi_square: f64,
}

/// The likely causes of a mismatch, likeliest first: first what leaves the rest clean, then what explains most. `days` in
/// order; empty where they are not known. None where all units are as planned, or all are off alike.
#[must_use]
pub fn likely(weights: &[f64], all: &[u64], days: &Dimension, dimensions: &[Dimension]) -> Vec<Cause> {
    let Ok(whole) = srm(all, weights) else { return Vec::new() };
    if whole.ln_p >= SUSPICIOUS_P.ln() {
        return Vec::new();
    }
    let plan = Plan { weights, all: all.to_vec(), chi_square: whole.chi_square };
    let mut causes = outages(&plan, days);
    // A day without one arm is told as such.
    let out = !causes.is_empty();
    causes.extend(values(&plan, std::iter::once(days).filter(|_| !out).chain(dimensions)));
    causes.extend(change(&plan, days));
    causes.retain(|cause| cause.ln_p < SUSPICIOUS_P.ln() && cause.explained >= EXPLAINED_MIN);
    // Of causes that explain about as much, the one that concerns fewest units says most.
    let merit = |cause: &Cause| (cause.rest_is_clean(), (cause.explained * 10.0).round() as u8);
    causes.sort_by(|a, b| merit(b).cmp(&merit(a)).then(a.share_of_units.total_cmp(&b.share_of_units)));
    causes.truncate(CAUSES_MAX);
    causes
}

/// If the arms are not filled as planned, where does it come from? One answer for each likely cause; one that says so where
/// none is found. Nothing where the arms are filled as planned.
#[must_use]
pub fn checks(arms: &[String], weights: &[f64], all: &[u64], days: &Dimension, dimensions: &[Dimension]) -> Vec<Check> {
    let sick = srm(all, weights).is_ok_and(|whole| whole.ln_p < SUSPICIOUS_P.ln());
    if !sick {
        return Vec::new();
    }
    let causes = likely(weights, all, days, dimensions);
    if causes.is_empty() {
        let looked: Vec<&str> = std::iter::once(days)
            .chain(dimensions)
            .filter(|of| !of.values.is_empty())
            .map(|of| of.name.as_str())
            .collect();
        let says = if looked.is_empty() {
            "Nothing is known of the units (day, client, country …) that the mismatch could be traced to.".to_owned()
        } else {
            format!(
                "The mismatch is not in one place: no value of {} stands out. Compare the weights in the design with those \
                 the clients use, and look for units that are lost after assignment in one arm.",
                looked.join(", ")
            )
        };
        // That nothing is known is nothing wrong: the mismatch itself is told already.
        let severity = if looked.is_empty() { Severity::Untested } else { Severity::Suspicious };
        return vec![Check { code: Code::SampleRatioCause, severity, subject: None, says, why: None, details: None }];
    }
    let check = |cause: Cause| {
        let says = sentence(arms, &cause);
        Check::new(Code::SampleRatioCause, Severity::Suspicious, says, Details::Cause(cause))
    };
    causes.into_iter().map(check).collect()
}

/// Values whose units are neither split as planned nor as the others are: χ² of the value against the plan and of the value
/// against the rest must both be small, after Holm over all values of all dimensions. If everything is off alike, no single
/// value is to blame.
fn values<'a>(plan: &Plan<'_>, dimensions: impl Iterator<Item = &'a Dimension>) -> Vec<Cause> {
    let mut causes = Vec::new();
    for dimension in dimensions {
        let mut values: Vec<&(String, Vec<u64>)> = dimension.values.iter().collect();
        values.sort_by_key(|(_, units)| std::cmp::Reverse(units.iter().map(|units| u128::from(*units)).sum::<u128>()));
        for (value, units) in values.into_iter().take(VALUES_MAX) {
            let Some(rest) = rest(&plan.all, units) else { continue };
            let (Ok(own), Ok(apart)) = (srm(units, plan.weights), independence(&[units.clone(), rest])) else {
                continue;
            };
            let kind = Kind::Value { dimension: dimension.name.clone(), value: value.clone() };
            causes.extend(plan.cause(kind, units, own.ln_p.max(apart.ln_p)));
        }
    }
    let adjusted = ln_holm(&causes.iter().map(|cause| cause.ln_p).collect::<Vec<_>>());
    causes.iter_mut().zip(adjusted).for_each(|(cause, ln_p)| cause.ln_p = ln_p);
    causes
}

/// Runs of days on which an arm got nothing, which by chance happens with probability (1 − share)ⁿ.
fn outages(plan: &Plan<'_>, days: &Dimension) -> Vec<Cause> {
    let sum: f64 = plan.weights.iter().sum();
    let tried = (days.values.len() * plan.weights.len()).max(1) as f64;
    let mut causes = Vec::new();
    for (arm, weight) in plan.weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0) {
        let ln_p = |units: &[u64]| {
            let others: f64 = units.iter().map(|units| *units as f64).sum();
            let nothing = units.get(arm).is_some_and(|units| *units == 0);
            if nothing { others * (-weight / sum).ln_1p() } else { 0.0 }
        };
        let out = |at: &usize| ln_p(&days.values[*at].1) + tried.ln() < ALARM_P.ln();
        let mut at = 0;
        while at < days.values.len() {
            let run = (at..days.values.len()).take_while(out).count();
            if run > 0 {
                let (days, first) = (&days.values[at..at + run], at);
                let units = total(days.iter().map(|(_, units)| units), plan.all.len());
                let p = (ln_p(&units) + tried.ln()).max(f64::MIN);
                let (from, to) = (days[0].0.clone(), days[days.len() - 1].0.clone());
                causes.extend(plan.cause(Kind::Outage { from, to }, &units, p).map(|cause| Cause { arm, ..cause }));
                at = first + run;
            } else {
                at += 1;
            }
        }
    }
    causes
}

/// The day from which on the split is another: the largest χ² of before against after, Bonferroni over the days; told where
/// one of the two sides is as planned.
fn change(plan: &Plan<'_>, days: &Dimension) -> Option<Cause> {
    let arms = plan.all.len();
    let mut best: Option<(f64, Cause)> = None;
    for at in 1..days.values.len() {
        let side = |days: &[(String, Vec<u64>)]| total(days.iter().map(|(_, units)| units), arms);
        let (before, after) = (side(&days.values[..at]), side(&days.values[at..]));
        let Ok(apart) = independence(&[before.clone(), after.clone()]) else { continue };
        let (Ok(first), Ok(then)) = (srm(&before, plan.weights), srm(&after, plan.weights)) else { continue };
        let off_before = first.ln_p < then.ln_p;
        let (off, units) = if off_before { (first, before) } else { (then, after) };
        let tries = (days.values.len() as f64).ln();
        let ln_p = (apart.ln_p.max(off.ln_p) + tries).min(0.0);
        let kind = Kind::Change { day: days.values[at].0.clone(), before: off_before };
        let Some(cause) = plan.cause(kind, &units, ln_p) else { continue };
        if cause.rest_is_clean() && best.as_ref().is_none_or(|(most, _)| apart.chi_square > *most) {
            best = Some((apart.chi_square, cause));
        }
    }
    best.map(|(_, cause)| cause)
}

impl Plan<'_> {
    fn cause(&self, kind: Kind, units: &[u64], ln_p: f64) -> Option<Cause> {
        let rest = rest(&self.all, units)?;
        let count = |units: &[u64]| units.iter().map(|units| *units as f64).sum::<f64>();
        let (n, all) = (count(units), count(&self.all));
        let sum: f64 = self.weights.iter().sum();
        let pull: Vec<f64> =
            units.iter().zip(self.weights).map(|(units, weight)| (*units as f64 / n - weight / sum).abs()).collect();
        let arm = words::furthest(&pull)?;
        let without = srm(&rest, self.weights).ok();
        let explained = without.map_or(1.0, |without| 1.0 - without.chi_square / self.chi_square);
        (n > 0.0).then(|| Cause {
            kind,
            arm,
            share_of_units: n / all,
            got: units[arm] as f64 / n,
            planned: self.weights[arm] / sum,
            explained: explained.clamp(0.0, 1.0),
            ln_p,
            rest_ln_p: without.map(|without| without.ln_p),
        })
    }
}

/// All units but these; none where these are not among them.
fn rest(all: &[u64], units: &[u64]) -> Option<Vec<u64>> {
    if all.len() != units.len() {
        return None;
    }
    all.iter().zip(units).map(|(all, units)| all.checked_sub(*units)).collect()
}

fn total<'a>(rows: impl Iterator<Item = &'a Vec<u64>>, arms: usize) -> Vec<u64> {
    let mut sum = vec![0_u64; arms];
    rows.for_each(|row| sum.iter_mut().zip(row).for_each(|(sum, units)| *sum = sum.saturating_add(*units)));
    sum
}

fn sentence(arms: &[String], cause: &Cause) -> String {
    let arm = arms.get(cause.arm).map_or("an arm", String::as_str);
    let units = words::percent(cause.share_of_units);
    let (got, planned) = (words::percent(cause.got), words::percent(cause.planned));
    let fill = format!("fill {arm} with {got} instead of {planned}");
    let what = match &cause.kind {
        Kind::Value { dimension, value } => format!("Units from {dimension} `{value}` ({units} of units) {fill}"),
        Kind::Outage { from, to } if from == to => {
            format!("On {from}, {arm} got no units at all ({units} of units came then)")
        }
        Kind::Outage { from, to } => {
            format!("From {from} to {to}, {arm} got no units at all ({units} of units came then)")
        }
        Kind::Change { day, before: false } => {
            format!("The split changed on {day}: from then on, units ({units}) {fill}")
        }
        Kind::Change { day, before: true } => {
            format!("The split changed on {day}: before that, units ({units}) {fill}")
        }
    };
    match cause.rest_ln_p {
        None => format!("{what}; too few units are left without them."),
        Some(ln_p) if cause.rest_is_clean() => {
            format!("{what}; without them the split is as planned (p {}).", words::p(ln_p))
        }
        Some(ln_p) => format!(
            "{what}; without them {} of the mismatch is gone, but not all of it (p {}).",
            words::percent(cause.explained),
            words::p(ln_p)
        ),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn dimension(name: &str, values: &[(&str, [u64; 2])]) -> Dimension {
        let values = values.iter().map(|(value, units)| ((*value).to_owned(), units.to_vec())).collect();
        Dimension { name: name.to_owned(), values }
    }

    fn nothing() -> Dimension {
        dimension("day", &[])
    }

    fn says(all: [u64; 2], days: &Dimension, dimensions: &[Dimension]) -> Vec<String> {
        let arms = ["a", "b"].map(str::to_owned);
        checks(&arms, &[0.5, 0.5], &all, days, dimensions).into_iter().map(|check| check.says).collect()
    }

    #[test]
    fn the_client_that_splits_otherwise_is_named() {
        let clients = dimension(
            "client",
            &[("growthbook-js", [4_680, 7_320]), ("python", [22_050, 21_950]), ("ofrep", [22_030, 21_970])],
        );
        let countries = dimension("country", &[("de", [24_400, 25_600]), ("fr", [24_360, 25_640])]);
        assert_eq!(
            says([48_760, 51_240], &nothing(), &[clients, countries]),
            [
                "Units from client `growthbook-js` (12% of units) fill b with 61% instead of 50%; without them the split is as \
              planned (p 0.59)."
            ]
        );
    }

    #[test]
    fn an_outage_is_named_with_its_days() {
        let days = dimension(
            "day",
            &[
                ("2026-01-01", [500, 510]),
                ("2026-01-02", [498, 0]),
                ("2026-01-03", [505, 0]),
                ("2026-01-04", [490, 499]),
            ],
        );
        assert_eq!(
            says([1_993, 1_009], &days, &[])[0],
            "From 2026-01-02 to 2026-01-03, b got no units at all (33% of units came then); without them the split is as \
             planned (p 0.67)."
        );
    }

    #[test]
    fn weights_changed_in_mid_run_are_named() {
        let days: Vec<(String, Vec<u64>)> = (1..=14)
            .map(|day| (format!("2026-01-{day:02}"), if day < 9 { vec![500, 503] } else { vec![400, 600] }))
            .collect();
        let days = Dimension { name: "day".into(), values: days };
        let said = says([6_400, 7_624], &days, &[]);
        assert_eq!(
            said[0],
            "The split changed on 2026-01-09: from then on, units (43%) fill b with 60% instead of 50%; without them the \
             split is as planned (p 0.79)."
        );
    }

    #[test]
    fn off_everywhere_is_not_blamed_on_the_largest() {
        let clients = dimension("client", &[("x", [45_000, 55_000]), ("y", [4_500, 5_500])]);
        let said = says([49_500, 60_500], &nothing(), &[clients]);
        assert_eq!(said.len(), 1);
        assert!(said[0].starts_with("The mismatch is not in one place: no value of client stands out."), "{said:?}");
        assert!(says([49_500, 60_500], &nothing(), &[])[0].starts_with("Nothing is known of the units"));
        assert!(says([50_000, 50_100], &nothing(), &[]).is_empty());
    }

    proptest! {
        #[test]
        fn any_counts_in_any_order(
            mut counts in prop::collection::vec(prop::array::uniform2(0..3_000_u64), 0..12),
            weights in prop::sample::select(vec![[0.5, 0.5], [0.9, 0.1], [1.0, 0.0], [f64::NAN, 1.0]]),
        ) {
            let of = |counts: &[[u64; 2]]| {
                let values = counts.iter().map(|units| (format!("{units:?}"), units.to_vec())).collect();
                Dimension { name: "client".into(), values }
            };
            let all = counts.iter().fold([0, 0], |sum, units| [sum[0] + units[0], sum[1] + units[1]]);
            let arms = ["a", "b"].map(str::to_owned);
            let there = checks(&arms, &weights, &all, &nothing(), &[of(&counts)]);
            prop_assert!(there.iter().all(|check| !check.says.contains("NaN") && !check.says.contains("inf")));
            let _days = checks(&arms, &weights, &all, &of(&counts), &[]);
            counts.reverse();
            let back = checks(&arms, &weights, &all, &nothing(), &[of(&counts)]);
            prop_assert_eq!(there.len(), back.len());
        }
    }
}
