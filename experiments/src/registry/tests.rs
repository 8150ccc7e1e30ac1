use anklang_domain::Configuration;
use serde_json::{Value, json};

use super::*;
use crate::assign::{Context, Payload};

fn at(ms: i64) -> UnixMillis {
    UnixMillis::saturating(1_500_000_000_000 + ms)
}

fn write(registry: &mut Registry, kind: Kind, key: &str, document: Value) -> Result<(), DesignError> {
    registry.check(kind, key, &document)?;
    let version = registry.history(kind, key).len() as u32 + 1;
    let author = String::new();
    let configuration =
        Configuration { kind: kind.name().into(), key: key.into(), version, document: Some(document), author };
    assert!(registry.apply(at(0), &configuration));
    Ok(())
}

fn two(more: Value) -> Value {
    let mut design = json!({ "variants": [{ "key": "a", "weight": 0.5 }, { "key": "b", "weight": 0.5 }] });
    design.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    design
}

fn started(registry: &mut Registry, key: &str, more: Value) {
    write(registry, Kind::Experiment, key, two(more)).unwrap();
    let running = registry.experiment(key).unwrap().start(at(0)).unwrap();
    write(registry, Kind::Experiment, key, running.document()).unwrap();
}

/// What a unit gets of a feature, at a moment.
fn value(registry: &Registry, key: &str, attributes: Value, now: UnixMillis) -> Value {
    let payload = Payload::parse(&registry.payload(now)).unwrap();
    let (result, _) = payload.evaluate(key, &Context::new(&attributes));
    result.value.clone()
}

fn units(registry: &Registry, key: &str) -> Vec<Value> {
    (0..400).map(|n| value(registry, key, json!({ "id": format!("u{n}") }), at(1))).collect()
}

fn share(values: &[Value], of: &str) -> f64 {
    values.iter().filter(|value| *value == of).count() as f64 / values.len() as f64
}

#[test]
fn an_experiment_is_a_feature_and_its_stages_are_what_clients_get() {
    let mut registry = Registry::default();
    write(&mut registry, Kind::Experiment, "e", two(json!({}))).unwrap();
    assert_eq!(value(&registry, "e", json!({ "id": "x" }), at(0)), "a", "a draft gives the control");
    started(&mut registry, "late", json!({ "starts_at": at(1_000), "ends_at": at(2_000) }));
    let mixed = |now| (0..50).any(|n| value(&registry, "late", json!({ "id": n.to_string() }), now) == "b");
    assert_eq!([999, 1_000, 1_999, 2_000].map(|ms| mixed(at(ms))), [false, true, true, false]);
    assert_eq!(registry.changed_at(at(1_500)), at(1_000));
    started(&mut registry, "e", json!({ "overrides": [{ "unit": "tester", "variant": "b" }] }));
    assert!((share(&units(&registry, "e"), "b") - 0.5).abs() < 0.1);
    assert_eq!(value(&registry, "e", json!({ "id": "tester" }), at(1)), "b");
    let shipped = registry.experiment("e").unwrap().stop(at(5), Some("b".into())).unwrap();
    write(&mut registry, Kind::Experiment, "e", shipped.document()).unwrap();
    assert!((share(&units(&registry, "e"), "b") - 1.0).abs() < 1e-12);
}

#[test]
fn another_phase_draws_anew() {
    let mut registry = Registry::default();
    started(&mut registry, "e", json!({}));
    let first = units(&registry, "e");
    let stopped = registry.experiment("e").unwrap().stop(at(5), None).unwrap();
    write(&mut registry, Kind::Experiment, "e", stopped.document()).unwrap();
    let draft = stopped.edit(stopped.design.clone()).unwrap();
    write(&mut registry, Kind::Experiment, "e", draft.document()).unwrap();
    let again = draft.start(at(6)).unwrap();
    assert_eq!(again.phase, 2);
    write(&mut registry, Kind::Experiment, "e", again.document()).unwrap();
    let second: Vec<Value> = (0..400).map(|n| value(&registry, "e", json!({ "id": format!("u{n}") }), at(7))).collect();
    let same = first.iter().zip(&second).filter(|(a, b)| a == b).count();
    assert!((120..280).contains(&same), "{same} of 400");
}

