//! A team's experiment from its first draft to the record of its decision, over HTTP.

use serde_json::{Value, json};

use super::Site;

const UNITS: usize = 600;

pub(super) fn replies() -> Value {
    json!({ "name": "Replies", "kind": "mean", "event": { "verb": "replied" } })
}

pub(super) fn design() -> Value {
    json!({
        "name": "Warmer welcome",
        "variants": [
            { "key": "control", "weight": 0.5, "value": { "greeting": "Hello" } },
            { "key": "warm", "weight": 0.5, "value": { "greeting": "Good to see you" } },
        ],
        "metrics": { "goals": ["replies"] },
        "dimensions": ["country"],
    })
}

impl Site {
    pub(super) fn with_draft() -> Self {
        let site = Self::open();
        site.put("/v1/metrics/replies", replies()).ok();
        site.put("/v1/experiments/welcome", design()).ok();
        site
    }

    /// The variant that a member gets; the request notes the exposure.
    pub(super) fn variant(&self, flag: &str, unit: &str) -> Value {
        let context = json!({ "targetingKey": unit, "country": if unit.ends_with('1') { "DE" } else { "US" } });
        let answer = self.post(&format!("/ofrep/v1/evaluate/flags/{flag}"), json!({ "context": context })).ok();
        assert!(answer["value"].is_object() || answer["value"].is_string(), "{answer}");
        answer["variant"].clone()
    }

    /// The variant that a member gets when all flags are fetched, which exposes nobody.
    fn bulk_variant(&self, unit: &str) -> Value {
        let answer = self.post("/ofrep/v1/evaluate/flags", json!({ "context": { "targetingKey": unit } })).ok();
        let flags = answer["flags"].as_array().unwrap().clone();
        flags.into_iter().find(|flag| flag["key"] == "welcome").unwrap()["variant"].clone()
    }

    pub(super) fn replied(&self, members: &[String]) {
        for chunk in members.chunks(200) {
            let events: Vec<Value> = chunk
                .iter()
                .map(|member| {
                    json!({ "type": "track", "userId": member, "event": "Replied",
                                            "properties": { "item_id": "d1" } })
                })
                .collect();
            self.post("/v1/batch", json!({ "batch": events })).ok();
        }
    }

    /// The first metric's line of an arm.
    fn line(&self, arm: usize) -> Value {
        self.get("/v1/experiments/welcome/results").ok()["metrics"][0]["lines"][arm].clone()
    }
}

#[test]
fn from_draft_to_decision() {
    let site = Site::with_draft();
    // A draft assigns nobody.
    assert_eq!(site.variant("welcome", "m1"), "default");
    site.get("/v1/experiments/welcome/results").problem(409, "wrong_stage");
    let started = site.post("/v1/experiments/welcome/start", json!({})).ok();
    assert_eq!((&started["stage"], &started["phase"], &started["version"]), (&json!("running"), &json!(1), &json!(2)));

    let members: Vec<String> = (0..UNITS).map(|n| format!("m{n}")).collect();
    let mut warm = Vec::new();
    for member in &members {
        let variant = site.variant("welcome", member);
        assert_eq!(variant, site.variant("welcome", member), "twice the same");
        if variant == "warm" {
            warm.push(member.clone());
        }
    }
    site.exposures(UNITS);
    // Everybody replies once, and who was welcomed warmly once more, most of them.
    site.replied(&members);
    site.replied(&warm.iter().filter(|member| !member.ends_with('7')).cloned().collect::<Vec<_>>());

    let results = site.get("/v1/experiments/welcome/results?by=country").ok();
    assert_eq!(results["arms"][1]["units"], json!(warm.len()), "{results}");
    let line = &results["metrics"][0]["lines"][1];
    let measured = &line["absolute"]["measured"];
    assert!((measured["estimate"].as_f64().unwrap() - 0.9).abs() < 0.05, "{line}");
    assert!(measured["low"].as_f64().unwrap() > 0.5 && line["significant"] == true, "{line}");
    let segments = results["metrics"][0]["segments"].as_array().unwrap();
    assert_eq!(segments.iter().map(|segment| &segment["value"]).collect::<Vec<_>>(), ["US", "DE"]);
    assert_eq!(results["verdict"]["call"], "ship", "{results}");
    assert_eq!(results["verdict"]["variant"], "warm");

    let decide = json!({ "call": "ship", "variant": "warm" });
    site.post("/v1/experiments/welcome/decide", decide.clone()).problem(409, "wrong_stage");
    site.post("/v1/experiments/welcome/stop", json!({ "ship": "warm" })).ok();
    assert_eq!(site.variant("welcome", "somebody new"), "warm");
    let record = site.post("/v1/experiments/welcome/decide", decide.clone()).ok();
    assert_eq!(record["analysis"]["metrics"][0]["lines"][1]["units"], json!(warm.len()));
    site.post("/v1/experiments/welcome/decide", decide).problem(409, "wrong_stage");
    // What happens afterwards changes neither the results nor the record.
    let before = site.line(1);
    site.replied(&members);
    assert_eq!(site.line(1), before);
    let kept = site.get("/v1/experiments/welcome/decision").ok();
    assert_eq!(kept["analysis"], record["analysis"]);
    let history = site.get("/v1/experiments/welcome/history").ok();
    assert_eq!(history["versions"].as_array().unwrap().len(), 3);
}

