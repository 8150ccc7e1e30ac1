//! Events as analytics SDKs send them. The shapes were seen on the wire.

use serde_json::{Value, json};

use super::{Site, gzip};

fn two_items(site: &Site) {
    for id in ["1", "2"] {
        site.put(&format!("/v1/items/{id}"), json!({"title": "T"})).ok();
    }
}

/// Whatever arrives must change the list: item 1 was seen, item 2 was not.
#[track_caller]
fn check(method_of: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) {
    let site = Site::open();
    two_items(&site);
    assert_eq!(site.ids("/v1/members/ana/missed").len(), 2);
    let answer = site.send("POST", path, headers, body).ok();
    assert_eq!(answer["success"], true, "{method_of}");
    assert_eq!(site.ids("/v1/members/ana/missed"), ["2"], "{method_of}");
}

fn viewed() -> Value {
    json!({"event": "Discussion Viewed", "userId": "ana", "properties": {"discussion_id": 1}, "messageId": "m1"})
}

fn typed(mut event: Value) -> Value {
    event["type"] = json!("track");
    event
}

#[test]
fn segments_node_sdk_posts_batches_with_basic_authentication() {
    let body = json!({"batch": [typed(viewed())], "sentAt": "2018-08-15T09:00:00.000Z"}).to_string();
    let headers = [("content-type", "application/json"), ("authorization", "Basic d2s6")];
    check("analytics-node", "/v1/batch", &headers, body.as_bytes());
}

#[test]
fn segments_browser_sdk_posts_text_with_the_key_in_the_body() {
    let mut event = typed(viewed());
    event["writeKey"] = json!("wk");
    event["_metadata"] = json!({"bundled": []});
    let headers = [("content-type", "text/plain"), ("origin", "https://community.example")];
    for path in ["/v1/t", "/v1/track"] {
        check("analytics-next", path, &headers, event.to_string().as_bytes());
    }
    let batch = json!({"batch": [event], "writeKey": "wk", "sentAt": "2018-08-15T09:00:00.000Z"}).to_string();
    check("analytics-next, batching", "/v1/b", &headers, batch.as_bytes());
}

#[test]
fn rudderstacks_node_sdk_posts_gzip_and_calls_it_a_form() {
    let mut event = typed(viewed());
    event["originalTimestamp"] = json!("2018-08-15T09:00:00.000Z");
    event["sentAt"] = json!("2018-08-15T09:00:00.000Z");
    let body = gzip(json!({"batch": [event]}).to_string().as_bytes());
    let form = ("content-type", "application/x-www-form-urlencoded");
    check("rudder-sdk-node", "/v1/batch", &[form, ("content-encoding", "gzip")], &body);
    check("rudder-sdk-node, no header", "/v1/batch", &[form], &body);
}

#[test]
fn every_call_has_its_long_and_its_short_address() {
    let site = Site::open();
    for (long, short, body) in [
        ("track", "t", json!({"event": "Signed Up", "anonymousId": "x"})),
        ("identify", "i", json!({"userId": "ana", "traits": {}})),
        ("page", "p", json!({"userId": "ana", "name": "Home"})),
        ("screen", "s", json!({"userId": "ana"})),
        ("group", "g", json!({"userId": "ana", "groupId": "g"})),
        ("alias", "a", json!({"userId": "ana", "previousId": "x"})),
        ("batch", "b", json!({"batch": [{"type": "page", "userId": "ana"}]})),
    ] {
        for name in [long, short] {
            assert_eq!(site.post(&format!("/v1/{name}"), body.clone()).ok()["accepted"], 1, "{name}");
        }
    }
}

#[test]
fn a_message_sent_twice_counts_once() {
    let site = Site::open();
    let sent = || site.post("/v1/track", viewed()).ok()["facts"].clone();
    assert_eq!((sent(), sent()), (json!(1), json!(0)));
}

#[test]
fn one_bad_event_does_not_cost_the_others() {
    let site = Site::open();
    let batch = json!([typed(viewed()), {"type": "track", "userId": "ana"}, 7]);
    let answer = site.post("/v1/batch", json!({"batch": batch})).ok();
    assert_eq!(answer["accepted"], 1);
    assert_eq!(answer["rejected"][0], json!({"index": 1, "field": "event", "detail": answer["rejected"][0]["detail"]}));
    assert_eq!(answer["rejected"][1]["index"], 2);
    let told =
        site.post("/v1/batch", json!({"batch": [{"type": "track", "userId": "ana"}]})).problem(400, "no_valid_event");
    assert_eq!(told["field"], "batch[0].event");
    assert_eq!(site.post("/v1/batch", json!({"batch": []})).ok()["accepted"], 0);
}

