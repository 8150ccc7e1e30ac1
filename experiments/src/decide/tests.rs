use serde_json::{Value, json};

use super::*;
use crate::design::Design;
use crate::story::{DAY, HOUR, Story};

/// An experiment of 400 units: of ten units of the control four reply, of the treatment so many; and of each so many leave.
fn verdict(treatment: usize, leaving: [usize; 2], rule: Value, days: i64) -> Verdict {
    verdict_by(json!({}), treatment, leaving, rule, days)
}

fn verdict_by(analysis: Value, treatment: usize, leaving: [usize; 2], rule: Value, days: i64) -> Verdict {
    let mut story = Story::default();
    story.configured(0, "metric", "replies", json!({ "kind": "proportion", "event": { "verb": "replied" } }));
    let leaves = json!({ "kind": "proportion", "event": { "verb": "left" }, "better": "lower" });
    story.configured(0, "metric", "leavers", leaves);
    let more = json!({
        "metrics": { "goals": ["replies"], "guardrails": [{ "metric": "leavers", "margin": 0.9 }] },
        "decision": rule, "analysis": analysis,
    });
    story.running("e", more.clone());
    for n in 0..4_000 {
        let (unit, arm, place) = (format!("u{n}"), n % 2, n / 2 % 10);
        story.exposed(HOUR, "e", &unit, ["a", "b"][arm], json!({}));
        if place < [4, treatment][arm] {
            story.did(2 * HOUR, &unit, "replied", 1.0);
        }
        if place < leaving[arm] {
            story.did(2 * HOUR, &unit, "left", 1.0);
        }
    }
    let analysis = story.analysis("e", days * DAY);
    let mut document = more;
    document["variants"] = json!([{ "key": "a", "weight": 0.5 }, { "key": "b", "weight": 0.5 }]);
    let design = Design::parse(&document).unwrap();
    decide(&design.decision, &analysis, days as f64)
}

#[test]
fn every_arm_of_the_rule() {
    let ship = Call::Ship { variant: "b".to_owned() };
    let patient = json!({ "days_min": 7, "units_min": 1_000 });
    let calls = |treatment, leaving, rule: &Value, days| verdict(treatment, leaving, rule.clone(), days).call;
    assert_eq!(calls(5, [2, 2], &patient, 8), ship);
    assert_eq!(calls(5, [2, 2], &patient, 3), Call::KeepRunning, "too early");
    assert_eq!(calls(5, [2, 2], &json!({ "units_min": 10_000 }), 8), Call::KeepRunning, "too few");
    assert_eq!(calls(5, [2, 6], &patient, 8), Call::Stop, "three times as many leave");
    assert_eq!(calls(3, [2, 2], &patient, 2), Call::Stop, "harm stops before its time");
    assert_eq!(calls(4, [2, 2], &patient, 8), Call::KeepRunning, "nothing moved yet");
    assert_eq!(calls(4, [2, 2], &json!({ "days_max": 8 }), 8), Call::Stop, "its time is over");
    assert_eq!(calls(4, [2, 2], &json!({ "worth": 0.5 }), 8), Call::Stop, "it cannot be worth it");
    assert_eq!(calls(5, [2, 2], &json!({ "worth": 0.9 }), 8), Call::Stop, "it moved, but by too little");
    assert_eq!(calls(5, [1, 2], &patient, 8), Call::KeepRunning, "twice as many leave, or not: not known yet");
}

#[test]
fn every_verdict_has_its_reasons_in_words() {
    let shipped = verdict(5, [2, 2], json!({}), 8).to_string();
    assert!(shipped.starts_with("ship b. replies moved by +25.00% ["), "{shipped}");
    assert!(shipped.contains("corrected p "), "{shipped}");
    let waiting = verdict(5, [2, 2], json!({ "days_min": 14 }), 8).to_string();
    assert_eq!(waiting, "keep it running. It has run for 8.0 of at least 14 days.");
    let harmed = verdict(5, [2, 6], json!({}), 8).to_string();
    assert!(harmed.contains("leavers got worse by more than 90.00%"), "{harmed}");
}

