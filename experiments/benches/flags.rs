//! What one evaluation of a flag takes: `cargo bench -p anklang-experiments --bench flags`.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement for people to read")]

use std::hint::black_box;
use std::time::Instant;

use anklang_experiments::assign::{Context, Payload};
use serde_json::json;

/// How often each flag is asked; under `cargo test`, often enough to see that it runs.
const EVALUATIONS: u32 = 2_000_000;
const QUICK_EVALUATIONS: u32 = 1_000;

fn main() {
    let quick = std::env::args().any(|argument| argument == "--test");
    let evaluations = if quick { QUICK_EVALUATIONS } else { EVALUATIONS };
    let payload = Payload::parse(&json!({
        "features": {
            "plain": {"defaultValue": true},
            "targeted": {"defaultValue": false, "rules": [
                {"condition": {"country": {"$in": ["US", "CA"]}}, "force": false},
                {"condition": {"country": "DE", "age": {"$gte": 18}}, "force": true},
            ]},
            "rollout": {"defaultValue": false, "rules": [{"force": true, "coverage": 0.5, "hashVersion": 2}]},
            "experiment": {"defaultValue": "a", "rules": [{
                "key": "checkout", "hashVersion": 2, "variations": ["a", "b"], "weights": [0.5, 0.5], "coverage": 1,
                "meta": [{"key": "control"}, {"key": "treatment"}], "condition": {"country": "DE"},
            }]},
            "gated": {"defaultValue": 1, "rules": [
                {"parentConditions": [{"id": "targeted", "condition": {"value": true}, "gate": true}], "force": 2},
            ]},
        },
    }));
    let payload = payload.unwrap();
    let attributes = json!({"id": "8b5c7c9e-6a55-4b1f-9f0c-1d2f6d0d6a11", "country": "DE", "age": 40, "plan": "pro"});
    for flag in ["plain", "targeted", "rollout", "experiment", "gated"] {
        let context = Context::new(&attributes);
        let start = Instant::now();
        for _ in 0..evaluations {
            black_box(payload.evaluate(black_box(flag), black_box(&context)));
        }
        println!("{flag:>12} {:>7.1} ns", start.elapsed().as_nanos() as f64 / f64::from(evaluations));
    }
}
