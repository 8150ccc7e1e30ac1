//! Flags as OpenFeature's SDKs ask for them.

use serde_json::{Value, json};

use super::{Answer, Site};
use crate::keys::{Keys, Role};
use anklang_domain::UnixMillis;

fn features() -> Value {
    json!({
        "plain": {"defaultValue": "hello"},
        "nothing": {"defaultValue": null},
        "off": {"defaultValue": 1, "enabled": false},
        "forced": {"defaultValue": 0, "rules": [{"id": "fr_1", "force": 1.5}]},
        "german": {"defaultValue": false, "rules": [{"condition": {"country": "DE"}, "force": true}]},
        "rollout": {"defaultValue": false, "rules": [{"force": true, "coverage": 0.5, "hashVersion": 2}]},
        "beta/digest": {"defaultValue": "weekly", "rules": [{
            "id": "fr_2", "key": "digest-test", "phase": "1", "variations": ["weekly", "daily"],
            "meta": [{"key": "control"}, {"key": "daily"}], "hashVersion": 2,
        }]},
        "company": {"defaultValue": 0, "rules": [{"key": "by-company", "variations": [0, 1], "hashAttribute": "company"}]},
        "round": {"defaultValue": 0, "rules": [{"parentConditions": [{"id": "round", "condition": {"value": 1}, "gate": true}]}]},
        "held": {"defaultValue": 1, "rules": [{"parentConditions": [{"id": "german", "condition": {"value": true}, "gate": true}]}]},
    })
}

fn site() -> Site {
    let site = Site::open();
    assert!(site.publish(features()));
    site
}

impl Site {
    fn ask(&self, flag: &str, context: Value) -> Answer {
        self.post(&format!("/ofrep/v1/evaluate/flags/{flag}"), json!({ "context": context }))
    }
}

/// Asserts a failure in OFREP's words.
#[track_caller]
fn failed(answer: Answer, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert_eq!(answer.header("content-type"), "application/json");
    let told = answer.json();
    assert_eq!(told["errorCode"], code, "{told}");
    assert!(told["errorDetails"].as_str().is_some_and(|details| !details.is_empty()), "{told}");
}

#[test]
fn every_reason_is_told() {
    let site = site();
    let unit = json!({"targetingKey": "ana", "country": "DE", "company": "acme"});
    for (flag, reason, variant, value) in [
        ("plain", "STATIC", "default", json!("hello")),
        ("nothing", "STATIC", "default", Value::Null),
        ("off", "DISABLED", "disabled", Value::Null),
        ("forced", "STATIC", "fr_1", json!(1.5)),
        ("german", "TARGETING_MATCH", "forced", json!(true)),
        ("held", "STATIC", "default", json!(1)),
    ] {
        let answer = site.ask(flag, unit.clone());
        assert_eq!(answer.header("cache-control"), "private, no-store");
        let told = answer.ok();
        assert_eq!((&told["key"], &told["reason"], &told["variant"]), (&json!(flag), &json!(reason), &json!(variant)));
        assert_eq!(told.get("value"), Some(&value).filter(|value| !value.is_null()), "{told}");
        assert!(told["metadata"]["version"].is_string());
    }
    let blocked = site.ask("held", json!({"targetingKey": "ana"})).ok();
    assert_eq!((&blocked["reason"], blocked.get("value")), (&json!("DISABLED"), None));
    failed(site.ask("round", unit), 500, "GENERAL");
    let rolled: Vec<Value> =
        (0..20).map(|n| site.ask("rollout", json!({"targetingKey": n.to_string()})).ok()).collect();
    assert!(rolled.iter().any(|told| told["reason"] == "SPLIT" && told["value"] == true));
    assert!(rolled.iter().any(|told| told["reason"] == "STATIC" && told["value"] == false));
}

