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
    let Summary::AdjustedRatio(joint) = &arms[0] else { panic!("{arms:?}") };
    assert_eq!((joint.n, joint.mean), (1, [3.0, 2.0, 0.0, 2.0]), "three replies of two members of one group");
}

#[test]
fn a_share_in_clusters_is_of_members_and_two_ids_of_one_are_one() {
    let mut story = Story::default();
    let did = json!({ "kind": "proportion", "event": { "verb": "replied" } });
    story.configured(0, "metric", "m", did);
    story
        .running("e", json!({ "unit": "group", "metrics": { "goals": ["m"] }, "analysis": { "stratify": "country" } }));
    for (group, member) in [("g1", Some("ana")), ("g1", Some("bob")), ("g1", Some("anon-bob")), ("g2", None)] {
        let line = json!({ "id": format!("{group}{member:?}"), "at": "2017-07-14T05:00:00Z", "type": "exposed",
                           "member": member, "unit": group, "experiment": "e", "variant": "a" });
        story.facts.push(serde_json::from_value(line).unwrap());
    }
    story.aliased("anon-bob", "bob");
    story.did(5 * HOUR, "anon-bob", "replied", 1.0);
    story.did(6 * HOUR, "bob", "replied", 1.0);
    let metric = story.collected("e", DAY, &[]).input.metrics[0].clone();
    let Summary::AdjustedRatio(joint) = &metric.arms[0] else { panic!("{metric:?}") };
    assert_eq!(
        (joint.n, joint.mean),
        (1, [1.0, 2.0, 0.0, 2.0]),
        "one of two members; of the second group none is known"
    );
    assert!(
        metric.notes.iter().any(|note| note.starts_with("Per member; what was randomised is group")),
        "{:?}",
        metric.notes
    );
    assert!(metric.notes.iter().any(|note| note.starts_with("1 units are left out")), "{:?}", metric.notes);
}

#[test]
fn an_event_is_one_step_of_a_funnel_and_not_two() {
    let replied = json!({ "verb": "replied" });
    let did = [(2 * HOUR, "replied", 1.0), (3 * HOUR, "replied", 1.0)];
    let funnel = |steps: usize| json!({ "kind": "funnel", "steps": vec![replied.clone(); steps] });
    assert_eq!(value(funnel(2), HOUR, &did, DAY), Some(1.0));
    assert_eq!(value(funnel(3), HOUR, &did, DAY), Some(0.0), "two replies are not three");
}

/// What is said of a metric besides its numbers.
fn notes(metric: Value, did: &[(i64, f64)], until: i64) -> Vec<String> {
    let mut story = Story::default();
    story.configured(0, "metric", "m", metric);
    story.running("e", json!({ "metrics": { "goals": ["m"] } }));
    story.exposed(HOUR, "e", "ana", "a", json!({}));
    story.exposed(2 * DAY, "e", "bob", "b", json!({}));
    did.iter().for_each(|(at, value)| story.did(*at, "ana", "replied", *value));
    story.collected("e", until, &[]).input.metrics[0].notes.clone()
}

#[test]
fn a_window_that_is_not_over_is_said_or_waited_for() {
    let metric = |mature_only: bool| json!({ "kind": "mean", "event": { "verb": "replied" }, "window_days": 7, "mature_only": mature_only });
    let did = [(2 * HOUR, "replied", 1.0)];
    assert_eq!(value(metric(false), HOUR, &did, 3 * DAY), Some(1.0));
    assert_eq!(value(metric(true), HOUR, &did, 3 * DAY), None, "not known yet");
    assert_eq!(value(metric(true), HOUR, &did, 8 * DAY), Some(1.0));
    let said = notes(metric(false), &[], 8 * DAY);
    assert!(said.iter().any(|note| note.starts_with("1 of 2 units have not had their 7 days yet")), "{said:?}");
    let said = notes(metric(true), &[], 8 * DAY);
    assert_eq!(said, ["1 units were exposed too recently to be counted."]);
    assert!(notes(metric(false), &[], 30 * DAY).is_empty());
}

