//! Everything but the journal can be deleted: the answers stay what they were.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::site::{Server, client, folder, run, send, succeed};
use crate::small::{self, ITEMS, MEMBERS};

/// What may be asked that has an answer for each member, each item, or once.
fn questions() -> Vec<String> {
    let mut paths = Vec::new();
    for m in 0..MEMBERS {
        paths.extend(["", "/explain", "/explain?lang=de"].map(|about| format!("/v1/members/member{m}{about}")));
        // Last, and one list each: what was shown counts from the moment that it is written.
        let list =
            ["missed?explain=true&limit=20&since=2018-08-06T00:00:00Z", "missed", "feed?explain=true&seed=7"][m % 3];
        paths.push(format!("/v1/members/member{m}/{list}"));
    }
    for i in (0..ITEMS).step_by(7) {
        paths.extend(["", "/related?explain=true"].map(|about| format!("/v1/items/{i}{about}")));
    }
    for words in ["compost", "rook+gambit", "dough+keel", "astronomy"] {
        paths.push(format!("/v1/search?q={words}&explain=true"));
    }
    paths.push("/v1/trending?limit=100&explain=true".to_owned());
    paths
}

/// Every answer with the clock stopped: nothing in them may differ by a byte.
fn answers(data: &Path) -> Vec<(String, String)> {
    let server = Server::start(data, &["--as-of", &small::then().to_string()]);
    let ask = |path: String| {
        let answer = server.get(&path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        (path, answer.text)
    };
    questions().into_iter().map(ask).collect()
}

#[track_caller]
fn same(before: &[(String, String)], after: &[(String, String)], what: &str) {
    for ((path, before), (_, after)) in before.iter().zip(after) {
        assert_eq!(before, after, "{path} {what}");
    }
}

fn forget(data: &Path, what: &[&str]) {
    for name in what {
        let path = data.join(name);
        assert!(path.exists(), "{name} is not there to be deleted");
        if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) }.expect("deleted");
    }
}

#[test]
fn answers_are_the_same_bytes_whatever_becomes_of_the_views() {
    let (_folder, data) = folder();
    small::import(&data, &small::facts(small::then(), 1));
    let before = answers(&data);
    let listed = before.iter().filter(|(_, text)| text.contains("\"reasons\"")).count();
    assert!(listed > MEMBERS, "only {listed} answers list anything");
    same(&before, &answers(&data), "after SIGKILL");
    forget(&data, &["views.bin"]);
    same(&before, &answers(&data), "without views.bin");
    succeed(&data, &["rebuild"]);
    same(&before, &answers(&data), "after anklang rebuild");
    forget(&data, &["views.bin", "text"]);
    same(&before, &answers(&data), "without views.bin and text");
    small::import(&data, &small::facts(small::then(), 1));
    same(&before, &answers(&data), "after the same facts came again");
}

/// Lists from the views that are kept. The clock goes on between two of them, so ages may differ a little.
fn kept(data: &Path, since: &str) -> Vec<Value> {
    let list = |m: usize| {
        let member = format!("member{m}");
        let args = ["missed", &member, "--json", "--explain", "--seed", "7", "--limit", "20", "--since", since];
        serde_json::from_str(&succeed(data, &args)).expect("JSON")
    };
    (0..4).map(list).collect()
}

/// As equal as two values can be between which some seconds passed.
#[track_caller]
fn close(before: &Value, after: &Value, what: &str) {
    match (before, after) {
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().expect("a number"), b.as_f64().expect("a number"));
            assert!((a - b).abs() <= 1e-3 * a.abs().max(1.0), "{what}: {a} became {b}");
        }
        (Value::Array(a), Value::Array(b)) => {
            assert_eq!(a.len(), b.len(), "{what}: {before} became {after}");
            a.iter().zip(b).for_each(|(a, b)| close(a, b, what));
        }
        (Value::Object(a), Value::Object(b)) => {
            assert!(a.keys().eq(b.keys()), "{what}: {before} became {after}");
            for (name, value) in a {
                // The moment of the list and, in the slate, the id made from it.
                if name != "at" && name != "slate" {
                    close(value, &b[name], what);
                }
            }
        }
        _ => assert_eq!(before, after, "{what}"),
    }
}

