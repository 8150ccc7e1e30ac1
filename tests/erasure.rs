//! Erasing a member over HTTP: no byte of their id, traits or text is left in the data folder.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::json;

use crate::site::{Server, client, files, folder, send, succeed};
use crate::small;

const MEMBER: &str = "quokka-wrangler-7f3a9c51e2";
const ANONYMOUS: &str = "anonymous-visitor-6d2e8841aa";
/// What only the member brought: ids, traits, an interest, texts. Each must be findable before and nowhere after.
const SECRETS: &[&str] = &[
    MEMBER,
    ANONYMOUS,
    "Plumbiferous Ottoline",
    "zorblaxian-basketry",
    "wombats hum fugues at noon",
    "my vermicious garden gnome manifesto",
    "the manifesto says gnomes unionize",
];
/// Words of the texts, as the index knows them.
const WORDS: &[&str] = &["vermicious", "unionize"];
/// The first bytes of whatever zstd compressed.
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// A member is there, with everything that one can leave behind, among others who mention them.
fn engage(server: &Server) {
    server.post("/v1/page", &json!({"anonymousId": ANONYMOUS, "properties": {"path": "/"}})).ok();
    let identify = json!({"userId": MEMBER, "anonymousId": ANONYMOUS,
        "traits": {"name": "Plumbiferous Ottoline", "interests": ["gardening", "zorblaxian-basketry"]}});
    server.post("/v1/identify", &identify).ok();
    let item = json!({"title": "my vermicious garden gnome manifesto", "body": "the manifesto says gnomes unionize",
        "tags": ["gardening"], "author": MEMBER});
    server.put("/v1/items/manifesto", &item).ok();
    let reply = |n: u64| {
        json!({"type": "track", "event": "Reply Posted", "userId": MEMBER,
            "properties": {"discussion_id": n, "body": format!("wombats hum fugues at noon, {n}")}})
    };
    server.post("/v1/batch", &json!({ "batch": (0..20).map(reply).collect::<Vec<_>>() })).ok();
    let mention = json!({"event": "Reply Posted", "userId": "member1",
        "properties": {"discussion_id": 1, "body": format!("as @{MEMBER} said")}});
    server.post("/v1/track", &mention).ok();
    let follow = json!({"event": "Author Followed", "userId": "member2", "properties": {"author_id": MEMBER}});
    server.post("/v1/track", &follow).ok();
    server.get(&format!("/v1/members/{MEMBER}/missed")).ok();
    server.get(&format!("/v1/members/{MEMBER}/feed")).ok();
}

/// The places where a secret can be seen: names of files, their bytes, whatever in them zstd unpacks, and the export.
fn seen(data: &Path, secret: &str) -> Vec<String> {
    let mut places = Vec::new();
    for (path, bytes) in files(data) {
        let name = path.strip_prefix(data).expect("below").display().to_string();
        if name.contains(secret) || holds(&bytes, secret) {
            places.push(name.clone());
        }
        if unpacked(&bytes).iter().any(|frame| holds(frame, secret)) {
            places.push(format!("{name}, compressed"));
        }
    }
    if succeed(data, &["export"]).contains(secret) {
        places.push("the export".to_owned());
    }
    places
}

fn holds(bytes: &[u8], secret: &str) -> bool {
    bytes.windows(secret.len()).any(|window| window == secret.as_bytes())
}

/// Everything in these bytes that zstd can unpack, wherever it begins; of a frame that breaks off, its beginning.
fn unpacked(bytes: &[u8]) -> Vec<Vec<u8>> {
    let starts = bytes.windows(ZSTD_MAGIC.len()).enumerate().filter(|(_, window)| *window == ZSTD_MAGIC);
    let unpack = |(at, _): (usize, &[u8])| {
        let mut frame = Vec::new();
        if let Ok(decoder) = zstd::stream::read::Decoder::with_buffer(&bytes[at..]) {
            // What cannot be read further has been read so far.
            let _ = std::io::copy(&mut decoder.single_frame(), &mut frame);
        }
        frame
    };
    starts.map(unpack).collect()
}