#[test]
fn what_is_wrong_with_an_event_is_named() {
    let site = Site::open();
    for (path, body, field) in [
        ("/v1/track", json!({"userId": "ana"}), "event"),
        ("/v1/track", json!({"event": "x"}), "userId"),
        ("/v1/track", json!({"event": "x", "userId": ["ana"]}), "userId"),
        ("/v1/track", json!({"event": "x", "userId": "ana", "properties": "none"}), "properties"),
        ("/v1/track", json!({"event": "x", "userId": "ana", "messageId": "m".repeat(101)}), "messageId"),
        ("/v1/page", json!({"userId": "ana", "timestamp": 7}), "timestamp"),
        ("/v1/group", json!({"userId": "ana"}), "groupId"),
        ("/v1/alias", json!({"userId": "ana"}), "previousId"),
        ("/v1/batch", json!({"events": []}), "batch"),
        ("/v1/batch", json!({"batch": {}}), "batch"),
    ] {
        assert_eq!(site.post(path, body).problem(400, "bad_field")["field"], field, "{path}");
    }
    site.post("/v1/track", json!(["x"])).problem(400, "bad_field");
}

#[test]
fn browsers_of_other_sites_may_send() {
    let site = Site::open();
    let origin = ("origin", "https://community.example");
    let ask = [origin, ("access-control-request-method", "POST"), ("access-control-request-headers", "content-type")];
    let preflight = site.send("OPTIONS", "/v1/t", &ask, b"");
    assert_eq!((preflight.status, preflight.header("access-control-allow-origin")), (200, "*"), "{}", preflight.text);
    let sent = site.send("POST", "/v1/t", &[origin, ("content-type", "text/plain")], viewed().to_string().as_bytes());
    assert_eq!(sent.header("access-control-allow-origin"), "*");
    let refused = site.send("POST", "/v1/t", &[origin], b"{");
    assert_eq!(refused.header("access-control-allow-origin"), "*");
    let other = site.send("OPTIONS", "/v1/members/ana", &ask, b"");
    assert_eq!((other.status, other.header("access-control-allow-origin")), (405, ""));
}

#[test]
fn the_browser_sdk_loads_its_settings_from_here() {
    let site = Site::open();
    let settings = site.get("/v1/projects/wk/settings").ok();
    let segment = &settings["integrations"]["Segment.io"];
    assert_eq!((&segment["apiKey"], &segment["protocol"]), (&json!("wk"), &json!("http")));
    assert_eq!(segment["apiHost"], format!("{}/v1", site.address));
    let proxied = site.send("GET", "/v1/projects/wk/settings", &[("x-forwarded-proto", "https")], b"").ok();
    assert_eq!(proxied["integrations"]["Segment.io"]["protocol"], "https");
}

#[test]
fn with_a_stopped_clock_what_arrives_lies_just_before_it() {
    let site = Site::at("2018-08-15T09:00:00Z");
    let event = json!({"event": "Liked", "userId": "ana", "properties": {"id": 1},
        "timestamp": "2026-01-01T00:00:00Z", "sentAt": "2026-01-01T00:00:05Z"});
    site.post("/v1/track", event).ok();
    let export = site.get("/v1/members/ana/export").text;
    assert!(export.contains("\"received_at\":\"2018-08-15T08:59:59.999Z\""), "{export}");
    assert!(export.contains("\"at\":\"2018-08-15T08:59:54.999Z\""), "{export}");
}

#[test]
fn two_people_at_one_browser_stay_two() {
    let site = Site::open();
    for user in ["ana", "bo"] {
        site.post("/v1/track", json!({"event": "Liked", "userId": user, "anonymousId": "x", "properties": {"id": 1}}))
            .ok();
    }
    let ids = |who: &str| site.get(&format!("/v1/members/{who}")).ok()["ids"].to_string();
    assert!(!ids("ana").contains("bo"), "{}", ids("ana"));
    assert!(!ids("bo").contains("ana"), "{}", ids("bo"));
}
