//! Keys, limits, health, metrics, documentation.

use std::net::SocketAddr;

use anklang_domain::UnixMillis;
use serde_json::json;

use super::Site;
use crate::keys::{Keys, Role};
use crate::server::{ServeError, keys_for};

fn with_keys() -> (Site, [String; 4]) {
    let site = Site::open();
    let keys = Keys::load(site.folder.path(), true).expect("no file yet");
    let add = |role| keys.add(role, "", UnixMillis::default()).expect("added").1;
    let made = [Role::Track, Role::Ingest, Role::Serve, Role::Admin].map(add);
    // The server looks at the file every few seconds.
    for _ in 0..100 {
        if site.get("/v1/trending").status == 401 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    (site, made)
}

#[test]
fn a_key_opens_what_its_role_is_for() {
    let (mut site, [track, ingest, serve, admin]) = with_keys();
    assert_eq!(site.get("/health/live").status, 200);
    let none = site.put("/v1/items/1", json!({}));
    assert!(none.header("www-authenticate").starts_with("Bearer"));
    none.problem(401, "key_needed");
    site.post("/v1/track", json!({"event": "x", "userId": "a"})).problem(401, "key_needed");
    site.post("/v1/track", json!({"event": "x", "userId": "a", "writeKey": "guess"})).problem(401, "key_needed");
    site.post("/v1/track", json!({"event": "x", "userId": "a", "writeKey": track})).ok();
    site.post("/v1/b", json!({"batch": [{"type": "page", "userId": "a", "writeKey": track}]})).ok();
    for (key, [put, list, explain]) in
        [(track, [403, 403, 403]), (ingest, [200, 403, 403]), (serve, [403, 200, 403]), (admin, [200, 200, 200])]
    {
        site.key = Some(key);
        if put == 403 {
            site.put("/v1/items/1", json!({})).problem(403, "key_forbidden");
        }
        assert_eq!(site.put("/v1/items/1", json!({})).status, put);
        assert_eq!(site.get("/v1/trending").status, list);
        assert_eq!(site.get("/v1/members/a").status, explain);
    }
}

#[test]
fn without_keys_only_the_machine_itself_may_ask() {
    let folder = tempfile::tempdir().expect("a folder");
    let open: SocketAddr = "0.0.0.0:8080".parse().expect("an address");
    let refused = keys_for(folder.path(), open).expect_err("open to the network");
    assert!(matches!(refused, ServeError::OpenToTheNetwork { .. }));
    assert!(refused.to_string().contains("anklang key add"));
    let keys = Keys::load(folder.path(), true).expect("no file yet");
    keys.add(Role::Admin, "", UnixMillis::default()).expect("added");
    assert!(keys_for(folder.path(), open).is_ok());
}

#[test]
fn only_a_command_on_the_same_machine_may_order_a_backup() {
    let mut site = Site::open();
    let elsewhere = tempfile::tempdir().expect("a folder");
    let (to, inside) = (elsewhere.path().join("copy"), site.folder.path().join("copy"));
    site.post("/v1/control/backup", json!({"to": to})).problem(401, "key_needed");
    let note = crate::control::read(site.folder.path()).expect("a note");
    assert_eq!(note.address, site.address);
    site.key = Some(note.token);
    site.post("/v1/control/backup", json!({"to": inside})).problem(400, "bad_field");
    site.post("/v1/control/backup", json!({"to": to})).ok();
}

#[test]
fn a_full_queue_says_when_to_come_back() {
    let site = Site::with(|config| config.limits.queue_facts_max = 1);
    let page = || site.post("/v1/page", json!({"userId": "a"}));
    // The writing thread is held up while it tells of a first fact; a second one waits; a third finds no room.
    let (held, go) = (std::sync::mpsc::channel(), std::sync::mpsc::channel::<()>());
    let fact = r#"{"id":"f","at":"2018-01-01T00:00:00Z","type":"item_removed","item":"1"}"#;
    let done = Box::new(move |_| {
        held.0.send(()).expect("somebody waits");
        let _ = go.1.recv();
    });
    let first = vec![serde_json::from_str(fact).expect("a fact")];
    site.engine.submit(first, UnixMillis::default(), done).expect("nothing waits yet");
    held.1.recv().expect("told");
    let full = std::thread::scope(|scope| {
        let waiting = scope.spawn(page);
        let refused = (0..20).find_map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(300));
            Some(page()).filter(|answer| answer.status != 200)
        });
        go.0.send(()).expect("somebody waits");
        assert_eq!(waiting.join().expect("no panic").status, 200);
        refused.expect("the queue is full")
    });
    let seconds = full.header("retry-after").parse::<u64>().expect("seconds");
    assert!(seconds >= 1);
    assert_eq!(full.problem(429, "queue_full")["retry_after"], seconds);
    assert!(!site.get("/metrics").text.contains("anklang_queue_full_total 0"));
}

