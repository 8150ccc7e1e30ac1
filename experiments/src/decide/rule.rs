//! The rule, from the top: a sick experiment decides nothing, harm stops at once, then patience, then the goals.

use super::{Call, Verdict};
use crate::design::Role;
use crate::design::plan::Decision;
use crate::health::Severity;
use crate::infer::finding::{Finding, Interval};
use crate::infer::non_inferiority::Verdict as Margin;
use crate::metrics::Better;
use crate::report::{Analysis, Line, MetricTable, words};

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
/// or no goal can have moved by what is worth it. When all are out the experiment is stopped, also before its minimum of days:
/// whether so early a look may be believed is a matter of the method of analysis.
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
    if variants.iter().all(|(_, standing)| out(standing)) {
        return verdict(Call::Stop, variants.iter().flat_map(|(key, standing)| why_out(key, standing)).collect());
    }
    let patience = patience(rule, analysis, days);
    if !patience.is_empty() {
        return verdict(Call::KeepRunning, patience);
    }
    let winner = variants
        .iter()
        .filter(|(_, standing)| !out(standing) && !standing.in_favour.is_empty() && standing.open.is_empty())
        .max_by(|a, b| a.1.gain.unwrap_or(f64::MIN).total_cmp(&b.1.gain.unwrap_or(f64::MIN)));
    if let Some((key, standing)) = winner {
        let mut reasons = standing.in_favour.clone();
        reasons.push("No goal got worse, and every guardrail there is holds.".to_owned());
        return verdict(Call::Ship { variant: (*key).to_owned() }, reasons);
    }
    let mut reasons: Vec<String> = variants.iter().flat_map(|(key, standing)| why_open(key, standing)).collect();
    match rule.days_max {
        Some(max) if days >= f64::from(max) => {
            reasons.insert(0, format!("It has run for {days:.1} days, and was given {max}."));
            verdict(Call::Stop, reasons)
        }
        Some(_) | None => verdict(Call::KeepRunning, reasons),
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
    reasons
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
    let Some(Finding::Measured(interval)) = &line.relative else { return };
    let (low, estimate, high) = turned(metric.better, interval);
    standing.gain.get_or_insert(estimate);
    let moved = format!(
        "{} moved by {} [{}, {}]",
        metric.name,
        words::change(interval.estimate),
        words::change(interval.low),
        words::change(interval.high)
    );
    if line.significant && high < 0.0 {
        standing.against.push(format!("{moved}, which is worse"));
    } else if line.significant && low > 0.0 && high >= rule.worth {
        let p = line.ln_p_adjusted.map_or_else(String::new, |ln_p| format!(", corrected p {}", words::p(ln_p)));
        standing.in_favour.push(format!("{moved}{p}."));
    }
    if rule.worth > 0.0 && high < rule.worth {
        standing.futile += 1;
    }
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