#[test]
fn the_views_that_are_kept_are_those_that_are_made_anew() {
    let (_folder, data) = folder();
    let now = small::now();
    small::import(&data, &small::facts(now, 2));
    let since = now.plus_ms(-9 * small::DAY_MS).to_string();
    let before = Value::from(kept(&data, &since));
    let listed = before.as_array().into_iter().flatten().filter_map(|list| list["items"].as_array()).flatten().count();
    assert!(listed > 8, "only {listed} entries");
    let server = Server::start(&data, &[]);
    server.get("/health/live").ok();
    server.kill();
    close(&before, &kept(&data, &since).into(), "after SIGKILL");
    forget(&data, &["views.bin"]);
    close(&before, &kept(&data, &since).into(), "without views.bin");
    succeed(&data, &["rebuild"]);
    close(&before, &kept(&data, &since).into(), "after anklang rebuild");
    forget(&data, &["views.bin", "text"]);
    close(&before, &kept(&data, &since).into(), "without views.bin and text");
    succeed(&data, &["doctor"]);
}

#[test]
fn a_backup_taken_while_serving_answers_alike() {
    let (_folder, data) = folder();
    small::import(&data, &small::facts(small::then(), 3));
    let before = answers(&data);
    let server = Server::start(&data, &[]);
    let (under_load, at_rest) = (data.with_file_name("under-load"), data.with_file_name("at-rest"));
    let enough = AtomicBool::new(false);
    let (address, done) = (&server.address, &enough);
    let (acknowledged_before, sent) = std::thread::scope(|threads| {
        let load = threads.spawn(move || post_until(address, done));
        std::thread::sleep(std::time::Duration::from_millis(300));
        let acknowledged_before = succeed(&data, &["export"]).lines().count();
        succeed(&data, &["backup", under_load.to_str().expect("UTF-8")]);
        done.store(true, Ordering::Relaxed);
        (acknowledged_before, load.join().expect("a client"))
    });
    assert!(sent > 10, "only {sent} batches were sent meanwhile");
    succeed(&data, &["backup", at_rest.to_str().expect("UTF-8")]);
    assert!(!run(&data, &["backup", at_rest.to_str().expect("UTF-8")]).status.success(), "never over another backup");
    server.kill();
    let whole = succeed(&data, &["export"]);
    for (backup, facts_min) in [(&under_load, acknowledged_before), (&at_rest, whole.lines().count())] {
        let restored = backup.with_extension("restored");
        succeed(&restored, &["restore", backup.to_str().expect("UTF-8")]);
        let facts = succeed(&restored, &["export"]);
        assert!(facts.lines().count() >= facts_min, "{} of {facts_min} facts", facts.lines().count());
        assert!(whole.starts_with(&facts), "a backup is the beginning of the journal, byte for byte");
        same(&before, &answers(&restored), "after backup and restore");
        succeed(&restored, &["doctor"]);
    }
    let refused = run(&data, &["restore", at_rest.to_str().expect("UTF-8")]);
    assert_eq!(refused.status.code(), Some(2), "never over a data folder");
}

fn post_until(address: &str, done: &AtomicBool) -> usize {
    let agent = client();
    let mut sent = 0;
    while !done.load(Ordering::Relaxed) {
        let event = |n| json!({"type": "track", "event": "Liked", "userId": "member1", "properties": {"id": n}});
        let body = json!({ "batch": (0..20).map(event).collect::<Vec<_>>() });
        let answer = send(&agent, "POST", &format!("{address}/v1/batch"), Some(&body)).expect("an answer");
        assert_eq!(answer.status, 200, "{}", answer.text);
        sent += 1;
    }
    sent
}
