//! From a file to what is said of it.

use clap::Parser;
use serde_json::Value;

use super::*;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    analyze: Analyze,
}

fn outcome(words: &[&str]) -> Result<Outcome, Failure> {
    let parsed = Line::try_parse_from(std::iter::once(&"analyze").chain(words));
    parsed.map_err(|error| Failure::Use(error.to_string()))?.analyze.outcome()
}

fn json(words: &[&str]) -> Value {
    serde_json::to_value(outcome(words).expect("analysed")).expect("json")
}

/// A table of so many rows, each made from its number.
fn table(header: &str, rows: u32, row: impl Fn(u32) -> String) -> tempfile::NamedTempFile {
    let rows: String = (0..rows).map(|at| row(at) + "\n").collect();
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(&file, format!("{header}\n{rows}")).expect("written");
    file
}

fn path(file: &tempfile::NamedTempFile) -> &str {
    file.path().to_str().expect("a path")
}

#[track_caller]
fn refused(words: &[&str], says: &str) {
    let failure = outcome(words).expect_err("refused").to_string();
    assert!(failure.contains(says), "{failure}");
}

/// The folder of test data; none where it is missing, and then it says so.
fn data(name: &str) -> Option<String> {
    let folder = std::env::var("ANKLANG_DATA")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data").to_owned());
    let path = Path::new(&folder).join("experiments").join(name);
    if !path.exists() {
        println!("NOT RUN: no {}; set ANKLANG_DATA", path.display());
        return None;
    }
    Some(path.display().to_string())
}

#[track_caller]
fn near(value: &Value, wanted: f64, off: f64) {
    let value = value.as_f64().expect("a number");
    assert!((value - wanted).abs() <= off, "{value}, not {wanted}");
}

fn check<'a>(analysis: &'a Value, code: &str, subject: Option<&str>) -> &'a Value {
    let checks = analysis["health"]["checks"].as_array().expect("checks");
    let found = checks.iter().find(|check| check["code"] == code && check["subject"].as_str() == subject);
    found.unwrap_or_else(|| panic!("no {code} of {subject:?} in {checks:#?}"))
}

#[test]
fn cookie_cats_reproduces_the_published_figures() {
    let Some(file) = data("cookie_cats.csv") else { return };
    let metrics = ["--metric", "retention_1", "--metric", "retention_7", "--metric", "sum_gamerounds"];
    let words = [&[&file[..], "--unit", "userid", "--variant", "version", "--method", "fixed"][..], &metrics].concat();
    let outcome = json(&words);
    let analysis = &outcome["analysis"];
    assert_eq!((&outcome["control"], &outcome["units"]), (&"gate_30".into(), &90_189.into()));
    assert_eq!(analysis["arms"][1]["units"], 45_489);
    let ratio = check(analysis, "sample_ratio", None);
    assert_eq!(ratio["severity"], "suspicious");
    near(&ratio["details"]["sample_ratio"]["fixed"]["ln_p"], 0.008_608_f64.ln(), 1e-3);
    let day_7 = &analysis["metrics"][1];
    assert_eq!(day_7["measure"], "share");
    near(&day_7["lines"][0]["value"], 0.1902, 5e-5);
    near(&day_7["lines"][1]["value"], 0.1820, 5e-5);
    near(&day_7["lines"][1]["absolute"]["measured"]["ln_p"], 0.001_55_f64.ln(), 1e-2);
    near(&analysis["metrics"][0]["lines"][1]["absolute"]["measured"]["ln_p"], 0.0744_f64.ln(), 1e-2);
    let outlier = &check(analysis, "outlier", Some("sum_gamerounds"))["details"]["outlier"];
    assert_eq!(outlier["value"], 49_854.0);
    near(&outlier["ln_p"][0], 0.375_924_384_093_261_7_f64.ln(), 1e-9);
    // SciPy 1.17.1: ttest_ind(equal_var=False) on the file without that row.
    near(&outlier["ln_p"][1], 0.949_468_621_546_446_f64.ln(), 1e-6);
    let capped = json(&[&words[..], &["--cap", ".999"]].concat());
    let rounds = &capped["analysis"]["metrics"][2];
    assert_eq!(rounds["notes"][1], "Capped at 1074.0: 90 units lie above.");
    assert_eq!(check(&capped["analysis"], "outlier", Some("sum_gamerounds"))["severity"], "ok");
}

