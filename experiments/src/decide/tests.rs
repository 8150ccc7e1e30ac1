use serde_json::{Value, json};

use super::*;
use crate::design::Design;
use crate::story::{DAY, HOUR, Story};

/// An experiment of 400 units: of ten units of the control four reply, of the treatment so many; and of each so many leave.
fn verdict(treatment: usize, leaving: [usize; 2], rule: Value, days: i64) -> Verdict {
    let mut story = Story::default();
    story.configured(0, "metric", "replies", json!({ "kind": "proportion", "event": { "verb": "replied" } }));
    let leaves = json!({ "kind": "proportion", "event": { "verb": "left" }, "better": "lower" });
    story.configured(0, "metric", "leavers", leaves);
    let more = json!({
        "metrics": { "goals": ["replies"], "guardrails": [{ "metric": "leavers", "margin": 0.9 }] },
        "decision": rule,
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
