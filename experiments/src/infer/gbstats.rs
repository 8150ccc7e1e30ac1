//! Against GrowthBook's engine, gbstats 0.8.0 (Python 3.11, SciPy 1.17.1), on random inputs; a handful are kept beside this
//! file, and `ANKLANG_GBSTATS` names a file with more of the same. Differences that stay:
//!
//! - 0.8.0 leaves the cross term out of the variance of the relative change with CUPED. Held against here is
//!   `cross_se`, the same in NumPy 1.26 with the whole gradient, as later versions of the engine have it.
//! - It has no CUPED for ratios. Held against here is the same in NumPy.
//! - Its p-values are differences from 1, good to 1e-16 and no further: a p below 1e-6 is compared loosely.

use serde_json::Value;

use super::bayesian::Prior;
use super::compare::{Question, compare};
use super::effect::Scale;
use super::finding::{Adjustment, Interval};
use super::method::Method;
use super::summary::Summary;
use crate::testdata::close;

fn cases() -> Vec<Value> {
    let mut cases: Vec<Value> = serde_json::from_str(include_str!("gbstats.json")).unwrap();
    if let Some(path) = std::env::var_os("ANKLANG_GBSTATS") {
        let more: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        println!("{} more cases", more.len());
        cases.extend(more);
    }
    cases
}

fn summary(kind: &str, arm: &Value) -> Summary {
    match kind {
        "mean" => {
            let joint: super::joint::Joint<1> = serde_json::from_value(arm.clone()).unwrap();
            Summary::Mean(joint.marginal(0))
        }
        "proportion" => Summary::Proportion { successes: arm[0].as_u64().unwrap(), n: arm[1].as_u64().unwrap() },
        "ratio" => Summary::Ratio(serde_json::from_value(arm.clone()).unwrap()),
        "cuped" => Summary::AdjustedMean(serde_json::from_value(arm.clone()).unwrap()),
        "cuped_ratio" => Summary::AdjustedRatio(serde_json::from_value(arm.clone()).unwrap()),
        other => panic!("{other}"),
    }
}

fn measured(case: &Value, scale: Scale, method: Method) -> Interval {
    let kind = case["kind"].as_str().unwrap();
    let question = Question { scale, method, ..Question::default() };
    let finding = compare(&summary(kind, &case["c"]), &summary(kind, &case["t"]), &question);
    *finding.interval().unwrap_or_else(|| panic!("{finding:?} {case}"))
}

/// To a part of the interval's width: an end near 0 has no relative error.
#[track_caller]
fn near(got: f64, wanted: &Value, width: f64) {
    let wanted = wanted.as_f64().unwrap();
    assert!((got - wanted).abs() <= 1e-9 * (wanted.abs() + width), "got {got}, wanted {wanted}");
}

#[track_caller]
fn same(got: &Interval, wanted: &Value) {
    let width = got.high - got.low;
    near(got.estimate, &wanted[0], width);
    near(got.low, &wanted[1], width);
    near(got.high, &wanted[2], width);
}

#[test]
fn fixed_and_sequential() {
    for case in cases().iter().filter(|case| case["kind"] != "cuped_ratio") {
        for (scale, name) in [(Scale::Relative, "relative"), (Scale::Absolute, "absolute")] {
            if case["kind"] == "cuped" && scale == Scale::Relative {
                continue;
            }
            for (method, wanted) in [(Method::FixedHorizon, "fixed"), (Method::default(), "seq")] {
                let (got, wanted) = (measured(case, scale, method), &case["r"][name][wanted]);
                same(&got, wanted);
                let p = wanted[3].as_f64().unwrap();
                if p > 1e-6 {
                    close(got.p(), p, 1e-8);
                } else {
                    assert!(got.p() < 2e-6);
                }
            }
        }
    }
}