#[test]
fn too_many_requests_at_once_are_refused_but_health_is_not() {
    let site = Site::with(|config| config.limits.requests_in_flight_max = 0);
    let refused = site.get("/v1/trending");
    assert_eq!(refused.header("retry-after"), "1");
    refused.problem(503, "overloaded");
    assert_eq!(site.get("/health/ready").ok()["status"], "ready");
}

#[test]
fn every_answer_is_counted_by_its_route() {
    let site = Site::open();
    site.put("/v1/items/a%2Fb", json!({})).ok();
    site.get("/v1/members/ana/missed?limit=x").problem(400, "bad_parameter");
    site.get("/nowhere").problem(404, "unknown_route");
    let text = site.get("/metrics").text;
    for line in [
        "anklang_http_requests_total{method=\"any\",route=\"unmatched\",status=\"404\"} 1",
        "anklang_http_requests_total{method=\"PUT\",route=\"/v1/items/{id}\",status=\"200\"} 1",
        "anklang_http_requests_total{method=\"GET\",route=\"/v1/members/{id}/missed\",status=\"400\"} 1",
        "anklang_facts_accepted_total 1",
        "anklang_engine_facts 1",
    ] {
        assert!(text.lines().any(|l| l == line), "{line}\n{text}");
    }
}

#[test]
fn the_description_and_its_page_need_nothing_else() {
    let site = Site::open();
    let api = site.get("/openapi.json").ok();
    assert_eq!(api["openapi"], "3.1.0");
    assert_eq!(api["paths"]["/v1/members/{id}/missed"]["get"]["operationId"], "missed");
    let page = site.get("/docs");
    assert!(page.header("content-security-policy").contains("default-src 'none'"));
    assert!(!page.text.contains("http://") && !page.text.contains("https://"));
    assert!(site.get("/docs.js").header("content-type").starts_with("text/javascript"));
}

/// Asserts that the description knows every field of an answer, by the name of its schema.
#[track_caller]
fn described(api: &serde_json::Value, name: &str, answer: &serde_json::Value) {
    let known = &api["components"]["schemas"][name]["properties"];
    for field in answer.as_object().expect("an object").keys() {
        assert!(known.get(field).is_some(), "{name} lacks {field}");
    }
}

#[test]
fn the_description_knows_every_field_of_every_answer() {
    let site = Site::open();
    let api = site.get("/openapi.json").ok();
    let item = json!({"title": "Soil", "tags": ["soil"], "author": "bo", "category": "c", "url": "u"});
    described(&api, "Receipt", &site.put("/v1/items/1", item).ok());
    described(&api, "ItemView", &site.get("/v1/items/1").ok());
    described(&api, "BatchReceipt", &site.post("/v1/items:batch", json!({"id": 2})).ok());
    let liked = json!({"event": "Liked", "userId": "ana", "properties": {"id": 1}});
    described(&api, "Tracked", &site.post("/v1/track", liked.clone()).ok());
    let mut event = liked;
    event["type"] = json!("track");
    described(&api, "Tracked", &site.post("/v1/batch", json!({"batch": [event, {}]})).ok());
    described(&api, "Member", &site.get("/v1/members/ana").ok());
    described(&api, "Explanation", &site.get("/v1/members/ana/explain").ok());
    assert_eq!(site.found("soil", 1), ["1"]);
    let list = site.get("/v1/search?q=soil&explain=true&member=ana").ok();
    described(&api, "List", &list);
    described(&api, "ListItem", &list["items"][0]);
    described(&api, "Problem", &site.get("/v1/trending?limit=x").problem(400, "bad_parameter"));
    described(&api, "Health", &site.get("/health/ready").ok());
    described(&api, "Erased", &site.send("DELETE", "/v1/members/ana", &[], b"").ok());
}

#[test]
fn every_endpoint_of_the_description_answers() {
    let site = Site::open();
    let api = site.get("/openapi.json").ok();
    for (path, verbs) in api["paths"].as_object().expect("paths") {
        for (verb, about) in verbs.as_object().expect("verbs") {
            if about["responses"]["200"]["content"].get("text/event-stream").is_some() {
                continue;
            }
            let body = if path.contains("control") { &b"{}"[..] } else { b"" };
            let answer = site.send(&verb.to_uppercase(), &path.replace(['{', '}'], ""), &[], body);
            assert!(![404, 405].contains(&answer.status) || answer.json()["code"] != "unknown_route", "{verb} {path}");
            assert_ne!(answer.status, 405, "{verb} {path}");
        }
    }
}
