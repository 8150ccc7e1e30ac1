//! Content in, lists out, members.

use serde_json::json;

use super::{Site, gzip};

#[test]
fn an_item_is_put_found_replaced_and_taken_away() {
    let site = Site::open();
    let receipt = site.put("/v1/items/42", json!({"title": "Tomatoes", "tags": ["gardening"]})).ok();
    assert_eq!(receipt["accepted"], 1);
    assert_eq!(site.get("/v1/items/42").ok()["title"], "Tomatoes");
    site.put("/v1/items/42", json!({"id": 42, "title": "Tomatoes in May"})).ok();
    assert_eq!(site.get("/v1/items/42").ok()["title"], "Tomatoes in May");
    assert_eq!(site.found("tomatoes", 1), ["42"]);
    assert_eq!(site.send("DELETE", "/v1/items/42", &[], b"").ok()["accepted"], 1);
    site.get("/v1/items/42").problem(404, "unknown_item");
    site.send("DELETE", "/v1/items/42", &[], b"").problem(404, "unknown_item");
    site.get("/v1/items/42/related").problem(404, "unknown_item");
}

#[test]
fn ids_may_hold_slashes_emoji_and_anything_else() {
    let site = Site::open();
    for (path, id) in [
        ("a%2Fb", "a/b"),
        ("x/y/z", "x/y/z"),
        ("%F0%9F%91%A9%E2%80%8D%F0%9F%8C%BE", "👩‍🌾"),
        ("50%25", "50%"),
        ("%252F", "%2F"),
        ("a+b%20c", "a+b c"),
        ("q%2Frelated", "q/related"),
    ] {
        site.put(&format!("/v1/items/{path}"), json!({"title": id})).ok();
        assert_eq!(site.get(&format!("/v1/items/{path}")).ok()["title"], id);
        site.get(&format!("/v1/items/{path}/related")).ok();
    }
    site.get("/v1/members/a%2Fb/missed").ok();
    site.get("/v1/members/a/b/missed").ok();
    assert_eq!(site.get("/v1/members/a%2Fb/missed").ok()["member"], "a/b");
    assert_eq!(site.get("/v1/members/%F0%9F%91%A9/feed").ok()["member"], "👩");
    site.get("/v1/items/%FF").problem(400, "bad_id");
    site.get("/v1/items/%0A").problem(400, "bad_id");
    site.get(&format!("/v1/items/{}", "x".repeat(600))).problem(400, "bad_id");
}