#[test]
fn bayesian() {
    let prior = Prior { proper: true, ..Prior::default() };
    for case in cases().iter().filter(|case| case["kind"] != "cuped_ratio") {
        for (scale, name) in [(Scale::Relative, "relative"), (Scale::Absolute, "absolute")] {
            if case["kind"] == "cuped" && scale == Scale::Relative {
                continue;
            }
            for (prior, wanted) in [(prior, "bayes"), (Prior::default(), "flat")] {
                let (got, wanted) = (measured(case, scale, Method::Bayesian { prior }), &case["r"][name][wanted]);
                same(&got, wanted);
                let posterior = got.posterior.unwrap();
                near(posterior.chance_to_win, &wanted[3], 1.0);
                // The engine's truncated normal mean loses all digits, or is not a number, where a tail underflows.
                for (risk, wanted) in posterior.risk.iter().zip([&wanted[4], &wanted[5]]) {
                    if wanted.as_f64().is_some_and(|wanted| wanted > 1e-6 * got.standard_error) {
                        near(*risk, wanted, got.standard_error);
                    }
                }
            }
        }
    }
}

#[test]
fn adjusted_with_the_whole_gradient() {
    for case in cases() {
        let wanted = &case["r"];
        let fixed = |scale| measured(&case, scale, Method::FixedHorizon);
        if case["kind"] == "cuped" {
            let relative = fixed(Scale::Relative);
            near(relative.estimate, &wanted["relative"]["fixed"][0], 1.0);
            close(relative.standard_error, wanted["cross_se"].as_f64().unwrap(), 1e-9);
            assert!(matches!(relative.adjustment, Adjustment::Reduced(share) if share > 0.0 && share < 1.0));
        } else if case["kind"] == "cuped_ratio" {
            for (scale, wanted) in [(Scale::Absolute, &wanted["abs"]), (Scale::Relative, &wanted["rel"])] {
                let got = fixed(scale);
                near(got.estimate, &wanted[0], 1.0);
                close(got.standard_error, wanted[1].as_f64().unwrap(), 1e-9);
            }
        }
    }
}

/// The table of EXPERIMENTS.md, to the digits given there.
#[test]
fn the_reference_table() {
    let from_sums = |n, sum, squares| Summary::Mean(crate::Moments::from_sums(n, sum, squares));
    let (a, b) = (from_sums(3407, 1396.87, 52_377.976_7), from_sums(3461, 2422.7, 134_698.29));
    let a_3000 = from_sums(3000, 1396.87, 52_377.976_7);
    let share = |successes, n| Summary::Proportion { successes, n };
    let ask = |scale, method| Question { scale, method, ..Question::default() };
    let relative = ask(Scale::Relative, Method::FixedHorizon);
    let tuned = |tuned_for| ask(Scale::Relative, Method::Sequential { tuned_for });
    let check = |a: &Summary, b: &Summary, question: &Question, wanted: [Option<f64>; 4]| {
        let got = *compare(a, b, question).interval().unwrap();
        for (got, wanted) in [got.estimate, got.low, got.high, got.p()].into_iter().zip(wanted) {
            assert!(wanted.is_none_or(|wanted| (got - wanted).abs() <= 5.1e-6), "got {got}, wanted {wanted:?}");
        }
    };
    check(&a, &b, &relative, [Some(0.707_32), Some(-0.035_26), Some(1.449_89), Some(0.061_91)]);
    let absolute = ask(Scale::Absolute, Method::FixedHorizon);
    check(&a, &b, &absolute, [Some(0.29), Some(0.045_38), Some(0.534_62), Some(0.020_16)]);
    check(&share(14, 28), &share(16, 30), &relative, [None, Some(-0.477_67), Some(0.611_01), Some(0.807_07)]);
    check(&a_3000, &b, &tuned(1_000.0), [Some(0.503_36), Some(-0.558_44), Some(1.565_16), Some(1.0)]);
    check(
        &share(1396, 3000),
        &share(2422, 3461),
        &tuned(5_000.0),
        [Some(0.503_86), Some(0.400_98), Some(0.606_75), None],
    );
    // With the flat prior, which is the engine's default as it is here.
    let bayes = ask(Scale::Relative, Method::Bayesian { prior: Prior::default() });
    check(&share(49, 100), &share(51, 100), &bayes, [None, Some(-0.247_79), Some(0.329_43), None]);
    let posterior = compare(&share(49, 100), &share(51, 100), &bayes).interval().unwrap().posterior.unwrap();
    for (got, wanted) in
        [(posterior.chance_to_win, 0.609_18), (posterior.risk[0], 0.081_4), (posterior.risk[1], 0.040_58)]
    {
        assert!((got - wanted).abs() <= 5.1e-6, "got {got}, wanted {wanted}");
    }
}