/// Who may look but once decides nothing before, neither for nor against, and for good then.
#[test]
fn a_method_that_holds_at_one_look_waits_for_it() {
    let ship = Call::Ship { variant: "b".to_owned() };
    for method in ["fixed_horizon", "bayesian"] {
        let call = |units: Option<u64>, treatment, rule: &Value, days| {
            let analysis = json!({ "method": method, "units_planned": units });
            verdict_by(analysis, treatment, [2, 2], rule.clone(), days).call
        };
        let fortnight = json!({ "days_min": 14 });
        assert_eq!(call(None, 5, &json!({}), 30), Call::KeepRunning, "no end was planned");
        assert_eq!(call(None, 5, &fortnight, 13), Call::KeepRunning);
        assert_eq!(call(None, 3, &fortnight, 13), Call::KeepRunning, "harm neither");
        assert_eq!(call(None, 5, &fortnight, 14), ship);
        assert_eq!(call(None, 3, &fortnight, 14), Call::Stop);
        assert_eq!(call(None, 4, &fortnight, 14), Call::Stop, "there is no second look");
        assert_eq!(call(Some(4_001), 5, &json!({}), 30), Call::KeepRunning);
        assert_eq!(call(Some(4_000), 5, &json!({}), 1), ship);
        assert_eq!(call(None, 5, &json!({ "days_max": 14 }), 10), Call::KeepRunning);
        assert_eq!(call(None, 5, &json!({ "days_max": 14 }), 14), ship);
    }
    let bayesian = verdict_by(json!({ "method": "bayesian" }), 5, [2, 2], json!({ "days_min": 1 }), 8).to_string();
    assert!(bayesian.contains("better with a probability of 99.99%"), "{bayesian}");
}

#[test]
fn a_group_sequential_plan_decides_at_its_looks() {
    let call = |planned: u64, treatment| {
        let analysis = json!({ "method": "group_sequential", "looks": 4, "units_planned": planned });
        verdict_by(analysis, treatment, [2, 2], json!({}), 8)
    };
    let ship = Call::Ship { variant: "b".to_owned() };
    assert_eq!(call(8_000, 5).call, ship, "the second look");
    assert_eq!(call(17_000, 5).to_string(), "keep it running. The first of 4 planned looks has not been reached.");
    let between = call(6_000, 5).to_string();
    assert_eq!(between, "keep it running. This is between looks 2 and 3 of 4 that were planned.");
    assert_eq!(call(6_000, 3).call, Call::KeepRunning, "harm neither");
    assert_eq!(call(8_000, 4).call, Call::KeepRunning);
    assert_eq!(call(4_000, 4).call, Call::Stop, "that was the last look");
}

/// Nobody of the control does it at all: there is no relative change, and yet there is one.
#[test]
fn a_control_of_nobody_can_be_beaten() {
    let mut story = Story::default();
    story.configured(0, "metric", "m", json!({ "kind": "proportion", "event": { "verb": "replied" } }));
    story.running("e", json!({ "metrics": { "goals": ["m"] } }));
    for n in 0..2_000 {
        story.exposed(HOUR, "e", &format!("u{n}"), ["a", "b"][n % 2], json!({}));
        if n % 4 == 1 {
            story.did(2 * HOUR, &format!("u{n}"), "replied", 1.0);
        }
    }
    let rule = crate::design::plan::Decision { worth: 0.01, ..crate::design::plan::Decision::default() };
    let shipped = decide(&rule, &story.analysis("e", 8 * DAY), 8.0);
    assert_eq!(shipped.call, Call::Ship { variant: "b".to_owned() }, "{shipped}");
    assert!(shipped.to_string().contains("m moved by +50.00 pp"), "{shipped}");
}

/// On the edge: 200 of 1,000 against 236, p .05 of the difference and .07 of the relative change.
#[test]
fn what_is_called_significant_is_decided_on() {
    let mut story = Story::default();
    story.configured(0, "metric", "m", json!({ "kind": "proportion", "event": { "verb": "replied" }, "pre_days": 0 }));
    story.running("e", json!({ "metrics": { "goals": ["m"] }, "analysis": { "method": "fixed_horizon" } }));
    for n in 0..2_000 {
        story.exposed(HOUR, "e", &format!("u{n}"), ["a", "b"][n % 2], json!({}));
        if n / 2 < [200, 237][n % 2] {
            story.did(2 * HOUR, &format!("u{n}"), "replied", 1.0);
        }
    }
    let rule = crate::design::plan::Decision { days_min: 7, ..crate::design::plan::Decision::default() };
    let analysis = story.analysis("e", 8 * DAY);
    let line = &analysis.metrics[0].lines[1];
    assert!(line.significant && !line.relative.unwrap().interval().unwrap().excludes_zero(), "{analysis}");
    let shipped = decide(&rule, &analysis, 8.0);
    assert_eq!(shipped.call, Call::Ship { variant: "b".to_owned() }, "{shipped}");
    assert!(shipped.to_string().contains("moved by +3.70 pp"), "{shipped}");
}
