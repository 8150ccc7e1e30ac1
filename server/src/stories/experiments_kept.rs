//! Experiments on disk: over a restart, an erasure, a backup, and facts from elsewhere that make no sense.

use anklang_domain::{Body, Configuration, Fact, FactId, UnixMillis};
use serde_json::{Value, json};

use super::Site;
use super::experiments::{design, replies};
use crate::cli::run_line;

const SNAPSHOT: &str = "experiments.bin";

impl Site {
    /// On disk: an experiment that has run and was stopped.
    fn stopped_on_disk() -> Self {
        let site = Self::on_disk();
        site.put("/v1/metrics/replies", replies()).ok();
        let mut design = design();
        design["overrides"] = json!([{ "unit": "Quintessa-7f3a", "variant": "warm" }]);
        site.put("/v1/experiments/welcome", design).ok();
        site.post("/v1/experiments/welcome/start", json!({})).ok();
        let members: Vec<String> = (0..80).map(|n| format!("m{n}")).chain(["Quintana-91bc".to_owned()]).collect();
        members.iter().for_each(|member| drop(site.variant("welcome", member)));
        site.exposures(81);
        site.replied(&members);
        site.replied(&["Quintessa-7f3a".to_owned()]);
        site.post("/v1/alias", json!({ "previousId": "visitor", "userId": "m1" })).ok();
        site.post("/v1/experiments/welcome/stop", json!({})).ok();
        site
    }

    fn results(&self) -> String {
        let answer = self.get("/v1/experiments/welcome/results?by=country,day");
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.text
    }
}

#[test]
fn a_restart_changes_nothing() {
    let site = Site::stopped_on_disk();
    let before =
        (site.results(), site.get("/v1/experiments/welcome").text, site.get("/v1/metrics/replies/history").text);
    let site = site.again();
    assert!(site.folder.path().join(SNAPSHOT).exists(), "it was kept");
    let after = |site: &Site| {
        (site.results(), site.get("/v1/experiments/welcome").text, site.get("/v1/metrics/replies/history").text)
    };
    assert_eq!(after(&site), before);
    // Without the snapshot, and with one that is damaged, everything is folded again.
    let mut site = site;
    for damage in [None, Some(&b"not a snapshot"[..])] {
        let folder = site.close();
        let path = folder.path().join(SNAPSHOT);
        match damage {
            None => std::fs::remove_file(&path).unwrap(),
            Some(bytes) => std::fs::write(&path, bytes).unwrap(),
        }
        site = Site::on(folder);
        assert_eq!(after(&site), before);
    }
    // A design goes on where it was.
    assert_eq!(site.put("/v1/experiments/welcome", design()).ok()["version"], 4);
}

#[test]
fn who_is_erased_is_gone_from_experiments_too() {
    let site = Site::stopped_on_disk();
    let units = |site: &Site| {
        let results: Value = serde_json::from_str(&site.results()).unwrap();
        (0..2).map(|arm| results["arms"][arm]["units"].as_u64().unwrap()).sum::<u64>()
    };
    assert_eq!(units(&site), 81);
    for gone in ["Quintana-91bc", "Quintessa-7f3a"] {
        site.send("DELETE", &format!("/v1/members/{gone}"), &[], b"").ok();
    }
    assert_eq!(units(&site), 80);
    let unit = site.get("/v1/experiments/welcome").ok()["overrides"][0]["unit"].clone();
    assert_ne!(unit, "Quintessa-7f3a");
    let results = site.results();
    let site = site.again();
    assert_eq!(site.results(), results);
    for entry in walk(site.folder.path()) {
        let bytes = std::fs::read(&entry).unwrap_or_default();
        let holds = bytes.windows(5).any(|window| window == b"Quint");
        assert!(!holds, "{} names who was erased", entry.display());
    }
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[test]
fn a_copy_and_a_rebuild_say_the_same() {
    let site = Site::stopped_on_disk();
    let before = site.results();
    let folder = site.close();
    let copies = tempfile::tempdir().unwrap();
    let text = |path: &std::path::Path| path.to_str().unwrap().to_owned();
    let (data, copy) = (text(folder.path()), text(&copies.path().join("copy")));
    run_line(&["backup", "--data", &data, &copy]).unwrap();
    let restored = tempfile::tempdir().unwrap();
    run_line(&["restore", "--data", &text(restored.path()), &copy]).unwrap();
    run_line(&["rebuild", "--data", &data]).unwrap();
    assert_eq!(Site::on(folder).results(), before, "rebuilt");
    assert_eq!(Site::on(restored).results(), before, "restored");
}

#[test]
fn documents_from_elsewhere_that_make_no_sense_break_nothing() {
    let site = Site::with_draft();
    let fact = |number: u32, kind: &str, key: &str, version: u32, document: Value| Fact {
        id: FactId::parse(&format!("import-{number}")).unwrap(),
        at: UnixMillis::new(1_500_000_000_000).unwrap(),
        received_at: None,
        source: "import:ndjson".to_owned(),
        body: Body::Configured(Configuration {
            kind: kind.to_owned(),
            key: key.to_owned(),
            version,
            document: Some(document),
            author: String::new(),
        }),
    };
    let facts = vec![
        fact(1, "experiment", "welcome", 9, json!({ "variants": [] })),
        fact(2, "experiment", "broken", 1, json!("nothing")),
        fact(
            3,
            "experiment",
            "orphan",
            3,
            json!({
                "variants": [{ "key": "a", "weight": 0.5 }, { "key": "b", "weight": 0.5 }],
                "metrics": { "goals": ["nowhere"] }, "stage": "running", "phase": 1, "started_at": "2017-07-14T00:00:00Z",
            }),
        ),
        fact(4, "metric", "replies", u32::MAX, json!({ "kind": "men" })),
        fact(5, "metric", "last", u32::MAX, replies()),
        fact(6, "metric", "late", 5, replies()),
        fact(7, "metric", "late", 2, replies()),
        fact(8, "feature", "button", 0, json!({ "rules": [{}] })),
        fact(9, "segment", "odd", 1, json!({ "condition": { "a": { "$no": 1 } } })),
        fact(10, "nonsense", "x", 1, json!(null)),
    ];
    site.engine.submit_wait(facts, UnixMillis::new(1_700_000_000_000).unwrap()).unwrap();
    assert_eq!(site.get("/v1/experiments/welcome").ok()["version"], 1);
    site.get("/v1/experiments/broken").problem(404, "unknown_document");
    let results = site.get("/v1/experiments/orphan/results").ok();
    assert_eq!(results["metrics"], json!([]), "{results}");
    // Versions go on after the highest there is, and end where numbers do.
    let mut renamed = replies();
    renamed["name"] = json!("Another");
    assert_eq!(site.put("/v1/metrics/late", renamed.clone()).ok()["version"], 6);
    site.put("/v1/metrics/last", renamed.clone()).problem(409, "version_conflict");
    assert_eq!(site.put("/v1/metrics/replies", renamed).ok()["version"], 2);
    site.put("/v1/features/button", json!({ "default": 1 })).ok();
    site.post("/v1/experiments/welcome/start", json!({})).ok();
}
