//! Flags as GrowthBook's SDKs ask for them, and the events that they send. The shapes were seen on the wire.

use serde_json::{Value, json};

use super::{Answer, Site};
use crate::keys::{Keys, Role};
use anklang_domain::UnixMillis;

fn features() -> Value {
    json!({
        "plain": {"defaultValue": "hello"},
        "off": {"defaultValue": 1, "enabled": false},
        "digest": {"defaultValue": "weekly", "rules": [{
            "key": "digest-test", "phase": "2", "variations": ["weekly", "daily"], "weights": [0.5, 0.5],
            "meta": [{"key": "control"}, {"key": "daily"}], "hashVersion": 2, "condition": {"secret": {"$exists": false}},
        }]},
    })
}

fn site() -> Site {
    let site = Site::open();
    site.publish(features());
    site
}

/// Asserts an error in GrowthBook's words.
#[track_caller]
fn failed(answer: Answer, status: u16) -> String {
    assert_eq!(answer.status, status, "{}", answer.text);
    let told = answer.json();
    assert_eq!(told["status"], status);
    told["error"].as_str().expect("a text").to_owned()
}

#[test]
fn the_payload_is_what_sdks_expect() {
    let site = site();
    let answer = site.get("/api/features/sdk-abc?cache=1");
    assert_eq!(answer.header("cache-control"), "public, max-age=30, stale-while-revalidate=3600, stale-if-error=36000");
    assert_eq!(answer.header("x-sse-support"), "enabled");
    let etag = answer.header("etag").to_owned();
    let payload = answer.ok();
    assert_eq!((&payload["status"], &payload["features"]["plain"]), (&json!(200), &json!({"defaultValue": "hello"})));
    assert_eq!(payload["features"].get("off"), None);
    assert_eq!(payload["features"]["digest"], features()["digest"], "a rule is as it was written");
    assert_eq!((&payload["experiments"], &payload["savedGroups"]), (&json!([]), &json!({})));
    let known = [("if-none-match", etag.as_str())];
    let unchanged = site.send("GET", "/api/features/sdk-abc", &known, b"");
    assert_eq!((unchanged.status, unchanged.text.as_str(), unchanged.header("etag")), (304, "", etag.as_str()));
    assert!(!site.publish(features()), "the same again is no change");
    assert_eq!(site.send("GET", "/api/features/sdk-abc", &known, b"").status, 304);
    site.publish(json!({}));
    let changed = site.send("GET", "/api/features/sdk-abc", &known, b"").ok();
    assert_ne!(changed["dateUpdated"], payload["dateUpdated"], "SDKs tell versions apart by it");
}

#[test]
fn a_unit_gets_the_same_variant_however_it_asks() {
    let site = site();
    for n in 0..50 {
        let unit = format!("unit-{n}");
        let body = json!({"attributes": {"id": unit}, "forcedVariations": {}, "forcedFeatures": [], "url": ""});
        let remote = site.post("/api/eval/sdk-abc", body).ok();
        let digest = &remote["features"]["digest"];
        let rule = &digest["rules"][0];
        let ofrep = site.post("/ofrep/v1/evaluate/flags/digest", json!({"context": {"targetingKey": unit}})).ok();
        assert_eq!((&rule["force"], &rule["tracks"][0]["result"]["key"]), (&ofrep["value"], &ofrep["variant"]));
        assert_eq!(rule["tracks"][0]["experiment"]["key"], "digest-test");
        assert!(!remote.to_string().contains("secret") && !remote.to_string().contains("weights"), "{remote}");
    }
    assert_eq!(site.exposures(50).len(), 50, "one for each, whoever asked");
}

#[test]
fn what_is_chosen_by_hand_is_chosen() {
    let site = site();
    let ask = |body: Value| site.post("/api/eval/sdk-abc", body).ok()["features"].clone();
    let by_hand = ask(
        json!({"attributes": {"id": "ana"}, "forcedVariations": {"digest-test": 1}, "forcedFeatures": [["plain", "mine"]]}),
    );
    assert_eq!(by_hand["digest"]["defaultValue"], "daily");
    assert_eq!(by_hand["plain"]["defaultValue"], "mine");
    assert_eq!(ask(json!({"url": "http://x/?digest-test=1"}))["digest"]["defaultValue"], "daily");
    assert_eq!(ask(json!({}))["digest"], json!({"defaultValue": "weekly"}));
    assert_eq!(site.exposures(0).len(), 0);
}