#[test]
fn an_experiment_gives_its_variant_and_is_noted_once() {
    let site = site();
    // A slash in a key stands as it is, or encoded.
    for flag in ["beta/digest", "beta%2Fdigest", "beta/digest"] {
        let told = site.ask(flag, json!({"targetingKey": "ana", "country": "DE", "shoe size": 9})).ok();
        assert_eq!((&told["key"], &told["reason"]), (&json!("beta/digest"), &json!("SPLIT")), "{told}");
        let (variant, value) = (told["variant"].as_str().expect("a variant"), &told["value"]);
        assert_eq!(*value, if variant == "daily" { "daily" } else { "weekly" });
        let metadata = &told["metadata"];
        assert_eq!((&metadata["experiment"], &metadata["rule"]), (&json!("digest-test"), &json!("fr_2")));
    }
    site.ask("company", json!({"targetingKey": "ana", "company": "acme"})).ok();
    let facts = site.exposures(2);
    assert_eq!(facts.len(), 2, "{facts:?}");
    assert_eq!(
        (&facts[0]["unit"], &facts[0]["member"], &facts[0]["source"]),
        (&json!("ana"), &json!("ana"), &json!("ofrep"))
    );
    assert_eq!(facts[0]["props"], json!({"client": "ofrep", "country": "DE", "phase": "1"}));
    assert_eq!(
        (&facts[1]["unit"], &facts[1]["member"], &facts[1]["variant"].is_string()),
        (&json!("acme"), &json!("ana"), &true)
    );
}

#[test]
fn an_erased_member_leaves_no_exposure() {
    let site = site();
    site.ask("beta/digest", json!({"targetingKey": "ana"})).ok();
    assert_eq!(site.exposures(1).len(), 1);
    site.post("/v1/identify", json!({"userId": "ana", "traits": {}})).ok();
    site.send("DELETE", "/v1/members/ana", &[], b"").ok();
    assert_eq!(site.exposures(0).len(), 0);
}

#[test]
fn what_is_wrong_with_a_question_is_told_in_ofreps_words() {
    let site = site();
    let path = "/ofrep/v1/evaluate/flags/beta/digest";
    let raw = |path: &str, body: &[u8]| site.send("POST", path, &[], body);
    for path in [path, "/ofrep/v1/evaluate/flags"] {
        for body in ["", "{", "not json", "[]", "\u{feff}"] {
            failed(raw(path, body.as_bytes()), 400, "PARSE_ERROR");
        }
        failed(raw(path, b"\xff{}"), 400, "PARSE_ERROR");
        failed(raw(path, "[".repeat(200_000).as_bytes()), 400, "INVALID_CONTEXT");
        failed(raw(path, "[".repeat(20_000).as_bytes()), 400, "PARSE_ERROR");
        for context in ["[]", "7", "\"ana\"", r#"{"targetingKey":7}"#, r#"{"targetingKey":["ana"]}"#] {
            failed(raw(path, format!("{{\"context\":{context}}}").as_bytes()), 400, "INVALID_CONTEXT");
        }
        let large = json!({"context": {"targetingKey": "ana", "padding": "x".repeat(1 << 20)}});
        failed(site.post(path, large), 400, "INVALID_CONTEXT");
    }
    for context in [json!({}), Value::Null, json!({"targetingKey": ""}), json!({"targetingKey": null})] {
        failed(site.ask("beta/digest", context.clone()), 400, "TARGETING_KEY_MISSING");
        assert_eq!(site.ask("plain", context).ok()["value"], "hello", "what needs no unit has a value all the same");
    }
    failed(raw(path, b"{}"), 400, "TARGETING_KEY_MISSING");
    failed(site.ask("no/such", json!({"targetingKey": "ana"})), 404, "FLAG_NOT_FOUND");
    assert_eq!(site.ask("no/such", json!({})).json()["key"], "no/such");
}

