use serde_json::json;

use super::*;
use crate::health::{Severity, srm};
use crate::infer::finding::Why;
use crate::infer::moments::Moments;
use crate::story::{DAY, HOUR, Story};

fn moments(n: u64, mean: f64, variance: f64) -> Moments {
    Moments { n, mean, m2: variance * (n.max(1) - 1) as f64 }
}

fn metric(key: &str, role: Role, arms: &[Moments]) -> MetricInput {
    MetricInput {
        key: key.to_owned(),
        name: key.to_owned(),
        measure: Measure::PerUnit,
        role,
        better: Better::Higher,
        arms: arms.iter().map(|arm| Summary::Mean(*arm)).collect(),
        supply: Some(Supply::Units(arms.iter().map(|arm| arm.n).collect())),
        refused: None,
        segments: Vec::new(),
        steps: Vec::new(),
        notes: Vec::new(),
    }
}

/// An experiment of arms with even weights.
pub(super) fn input_of(units: &[u64], metrics: Vec<MetricInput>) -> Input {
    let keys: Vec<String> = (0..units.len()).map(|arm| format!("arm {arm}")).collect();
    let weights = vec![1.0 / units.len() as f64; units.len()];
    let arms = keys.iter().zip(units).zip(&weights);
    Input {
        title: "a test".to_owned(),
        arms: arms
            .map(|((key, units), weight)| ArmInput { key: key.clone(), weight: *weight, units: *units })
            .collect(),
        health: vec![srm::check(&keys, &weights, &[units.to_vec()])],
        metrics,
        analysis: plan::Analysis::default(),
    }
}

#[test]
fn a_sound_experiment_is_a_table() {
    let arms = [moments(10_012, 0.421, 0.3), moments(9_988, 0.482, 0.35)];
    let guard = [moments(10_012, 2.0, 1.0), moments(9_988, 1.999, 1.0)];
    let metrics =
        vec![metric("replies", Role::Goal, &arms), metric("visits", Role::Guardrail { margin: 0.05 }, &guard)];
    let text = analyse(&input_of(&[10_012, 9_988], metrics)).to_string();
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    assert!(text.contains("The arms are filled as planned: 10,012 / 9,988 units (p 0.87)."), "{text}");
    let head = "  arm     units    value  difference  95% interval           p   change  95% interval";
    let arm = "  arm 1   9,988  0.48200   +0.061000  [+0.035787, +0.086213]  5.1e-12  +14.49%  [+8.09%, +20.89%]";
    let first_of = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert!(lines.iter().any(|line| first_of(line) == first_of(head)), "{text}");
    assert!(lines.iter().any(|line| first_of(line) == first_of(arm)), "{text}");
    assert!(lines.contains(&"  arm 0  10,012  0.42100     control"), "{text}");
    assert!(text.contains("held"), "{text}");
}

#[test]
fn a_sick_experiment_shows_its_sickness_and_no_effect() {
    let arms = [moments(10_000, 0.4, 0.3), moments(11_000, 0.6, 0.3)];
    let analysis = analyse(&input_of(&[10_000, 11_000], vec![metric("replies", Role::Goal, &arms)]));
    assert_eq!(analysis.health.severity(), Severity::Alarm);
    let line = &analysis.metrics[0].lines[1];
    assert!(matches!(line.absolute, Some(Finding::Inconclusive(_))) && line.p.is_none() && !line.significant);
    assert!(analysis.to_string().starts_with("ALARM"), "{analysis}");
    assert!(!analysis.to_string().contains("+50"), "{analysis}");
}

#[test]
fn nothing_is_made_up() {
    let why = |units: [u64; 2], arms: [Moments; 2]| {
        let analysis = analyse(&input_of(&units, vec![metric("m", Role::Goal, &arms)]));
        match analysis.metrics[0].lines[1].relative {
            Some(Finding::Inconclusive(why)) => Some(why),
            Some(Finding::Measured(_)) | None => None,
        }
    };
    let each = [500, 500];
    assert_eq!(why([50, 50], [moments(50, 1.0, 1.0); 2]), Some(Why::TooFewUnits));
    assert_eq!(why([0, 0], [moments(0, 0.0, 0.0); 2]), Some(Why::TooFewUnits));
    assert_eq!(why(each, [moments(500, 1.0, 0.0); 2]), Some(Why::NoVariance));
    assert_eq!(why(each, [moments(500, 0.0, 1.0), moments(500, 1.0, 1.0)]), Some(Why::ControlIsZero));
    assert_eq!(why(each, [moments(500, f64::NAN, 1.0), moments(500, 1.0, 1.0)]), Some(Why::NotFinite));
    assert_eq!(why(each, [moments(500, 1e9, 1.0), moments(500, 1e9 + 1.0, 1.0)]), None);
    let none = analyse(&input_of(&[], Vec::new()));
    assert!(none.metrics.is_empty() && none.health.blocks_effects() || none.to_string().contains("cannot be told"));
    let alone = analyse(&input_of(&[500], vec![metric("m", Role::Goal, &[moments(500, 1.0, 1.0)])]));
    assert!(alone.to_string().contains("only one arm"), "{alone}");
}

