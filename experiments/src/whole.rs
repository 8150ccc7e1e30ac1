//! The whole way, from facts to a decision, on members whose truth is known: is it what comes out at the end?

use anklang_domain::Stream;
use serde_json::{Value, json};

use crate::decide::{Call, decide};
use crate::design::plan::Decision;
use crate::health::{Code, Severity};
use crate::infer::finding::Interval;
use crate::story::{DAY, HOUR, Story};

/// A standard normal number, near enough (the sum of twelve uniform ones).
fn normal(chance: &mut Stream) -> f64 {
    (0..12).map(|_| chance.unit()).sum::<f64>() - 6.0
}

/// Members who spend about 5 in the fortnight before and after their exposure, by what kind of people they are (correlation
/// .8), and more by `lift` in the treatment; a few of them come every day.
fn spenders(seed: u64, units: usize, lift: f64, more: &Value) -> Story {
    let mut chance = Stream::named(seed, "spenders");
    let mut story = Story::default();
    let spent = json!({ "verb": "bought" });
    story.configured(0, "metric", "spent", json!({ "kind": "mean", "event": spent, "of": "sum" }));
    story.configured(0, "metric", "buyers", json!({ "kind": "proportion", "event": spent, "pre_days": 0 }));
    let mut design = json!({ "metrics": { "goals": ["spent"], "secondary": ["buyers"] } });
    for (name, value) in more.as_object().expect("fields") {
        design[name] = value.clone();
    }
    story.running("e", design);
    for n in 0..units {
        let (unit, treated) = (format!("u{n}"), chance.unit() < 0.5);
        let at = HOUR + (n as i64 * 10 * DAY) / units as i64;
        let kind = normal(&mut chance);
        let mut spend = || 5.0 + 0.9 * kind + 0.45 * normal(&mut chance);
        story.did(at - DAY, &unit, "bought", spend());
        story.did(at + HOUR, &unit, "bought", spend() + if treated { lift } else { 0.0 });
        story.exposed(at, "e", &unit, ["a", "b"][usize::from(treated)], json!({}));
    }
    story
}

fn difference(story: &Story, days: i64) -> Interval {
    let analysis = story.analysis("e", days * DAY);
    let found = analysis.metrics[0].lines[1].absolute;
    *found.as_ref().and_then(|found| found.interval()).unwrap_or_else(|| panic!("{analysis}"))
}

#[test]
fn the_truth_is_covered_and_the_past_makes_it_narrower() {
    let runs = 40_u32;
    let analysis = |method: &str, adjust: bool| json!({ "analysis": { "method": method, "adjust": adjust } });
    let (mut sequence, mut fixed, mut plain, mut bias) = (0, 0, 0, 0.0);
    for seed in 0..u64::from(runs) {
        let of = |method, adjust| difference(&spenders(seed, 320, 0.3, &analysis(method, adjust)), 20);
        let covered = |found: &Interval| u32::from(found.low <= 0.3 && 0.3 <= found.high);
        let [by_sequence, by_fixed, without] =
            [of("sequential", true), of("fixed_horizon", true), of("fixed_horizon", false)];
        sequence += covered(&by_sequence);
        fixed += covered(&by_fixed);
        plain += covered(&without);
        bias += by_fixed.estimate - 0.3;
        // Correlation .8 leaves .6 of the width.
        let narrower = (by_fixed.high - by_fixed.low) / (without.high - without.low);
        assert!((0.5..0.7).contains(&narrower), "{narrower}");
        assert!(by_sequence.high - by_sequence.low > by_fixed.high - by_fixed.low);
    }
    // Of 40, at 95%: below 34 by chance once in a thousand.
    assert!(sequence >= 39 && fixed >= 34 && plain >= 34, "{sequence} {fixed} {plain}");
    // The error of the mean of 40 runs is about .011.
    assert!((bias / f64::from(runs)).abs() < 0.04, "{}", bias / f64::from(runs));
}

/// What the rule decides on the first day on which it decides anything, without an effect.
fn first_call(seed: u64, method: &str, rule: &Decision) -> Call {
    let story = spenders(seed, 400, 0.0, &json!({ "analysis": { "method": method } }));
    for day in 6..=14 {
        let call = decide(rule, &story.analysis("e", day * DAY), day as f64).call;
        if call != Call::KeepRunning {
            return call;
        }
    }
    Call::KeepRunning
}

#[test]
fn nothing_ships_that_does_nothing_however_often_one_looks() {
    let ships = |method: &str, rule: &Decision| {
        let calls = (100..140).map(|seed| first_call(seed, method, rule));
        calls.filter(|call| matches!(call, Call::Ship { .. })).count()
    };
    // One-sided at 2.5%: four or more of forty by chance once in sixty.
    let any = ships("sequential", &Decision::default());
    let one = ships("fixed_horizon", &Decision { days_min: 12, ..Decision::default() });
    assert!(any <= 2 && one <= 4, "{any} by sequences, {one} at one look");
}