#[test]
fn all_flags_at_once_have_a_tag_of_flags_and_context() {
    let site = site();
    let bulk = |context: Value, headers: &[(&str, &str)], query: &str| {
        let body = json!({ "context": context }).to_string();
        site.send("POST", &format!("/ofrep/v1/evaluate/flags{query}"), headers, body.as_bytes())
    };
    let ana = json!({"targetingKey": "ana"});
    let first = bulk(ana.clone(), &[], "");
    let etag = first.header("etag").to_owned();
    assert!(etag.starts_with('"') && first.header("cache-control") == "private, no-store");
    let all = first.ok();
    let flags = all["flags"].as_array().expect("flags");
    assert_eq!(flags.len(), features().as_object().expect("an object").len());
    let of = |key: &str| flags.iter().find(|flag| flag["key"] == key).expect("there").clone();
    assert_eq!(of("beta/digest"), site.ask("beta/digest", ana.clone()).ok(), "the same as alone");
    assert_eq!(of("round")["errorCode"], "GENERAL");
    assert_eq!(of("off")["reason"], "DISABLED");
    let stream = &all["eventStreams"][0];
    assert_eq!((&stream["type"], &stream["inactivityDelaySec"]), (&json!("sse"), &json!(120)));
    assert!(stream["url"].as_str().is_some_and(|url| url.starts_with(&format!("http://{}/", site.address))));

    let known = [("if-none-match", etag.as_str())];
    assert_eq!(bulk(ana.clone(), &known, "").status, 304);
    assert_eq!(bulk(json!({"targetingKey": "bo"}), &known, "").status, 200, "another context is another answer");
    assert_eq!(
        bulk(ana.clone(), &known, "?flagConfigEtag=%22x%22&flagConfigLastModified=7").status,
        200,
        "told by a stream"
    );
    assert_eq!(bulk(ana.clone(), &known, "?flagConfigEtg=x").status, 400);
    site.publish(json!({"plain": {"defaultValue": "changed"}}));
    assert_eq!(bulk(ana, &known, "").status, 200, "the flags changed");
    assert_eq!(site.exposures(1).len(), 1, "asking for everything in advance exposes nobody");
}

