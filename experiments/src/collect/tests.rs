use serde_json::{Value, json};

use crate::infer::summary::Summary;
use crate::story::{DAY, HOUR, Story};

/// The value of a metric in the first arm, where one member did these things (at, verb, value) around their exposure.
fn value(metric: Value, exposed: i64, did: &[(i64, &str, f64)], until: i64) -> Option<f64> {
    let mut story = Story::default();
    story.configured(0, "metric", "m", metric);
    story.running("e", json!({ "metrics": { "goals": ["m"] }, "analysis": { "adjust": false } }));
    story.exposed(exposed, "e", "ana", "a", json!({}));
    did.iter().for_each(|(at, verb, value)| story.did(*at, "ana", verb, *value));
    let collected = story.collected("e", until, &[]);
    collected.input.metrics[0].arms.first()?.value()
}

#[test]
fn every_kind_of_metric_counts_what_it_says() {
    let replied = json!({ "verb": "replied" });
    let did = [
        (0, "replied", 9.0), // before the exposure
        (HOUR, "viewed", 1.0),
        (2 * HOUR, "replied", 3.0),
        (26 * HOUR, "replied", 5.0),
        (50 * HOUR, "viewed", 1.0),
    ];
    let check = |metric: Value, wanted: Option<f64>| {
        let got = value(metric.clone(), HOUR, &did, 10 * DAY);
        assert!(
            match (got, wanted) {
                (Some(got), Some(wanted)) => (got - wanted).abs() < 1e-12,
                (got, wanted) => got == wanted,
            },
            "{metric}: {got:?}, not {wanted:?}"
        );
    };
    let mean = |of: &str| json!({ "kind": "mean", "event": replied, "of": of });
    check(mean("count"), Some(2.0));
    check(mean("sum"), Some(8.0));
    check(mean("max"), Some(5.0));
    check(mean("days"), Some(2.0));
    check(json!({ "kind": "mean", "event": replied, "window_days": 1 }), Some(1.0));
    check(json!({ "kind": "mean", "event": replied, "delay_hours": 2 }), Some(1.0));
    check(json!({ "kind": "mean", "event": { "verb": "*" } }), Some(4.0));
    check(json!({ "kind": "mean", "event": { "verb": "replied", "where": { "value": { "$gt": 4 } } } }), Some(1.0));
    check(json!({ "kind": "mean", "event": replied, "of": "sum", "cap": { "value": 6 } }), Some(6.0));
    check(json!({ "kind": "proportion", "event": replied, "at_least": 2 }), Some(1.0));
    check(json!({ "kind": "proportion", "event": replied, "at_least": 3 }), Some(0.0));
    let term = |verb: &str| json!({ "event": { "verb": verb } });
    check(json!({ "kind": "ratio", "numerator": term("replied"), "denominator": term("*") }), Some(0.5));
    check(json!({ "kind": "funnel", "steps": [{ "verb": "viewed" }, replied] }), Some(1.0));
    check(json!({ "kind": "funnel", "steps": [replied, { "verb": "viewed" }, replied] }), Some(0.0));
    check(json!({ "kind": "time_to_event", "event": replied, "horizon_days": 7 }), Some(1.0 / 24.0));
    check(json!({ "kind": "time_to_event", "event": { "verb": "bought" }, "horizon_days": 7 }), Some(7.0));
    for (day, retained, wanted) in [
        (1, "day", 1.0),
        (2, "day", 1.0),
        (3, "day", 0.0),
        (3, "rolling", 1.0),
        (2, "unbounded", 1.0),
        (4, "unbounded", 0.0),
    ] {
        let event = json!({ "verb": "*" });
        check(json!({ "kind": "retention", "event": event, "day": day, "retained": retained }), Some(wanted));
    }
    // Not over yet: nobody is counted.
    assert_eq!(value(json!({ "kind": "retention", "day": 3 }), HOUR, &did, 3 * DAY), None);
}

/// Sixty units in two arms; the treatment replies once more.
fn sixty(metric: &Value, more: &Value) -> Story {
    let mut story = Story::default();
    story.configured(0, "metric", "m", metric.clone());
    story.running("e", more.clone());
    for n in 0..60_i64 {
        let (unit, arm) = (format!("u{n}"), n % 2);
        story.did(-DAY, &unit, "replied", 1.0 + (n / 2 % 5) as f64);
        story.exposed(
            HOUR,
            "e",
            &unit,
            ["a", "b"][arm as usize],
            json!({ "country": (["DE", "US", "FR"][n as usize % 3]) }),
        );
        (0..n / 2 % 5 + arm).for_each(|k| story.did((2 + k) * HOUR, &unit, "replied", 1.0));
    }
    story
}

#[test]
fn what_was_done_before_is_the_covariate() {
    let story = sixty(
        &json!({ "kind": "mean", "event": { "verb": "replied" }, "of": "sum" }),
        &json!({ "metrics": { "goals": ["m"] } }),
    );
    let arms = story.collected("e", DAY, &[]).input.metrics[0].arms.clone();
    let [Summary::AdjustedMean(a), Summary::AdjustedMean(b)] = arms.as_slice() else { panic!("{arms:?}") };
    assert_eq!((a.n, b.n), (30, 30));
    for (got, wanted) in a.mean.iter().chain(&b.mean).zip([2.0, 3.0, 3.0, 3.0]) {
        assert!((got - wanted).abs() < 1e-12, "{got}, not {wanted}");
    }
    // The past explains all but the arm.
    assert!((a.covariance(0, 1).unwrap() - a.covariance(1, 1).unwrap()).abs() < 1e-12);
}

#[test]
fn strata_lie_alike_in_every_arm() {
    let metric = json!({ "kind": "mean", "event": { "verb": "replied" } });
    let more = json!({ "metrics": { "goals": ["m"] }, "analysis": { "stratify": "country" } });
    let collected = sixty(&metric, &more).collected("e", DAY, &["country"]);
    let arms = &collected.input.metrics[0].arms;
    let counts: Vec<Vec<u64>> = arms
        .iter()
        .map(|arm| match arm {
            Summary::Strata(cells) => cells.iter().map(|cell| cell.n).collect(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(counts, [[10, 10, 10], [10, 10, 10]]);
    let segments: Vec<&str> = collected.input.metrics[0].segments.iter().map(|s| s.value.as_str()).collect();
    assert_eq!(segments, ["DE", "FR", "US"]);
}

#[test]
fn a_cluster_is_one_unit_of_several_members() {
    let mut story = Story::default();
    story.configured(0, "metric", "m", json!({ "kind": "mean", "event": { "verb": "replied" } }));
    story.running("e", json!({ "unit": "group", "metrics": { "goals": ["m"] } }));
    for (group, member) in [("g1", "ana"), ("g1", "bob"), ("g2", "cleo")] {
        let line = json!({ "id": member, "at": "2017-07-14T05:00:00Z", "type": "exposed", "member": member,
                           "unit": group, "experiment": "e", "variant": if group == "g1" { "a" } else { "b" } });
        story.facts.push(serde_json::from_value(line).unwrap());
    }
    // A member that has a group's name is another thing.
    for member in ["ana", "bob", "bob", "cleo", "g1"] {
        story.did(5 * HOUR, member, "replied", 1.0);
    }
    let arms = story.collected("e", DAY, &[]).input.metrics[0].arms.clone();
    let Summary::Ratio(joint) = &arms[0] else { panic!("{arms:?}") };
    assert_eq!((joint.n, joint.mean), (1, [3.0, 2.0]), "three replies of two members of one group");
}
