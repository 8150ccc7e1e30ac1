//! The rule, from the top: a sick experiment decides nothing, harm stops at once where the method may be believed at any
//! look, then patience, then the goals.

use super::{Call, Verdict};
use crate::design::Role;
use crate::design::plan::Decision;
use crate::health::Severity;
use crate::infer::finding::{Finding, Interval};
use crate::infer::non_inferiority::Verdict as Margin;
use crate::metrics::Better;
use crate::report::{Analysis, Line, MetricTable, Valid, words};

/// What stands for or against one variant.
#[derive(Debug, Default)]
struct Standing {
    /// Guardrails broken, goals that became worse.
    against: Vec<String>,
    /// Goals that became better, perhaps by what is worth it.
    in_favour: Vec<String>,
    /// Guardrails that are not known to hold yet.
    open: Vec<String>,
    /// Goals that certainly did not move by what is worth it.
    futile: usize,
    /// How far the first goal moved in the better direction; to choose between several.
    gain: Option<f64>,
}

/// Says what the declared rule makes of an analysis after so many days.
///
/// A variant is shipped when a goal moved in the better direction, significantly after correction and possibly by as much as
/// is worth it; no goal moved in the worse; and every guardrail holds. It is out when a guardrail is broken, a goal got worse,
/// or no goal can have moved by what is worth it. When all are out the experiment is stopped; with a method that holds at any
/// look ([`Valid::AnyLook`]) also before its minimum of days.
///
/// With any other method nothing is decided, harm neither, until a look that was planned: who stops at the first bad day is
/// wrong far more often than alpha says. The last planned look decides for good: what is not shipped then is stopped, for
/// another look would be one too many. A Bayesian analysis is held to the same: its intervals do not know how often they
/// were looked at.
#[must_use]
pub fn decide(rule: &Decision, analysis: &Analysis, days: f64) -> Verdict {
    let verdict = |call, reasons| Verdict { call, reasons };
    if analysis.health.blocks_effects() {
        let alarms = analysis.health.checks.iter().filter(|check| check.severity == Severity::Alarm);
        return verdict(Call::Mend, alarms.map(|check| check.says.clone()).collect());
    }
    let goals = analysis.metrics.iter().filter(|metric| metric.role == Role::Goal).count();
    if goals == 0 {
        return verdict(Call::KeepRunning, vec!["No goal is declared, so nothing can be decided.".to_owned()]);
    }
    let keys = analysis.arms.iter().enumerate().skip(1);
    let variants: Vec<_> = keys.map(|(at, arm)| (arm.key.as_str(), standing(rule, analysis, at))).collect();
    let out = |standing: &Standing| !standing.against.is_empty() || standing.futile == goals;
    let all_out = variants.iter().all(|(_, standing)| out(standing));
    let waits = patience(rule, analysis, days);
    if all_out && (waits.is_empty() || analysis.valid == Valid::AnyLook) {
        return verdict(Call::Stop, variants.iter().flat_map(|(key, standing)| why_out(key, standing)).collect());
    }
    if !waits.is_empty() {
        return verdict(Call::KeepRunning, waits);
    }
    let winner = variants
        .iter()
        .filter(|(_, standing)| !out(standing) && !standing.in_favour.is_empty() && standing.open.is_empty())
        .max_by(|a, b| a.1.gain.unwrap_or(f64::MIN).total_cmp(&b.1.gain.unwrap_or(f64::MIN)));
    if let Some((key, standing)) = winner {
        let mut reasons = standing.in_favour.clone();
        reasons.push("No goal is known to have got worse, and every guardrail there is holds.".to_owned());
        return verdict(Call::Ship { variant: (*key).to_owned() }, reasons);
    }
    let mut reasons: Vec<String> = variants.iter().flat_map(|(key, standing)| why_open(key, standing)).collect();
    match over(rule, analysis.valid, days) {
        Some(over) => {
            reasons.insert(0, over);
            verdict(Call::Stop, reasons)
        }
        None => verdict(Call::KeepRunning, reasons),
    }
}

/// Why there is no further look to wait for: none where there is.
fn over(rule: &Decision, valid: Valid, days: f64) -> Option<String> {
    if let Some(max) = rule.days_max.filter(|max| days >= f64::from(*max)) {
        return Some(format!("It has run for {days:.1} days, and was given {max}."));
    }
    match valid {
        Valid::AnyLook => None,
        Valid::OneLook { .. } => Some("This was the one look at which its method holds.".to_owned()),
        Valid::PlannedLooks { look, of, .. } => {
            (look == of).then(|| format!("This was the last of {of} planned looks."))
        }
    }
}

/// What the rule still waits for, whatever the numbers say.
fn patience(rule: &Decision, analysis: &Analysis, days: f64) -> Vec<String> {
    let units: u64 = analysis.arms.iter().map(|arm| arm.units).sum();
    let mut reasons = Vec::new();
    if days < f64::from(rule.days_min) {
        reasons.push(format!("It has run for {days:.1} of at least {} days.", rule.days_min));
    }
    if units < rule.units_min {
        let (units, least) = (words::count(units), words::count(rule.units_min));
        reasons.push(format!("It has {units} of at least {least} units."));
    }
    reasons.extend(between_looks(rule, analysis.valid, units, days));
    reasons
}