#[test]
fn any_key_opens_flags_and_none_does_not() {
    let mut site = site();
    let keys = Keys::load(site.folder.path(), true).expect("no file yet");
    let made = [Role::Track, Role::Serve, Role::Ingest]
        .map(|role| keys.add(role, "", UnixMillis::default()).expect("added").1);
    for _ in 0..100 {
        if site.ask("plain", json!({})).status == 401 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    failed(site.ask("plain", json!({})), 401, "GENERAL");
    failed(site.post("/ofrep/v1/evaluate/flags", json!({})), 401, "GENERAL");
    failed(site.get("/ofrep/v1/stream?token=guess"), 401, "GENERAL");
    let body = json!({"context": {}}).to_string();
    let by_header = site.send("POST", "/ofrep/v1/evaluate/flags/plain", &[("x-api-key", &made[0])], body.as_bytes());
    assert_eq!(by_header.ok()["value"], "hello");
    for key in made {
        site.key = Some(key);
        assert_eq!(site.ask("plain", json!({})).ok()["value"], "hello");
    }
}

#[test]
fn too_much_at_once_is_429_as_ofreps_clients_know_it() {
    let site = Site::with(|config| config.limits.requests_in_flight_max = 0);
    let refused = site.ask("plain", json!({}));
    assert_eq!(refused.header("retry-after"), "1");
    failed(refused, 429, "GENERAL");
}

#[test]
fn pages_of_other_sites_may_ask_and_read_the_tag() {
    let site = site();
    let origin = ("origin", "https://community.example");
    let ask = [
        origin,
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type,if-none-match,authorization"),
    ];
    let preflight = site.send("OPTIONS", "/ofrep/v1/evaluate/flags", &ask, b"");
    assert_eq!((preflight.status, preflight.header("access-control-allow-origin")), (200, "*"), "{}", preflight.text);
    let answer = site.send("POST", "/ofrep/v1/evaluate/flags", &[origin], b"{}");
    assert!(answer.header("access-control-expose-headers").contains("etag"), "{:?}", answer.headers);
}

#[test]
fn what_is_written_down_is_served_at_once() {
    let site = Site::open();
    let unit = json!({"targetingKey": "ana"});
    failed(site.ask("digest", unit.clone()), 404, "FLAG_NOT_FOUND");
    site.put("/v1/features/digest", json!({"default": "weekly"})).ok();
    assert_eq!(site.ask("digest", unit.clone()).ok()["value"], "weekly");
    site.put("/v1/features/digest", json!({"default": "weekly", "enabled": false})).ok();
    let off = site.ask("digest", unit.clone()).ok();
    assert_eq!((&off["reason"], off.get("value")), (&json!("DISABLED"), None));
    assert_eq!(site.get("/api/features/key").ok()["features"], json!({}));
    site.put("/v1/experiments/soil", json!({"variants": [{"key": "a", "weight": 0.5}, {"key": "b", "weight": 0.5}]}))
        .ok();
    assert_eq!(site.ask("soil", unit.clone()).ok()["reason"], "STATIC", "a draft assigns nobody");
    site.post("/v1/experiments/soil/start", json!({})).ok();
    let told = site.ask("soil", unit).ok();
    assert_eq!(
        (&told["reason"], &told["metadata"]["experiment"], &told["variant"]),
        (&json!("SPLIT"), &json!("soil"), &told["value"])
    );
}

/// A stream, as it comes off the wire.
struct Stream(std::io::BufReader<std::net::TcpStream>);

impl Stream {
    fn open(site: &Site, path: &str, headers: &str) -> Self {
        use std::io::Write;
        let mut socket = std::net::TcpStream::connect(site.address).expect("a connection");
        socket.set_read_timeout(Some(std::time::Duration::from_secs(20))).expect("a timeout");
        write!(socket, "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{headers}\r\n", site.address)
            .expect("sent");
        let mut stream = Self(std::io::BufReader::new(socket));
        let head = stream.until(|line| line == "\r\n");
        assert!(head.starts_with("HTTP/1.1 200") && head.to_lowercase().contains("text/event-stream"), "{head}");
        stream
    }

    /// Reads lines until one is as wanted, and gives all of them; the end of the stream ends it, too.
    fn until(&mut self, wanted: impl Fn(&str) -> bool) -> String {
        use std::io::BufRead;
        let (mut all, mut line) = (String::new(), String::new());
        while self.0.read_line(&mut line).expect("a line in time") > 0 {
            all.push_str(&line);
            if wanted(&line) {
                break;
            }
            line.clear();
        }
        all
    }
}

fn stream_of(site: &Site) -> String {
    let all = site.post("/ofrep/v1/evaluate/flags", json!({})).ok();
    let url = all["eventStreams"][0]["url"].as_str().expect("a url").to_owned();
    url.split_once(&site.address.to_string()).expect("our host").1.to_owned()
}

#[test]
fn streams_tell_of_changes_and_what_was_missed() {
    let site = site();
    let path = stream_of(&site);
    let mut ofrep = Stream::open(&site, &path, "");
    let mut growthbook = Stream::open(&site, "/sub/key", "");
    let began = growthbook.until(|line| line.starts_with("data:") && line.contains("dateUpdated"));
    assert!(began.contains("event: features") && began.contains("\"plain\":{\"defaultValue\":\"hello\"}"), "{began}");
    assert!(site.get("/metrics").text.contains("anklang_streams_open 2"));

    site.publish(json!({"plain": {"defaultValue": "changed"}}));
    let told = ofrep.until(|line| line.starts_with("data:"));
    let data: Value = serde_json::from_str(told.split("data: ").nth(1).expect("data")).expect("json");
    assert_eq!(data["type"], "refetchEvaluation");
    assert!(data["etag"].is_string() && data["lastModified"].is_i64(), "{data}");
    assert!(growthbook.until(|line| line.contains("dateUpdated")).contains("changed"));

    let id = told.lines().find_map(|line| line.strip_prefix("id: ")).expect("an id").to_owned();
    site.publish(json!({"plain": {"defaultValue": "again"}}));
    ofrep.until(|line| line.starts_with("data:"));
    let mut back = Stream::open(&site, &path, &format!("Last-Event-ID: {id}\r\n"));
    assert!(back.until(|line| line.starts_with("data:")).contains("refetchEvaluation"), "a change was missed");
    site.flags.close();
    assert_eq!(ofrep.until(|_| false).matches("data:").count(), 0, "streams end when the server stops");
    assert_eq!(site.get(&path).status, 429);
}

#[test]
fn there_is_an_end_to_streams() {
    let site = Site::with(|config| config.limits.streams_max = 1);
    let path = stream_of(&site);
    let first = Stream::open(&site, &path, "");
    let refused = site.get("/sub/key");
    assert_eq!((refused.status, refused.header("retry-after")), (503, "30"));
    failed(site.get(&path), 429, "GENERAL");
    assert_eq!(site.send("HEAD", &path, &[], b"").status, 200);
    drop(first);
}