#[test]
fn caps_say_what_they_do() {
    let replied = json!({ "verb": "replied" });
    let mean = json!({ "kind": "mean", "event": replied, "of": "sum", "cap": { "quantile": 0.6 } });
    let said = notes(mean.clone(), &[], 3 * DAY);
    assert!(said[0].starts_with("Capped at 0: 0 units") && said[1].contains("take a higher quantile"), "{said:?}");
    let said = notes(mean, &[(2 * HOUR, 12_345.0)], 3 * DAY);
    assert_eq!(said, ["Capped at 12345: 0 units lie above."]);
    // Three replies among a hundred views: a cap of 50 is one of replies, not of views.
    let mut did = vec![(2 * HOUR, "replied", 1.0); 3];
    did.extend(vec![(3 * HOUR, "viewed", 1.0); 100]);
    let term = |verb: &str| json!({ "event": { "verb": verb } });
    let ratio =
        json!({ "kind": "ratio", "numerator": term("replied"), "denominator": term("viewed"), "cap": { "value": 50 } });
    assert_eq!(value(ratio, HOUR, &did, DAY), Some(0.03));
}

#[test]
fn what_contradicts_itself_is_no_metric() {
    let replied = json!({ "verb": "replied" });
    for (metric, field) in [
        (json!({ "kind": "retention", "day": 7, "window_days": 3 }), "window_days"),
        (json!({ "kind": "mean", "event": replied, "mature_only": true }), "mature_only"),
        (json!({ "kind": "time_to_event", "event": replied, "horizon_days": 7, "window_days": 3 }), "window_days"),
        (json!({ "kind": "mean", "event": replied, "cap": { "value": -1 } }), "cap"),
    ] {
        let error = crate::metrics::Metric::parse(&metric).unwrap_err().to_string();
        assert!(error.contains(field), "{error}");
    }
}

/// One unit in ten of the treatment comes from a country that nobody of the control does.
#[test]
fn a_small_stratum_does_not_take_the_answer_away() {
    let mut story = Story::default();
    story.configured(0, "metric", "m", json!({ "kind": "mean", "event": { "verb": "replied" } }));
    let more = json!({ "dimensions": ["country"], "metrics": { "goals": ["m"] },
                       "analysis": { "stratify": "country" } });
    story.running("e", more);
    for n in 0..600_i64 {
        let (unit, arm) = (format!("u{n}"), n % 2);
        let country = if n % 120 == 1 { "LI" } else { ["DE", "US"][usize::from(n % 6 < 2)] };
        story.exposed(HOUR, "e", &unit, ["a", "b"][arm as usize], json!({ "country": country }));
        (0..n % 5).for_each(|k| story.did((2 + k) * HOUR, &unit, "replied", 1.0));
    }
    let analysis = story.analysis("e", DAY);
    let line = &analysis.metrics[0].lines[1];
    assert!(line.absolute.as_ref().is_some_and(|found| found.interval().is_some()), "{analysis}");
    assert!(analysis.to_string().contains("Post-stratified by country"), "{analysis}");
}

#[test]
fn a_quantile_of_too_few_has_no_value() {
    let mut story = Story::default();
    story.configured(0, "metric", "m", json!({ "kind": "quantile", "event": { "verb": "replied" }, "q": 0.99 }));
    story.running("e", json!({ "metrics": { "goals": ["m"] } }));
    for n in 0..40 {
        story.exposed(HOUR, "e", &format!("u{n}"), ["a", "b"][n % 2], json!({}));
        story.did(2 * HOUR, &format!("u{n}"), "replied", 5.0 + n as f64);
    }
    let analysis = story.analysis("e", DAY);
    assert!(analysis.metrics[0].lines.iter().all(|line| line.value.is_none() && line.units == 20), "{analysis}");
}