#[test]
fn what_runs_is_frozen_but_for_its_ramp() {
    let site = Site::with_draft();
    let mut design = design();
    design["coverage"] = json!(0.2);
    assert_eq!(site.put("/v1/experiments/welcome", design.clone()).ok()["version"], 2);
    site.put("/v1/experiments/welcome?version=1", design.clone()).problem(409, "version_conflict");
    site.post("/v1/experiments/welcome/start", json!({})).ok();
    design["name"] = json!("Colder welcome");
    site.put("/v1/experiments/welcome", design).problem(409, "wrong_stage");
    site.send("DELETE", "/v1/experiments/welcome", &[], b"").problem(409, "wrong_stage");
    site.send("DELETE", "/v1/metrics/replies", &[], b"").problem(409, "in_use");
    let all: Vec<String> = (0..300).map(|n| format!("m{n}")).collect();
    let before: Vec<Value> = all.iter().map(|member| site.variant("welcome", member)).collect();
    let inside = |variants: &[Value]| variants.iter().filter(|variant| *variant != "default").count();
    assert!((30..90).contains(&inside(&before)), "{}", inside(&before));
    site.post("/v1/experiments/welcome/ramp", json!({ "coverage": 0.1 })).problem(400, "bad_field");
    site.post("/v1/experiments/welcome/ramp", json!({ "coverage": 1.0 })).ok();
    let after: Vec<Value> = all.iter().map(|member| site.variant("welcome", member)).collect();
    assert_eq!(inside(&after), 300);
    assert!(before.iter().zip(&after).all(|(before, after)| *before == "default" || before == after));
}

#[test]
fn a_metric_written_afterwards_counts_what_happened_before() {
    let site = Site::with_draft();
    site.post("/v1/experiments/welcome/start", json!({})).ok();
    let members: Vec<String> = (0..20).map(|n| format!("m{n}")).collect();
    members.iter().for_each(|member| drop(site.variant("welcome", member)));
    site.exposures(20);
    site.replied(&members);
    site.post("/v1/experiments/welcome/stop", json!({})).ok();
    // A new metric that nobody logged, in the next phase of an experiment of its own.
    let visits = json!({ "kind": "mean", "event": { "verb": "replied", "where": { "item": "d1" } } });
    site.put("/v1/metrics/on-d1", visits).ok();
    let mut other = design();
    other["metrics"] = json!({ "goals": ["on-d1"] });
    site.put("/v1/experiments/other", other).ok();
    site.post("/v1/experiments/other/start", json!({})).ok();
    members.iter().for_each(|member| drop(site.variant("other", member)));
    site.exposures(40);
    let results = site.get("/v1/experiments/other/results").ok();
    let units: u64 = (0..2).map(|arm| results["arms"][arm]["units"].as_u64().unwrap()).sum();
    assert_eq!(units, 20, "{results}");
}