#[test]
fn hillstrom_reproduces_the_published_figures() {
    let Some(file) = data("hillstrom.csv") else { return };
    let metrics = ["--metric", "visit", "--metric", "conversion", "--metric", "spend", "--segment", "channel"];
    let outcome = json(&[&[&file[..], "--variant", "segment", "--method", "fixed"][..], &metrics].concat());
    let analysis = &outcome["analysis"];
    assert_eq!(outcome["control"], "No E-Mail");
    let values = |metric: usize| {
        let lines = analysis["metrics"][metric]["lines"].as_array().expect("lines");
        lines.iter().map(|line| line["value"].as_f64().expect("a value")).collect::<Vec<_>>()
    };
    for (metric, wanted, off) in [(0, [0.1062, 0.1828, 0.1514], 5e-5), (2, [0.6528, 1.4226, 1.0772], 5e-5)] {
        for (value, wanted) in values(metric).into_iter().zip(wanted) {
            assert!((value - wanted).abs() <= off, "{value}, not {wanted}");
        }
    }
    for (arm, t) in [(1, 5.300), (2, 3.256)] {
        let found = &analysis["metrics"][2]["lines"][arm]["absolute"]["measured"];
        let ratio =
            found["estimate"].as_f64().expect("an estimate") / found["standard_error"].as_f64().expect("an error");
        assert!((ratio - t).abs() < 5e-4, "{ratio}, not {t}");
    }
    assert_eq!(analysis["metrics"][0]["segments"].as_array().expect("segments").len(), 3);
    let page =
        html::page(&self::outcome(&[&file, "--variant", "segment", "--metric", "visit"]).expect("ok").analysis, &[]);
    assert!(page.into_string().contains("Mens E-Mail"));
}

