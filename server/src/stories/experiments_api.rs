//! Experiments over HTTP as one meets them with a command line: versions, round trips, parameters, shapes, plans.

use serde_json::{Value, json};

use super::Site;
use super::experiments::{design, replies};
use super::shape::differences;
use crate::api::openapi::schemas;

impl Site {
    /// An experiment under way in which so many took part, and did something.
    fn with_results(units: usize) -> Self {
        let site = Self::with_draft();
        site.post("/v1/experiments/welcome/start", json!({})).ok();
        let members: Vec<String> = (0..units).map(|n| format!("m{n}")).collect();
        members.iter().for_each(|member| drop(site.variant("welcome", member)));
        site.exposures(units);
        site.replied(&members);
        site.replied(&members.iter().filter(|member| member.ends_with('3')).cloned().collect::<Vec<_>>());
        site
    }
}

fn to(method: &str, path: &str, value: &Value, headers: &[(&str, &str)], site: &Site) -> super::Answer {
    site.send(method, path, headers, value.to_string().as_bytes())
}

#[test]
fn what_is_got_can_be_put_back() {
    let site = Site::with_draft();
    site.put("/v1/layers/page", json!({})).ok();
    site.put("/v1/holdouts/some", json!({ "share": 0.1 })).ok();
    site.put("/v1/segments/german", json!({ "condition": { "country": "DE" } })).ok();
    site.put("/v1/features/button", json!({ "default": "blue", "rules": [{ "value": "red", "coverage": 0.5 }] })).ok();
    let paths = [
        "experiments/welcome",
        "metrics/replies",
        "layers/page",
        "holdouts/some",
        "segments/german",
        "features/button",
    ];
    for path in paths.map(|path| format!("/v1/{path}")) {
        let got = site.get(&path).ok();
        let back = site.put(&path, got.clone());
        assert_eq!(back.status, 200, "{}", back.text);
        assert_eq!(back.json(), got);
        // Also later, when it is not the newest any more; but then it changes nothing.
        let mut other = got.clone();
        other["key"] = json!("another");
        assert_eq!(site.put(&path, other).problem(400, "bad_field")["field"], "key");
    }
    let stages: [(&str, Value); 3] = [("start", json!({})), ("ramp", json!({ "coverage": 1 })), ("stop", json!({}))];
    for (step, body) in stages {
        site.post(&format!("/v1/experiments/welcome/{step}"), body).ok();
        let got = site.get("/v1/experiments/welcome").ok();
        assert_eq!(site.put("/v1/experiments/welcome", got.clone()).ok(), got, "after {step}");
    }
    // Without its stage, the design of a stopped experiment is that of the next phase.
    let next = site.put("/v1/experiments/welcome", design()).ok();
    assert_eq!((&next["stage"], &next["phase"]), (&json!("draft"), &json!(1)));
    let mut moved = next.clone();
    moved["stage"] = json!("running");
    assert_eq!(site.put("/v1/experiments/welcome", moved).problem(400, "bad_field")["field"], "stage");
    assert_eq!(site.post("/v1/experiments/welcome/start", json!({})).ok()["phase"], 2);
}