#[test]
fn the_same_idempotency_key_is_one_fact() {
    let site = Site::open();
    let put = || site.send("PUT", "/v1/items/1", &[("Idempotency-Key", "k1")], br#"{"title":"T"}"#).ok();
    assert_eq!(put(), json!({"accepted": 1, "duplicates": 0}));
    assert_eq!(put(), json!({"accepted": 0, "duplicates": 1}));
    assert_eq!(site.send("PUT", "/v1/items/2", &[("Idempotency-Key", "k1")], b"{}").ok()["accepted"], 1);
    let long = "k".repeat(101);
    let refused = site.send("PUT", "/v1/items/1", &[("Idempotency-Key", &long)], b"{}").problem(400, "bad_field");
    assert_eq!(refused["field"], "Idempotency-Key");
}

#[test]
fn a_batch_with_a_bad_line_keeps_the_others() {
    let site = Site::open();
    let lines =
        "{\"id\":1,\"title\":\"A\"}\n\n{\"id\":2,\"tags\":[\"x\",7]}\nnonsense\n{\"id\":3,\"titel\":\"C\"}\n{\"id\":4}";
    let told = site.send("POST", "/v1/items:batch", &[], lines.as_bytes()).problem(400, "lines_rejected");
    assert_eq!((&told["accepted"], &told["lines"], &told["line"]), (&json!(2), &json!(5), &json!(3)));
    assert_eq!(told["rejected"][0]["field"], "tags[1]");
    assert_eq!(told["rejected"][1]["line"], 4);
    assert!(told["rejected"][2]["detail"].as_str().is_some_and(|why| why.contains("titel") && why.contains("title")));
    let there = [1, 2, 3, 4].map(|id| site.get(&format!("/v1/items/{id}")).status);
    assert_eq!(there, [200, 404, 404, 200]);
    let all = site.send("POST", "/v1/items:batch", &[], b"{\"id\":5}\n{\"id\":6}\n").ok();
    assert_eq!(all["accepted"], 2);
}

#[test]
fn a_batch_cut_off_in_its_gzip_keeps_the_lines_that_arrived() {
    let site = Site::open();
    let lines: String = (0..2000).map(|n| format!("{{\"id\":{n},\"title\":\"{}\"}}\n", n * 7919)).collect();
    let packed = gzip(lines.as_bytes());
    let told = site.send("POST", "/v1/items:batch", &[], &packed[..packed.len() / 2]).problem(400, "lines_rejected");
    let accepted = told["accepted"].as_u64().expect("a number");
    assert!(accepted > 100 && accepted < 2000, "{accepted}");
    assert_eq!(told["rejected"][0]["code"], "bad_gzip");
    assert_eq!(told["line"].as_u64(), Some(accepted + 1));
    site.get("/v1/items/0").ok();
}

#[test]
fn parameters_are_read_strictly() {
    let site = Site::open();
    for (query, field) in [
        ("limit=abc", "limit"),
        ("limit=0", "limit"),
        ("limit=1&limit=2", "limit"),
        ("since=yesterday", "since"),
        ("seed=-1", "seed"),
        ("lang=fr", "lang"),
        ("kind=thread", "kind"),
        ("explain=yes", "explain"),
    ] {
        let told = site.get(&format!("/v1/members/ana/missed?{query}")).problem(400, "bad_parameter");
        assert_eq!(told["field"], field, "{told}");
    }
    let told = site.get("/v1/members/ana/missed?limt=3").problem(400, "unknown_parameter");
    assert!(told["detail"].as_str().is_some_and(|why| why.contains("did you mean limit?")));
    site.get("/v1/members/ana/feed?since=2018-08-01").problem(400, "unknown_parameter");
    assert_eq!(site.get("/v1/search").problem(400, "bad_parameter")["field"], "q");
    site.get("/v1/search?q=%20").problem(400, "bad_parameter");
    site.get("/v1/search?q=soil&limit=3&lang=de-AT&kind=guide&explain=true&seed=7").ok();
}

#[test]
fn pages_follow_each_other_by_cursor() {
    let site = Site::at("2018-08-15T09:00:00Z");
    for id in 1..=5 {
        site.put(&format!("/v1/items/{id}"), json!({"title": "Soil"})).ok();
    }
    assert_eq!(site.found("soil", 5).len(), 5);
    let (mut seen, mut path) = (Vec::new(), "/v1/search?q=soil&limit=2".to_owned());
    for _ in 0..3 {
        let page = site.get(&path).ok();
        assert_eq!(page["at"], "2018-08-15T09:00:00Z");
        seen.extend(page["items"].as_array().expect("items").iter().map(|item| item["id"].to_string()));
        let cursor = page["next_cursor"].as_str().unwrap_or_default();
        path = format!("/v1/search?q=soil&limit=2&cursor={cursor}");
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 5);
    assert!(path.ends_with("cursor="), "{path}");
    let cursor = site.get("/v1/search?q=soil&limit=2").ok()["next_cursor"].as_str().expect("more").to_owned();
    site.get(&format!("/v1/search?q=soil&kind=guide&cursor={cursor}")).problem(400, "bad_cursor");
    site.get("/v1/search?q=soil&cursor=abc").problem(400, "bad_cursor");
    assert!(site.get("/v1/search?q=soil").ok()["next_cursor"].is_null());
}

#[test]
fn a_member_is_known_explained_taken_away_and_erased() {
    let site = Site::open();
    for path in ["/v1/members/ana", "/v1/members/ana/explain", "/v1/members/ana/export"] {
        site.get(path).problem(404, "unknown_member");
    }
    site.post("/v1/identify", json!({"userId": "ana", "traits": {"interests": ["gardening"]}})).ok();
    site.get("/v1/members/ana").ok();
    site.get("/v1/members/ana/explain?lang=de").ok();
    let export = site.get("/v1/members/ana/export");
    assert_eq!((export.status, export.header("content-type")), (200, "application/x-ndjson"));
    assert!(export.text.lines().all(|line| serde_json::from_str::<anklang_domain::Fact>(line).is_ok()));
    assert!(export.text.contains("gardening"));
    site.send("DELETE", "/v1/members/ana", &[], b"").ok();
    site.get("/v1/members/ana").problem(404, "unknown_member");
    assert_eq!(site.get("/v1/members/ana/missed").status, 200);
}
