//! Models on offline data by the command line: from a table of clicks to a tuned model, a saved run and its replay.

use std::fmt::Write as _;

use serde_json::Value;

use crate::cli::{Failure, run_line};

struct Folder(tempfile::TempDir);

impl Folder {
    /// Clicks of forty members on thirty items, the later items later.
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().expect("a folder"));
        let mut csv = "user,item,timestamp\n".to_owned();
        for step in 0..1200_u32 {
            let (member, item) = (step * 7 % 40, (step * step / 90 + step / 60) % 30);
            writeln!(csv, "u{member},i{item},{}", 1_600_000_000 + step * 3_600).expect("written");
        }
        std::fs::write(folder.path("clicks.csv"), csv).expect("written");
        folder
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect(name)
    }

    fn evaluate(&self, words: &[&str]) -> Result<(), Failure> {
        run_line(&[&["evaluate", &self.path("clicks.csv")], words].concat())
    }
}

const MODELS: [&str; 4] = ["--model", "popularity", "--model", "popularity:half_life_days=0"];

#[test]
fn a_run_is_saved_replayed_and_compared() {
    let folder = Folder::new();
    let (run, page) = (folder.path("run"), folder.path("page.html"));
    folder.evaluate(&[&MODELS[..], &["--save", &run, "--html", &page, "--at", "5,10"]].concat()).expect("evaluated");
    let report: Value = serde_json::from_str(&folder.text("run/run.json")).expect("JSON");
    assert_eq!(report["models"][1]["document"]["half_life_days"], 0.0);
    assert_eq!((&report["compare_with"], &report["data"]["name"]), (&"popularity".into(), &"clicks".into()));
    assert!(report["data"]["checksum"].as_str().is_some_and(|sum| sum.len() >= 32));
    // What differs from run to run lies apart.
    assert!(!folder.text("run/run.json").contains("seconds"));
    assert!(folder.text("run/surroundings.json").contains("fit_seconds"));

    let html = folder.text("page.html");
    assert!(html.starts_with("<!DOCTYPE html>") && html.contains("popularity:half_life_days=0"));
    for elsewhere in ["http://", "https://", "<script", "NaN"] {
        assert!(!html.contains(elsewhere), "{elsewhere} in the page");
    }

    run_line(&["evaluate", "--replay", &run]).expect("the same bytes");
    run_line(&["compare", &run, &run, "--json"]).expect("compared");
    let same = run_line(&["compare", &run, &run, "--with", "poplarity"]).expect_err("no such model");
    assert!(matches!(&same, Failure::Use(what) if what.contains("popularity")), "{same}");

    // A report that says something else.
    let changed = folder.text("run/run.json").replacen("\"mean\": 0.", "\"mean\": 1.", 1);
    std::fs::write(folder.path("run/run.json"), changed).expect("written");
    let refused = run_line(&["evaluate", "--replay", &run]).expect_err("other bytes").to_string();
    assert!(refused.contains("not the same") && refused.contains("run.json"), "{refused}");

    // Data that are not the run's.
    std::fs::write(folder.path("clicks.csv"), "user,item,timestamp\nu1,i1,1600000000\n").expect("written");
    let refused = run_line(&["evaluate", "--replay", &run]).expect_err("other data").to_string();
    assert!(refused.contains("checksum"), "{refused}");
}

#[test]
fn a_model_is_tuned_and_the_search_goes_on() {
    let folder = Folder::new();
    let (journal, specs, data) = (folder.path("trials"), folder.path("specs.json"), folder.path("clicks.csv"));
    let tune = |trials: &str| {
        let words = ["--model", "popularity", "--measure", "ndcg@5", "--trials", trials];
        run_line(&[&["tune", &data], &words[..], &["--journal", &journal, "--specs", &specs]].concat())
    };
    tune("3").expect("tuned");
    assert_eq!(folder.text("trials/popularity.jsonl").lines().count(), 4);
    tune("6").expect("tuned");
    assert_eq!(folder.text("trials/popularity.jsonl").lines().count(), 7);
    folder.evaluate(&["--specs", &specs, "--json"]).expect("evaluated");
    let other = run_line(&["tune", &data, "--model", "popularity", "--measure", "ndcg@10", "--journal", &journal]);
    let other = other.expect_err("another search");
    assert!(matches!(&other, Failure::Use(what) if what.contains("measure")), "{other}");
}

#[test]
fn what_is_wrong_is_said_with_what_would_be_right() {
    let folder = Folder::new();
    for (words, hint) in [
        (&["--model", "popularty"][..], "did you mean popularity?"),
        (&["--model", "popularity:half_life=3"], "half_life_days"),
        (&["--model", "popularity:half_life_days=-3"], "0 or more"),
        (&[], "which models?"),
        (&["--model", "popularity", "--at", "0"], "cutoffs from 1"),
        (&["--model", "popularity", "--split", "timelime"], "timeline"),
        (&["--model", "popularity", "--split", "given"], "a part to test on"),
        (&["--model", "popularity", "--compare-with", "ease"], "popularity"),
        (&["--model", "popularity", "--model", "popularity"], "two models are called"),
        (&["--model", "popularity", "--format", "cvs"], "csv"),
        (&["--model", "popularity", "--weights", "at_least:many"], "--weights at_least:many"),
    ] {
        let failure = folder.evaluate(words).expect_err(hint);
        assert!(matches!(&failure, Failure::Use(what) if what.contains(hint)), "{words:?}: {failure}");
    }
    let missing = run_line(&["evaluate", "--model", "popularity"]).expect_err("no data");
    assert!(matches!(&missing, Failure::Use(what) if what.contains("DATA")), "{missing}");
    let none = run_line(&["evaluate", &folder.path("no.csv"), "--model", "popularity"]).expect_err("no file");
    assert!(matches!(none, Failure::Load(_)), "{none}");
}