/// Why this is no look at which the method holds: none where it is.
fn between_looks(rule: &Decision, valid: Valid, units: u64, days: f64) -> Option<String> {
    match valid {
        Valid::AnyLook => None,
        Valid::OneLook { units: Some(planned) } => (units < planned).then(|| {
            let (units, planned) = (words::count(units), words::count(planned));
            format!("Its method holds at one look, planned at {planned} units; it has {units}.")
        }),
        Valid::OneLook { units: None } if rule.days_min > 0 || rule.units_min > 0 => None,
        Valid::OneLook { units: None } => match rule.days_max {
            Some(max) if days >= f64::from(max) => None,
            Some(max) => Some(format!("Its method holds at one look, planned after {max} days; it has run for {days:.1}.")),
            None => Some(
                "Its method holds at one planned look, and none is planned: declare days_min, units_min or units_planned."
                    .to_owned(),
            ),
        },
        Valid::PlannedLooks { look: 0, of, .. } => Some(format!("The first of {of} planned looks has not been reached.")),
        Valid::PlannedLooks { now: true, .. } => None,
        Valid::PlannedLooks { look, of, now: false } => {
            Some(format!("This is between looks {look} and {} of {of} that were planned.", look + 1))
        }
    }
}

fn standing(rule: &Decision, analysis: &Analysis, at: usize) -> Standing {
    let mut standing = Standing::default();
    for metric in &analysis.metrics {
        let Some(line) = metric.lines.get(at) else { continue };
        match metric.role {
            Role::Goal => goal(rule, metric, line, &mut standing),
            Role::Guardrail { margin } => guardrail(metric, margin, line, &mut standing),
            Role::Secondary => {}
        }
    }
    standing
}

fn goal(rule: &Decision, metric: &MetricTable, line: &Line, standing: &mut Standing) {
    // Whether it moved is told by the difference, and by how much of the control's, by the relative change.
    let Some(difference) = line.absolute.as_ref().and_then(Finding::interval) else { return };
    let change = line.relative.as_ref().and_then(Finding::interval);
    let (low, gain, high) = turned(metric.better, difference);
    standing.gain.get_or_insert(gain);
    // Against a control of 0 any change is more than any share of it.
    let most = change.map_or(f64::INFINITY, |change| turned(metric.better, change).2);
    let moved = moved(metric, difference, change.filter(|change| change.excludes_zero()));
    if line.significant && high < 0.0 {
        standing.against.push(format!("{moved}, which is worse"));
    } else if line.significant && low > 0.0 && most >= rule.worth {
        standing.in_favour.push(format!("{moved}{}.", how_sure(metric.better, difference, line)));
    }
    if rule.worth > 0.0 && most < rule.worth {
        standing.futile += 1;
    }
}

/// As a share of the control's, where that leaves out no change as well.
fn moved(metric: &MetricTable, difference: &Interval, change: Option<&Interval>) -> String {
    let say = |number: f64| match change {
        Some(_) => words::change(number),
        None => words::difference(number, metric.measure),
    };
    let interval = change.unwrap_or(difference);
    let [estimate, low, high] = [interval.estimate, interval.low, interval.high].map(say);
    format!("{} moved by {estimate} [{low}, {high}]", metric.name)
}

/// With a Bayesian method the chance that it is better; else the corrected p-value.
fn how_sure(better: Better, interval: &Interval, line: &Line) -> String {
    if let Some(posterior) = interval.posterior {
        let chance = match better {
            Better::Higher => posterior.chance_to_win,
            Better::Lower => 1.0 - posterior.chance_to_win,
        };
        // Never all of it.
        return format!(", better with a probability of {:.2}%", (chance * 100.0).min(99.99));
    }
    line.ln_p_adjusted.map_or_else(String::new, |ln_p| format!(", corrected p {}", words::p(ln_p)))
}

fn guardrail(metric: &MetricTable, margin: f64, line: &Line, standing: &mut Standing) {
    let by_more = format!("{} got worse by more than {:.2}%", metric.name, margin * 100.0);
    match line.guardrail.map(|test| test.verdict) {
        Some(Margin::Within) => {}
        Some(Margin::Beyond) => standing.against.push(by_more),
        Some(Margin::Open) | None => standing.open.push(format!("whether {by_more}")),
    }
}

/// An interval turned so that more is better: low, estimate, high.
const fn turned(better: Better, interval: &Interval) -> (f64, f64, f64) {
    match better {
        Better::Higher => (interval.low, interval.estimate, interval.high),
        Better::Lower => (-interval.high, -interval.estimate, -interval.low),
    }
}

fn why_out(key: &str, standing: &Standing) -> Vec<String> {
    if standing.against.is_empty() {
        return vec![format!("{key}: no goal can have moved by as much as would be worth it.")];
    }
    standing.against.iter().map(|against| format!("{key}: {against}.")).collect()
}

fn why_open(key: &str, standing: &Standing) -> Vec<String> {
    if !standing.against.is_empty() {
        return why_out(key, standing);
    }
    if standing.in_favour.is_empty() {
        return vec![format!("{key}: no goal has moved for certain yet.")];
    }
    standing.open.iter().map(|open| format!("{key}: it is not known yet {open}.")).collect()
}