#[track_caller]
fn nowhere(data: &Path, when: &str) {
    for secret in SECRETS {
        let places = seen(data, secret);
        assert!(places.is_empty(), "{when}, {secret:?} is still in {places:?}");
    }
}

#[track_caller]
fn forgotten(server: &Server) {
    for path in ["", "/explain", "/export"] {
        assert_eq!(server.get(&format!("/v1/members/{MEMBER}{path}")).status, 404, "{path}");
    }
    assert_eq!(server.get("/v1/items/manifesto").status, 404);
    for word in WORDS {
        assert!(server.ids(&format!("/v1/search?q={word}")).is_empty(), "{word} is still found");
    }
    let others = server.get("/v1/members/member1/explain");
    assert_eq!(others.status, 200);
    assert!(SECRETS.iter().all(|secret| !others.text.contains(secret)), "{}", others.text);
}

/// A small community in which the member has left their traces; the server is stopped.
fn traces() -> (tempfile::TempDir, PathBuf) {
    let (folder, data) = folder();
    small::import(&data, &small::facts(small::now(), 4));
    let server = Server::start(&data, &[]);
    engage(&server);
    for word in WORDS {
        // What was acknowledged can be found within a second.
        let found = (0..20).any(|_| {
            std::thread::sleep(Duration::from_millis(100));
            server.ids(&format!("/v1/search?q={word}")) == ["manifesto"]
        });
        assert!(found, "{word} is not found");
    }
    server.stop();
    (folder, data)
}

#[test]
fn nothing_of_a_member_is_left() {
    let (_folder, data) = traces();
    let mut compressed = 0;
    for secret in SECRETS {
        let places = seen(&data, secret);
        assert!(places.contains(&"the export".to_owned()), "{secret:?} is not in the export");
        assert!(places.len() > 1, "{secret:?} is in no file: the search is blind");
        compressed += places.iter().filter(|place| place.ends_with("compressed")).count();
    }
    assert!(compressed > 0, "nothing was found in what is compressed: the search is blind");
    let server = Server::start(&data, &[]);
    let erased = server.send("DELETE", &format!("/v1/members/{MEMBER}"), None).ok();
    assert!(erased["facts_removed"].as_u64().is_some_and(|facts| facts >= 22), "{erased}");
    nowhere(&data, "right after the answer");
    forgotten(&server);
    assert_eq!(server.send("DELETE", &format!("/v1/members/{MEMBER}"), None).status, 404);
    server.stop();
    nowhere(&data, "after an orderly end");
    let server = Server::start(&data, &[]);
    forgotten(&server);
    server.kill();
    nowhere(&data, "after SIGKILL");
    succeed(&data, &["doctor"]);
}

#[test]
fn an_erasure_that_is_cut_off_is_finished() {
    let (folder, whole) = traces();
    for delay_ms in [0, 3, 10, 25, 60, 150, 400] {
        let data = folder.path().join(format!("data-{delay_ms}"));
        assert!(Command::new("cp").arg("-r").args([&whole, &data]).status().expect("cp runs").success());
        let server = Server::start(&data, &[]);
        let address = format!("{}/v1/members/{MEMBER}", server.address);
        let asked = std::thread::spawn(move || send(&client(), "DELETE", &address, None));
        std::thread::sleep(Duration::from_millis(delay_ms));
        server.kill();
        let acknowledged = asked.join().expect("no panic").is_ok_and(|answer| answer.status == 200);
        let server = Server::start(&data, &[]);
        let there = server.get(&format!("/v1/members/{MEMBER}")).status == 200;
        assert!(!(acknowledged && there), "acknowledged, and undone by a crash after {delay_ms} ms");
        if there {
            // The order had not been taken: it is given again.
            server.send("DELETE", &format!("/v1/members/{MEMBER}"), None).ok();
        }
        forgotten(&server);
        nowhere(&data, &format!("killed after {delay_ms} ms and started again"));
        server.stop();
        nowhere(&data, &format!("killed after {delay_ms} ms, started again and stopped"));
    }
}