#[test]
fn a_client_that_loses_a_variant_is_found_and_nothing_else_is_said() {
    let mut chance = Stream::named(7, "client");
    let mut story = Story::default();
    story.configured(0, "metric", "m", json!({ "kind": "proportion", "event": { "verb": "replied" } }));
    story.running("e", json!({ "metrics": { "goals": ["m"] } }));
    for n in 0..6_000_i64 {
        let (unit, client) = (format!("u{n}"), ["ios", "android", "web"][chance.below(3)]);
        let arm = ["a", "b"][chance.below(2)];
        // Crashes before it can report.
        if client == "ios" && arm == "b" && chance.unit() < 0.4 {
            continue;
        }
        let at = HOUR + n * 10 * DAY / 6_000;
        story.exposed(at, "e", &unit, arm, json!({ "client": client }));
        if chance.unit() < if arm == "b" { 0.5 } else { 0.4 } {
            story.did(at + HOUR, &unit, "replied", 1.0);
        }
    }
    let analysis = story.analysis("e", 12 * DAY);
    let cause = analysis.health.checks.iter().find(|check| check.code == Code::SampleRatioCause);
    assert_eq!(analysis.health.severity(), Severity::Alarm);
    assert!(cause.is_some_and(|check| check.says.contains("client `ios`")), "{analysis}");
    assert!(analysis.metrics[0].lines[1].p.is_none(), "{analysis}");
    let verdict = decide(&Decision::default(), &analysis, 12.0);
    assert_eq!(verdict.call, Call::Mend, "{verdict}");
}

/// Two experiments on the same members: one helps only those who get the other's treatment.
#[test]
fn an_effect_that_hangs_on_another_experiment_is_found() {
    let told = |helps_all: bool| {
        let mut chance = Stream::named(11, "interaction");
        let mut story = Story::default();
        story.configured(0, "metric", "m", json!({ "kind": "mean", "event": { "verb": "replied" }, "of": "sum" }));
        story.running("e", json!({ "metrics": { "goals": ["m"] } }));
        story.running("f", json!({}));
        for n in 0..2_000 {
            let unit = format!("u{n}");
            let (here, there) = (chance.below(2), chance.below(2));
            story.exposed(HOUR, "e", &unit, ["a", "b"][here], json!({}));
            story.exposed(2 * HOUR, "f", &unit, ["a", "b"][there], json!({}));
            let effect = if here == 1 && (helps_all || there == 1) { 0.4 } else { 0.0 };
            story.did(3 * HOUR, &unit, "replied", 3.0 + normal(&mut chance) + effect);
        }
        let analysis = story.analysis("e", 8 * DAY);
        let checks = analysis.health.checks.iter().filter(|check| check.code == Code::Interaction);
        checks.map(|check| (check.severity, check.subject.clone())).collect::<Vec<_>>()
    };
    let f = || Some("f".to_owned());
    assert_eq!(told(false), [(Severity::Suspicious, f()), (Severity::Ok, f())]);
    assert_eq!(told(true), [(Severity::Ok, f()), (Severity::Ok, f())]);
}

#[test]
fn who_was_in_two_arms_counts_in_none() {
    let mut story = spenders(3, 400, 0.3, &json!({}));
    let before = difference(&story, 20);
    // Somebody who spends a fortune, and saw both.
    story.exposed(DAY, "e", "rich", "a", json!({}));
    story.exposed(2 * DAY, "e", "rich", "b", json!({}));
    story.did(3 * DAY, "rich", "bought", 1e6);
    assert_eq!(difference(&story, 20), before);
    let analysis = story.analysis("e", 20 * DAY);
    let found = analysis.health.checks.iter().find(|check| check.code == Code::SeveralArms);
    assert!(found.is_some_and(|check| check.says.contains("rich") && check.severity == Severity::Suspicious));
}

/// Spending after the exposure never becomes a covariate, not even at the very moment of it.
#[test]
fn what_happens_at_the_exposure_is_not_the_past() {
    let mut story = spenders(5, 400, 0.0, &json!({}));
    let before = difference(&story, 20);
    let exposures: Vec<(i64, String)> = story.facts.iter().filter_map(exposure).collect();
    // The same to everybody after the exposure moves the value, and neither the effect nor its error.
    for (at, unit) in exposures {
        story.did(at, &unit, "bought", 100.0);
    }
    let after = difference(&story, 20);
    assert!((before.estimate - after.estimate).abs() < 1e-9, "{before:?} {after:?}");
    assert!((before.standard_error - after.standard_error).abs() < 1e-9, "{before:?} {after:?}");
}

fn exposure(fact: &anklang_domain::Fact) -> Option<(i64, String)> {
    let anklang_domain::Body::Exposed(exposure) = &fact.body else { return None };
    Some((fact.effective_at().ms() - crate::story::BEGAN, exposure.unit.clone()))
}
