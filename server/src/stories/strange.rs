//! Input that is broken, too large or hostile.

use serde_json::{Value, json};

use super::{Site, gzip};

#[test]
fn json_that_is_none_is_told_where() {
    let site = Site::open();
    let told = site.send("PUT", "/v1/items/1", &[], b"{\"title\":\n \"T\",}").problem(400, "bad_json");
    assert_eq!(told["line"], 2);
    let told = site.send("PUT", "/v1/items/1", &[], b"\n{\"title\": 7}").problem(400, "bad_field");
    assert_eq!((&told["field"], &told["line"], &told["column"]), (&json!("title"), &json!(2), &json!(11)));
    let told = site.put("/v1/items/1", json!({"titel": "T"})).problem(400, "bad_field");
    assert!(told["detail"].as_str().is_some_and(|why| why.contains("title")), "{told}");
    assert_eq!(site.put("/v1/items/1", json!({"id": "2"})).problem(400, "bad_field")["field"], "id");
    assert_eq!(site.put("/v1/items/1", json!({"kind": "thread"})).problem(400, "bad_field")["field"], "kind");
    site.put("/v1/items/1", json!([])).problem(400, "bad_field");
    for body in [&b"\xff\xfe"[..], b"nul", b"{"] {
        site.send("PUT", "/v1/items/1", &[], body).problem(400, "bad_json");
        site.send("POST", "/v1/track", &[], body).problem(400, "bad_json");
    }
    for body in [&b""[..], b" \n"] {
        site.send("PUT", "/v1/items/1", &[], body).problem(400, "empty_body");
        site.send("POST", "/v1/batch", &[], body).problem(400, "empty_body");
    }
    let deep = "[".repeat(100_000);
    site.send("POST", "/v1/track", &[], deep.as_bytes()).problem(400, "bad_json");
    site.put("/v1/items/1", json!({})).ok();
}

#[test]
fn what_is_nested_too_deeply_is_refused_alone() {
    let site = Site::open();
    let deep = format!("{}1{}", "[".repeat(80), "]".repeat(80));
    let batch = format!(
        "{{\"batch\":[{{\"type\":\"page\",\"userId\":\"a\",\"properties\":{{\"x\":{deep}}}}},{{\"type\":\"page\",\"userId\":\"a\"}}]}}"
    );
    assert_eq!(site.send("POST", "/v1/batch", &[], batch.as_bytes()).ok()["accepted"], 1);
    let item = format!("{{\"props\":{{\"x\":{deep}}}}}");
    site.send("PUT", "/v1/items/1", &[], item.as_bytes()).problem(400, "bad_field");
}

#[test]
fn limits_of_items_are_named() {
    let site = Site::open();
    for (item, field) in [
        (json!({"title": "x".repeat(1001)}), "title"),
        (json!({"tags": vec!["t"; 51]}), "tags"),
        (json!({"tags": ["ok", "x".repeat(101)]}), "tags[1]"),
        (json!({"starts_at": "2018-02-01", "ends_at": "2018-01-01"}), "ends_at"),
        (json!({"created_at": "soon"}), "created_at"),
    ] {
        assert_eq!(site.put("/v1/items/1", item).problem(400, "bad_field")["field"], field);
    }
    site.put("/v1/items/1", json!({"body": "x".repeat(300_000)})).problem(413, "body_too_large");
    site.put("/v1/items/1", json!({"created_at": "9999-12-31T23:59:59Z"})).ok();
}

fn event(bytes: usize) -> Value {
    json!({"type": "track", "event": "x", "userId": "ana", "properties": {"text": "x".repeat(bytes)}})
}

#[test]
fn an_event_of_33_kb_is_refused_and_its_neighbours_are_not() {
    let site = Site::open();
    site.post("/v1/track", event(33 << 10)).problem(400, "event_too_large");
    site.post("/v1/track", event(31 << 10)).ok();
    let answer = site.post("/v1/batch", json!({"batch": [event(33 << 10), event(1)]})).ok();
    assert_eq!((&answer["accepted"], &answer["rejected"][0]["index"]), (&json!(1), &json!(0)));
    let many = vec![event(1000); 600];
    site.post("/v1/batch", json!({"batch": many})).problem(400, "batch_too_large");
    let many = vec![json!({"type": "page", "userId": "a"}); 2501];
    site.post("/v1/batch", json!({"batch": many})).problem(400, "batch_too_large");
}

#[test]
fn gzip_that_is_cut_off_damaged_or_a_bomb() {
    let site = Site::open();
    let whole = gzip(json!({"batch": [event(1)]}).to_string().as_bytes());
    site.send("POST", "/v1/batch", &[], &whole).ok();
    site.send("POST", "/v1/batch", &[], &whole[..whole.len() - 5]).problem(400, "bad_gzip");
    site.send("POST", "/v1/batch", &[("content-encoding", "gzip")], b"{}").problem(400, "bad_gzip");
    site.send("POST", "/v1/batch", &[("content-encoding", "br")], b"{}").problem(415, "unknown_encoding");
    let bomb = gzip(&vec![b' '; 100 << 20]);
    assert!(bomb.len() < 200_000);
    site.send("POST", "/v1/batch", &[], &bomb).problem(400, "batch_too_large");
    site.send("PUT", "/v1/items/1", &[], &bomb).problem(413, "body_too_large");
    site.send("POST", "/v1/items:batch", &[], &bomb).problem(413, "body_too_large");
}

#[test]
fn a_year_9999_is_a_moment_like_any_other() {
    let site = Site::open();
    let mut page = json!({"userId": "ana", "timestamp": "9999-12-31T23:59:59Z", "sentAt": "2018-01-01T00:00:00Z"});
    site.post("/v1/page", page.clone()).ok();
    page["sentAt"] = json!("0001-01-01T00:00:00Z");
    site.post("/v1/page", page).ok();
    site.get("/v1/members/ana/missed?since=9999-12-31T23:59:59Z").ok();
}

#[test]
fn addresses_that_do_not_exist_and_methods_that_are_not_answered() {
    let site = Site::open();
    let told = site.get("/v1/trendign").problem(404, "unknown_route");
    assert!(told["detail"].as_str().is_some_and(|why| why.contains("/v1/trending")));
    site.get("/").problem(404, "unknown_route");
    let answer = site.send("DELETE", "/v1/trending", &[], b"");
    assert_eq!(answer.header("allow"), "GET, HEAD");
    answer.problem(405, "method_not_allowed");
    assert_eq!(site.send("HEAD", "/health/live", &[], b"").status, 200);
}

#[test]
fn a_body_that_does_not_come_is_not_waited_for() {
    use std::io::{Read, Write};
    let site = Site::with(|config| config.limits.body_seconds_max = 1);
    let mut stream = std::net::TcpStream::connect(site.address).expect("connects");
    stream.write_all(b"POST /v1/track HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{").expect("sent");
    stream.set_read_timeout(Some(std::time::Duration::from_secs(10))).expect("set");
    let mut answer = [0_u8; 2000];
    let length = stream.read(&mut answer).expect("an answer");
    let answer = String::from_utf8_lossy(&answer[..length]);
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("body_timeout"), "{answer}");
}
