//! Where the tests find the golden numbers.

use std::path::PathBuf;

use serde_json::Value;

/// A file of the conformance folder, which lies beside the test data; none where it is missing, and then it says so.
pub(crate) fn conformance(name: &str) -> Option<Value> {
    let data = std::env::var_os("ANKLANG_DATA")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data")), PathBuf::from);
    let path = data.join("../conformance").join(name);
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("NOT RUN: no {}; set ANKLANG_DATA", path.display());
        return None;
    };
    Some(serde_json::from_str(&text).unwrap())
}

/// Equal to a relative error.
#[track_caller]
pub(crate) fn close(got: f64, wanted: f64, relative: f64) {
    let error = (got - wanted).abs() / wanted.abs().max(f64::MIN_POSITIVE);
    assert!(got == wanted || error <= relative, "got {got}, wanted {wanted}, off by {error:e}");
}