#[test]
fn many_questions_are_corrected_and_guardrails_are_not() {
    let apart = |by: f64| [moments(5_000, 1.0, 1.0), moments(5_000, 1.0 + by, 1.0)];
    let mut metrics: Vec<MetricInput> =
        (0..4).map(|n| metric(&format!("m{n}"), Role::Secondary, &apart(0.0))).collect();
    metrics.push(metric("m4", Role::Secondary, &apart(0.075)));
    metrics.push(metric("goal", Role::Goal, &apart(0.075)));
    metrics.push(metric("goal too", Role::Goal, &apart(0.0)));
    metrics.push(metric("guard", Role::Guardrail { margin: 0.2 }, &apart(0.075)));
    let analysis = analyse(&input_of(&[5_000, 5_000], metrics));
    let line = |key: &str| {
        let table = analysis.metrics.iter().find(|table| table.key == key).expect("a table");
        table.lines[1].clone()
    };
    let ln_p = line("goal").absolute.unwrap().interval().unwrap().ln_p;
    // Goals with goals, secondary metrics with their like, a guardrail alone.
    for (key, family) in [("goal", 2.0_f64), ("m4", 5.0), ("guard", 1.0)] {
        let adjusted = line(key).ln_p_adjusted.unwrap();
        assert!((adjusted - (ln_p + family.ln()).min(0.0)).abs() < 1e-12, "{key}: {adjusted}");
    }
    let text = analysis.to_string();
    assert!(text.contains("corrected p"), "{text}");
}

/// Two arms against a control, by Welch's test: p .001 and .04.
#[test]
fn what_is_significant_also_looks_it() {
    let [a, b, c] = [0.0, 3.29, 2.06].map(|z| moments(5_000, 10.0 + z * 0.02_f64, 1.0));
    let mut three = input_of(&[5_000, 5_000, 5_000], vec![metric("m", Role::Goal, &[a, b, c])]);
    three.analysis.method = plan::MethodName::FixedHorizon;
    for correction in [plan::Correction::Holm, plan::Correction::BenjaminiHochberg, plan::Correction::None] {
        three.analysis.correction = correction;
        let analysis = analyse(&three);
        for line in &analysis.metrics[0].lines[1..] {
            let found = line.absolute.unwrap();
            assert!(!line.significant || found.interval().unwrap().excludes_zero(), "{correction:?} {analysis}");
        }
        // The second step of Holm would allow .04; the interval, which shares alpha, does not.
        assert!(analysis.metrics[0].lines[1].significant && !analysis.metrics[0].lines[2].significant, "{analysis}");
        assert!(analysis.to_string().contains("those of all 2 arms hold together"), "{analysis}");
    }
    // The other way round: an interval without 0 that does not outlive the correction says so.
    let apart = |z: f64| [moments(5_000, 10.0, 1.0), moments(5_000, 10.0 + z * 0.02, 1.0)];
    let metrics =
        (0..5).map(|n| metric(&format!("m{n}"), Role::Goal, &apart(if n == 0 { 2.1 } else { 0.3 }))).collect();
    let mut many = input_of(&[5_000, 5_000], metrics);
    many.analysis.method = plan::MethodName::FixedHorizon;
    many.analysis.alpha = 0.07;
    let text = analyse(&many).to_string();
    assert!(text.contains("not after correction") && text.contains("93% interval"), "{text}");
    assert!(text.contains("93% intervals: fixed horizon, valid at the planned end only."), "{text}");
}