#[test]
fn a_wrong_document_says_what_is_wrong_and_where() {
    let site = Site::with_draft();
    let wrong = |change: &dyn Fn(&mut Value), field: &str| {
        let mut design = design();
        change(&mut design);
        let problem = site.put("/v1/experiments/wrong", design).problem(400, "bad_field");
        assert_eq!(problem["field"], field, "{problem}");
    };
    wrong(&|d| d["variants"][0]["weight"] = json!(0.6), "variants");
    wrong(&|d| d["variants"][0]["weight"] = json!(-0.6), "variants[0].weight");
    wrong(&|d| d["variants"][1]["key"] = json!("control"), "variants[1].key");
    wrong(&|d| d["variants"][1]["wieght"] = json!(1), "variants[1].wieght");
    wrong(&|d| d["variants"] = json!([{ "key": "alone", "weight": 1 }]), "variants");
    wrong(&|d| d["metrics"]["goals"] = json!(["nothing"]), "metrics");
    wrong(&|d| d["metrics"]["guardrails"] = json!([{ "metric": "replies", "margin": 2 }]), "metrics");
    wrong(&|d| d["coverage"] = json!(1.5), "coverage");
    wrong(&|d| d["layer"] = json!({ "key": "front-page", "from": 0, "to": 0.5 }), "layer.key");
    wrong(&|d| d["holdouts"] = json!(["none"]), "holdouts[0]");
    wrong(&|d| d["audience"] = json!({ "age": { "$gt": 1, "$ls": 3 } }), "audience");
    wrong(&|d| d["analysis"] = json!({ "alpha": 0 }), "analysis.alpha");
    wrong(&|d| d["analysis"] = json!({ "method": "group_sequential" }), "analysis.looks");
    wrong(&|d| d["prerequisites"] = json!([{ "feature": "none" }]), "prerequisites[0].feature");
    site.put("/v1/metrics/bad", json!({ "kind": "mean" })).problem(400, "bad_field");
    site.put("/v1/metrics/bad", json!({ "kind": "men", "event": { "verb": "x" } })).problem(400, "bad_field");
    site.put("/v1/metrics/bad", json!({ "kind": "quantile", "event": { "verb": "x" }, "q": 1 }))
        .problem(400, "bad_field");
    site.put("/v1/metrics/bad", json!({ "kind": "mean", "event": { "verb": "x" }, "windw_days": 1 }))
        .problem(400, "bad_field");
    site.get("/v1/experiments/none").problem(404, "unknown_document");
    site.get("/v1/experiments/none/results").problem(404, "unknown_document");
    site.post("/v1/experiments/none/start", json!({})).problem(404, "unknown_document");
}

#[test]
fn who_was_seen_in_a_variant_keeps_it_across_log_in() {
    let site = Site::with_draft();
    site.post("/v1/experiments/welcome/start", json!({})).ok();
    let visitors: Vec<String> = (0..30).map(|n| format!("anon-{n}")).collect();
    let before: Vec<Value> = visitors.iter().map(|visitor| site.variant("welcome", visitor)).collect();
    site.exposures(30);
    let ids: Vec<String> = (0..30).map(|n| format!("member-{n}")).collect();
    let by_hash: Vec<Value> = ids.iter().map(|id| site.bulk_variant(id)).collect();
    assert_ne!(before, by_hash, "the hash alone would move some");
    for (visitor, id) in visitors.iter().zip(&ids) {
        site.post("/v1/alias", json!({ "previousId": visitor, "userId": id })).ok();
    }
    assert_eq!(before, ids.iter().map(|id| site.variant("welcome", id)).collect::<Vec<_>>());
    assert_eq!(before, ids.iter().map(|id| site.bulk_variant(id)).collect::<Vec<_>>());
    site.exposures(60);
    let results = site.get("/v1/experiments/welcome/results").ok();
    let units: u64 = (0..2).map(|arm| results["arms"][arm]["units"].as_u64().unwrap()).sum();
    assert_eq!(units, 30, "each is one unit under both ids: {results}");
}