#[test]
fn what_is_wrong_is_told_in_growthbooks_words() {
    let site = site();
    for body in ["", "{", "[]", "7", r#"{"attributes":[]}"#, r#"{"forcedFeatures":{"a":1}}"#, r#"{"url":7}"#] {
        failed(site.send("POST", "/api/eval/sdk-abc", &[], body.as_bytes()), 400);
    }
    let large = json!({"attributes": {"id": "x".repeat(1 << 20)}});
    assert!(failed(site.post("/api/eval/sdk-abc", large), 400).contains("bytes"));
    for body in ["", "{", "7", "[7]", "[{}]", r#"[{"event_name":"Experiment Viewed"}]"#, r#"[{"event_name":"x"}]"#] {
        failed(site.send("POST", "/track?client_key=sdk-abc", &[], body.as_bytes()), 400);
    }
    let many: Vec<Value> = (0..2_501).map(|_| json!({})).collect();
    failed(site.post("/track?client_key=sdk-abc", json!(many)), 400);
    failed(site.post("/track?key=x", json!([])), 400);
    assert_eq!(site.post("/track?client_key=sdk-abc", json!([])).ok()["accepted"], 0);
}

#[test]
fn a_key_in_the_path_is_looked_at() {
    let mut site = site();
    let keys = Keys::load(site.folder.path(), true).expect("no file yet");
    let [track, serve] =
        [Role::Track, Role::Serve].map(|role| keys.add(role, "", UnixMillis::default()).expect("added").1);
    for _ in 0..100 {
        if site.get("/api/features/guess").status == 400 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert!(failed(site.get("/api/features/guess"), 400).contains("key"));
    failed(site.get("/sub/guess"), 400);
    failed(site.post("/api/eval/guess", json!({})), 400);
    failed(site.post("/track?client_key=guess", json!([])), 400);
    failed(site.post(&format!("/track?client_key={serve}"), json!([])), 400);
    site.post(&format!("/track?client_key={track}"), json!([])).ok();
    for key in [&track, &serve] {
        site.get(&format!("/api/features/{key}")).ok();
        site.post(&format!("/api/eval/{key}"), json!({})).ok();
    }
    site.key = Some(serve);
    site.get("/api/features/guess").ok();
}

#[test]
fn the_plugins_exposures_are_the_servers() {
    let site = site();
    let ofrep = site.post("/ofrep/v1/evaluate/flags/digest", json!({"context": {"targetingKey": "ana"}})).ok();
    assert_eq!(site.exposures(1).len(), 1);
    let javascript = |unit: &str, variant: &Value| {
        json!([{
            "event_name": "Experiment Viewed", "user_id": null, "device_id": unit, "page_id": null, "session_id": null,
            "properties_json": {"experimentId": "digest-test", "variationId": variant, "hashAttribute": "id", "hashValue": unit},
            "sdk_language": "js", "sdk_version": "1.8.0", "url": "http://x/?token=1", "context_json": {"country": "DE", "email": "a@b.example"},
        }])
    };
    let post = |events: Value| {
        let body = events.to_string();
        site.send(
            "POST",
            "/track?client_key=sdk-abc",
            &[("content-type", "text/plain"), ("origin", "https://x.example")],
            body.as_bytes(),
        )
    };
    assert_eq!(post(javascript("ana", &ofrep["variant"])).ok()["facts"], 0, "the server noted it already");
    assert_eq!(post(javascript("bo", &json!("daily"))).ok()["facts"], 1);
    assert_eq!(post(javascript("bo", &json!("daily"))).ok()["facts"], 0);
    let python = json!([{
        "event_name": "$$experiment_viewed", "device_id": "cy", "sdk_language": "python", "sdk_version": "4.0.0",
        "properties_json": {"experiment_id": "digest-test", "variation_id": 1, "variation_key": "daily", "in_experiment": true,
            "hash_used": true, "hash_attribute": "id", "hash_value": "cy"}, "context_json": {},
    }]);
    assert_eq!(post(python).ok()["facts"], 1);
    let facts = site.exposures(3);
    assert_eq!(
        (&facts[1]["unit"], &facts[1]["member"], &facts[1]["variant"]),
        (&json!("bo"), &json!("bo"), &json!("daily"))
    );
    assert_eq!(facts[1]["props"], json!({"client": "growthbook-plugin js 1.8.0", "country": "DE", "phase": "2"}));
    assert_eq!((&facts[2]["unit"], &facts[2]["variant"]), (&json!("cy"), &json!("daily")));
    assert!(!serde_json::to_string(&facts).expect("json").contains("token"));
}

#[test]
fn whatever_else_the_plugin_sends_is_an_engagement() {
    let site = site();
    let events = json!([
        {"event_name": "Feature Evaluated", "device_id": "ana", "properties_json": {"feature": "digest", "source": "experiment", "value": "daily"}},
        {"event_name": "Discussion Liked", "user_id": "ana", "device_id": "browser-1", "properties_json": "{\"discussion_id\": 7}"},
        {"event_name": "Signed Up"},
    ]);
    let answer = site.post("/track?client_key=sdk-abc", events).ok();
    assert_eq!((&answer["accepted"], &answer["rejected"][0]["index"]), (&json!(2), &json!(2)));
    let export = site.get("/v1/members/ana/export").text;
    for part in ["\"verb\":\"feature_evaluated\"", "\"verb\":\"liked\"", "\"item\":\"7\"", "\"from\":\"browser-1\""] {
        assert!(export.contains(part), "{part}: {export}");
    }
}