/// The boundaries of EXPERIMENTS.md, which are of the power family with exponent 2, and those of the other two.
#[test]
fn a_plan_chooses_its_spending_and_its_prior() {
    let arms = [moments(500, 1.0, 1.0), moments(500, 1.3, 1.0)];
    let mut input = input_of(&[500, 500], vec![metric("m", Role::Goal, &arms)]);
    input.analysis.method = plan::MethodName::GroupSequential;
    input.analysis.looks = Some(5);
    let read = |more: serde_json::Value| serde_json::from_value::<plan::Analysis>(more).unwrap();
    for (spending, planned, wanted) in [
        (json!({ "power": 2 }), 5_000, 3.09023),
        (json!({ "power": 2 }), 2_500, 2.71408),
        (json!({ "power": 2 }), 1_000, 2.11397),
        (json!("obrien_fleming"), 5_000, 4.87688),
        (json!("pocock"), 5_000, 2.43798),
    ] {
        input.analysis.spending = read(json!({ "spending": spending })).spending;
        input.analysis.units_planned = Some(planned);
        let line = analyse(&input).metrics[0].lines[1].clone();
        let found = *line.absolute.unwrap().interval().unwrap();
        let critical = (found.high - found.estimate) / found.standard_error;
        assert!((critical - wanted).abs() < 1e-4, "{spending}: {critical}");
    }
    input.analysis.method = plan::MethodName::Bayesian;
    let estimate = |input: &Input| analyse(input).metrics[0].lines[1].relative.unwrap().interval().unwrap().estimate;
    let flat = estimate(&input);
    input.analysis.prior = read(json!({ "prior": { "sd": 0.1 } })).prior;
    let shrunk = estimate(&input);
    assert!((flat - 0.3).abs() < 1e-12 && shrunk > 0.05 && shrunk < 0.25, "{flat} {shrunk}");
    for (wrong, field) in [
        (json!({ "spending": { "power": -1 } }), "spending"),
        (json!({ "prior": { "sd": 0 } }), "prior"),
        (json!({ "spending": "haybittle" }), "spending"),
    ] {
        let design =
            json!({ "variants": [{ "key": "a", "weight": 0.5 }, { "key": "b", "weight": 0.5 }], "analysis": wrong });
        let error = crate::design::Design::parse(&design).unwrap_err().to_string();
        assert!(error.contains(field), "{error}");
    }
    assert!(!serde_json::to_string(&plan::Analysis::default()).unwrap().contains("spending"));
}

#[test]
fn a_group_sequential_plan_waits_for_its_first_look() {
    let arms = [moments(400, 1.0, 1.0), moments(400, 1.6, 1.0)];
    let mut input = input_of(&[400, 400], vec![metric("m", Role::Goal, &arms)]);
    input.analysis.method = plan::MethodName::GroupSequential;
    (input.analysis.looks, input.analysis.units_planned) = (Some(4), Some(4_000));
    let finding = |input: &Input| analyse(input).metrics[0].lines[1].absolute;
    assert_eq!(finding(&input), Some(Finding::Inconclusive(Why::BeforeFirstLook)));
    input.analysis.units_planned = Some(3_200);
    assert!(matches!(finding(&input), Some(Finding::Measured(_))));
}

#[test]
fn numbers_are_shown_as_people_read_them() {
    assert_eq!(words::count(1_234_567), "1,234,567");
    assert_eq!(words::count(999), "999");
    assert_eq!(words::p(-690.0), "2.2e-300");
    assert_eq!(words::p(9.97e-6_f64.ln()), "1.0e-5");
    assert_eq!(words::p(0.042_f64.ln()), "0.0420");
    assert_eq!(words::number(0.42), "0.42000");
    assert_eq!(words::number(1_234.56), "1234.6");
    assert_eq!(words::number(1e12), "1.000e12");
    assert_eq!(words::number(0.0), "0");
    assert_eq!(words::difference(-0.0123, Measure::Share), "−1.23 pp");
}

#[test]
fn from_facts_to_a_table() {
    let mut story = Story::default();
    story.configured(0, "metric", "m", json!({ "kind": "proportion", "event": { "verb": "replied" } }));
    story.running("e", json!({ "metrics": { "goals": ["m"] } }));
    for n in 0..400 {
        let unit = format!("u{n}");
        story.exposed(HOUR, "e", &unit, ["a", "b"][n % 2], json!({}));
        if n % 10 < 4 || (n % 2 == 1 && n % 10 < 8) {
            story.did(2 * HOUR, &unit, "replied", 1.0);
        }
    }
    let analysis = story.analysis("e", 8 * DAY);
    let [control, treatment] = analysis.metrics[0].lines.as_slice() else { panic!("{analysis}") };
    assert!((control.value.unwrap() - 0.4).abs() < 1e-9 && (treatment.value.unwrap() - 0.8).abs() < 1e-9);
    assert_eq!(treatment.units, 200);
    assert!(treatment.significant, "{analysis}");
}
