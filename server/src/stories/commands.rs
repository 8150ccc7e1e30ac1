//! The command line, end to end, on data folders of its own.

use std::path::Path;

use super::Site;
use crate::cli::{Failure, run_line};

const FACTS: &str = r#"{"id":"f1","at":"2018-08-01T00:00:00Z","type":"item_put","item":{"id":"1","title":"Soil","author":"bo"}}
{"id":"f2","at":"2018-08-02T00:00:00Z","type":"engaged","member":"ana","verb":"replied","item":"1","props":{"text":"zebrafish"}}
"#;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn file(&self, name: &str, text: &str) -> String {
        std::fs::write(self.path(name), text).expect("written");
        self.path(name)
    }

    /// Runs a command on the data folder of this name.
    fn run(&self, data: &str, words: &[&str]) -> Result<(), Failure> {
        let data = self.path(data);
        run_line(&[words, &["--data", &data]].concat())
    }

    fn exported(&self, data: &str) -> String {
        let out = self.path("out.ndjson");
        self.run(data, &["export", "--out", &out]).expect("exported");
        std::fs::read_to_string(out).expect("written")
    }
}

fn contains(folder: &Path, needle: &[u8]) -> bool {
    std::fs::read_dir(folder).expect("a folder").any(|entry| {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            return contains(&path, needle);
        }
        std::fs::read(&path).expect("a file").windows(needle.len()).any(|bytes| bytes == needle)
    })
}

#[test]
fn a_community_is_imported_backed_up_restored_and_the_same() {
    let folder = Folder::new();
    let file = folder.file("facts.ndjson", FACTS);
    for _ in 0..2 {
        folder.run("data", &["import", "ndjson", &file]).expect("imported");
    }
    let facts = folder.exported("data");
    assert_eq!(facts.lines().count(), 2, "{facts}");
    let copy = folder.path("copy");
    folder.run("data", &["backup", &copy]).expect("backed up");
    assert!(matches!(folder.run("data", &["backup", &copy]), Err(Failure::Use(_))), "not empty");
    folder.run("again", &["restore", &copy]).expect("restored");
    assert_eq!(folder.exported("again"), facts);
    folder.run("again", &["rebuild"]).expect("rebuilt");
    folder.run("again", &["doctor"]).expect("healthy");
    folder.run("again", &["missed", "ana", "--as-of", "2018-08-03", "--explain"]).expect("a list");
}

#[test]
fn what_could_be_read_before_a_mistake_is_in() {
    let folder = Folder::new();
    let file = folder.file("facts.ndjson", &format!("{FACTS}nonsense\n"));
    let refused = folder.run("data", &["import", "ndjson", &file]).expect_err("a bad line");
    assert!(matches!(refused, Failure::Other(_)), "{refused}");
    assert_eq!(folder.exported("data").lines().count(), 2);
    let table = folder.file("likes.csv", "user,item,verb,at\nana,1,liked,2018-08-03T00:00:00Z\n");
    folder.run("data", &["import", "csv", &table]).expect("imported");
    assert_eq!(folder.exported("data").lines().count(), 3);
}

#[test]
fn an_erased_member_is_in_no_file() {
    let folder = Folder::new();
    let facts = FACTS.replace("ana", "annemarie-4711");
    let file = folder.file("facts.ndjson", &facts);
    folder.run("data", &["import", "ndjson", &file]).expect("imported");
    assert!(matches!(folder.run("data", &["erase", "annemarie-4711"]), Err(Failure::Use(_))), "without --yes");
    folder.run("data", &["erase", "annemarie-4711", "--yes"]).expect("erased");
    for needle in [&b"annemarie-4711"[..], b"zebrafish"] {
        assert!(!contains(Path::new(&folder.path("data")), needle));
    }
    assert!(folder.run("data", &["erase", "annemarie-4711", "--yes"]).is_err(), "nobody is left");
}

#[test]
fn a_simulated_community_is_the_same_twice() {
    let folder = Folder::new();
    let small = ["--members", "20", "--discussions", "20", "--engagements", "200", "--days", "7"];
    let out = folder.path("facts.ndjson");
    folder.run("data", &[&["simulate", "--out", &out][..], &small].concat()).expect("simulated");
    folder.run("data", &[&["simulate"][..], &small].concat()).expect("simulated");
    let facts = folder.exported("data").lines().count();
    assert!(facts > 200, "{facts}");
    folder.run("data", &["import", "ndjson", &out]).expect("imported");
    assert_eq!(folder.exported("data").lines().count(), facts);
}

#[test]
fn wrong_use_is_told_from_failure() {
    let folder = Folder::new();
    for words in [&["missed", "ana"][..], &["export"], &["rebuild"], &["doctor"], &["erase", "ana", "--yes"]] {
        assert!(matches!(folder.run("nowhere", words), Err(Failure::Use(_))), "{words:?}");
    }
    assert!(matches!(folder.run("data", &["simulate", "--members", "0"]), Err(Failure::Use(_))));
    assert!(matches!(folder.run("data", &["missed", "ana", "--limit", "0"]), Err(Failure::Use(_))));
    assert!(matches!(folder.run("data", &["restore", "/nowhere"]), Err(Failure::Use(_))));
    assert!(matches!(folder.run("data", &["import", "ndjson", "/nowhere"]), Err(Failure::Load(_))));
    folder.file("real-thing", "x");
    assert!(matches!(folder.run("", &["demo"]), Err(Failure::Use(_))), "a demo among real facts");
}

#[test]
fn a_server_that_runs_is_asked_by_commands() {
    let site = Site::on_disk();
    site.put("/v1/items/1", serde_json::json!({"title": "Soil"})).ok();
    site.post("/v1/track", serde_json::json!({"event": "Liked", "userId": "ana", "properties": {"id": 1}})).ok();
    let data = site.folder.path().display().to_string();
    let run = |words: &[&str]| run_line(&[words, &["--data", &data]].concat());
    let elsewhere = Folder::new();
    let (copy, out) = (elsewhere.path("copy"), elsewhere.path("out.ndjson"));
    run(&["backup", &copy]).expect("backed up");
    run(&["export", "--out", &out]).expect("exported");
    assert!(std::fs::read_to_string(&out).expect("written").lines().count() >= 2);
    run(&["missed", "ana"]).expect("a list");
    assert!(matches!(run(&["missed", "ana", "--as-of", "2018-01-01"]), Err(Failure::Use(_))));
    run(&["erase", "ana", "--yes"]).expect("erased");
    site.get("/v1/members/ana").problem(404, "unknown_member");
    assert!(run(&["rebuild"]).is_err(), "not while it is being served");
    elsewhere.run("again", &["restore", &copy]).expect("restored");
    assert!(elsewhere.exported("again").contains("\"ana\""), "the copy is from before");
}