#[test]
fn an_experiment_can_try_out_another_ranking() {
    let site = Site::open();
    for n in 0..12 {
        let item = json!({ "title": format!("About roses, part {n}"), "tags": ["roses"], "author": "ana" });
        site.put(&format!("/v1/items/d{n}"), item).ok();
    }
    let members: Vec<String> = (0..40).map(|n| format!("m{n}")).collect();
    for member in &members {
        site.post("/v1/identify", json!({ "userId": member, "traits": { "interests": ["roses"] } })).ok();
    }
    let policies = |site: &Site| -> Vec<String> {
        let list = |member: &String| site.get(&format!("/v1/members/{member}/feed")).ok();
        members.iter().map(|member| list(member)["slate"]["policy"].as_str().unwrap().to_owned()).collect()
    };
    assert!(policies(&site).iter().all(|policy| policy == "default@1"));
    let design = json!({ "variants": [
        { "key": "as-now", "weight": 0.5, "value": {} },
        { "key": "fresher", "weight": 0.5, "value": { "weights": { "fresh": 5.0 } } },
    ] });
    let mut wrong = design.clone();
    wrong["variants"][1]["value"] = json!({ "wieghts": {} });
    assert_eq!(site.put("/v1/experiments/ranking", wrong).problem(400, "bad_field")["field"], "variants[1].value");
    site.put("/v1/experiments/ranking", design).ok();
    site.post("/v1/experiments/ranking/start", json!({})).ok();
    let tried = policies(&site);
    let fresher = tried.iter().filter(|policy| *policy == "ranking:fresher").count();
    assert!((8..32).contains(&fresher) && tried.iter().filter(|p| *p == "ranking:as-now").count() == 40 - fresher);
    assert_eq!(tried, policies(&site));
    assert_eq!(site.exposures(40).len(), 40);
    let scores =
        |member: &str| site.get(&format!("/v1/members/{member}/feed?explain=true")).ok()["items"][0]["ledger"].clone();
    let of = |policy: &str| members[tried.iter().position(|name| name == policy).unwrap()].clone();
    assert_ne!(scores(&of("ranking:fresher")), scores(&of("ranking:as-now")));
    // Nobody who was never heard of becomes known by asking.
    assert_eq!(site.get("/v1/members/nobody/feed").ok()["slate"]["policy"], "default@1");
    assert_eq!(site.exposures(41).len(), 40);
}

#[test]
fn what_is_shipped_stays_until_the_next_phase_and_its_record_beyond() {
    let site = Site::with_draft();
    site.post("/v1/experiments/welcome/start", json!({})).ok();
    site.post("/v1/experiments/welcome/stop", json!({ "ship": "warm" })).ok();
    // The rule would not have shipped it: whoever does says why.
    let ship = json!({ "call": "ship", "variant": "warm" });
    assert_eq!(site.post("/v1/experiments/welcome/decide", ship).problem(400, "bad_field")["field"], "because");
    let why = json!({ "call": "ship", "variant": "warm", "because": "it is friendlier" });
    site.post("/v1/experiments/welcome/decide?author=ana", why).ok();
    site.put("/v1/experiments/welcome", design()).ok();
    assert_eq!(site.variant("welcome", "m1"), "warm");
    site.post("/v1/experiments/welcome/start", json!({})).ok();
    site.get("/v1/experiments/welcome/decision").problem(404, "unknown_document");
    let record = site.get("/v1/experiments/welcome/decision?phase=1").ok();
    assert_eq!(
        record["document"].get("because").or(record.get("because")),
        Some(&json!("it is friendlier")),
        "{record}"
    );
    // A feature of the same key would take its units away.
    site.put("/v1/features/welcome", json!({ "default": 1 })).problem(400, "bad_field");
    // Exposures to what there is not are shown.
    let viewed = json!({ "userId": "m1", "event": "Experiment Viewed",
                         "properties": { "experiment_id": "welcmoe", "variation_id": "warm" } });
    site.post("/v1/track", viewed).ok();
    let all = site.get("/v1/experiments").ok();
    assert_eq!(all["unclaimed_exposures"], json!([{ "experiment": "welcmoe", "units": 1 }]));
}

#[test]
fn who_was_but_exposed_can_be_erased() {
    let site = Site::with_draft();
    site.post("/v1/experiments/welcome/start", json!({})).ok();
    for unit in ["loner", "control"] {
        site.variant("welcome", unit);
    }
    site.exposures(2);
    for gone in ["loner", "control"] {
        site.send("DELETE", &format!("/v1/members/{gone}"), &[], b"").ok();
        site.send("DELETE", &format!("/v1/members/{gone}"), &[], b"").problem(404, "unknown_member");
    }
    let results = site.get("/v1/experiments/welcome/results").ok();
    assert!((0..2).all(|arm| results["arms"][arm]["units"] == 0), "{results}");
    assert_eq!(results["arms"][0]["key"], "control", "a member's name takes no variant's away");
}