#[test]
fn what_is_typed_wrongly_is_told_with_what_is_right() {
    let file = table("user,arm,paid", 4, |at| format!("{at},{},1", ["a", "b"][at as usize % 2]));
    let with = |words: &[&'static str]| [&[path(&file)][..], words].concat();
    refused(&with(&["--variant", "arms"]), "it has user, arm, paid; did you mean \"arm\"?");
    refused(&with(&["--variant", "arm", "--metric", "Paid"]), "did you mean \"paid\"?");
    refused(&with(&["--variant", "arm", "--control", "c"]), "there is no arm \"c\"; there are a, b");
    for (weights, says) in [
        ("a=.5", "arm \"b\" has none"),
        ("a=.5,b=.4", "add up to 0.9, not to 1"),
        ("a=.5,c=.5", "there is no arm \"c\""),
        ("a=.5,a=.5", "is there twice"),
        ("a=x,b=.5", "is not ARM=SHARE"),
        ("a=-1,b=2", "is not ARM=SHARE"),
    ] {
        refused(&with(&["--variant", "arm", "--weights", weights]), says);
    }
    for (flag, value, says) in [
        ("--ratio", "paid", "is not NUMERATOR/DENOMINATOR"),
        ("--quantile", "paid:2", "is not a column with a quantile"),
        ("--guardrail", "paid", "is not a column with a share"),
        ("--guardrail", "paid:5", "paid:5 would be 500%, and 5% is paid:.05"),
        ("--guardrail", "paid:0", "above 0 and below 1"),
        ("--guardrail", "paid:-.1", "above 0 and below 1"),
        ("--cap", "-1", "neither a quantile"),
        ("--pre", "user", "of which metric?"),
        ("--lower-is-better", "paid", "there is no metric"),
        ("--alpha", "0", "--alpha is above 0"),
        ("--method", "group-sequential", "needs --looks"),
    ] {
        let line = format!("{flag}={value}");
        refused(&[path(&file), "--variant", "arm", &line], says);
    }
    let headless = table("1,a,5", 2, |_| "2,b,6".to_owned());
    refused(&[path(&headless), "--variant", "arm"], "is the header missing?");
    assert_eq!(
        outcome(&with(&["--variant", "arms"])).expect_err("refused").exit_code(),
        std::process::ExitCode::from(2)
    );
}

#[test]
fn nothing_is_made_up() {
    let said = |file: &tempfile::NamedTempFile, at: usize| {
        let outcome = json(&[path(file), "--variant", "arm", "--metric", "x"]);
        outcome["analysis"]["metrics"][0]["lines"][at]["absolute"]["inconclusive"].clone()
    };
    let arm = |at: u32| ["a", "b"][at as usize % 2];
    let same = table("arm,x", 1_000, |at| format!("{},7", arm(at)));
    assert_eq!(said(&same, 1), "no_variance");
    let few = table("arm,x", 20, |at| format!("{},{at}", arm(at)));
    assert_eq!(said(&few, 1), "too_few_units");
    let empty = table("arm,x", 1_000, |at| format!("{},NA", arm(at)));
    assert_eq!(said(&empty, 1), "too_few_units");
    let sick = table("arm,x", 1_000, |at| format!("{},{}", if at % 3 == 0 { "a" } else { "b" }, at % 7));
    assert_eq!(said(&sick, 1), "unhealthy");
    let one = table("arm,x", 1_000, |at| format!("a,{at}"));
    let one = json(&[path(&one), "--variant", "arm", "--metric", "x"]);
    let read = one["notes"][0].as_str().expect("a note");
    assert!(read.ends_with("1 arm: there is nothing to compare it with."), "{read}");
    assert_eq!(check(&one["analysis"], "sample_ratio", None)["why"], "one_arm");
    let large = table("arm,x", 1_000, |at| format!("{},{}", arm(at), 1_000_000_000_u64 + u64::from(at / 2 % 10)));
    let large = json(&[path(&large), "--variant", "arm", "--metric", "x", "--method", "fixed"]);
    let found = &large["analysis"]["metrics"][0]["lines"][1]["absolute"]["measured"];
    // Twice 8.25·500/499, by 500 units.
    near(&found["standard_error"], (2.0_f64 * 8.25 / 499.0).sqrt(), 1e-6);
}

#[test]
fn missing_values_and_units_in_several_arms_are_shown() {
    let file = table("user,arm,x,before,day", 4_000, |at| {
        let arm = if at % 100 == 0 { at / 100 % 2 } else { at % 2 };
        let x = if at % 20 == 1 { "NaN".to_owned() } else { format!("{}", at % 13) };
        format!("{},{},{x},{},2024-05-0{}", at / 2 * 2 + at % 2, ["a", "b"][arm as usize], at % 11, 1 + at % 5)
    });
    let words =
        [path(&file), "--unit", "user", "--variant", "arm", "--metric", "x", "--pre", "before", "--date", "day"];
    let outcome = json(&words);
    let missing = check(&outcome["analysis"], "missing", Some("x"));
    assert_eq!(missing["severity"], "suspicious", "{missing}");
    assert_eq!(check(&outcome["analysis"], "several_arms", None)["severity"], "ok");
    assert_eq!(check(&outcome["analysis"], "imbalance", Some("x"))["severity"], "ok");
    let mixed = table("user,arm,x", 4_000, |at| format!("{},{},1", at % 1_500, ["a", "b"][at as usize % 2]));
    let mixed = json(&[path(&mixed), "--unit", "user", "--variant", "arm", "--metric", "x"]);
    assert_eq!(mixed["units_in_several_arms"], 0, "an even number of units keeps its arm");
    let mixed = table("user,arm,x", 4_000, |at| format!("{},{},1", at % 1_501, ["a", "b"][at as usize % 2]));
    let mixed = json(&[path(&mixed), "--unit", "user", "--variant", "arm", "--metric", "x"]);
    assert_eq!(mixed["units_in_several_arms"], 1_501);
}

#[test]
fn ratios_quantiles_guardrails_and_a_control_by_its_name() {
    let file = table("arm,clicks,views,ms", 4_000, |at| {
        format!("{},{},{},{}", ["treatment", "Control"][at as usize % 2], at / 2 % 3, 1 + at / 2 % 5, at / 2 % 97)
    });
    let words = ["--variant", "arm", "--ratio", "clicks/views", "--quantile", "ms:.9", "--guardrail", "ms:.02"];
    let outcome = json(&[&[path(&file)][..], &words, &["--lower-is-better", "ms", "--segment", "views"]].concat());
    assert_eq!(outcome["control"], "Control");
    let metrics = &outcome["analysis"]["metrics"];
    assert_eq!((&metrics[0]["measure"], &metrics[1]["measure"]), (&"ratio".into(), &"quantile".into()));
    near(&metrics[0]["lines"][0]["value"], 1.0 / 3.0, 1e-3);
    near(&metrics[1]["lines"][0]["value"], 86.0, 1.0);
    assert_eq!(metrics[2]["role"]["guardrail"]["margin"], 0.02, "{}", metrics[2]["role"]);
    assert_eq!(metrics[2]["lines"][1]["guardrail"]["verdict"], "open");
}

#[test]
fn a_page_escapes_whatever_was_in_the_file() {
    let evil = "<script>alert(1)</script>";
    let file = table(&format!("arm,{evil},seg"), 1_000, |at| {
        format!("\"{}\",{},\"\"\"><img src=x>\"", ["a", evil][at as usize % 2], at % 7)
    });
    let outcome = outcome(&[path(&file), "--variant", "arm", "--metric", evil, "--segment", "seg", "--title", evil])
        .expect("read");
    let page = html::page(&outcome.analysis, &outcome.notes).into_string();
    assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
    assert!(page.contains("&lt;script&gt;alert(1)") && page.contains("<svg"));
    assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("NaN"));
}

#[test]
fn a_posterior_is_told_without_a_p() {
    let file = table("arm,x", 4_000, |at| format!("{},{}", ["a", "b"][at as usize % 2], at % 13));
    let page = |method: &str| {
        let outcome = outcome(&[path(&file), "--variant", "arm", "--metric", "x", "--method", method]).expect("read");
        html::page(&outcome.analysis, &[]).into_string()
    };
    let bayesian = page("bayesian");
    assert!(bayesian.contains("chance to win ") && bayesian.contains("expected loss if shipped "), "{bayesian}");
    assert!(!bayesian.contains("adjusted p") && !bayesian.contains(">p "), "{bayesian}");
    assert!(page("fixed").contains("adjusted p"));
}