#[test]
fn versions_keep_two_from_writing_over_each_other() {
    let site = Site::open();
    let made = site.put("/v1/metrics/m", replies());
    assert_eq!((made.status, made.header("etag")), (201, "\"1\""));
    assert_eq!(site.put("/v1/metrics/m", replies()).status, 200);
    let mut other = replies();
    other["name"] = json!("Other");
    let none = [("if-none-match", "*")];
    to("PUT", "/v1/metrics/m", &other, &none, &site).problem(409, "version_conflict");
    to("PUT", "/v1/metrics/m", &other, &[("if-match", "\"7\"")], &site).problem(409, "version_conflict");
    to("PUT", "/v1/metrics/m", &other, &[("if-match", "x")], &site).problem(400, "bad_parameter");
    assert_eq!(to("PUT", "/v1/metrics/m", &other, &[("if-match", "\"1\"")], &site).ok()["version"], 2);
    let mut stale = replies();
    stale["version"] = json!(1);
    site.put("/v1/metrics/m", stale).problem(409, "version_conflict");
    let answer = site.send("GET", "/v1/metrics/m", &[("if-none-match", "\"2\"")], b"");
    assert_eq!((answer.status, answer.text.as_str()), (304, ""));
    // A removal is a version too, and what comes after it goes on counting.
    let gone = site.send("DELETE", "/v1/metrics/m?author=ana", &[], b"").ok();
    assert_eq!((&gone["version"], &gone["removed"], &gone["author"]), (&json!(3), &json!("metric"), &json!("ana")));
    site.get("/v1/metrics/m").problem(404, "unknown_document");
    site.send("DELETE", "/v1/metrics/m", &[], b"").problem(404, "unknown_document");
    let again = to("PUT", "/v1/metrics/m", &other, &none, &site);
    assert_eq!((again.status, &again.json()["version"]), (201, &json!(4)));
    let history = site.get("/v1/metrics/m/history").ok();
    let versions = history["versions"].as_array().unwrap();
    assert_eq!(versions.iter().map(|v| v["version"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert!(versions[2]["document"].is_null());
}

#[test]
fn keys_and_bodies_may_be_strange() {
    let site = Site::open();
    for key in ["a%2Fb", "front/page", "%C3%BCber%F0%9F%98%80", "results", "x%2Fresults"] {
        let path = format!("/v1/metrics/{key}");
        assert_eq!(site.put(&path, replies()).status, 201, "{key}");
        assert_eq!(site.get(&path).ok()["kind"], "mean");
    }
    let keys: Vec<Value> =
        site.get("/v1/metrics").ok()["items"].as_array().unwrap().iter().map(|m| m["key"].clone()).collect();
    assert_eq!(keys, ["a/b", "front/page", "results", "x/results", "über😀"]);
    site.put("/v1/metrics/with%20space", replies()).problem(400, "bad_id");
    site.put(&format!("/v1/metrics/{}", "k".repeat(201)), replies()).problem(400, "bad_id");
    site.put(&format!("/v1/metrics/m?author={}", "a".repeat(101)), replies()).problem(400, "bad_parameter");
    site.send("PATCH", "/v1/metrics/m", &[], b"{}").problem(405, "method_not_allowed");
    site.send("PUT", "/v1/metrics/m", &[], b"").problem(400, "bad_field");
    site.send("PUT", "/v1/metrics/m", &[], b"[]").problem(400, "bad_field");
    let twice = br#"{"kind":"mean","event":{"verb":"a","verb":"b"}}"#;
    assert!(
        site.send("PUT", "/v1/metrics/m", &[], twice).problem(400, "bad_field")["detail"]
            .as_str()
            .unwrap()
            .contains("twice")
    );
    let huge = json!({ "kind": "mean", "event": { "verb": "v".repeat(600_000) } });
    site.put("/v1/metrics/m", huge).problem(413, "body_too_large");
    let thirds = |weights: [f64; 3]| {
        let variants: Vec<Value> =
            weights.iter().zip(["a", "b", "c"]).map(|(w, k)| json!({ "key": k, "weight": w })).collect();
        site.put("/v1/experiments/thirds", json!({ "variants": variants }))
    };
    thirds([0.3333, 0.3333, 0.3334]).ok();
    thirds([1.0 / 3.0; 3]).ok();
    assert_eq!(thirds([0.3333; 3]).problem(400, "bad_field")["field"], "variants");
    for stage in ["draft", "running", "stopped"] {
        let found = site.get(&format!("/v1/experiments?stage={stage}")).ok()["items"].as_array().unwrap().len();
        assert_eq!(found, usize::from(stage == "draft"), "{stage}");
    }
    site.get("/v1/experiments?stage=drafts").problem(400, "bad_parameter");
}

#[test]
fn results_can_be_narrowed_and_looked_at_as_they_were() {
    let site = Site::with_results(60);
    let ask = |query: &str| site.get(&format!("/v1/experiments/welcome/results?{query}"));
    let unknown = ask("by=contry").problem(400, "bad_parameter");
    assert!(unknown["detail"].as_str().unwrap().contains("did you mean country?"), "{unknown}");
    assert_eq!(ask("metric=clicks").problem(400, "bad_parameter")["field"], "metric");
    assert_eq!(ask("by=country,day,client&metric=replies").ok()["metrics"].as_array().unwrap().len(), 1);
    ask("at=2999-01-01T00:00:00Z").problem(400, "bad_parameter");
    ask("at=2001-01-01T00:00:00Z").problem(409, "wrong_stage");
    let now = ask("").ok();
    let at = format!("at={}", now["at"].as_str().unwrap());
    assert_eq!(ask(&at).ok(), now);
    site.replied(&["m1".to_owned()]);
    assert_eq!(ask(&at).ok(), now, "what came later does not count at an earlier moment");
    let started = site.get("/v1/experiments/welcome").ok()["started_at"].clone();
    let early = ask(&format!("at={}", started.as_str().unwrap())).ok();
    assert!(early["arms"][0]["units"].as_u64().unwrap() <= 1, "{early}");
}

#[test]
fn what_a_running_experiment_rests_on_stays_as_it_is() {
    let site = Site::with_draft();
    site.put("/v1/holdouts/some", json!({ "share": 0.1 })).ok();
    let mut held = design();
    held["holdouts"] = json!(["some"]);
    site.put("/v1/experiments/welcome", held).ok();
    let other = json!({ "name": "Replies", "kind": "mean", "event": { "verb": "replied" }, "better": "lower" });
    site.put("/v1/metrics/replies", other.clone()).ok();
    site.put("/v1/metrics/replies", replies()).ok();
    site.post("/v1/experiments/welcome/start", json!({})).ok();
    let refused = site.put("/v1/metrics/replies", other.clone()).problem(409, "in_use");
    assert!(refused["detail"].as_str().unwrap().contains("experiment welcome"), "{refused}");
    site.put("/v1/holdouts/some", json!({ "share": 0.2 })).problem(409, "in_use");
    site.put("/v1/holdouts/some", json!({ "share": 0.1, "description": "All of them together" })).ok();
    let mut renamed = replies();
    renamed["name"] = json!("Replies written");
    renamed["better"] = json!("higher"); // as it was without being said
    site.put("/v1/metrics/replies", renamed).ok();
    site.post("/v1/experiments/welcome/stop", json!({})).ok();
    site.put("/v1/metrics/replies", other).ok();
}

#[test]
fn a_plan_says_what_an_experiment_needs() {
    let site = Site::with_results(60);
    let plan = |question: Value| site.post("/v1/power", question);
    let answer = plan(json!({ "baseline": 0.1, "effect": "10%", "per_day": 1000, "looks": 5 })).ok();
    let needed = |at: usize| answer["methods"][at]["size"]["per_arm"][0].as_u64().unwrap();
    assert_eq!(needed(0), 14_749);
    assert_eq!(answer["methods"][0]["days"], 30);
    assert!(needed(1) > needed(0) && needed(2) > needed(1), "{answer}");
    let ratio = json!({ "mean": 20, "sd": 8, "per_mean": 2, "per_sd": 0, "effect": 0.5, "units": 2010 });
    let answer = plan(ratio).ok();
    assert!((answer["methods"][0]["power"].as_f64().unwrap() - 0.8).abs() < 1e-3, "{answer}");
    for (wrong, field) in [
        (json!({ "effect": 1 }), "baseline"),
        (json!({ "baseline": 0.1 }), "effect"),
        (json!({ "baseline": "x", "effect": 1 }), "baseline"),
        (json!({ "baseline": 1.5, "effect": 0.1 }), "baseline"),
        (json!({ "mean": 1, "sd": 1, "effect": 0 }), "effect"),
        (json!({ "mean": 1, "sd": 1, "effect": 1, "weights": [1] }), "weights"),
        (json!({ "mean": 1, "sd": 1, "units": -1 }), "units"),
        (json!({ "mean": 1, "sd": 1, "efect": 1 }), "efect"),
        (json!({ "metric": "replies", "days": 0, "effect": 1 }), "days"),
        (json!({ "metric": "replies", "mean": 1, "effect": 1 }), "metric"),
    ] {
        let problem = plan(wrong.clone()).problem(400, "bad_field");
        assert_eq!(problem["field"], field, "{wrong}: {problem}");
    }
    plan(json!({ "metric": "none", "effect": 1 })).problem(404, "unknown_document");
    // 60 members: 54 replied once, 6 twice; nothing is known of them before.
    let answer = plan(json!({ "metric": "replies", "effect": "10%" })).ok();
    assert_eq!(answer["members"], 60, "{answer}");
    assert!((answer["baseline"].as_f64().unwrap() - 1.1).abs() < 1e-9, "{answer}");
    let of = site.get("/v1/experiments/welcome/power?effect=10%25&per_day=100").ok();
    let goal = &of["goals"][0];
    assert_eq!((&goal["metric"], &goal["units"]), (&json!("replies"), &json!(60.0)), "{of}");
    assert!(goal["methods"][0]["detectable"].is_number() && goal["methods"][0]["power"].is_number(), "{of}");
    site.get("/v1/experiments/welcome/power?effect=x").problem(400, "bad_parameter");
    site.get("/v1/experiments/none/power?effect=1").problem(404, "unknown_document");
}

#[test]
fn answers_have_the_shapes_that_are_described() {
    let site = Site::with_results(120);
    let schemas = schemas().unwrap();
    let fits = |name: &str, value: &Value| {
        let found = differences(&schemas, name, value);
        assert!(found.is_empty(), "{name}: {found:#?}\n{value:#}");
    };
    let event = json!({ "verb": "replied", "where": { "item": "d1" } });
    let metrics = json!({
        "sum": { "kind": "mean", "event": event, "of": "sum", "cap": { "quantile": 0.99 } },
        "any": { "kind": "proportion", "event": event, "at_least": 2, "window_days": 1 },
        "per": { "kind": "ratio", "numerator": { "event": event }, "denominator": { "event": { "verb": "*" } } },
        "p90": { "kind": "quantile", "event": event, "q": 0.9, "per": "unit" },
        "back": { "kind": "retention", "day": 1, "retained": "rolling" },
        "steps": { "kind": "funnel", "steps": [{ "verb": "*" }, event] },
        "wait": { "kind": "time_to_event", "event": event, "horizon_days": 1, "better": "lower" },
    });
    for (key, metric) in metrics.as_object().unwrap() {
        fits("Metric", metric);
        fits("WrittenMetric", &site.put(&format!("/v1/metrics/{key}?author=ana"), metric.clone()).ok());
    }
    fits("MetricList", &site.get("/v1/metrics").ok());
    let wide = json!({
        "variants": design()["variants"],
        "assigned_by": "elsewhere", "overrides": [{ "unit": "qa", "variant": "warm" }], "dimensions": ["country"],
        "metrics": { "goals": ["replies", "sum", "any"], "secondary": ["per", "p90", "back", "steps", "wait"],
                     "guardrails": [] },
        "decision": { "days_min": 7, "worth": 0.01 }, "analysis": { "method": "fixed_horizon" },
    });
    fits("Experiment", &wide);
    fits("WrittenExperiment", &site.put("/v1/experiments/wide", wide).ok());
    fits("WrittenExperiment", &site.post("/v1/experiments/wide/start", json!({})).ok());
    (0..80).for_each(|n| drop(site.variant("wide", &format!("m{n}"))));
    site.exposures(200);
    site.replied(&(0..40).map(|n| format!("m{n}")).collect::<Vec<_>>());
    for path in ["welcome/results?by=country,client,day", "wide/results?by=country"] {
        fits("Results", &site.get(&format!("/v1/experiments/{path}")).ok());
    }
    fits("ExperimentPower", &site.get("/v1/experiments/wide/power").ok());
    fits("PowerAnswer", &site.post("/v1/power", json!({ "baseline": "10%", "effect": 0.01, "units": 1e5 })).ok());
    site.post("/v1/experiments/welcome/stop", json!({ "ship": "warm" })).ok();
    fits(
        "WrittenDecision",
        &site.post("/v1/experiments/welcome/decide", json!({ "call": "stop", "because": "a test" })).ok(),
    );
    fits("WrittenDecision", &site.get("/v1/experiments/welcome/decision").ok());
    fits("ExperimentList", &site.get("/v1/experiments").ok());
    fits("History", &site.get("/v1/experiments/welcome/history").ok());
    for (path, name, document) in [
        ("features/f", "Feature", json!({ "default": 1, "rules": [{ "value": 2, "condition": { "a": 1 } }] })),
        ("holdouts/h", "Holdout", json!({ "share": 0.1 })),
        ("layers/l", "Layer", json!({ "description": "Front page" })),
        ("segments/s", "Segment", json!({ "condition": { "country": "DE" } })),
    ] {
        let path = format!("/v1/{path}");
        fits(name, &document);
        fits(&format!("Written{name}"), &site.put(&path, document).ok());
        fits(&format!("Written{name}"), &site.get(&path).ok());
        fits(&format!("{name}List"), &site.get(path.rsplit_once('/').unwrap().0).ok());
        fits("Removed", &site.send("DELETE", &path, &[], b"").ok());
        fits("History", &site.get(&format!("{path}/history")).ok());
    }
}