#[test]
fn layers_holdouts_segments_and_prerequisites_hold() {
    let mut registry = Registry::default();
    write(&mut registry, Kind::Layer, "front", json!({})).unwrap();
    write(&mut registry, Kind::Holdout, "year", json!({ "share": 0.2 })).unwrap();
    write(&mut registry, Kind::Segment, "germans", json!({ "condition": { "country": "DE" } })).unwrap();
    write(
        &mut registry,
        Kind::Feature,
        "beta",
        json!({ "default": false, "rules": [
        { "segments": ["germans"], "value": true },
    ] }),
    )
    .unwrap();
    let inside = json!({ "variants": [{ "key": "a", "weight": 0.5, "value": "in" }, { "key": "b", "weight": 0.5, "value": "in" }] });
    let with = |more: Value| {
        let mut design = inside.clone();
        design.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        design
    };
    let mut start = |key: &str, more: Value| {
        // The control is what everybody else gets too: told apart by an override of its value.
        let mut design = with(more);
        design["variants"][0]["value"] = json!("out");
        design["variants"][1]["value"] = json!("in");
        started(&mut registry, key, design);
    };
    start("left", json!({ "layer": { "key": "front", "from": 0, "to": 0.5 } }));
    start("right", json!({ "layer": { "key": "front", "from": 0.5, "to": 1 } }));
    start("held", json!({ "holdouts": ["year"] }));
    start("aimed", json!({ "segments": ["germans"] }));
    start("needing", json!({ "prerequisites": [{ "feature": "beta" }] }));
    let (left, right) = (units(&registry, "left"), units(&registry, "right"));
    assert!(left.iter().zip(&right).all(|(l, r)| !(l == "in" && r == "in")), "nobody is in both");
    assert!((share(&left, "in") - 0.25).abs() < 0.08 && (share(&right, "in") - 0.25).abs() < 0.08);
    assert!((share(&units(&registry, "held"), "in") - 0.4).abs() < 0.08);
    for key in ["aimed", "needing"] {
        assert!(share(&units(&registry, key), "in") < 1e-12, "{key}: nobody is German");
        let german =
            (0..60).any(|n| value(&registry, key, json!({ "id": n.to_string(), "country": "DE" }), at(1)) == "in");
        assert!(german, "{key}");
    }
    let taken = two(json!({ "layer": { "key": "front", "from": 0.4, "to": 0.6 } }));
    let error = registry.check(Kind::Experiment, "third", &taken).unwrap_err();
    assert_eq!(error.field, "layer");
    assert!(error.what.contains("\"left\" has 0 to 0.5"), "{error}");
    assert_eq!(registry.used_by(Kind::Holdout, "year"), ["experiment held"]);
    assert_eq!(registry.used_by(Kind::Segment, "germans"), ["experiment aimed", "feature beta"]);
    // A circle of prerequisites is found when it is written.
    let circle = json!({ "rules": [{ "value": 1, "prerequisites": [{ "feature": "needing" }] }] });
    assert_eq!(registry.check(Kind::Feature, "beta", &circle).unwrap_err().field, "rules[0].prerequisites[0].feature");
}

#[test]
fn a_feature_may_send_some_to_an_experiment_and_others_to_a_value() {
    let mut registry = Registry::default();
    started(&mut registry, "e", json!({}));
    let feature = json!({ "default": "plain", "rules": [
        { "condition": { "staff": true }, "value": "new" },
        { "condition": { "country": "DE" }, "experiment": "e" },
    ] });
    write(&mut registry, Kind::Feature, "f", feature).unwrap();
    assert_eq!(value(&registry, "f", json!({ "id": "x" }), at(1)), "plain");
    assert_eq!(value(&registry, "f", json!({ "id": "x", "staff": true }), at(1)), "new");
    let german: Vec<Value> =
        (0..200).map(|n| value(&registry, "f", json!({ "id": format!("u{n}"), "country": "DE" }), at(1))).collect();
    assert!((share(&german, "b") - 0.5).abs() < 0.12 && share(&german, "plain") < 1e-12);
    let both = json!({ "rules": [{ "value": 1, "experiment": "e" }] });
    assert_eq!(registry.check(Kind::Feature, "g", &both).unwrap_err().field, "rules[0]");
}
