//! Results that others published, rebuilt from the numbers they printed: what would this report have said?

use super::tests::input_of;
use super::*;
use crate::design::plan::{Analysis as Plan, Correction, MethodName};
use crate::health::{Code, Severity};
use crate::infer::compare::{Question, compare};
use crate::infer::effect::Scale;
use crate::infer::finding::Interval;
use crate::infer::method::Method;
use crate::infer::moments::Moments;

/// An experiment at its planned end, of one metric. The weights are even.
fn told(metric: Measure, arms: Vec<Summary>) -> Analysis {
    let units: Vec<u64> = arms.iter().map(Summary::units).collect();
    let goal = MetricInput {
        key: "m".to_owned(),
        name: "m".to_owned(),
        measure: metric,
        role: Role::Goal,
        better: Better::Higher,
        arms,
        supply: None,
        refused: None,
        segments: Vec::new(),
        steps: Vec::new(),
        notes: Vec::new(),
    };
    let mut input = input_of(&units, vec![goal]);
    input.analysis = Plan { method: MethodName::FixedHorizon, ..Plan::default() };
    analyse(&input)
}

fn share(successes: u64, n: u64) -> Summary {
    Summary::Proportion { successes, n }
}

#[track_caller]
fn measured(finding: Option<&Finding>) -> Interval {
    *finding.and_then(Finding::interval).expect("a measured interval")
}

#[track_caller]
fn near(got: f64, wanted: f64, within: f64) {
    assert!((got - wanted).abs() <= within, "{got}, published {wanted}");
}

/// Physicians' Health Study: heart attacks, placebo and aspirin. Agresti, Categorical Data Analysis (2nd ed.), 3.1.1–3.1.2:
/// .0171 and .0094, difference .0077 with standard error .0015, 95% interval (.005, .011).
#[test]
fn aspirin() {
    let analysis = told(Measure::Share, vec![share(189, 11_034), share(104, 11_037)]);
    let [placebo, aspirin] = analysis.metrics[0].lines.as_slice() else { panic!("{analysis}") };
    near(placebo.value.unwrap(), 0.0171, 5e-5);
    near(aspirin.value.unwrap(), 0.0094, 5e-5);
    let found = measured(aspirin.absolute.as_ref());
    near(found.estimate, -0.0077, 5e-5);
    near(found.standard_error, 0.0015, 5e-5);
    near(found.low, -0.011, 5e-4);
    near(found.high, -0.005, 5e-4);
    // His relative risk, placebo by aspirin, is 1.82.
    near(1.0 / (1.0 + measured(aspirin.relative.as_ref()).estimate), 1.82, 5e-3);
}

/// The Salk vaccine trial. Freedman, Pisani and Purves, Statistics (4th ed.), chapter 27: 142 and 56 cases of 200,000 each,
/// z ≈ −6.1.
#[test]
fn polio() {
    let analysis = told(Measure::Share, vec![share(142, 200_000), share(56, 200_000)]);
    let found = measured(analysis.metrics[0].lines[1].absolute.as_ref());
    near(found.estimate / found.standard_error, -6.1, 0.05);
    assert!(analysis.metrics[0].lines[1].significant);
}

/// BNT162b2. Polack et al., NEJM 383 (2020): 8 cases of 18,198 and 162 of 18,325; efficacy 95%, (90.3, 97.6) by a
/// beta-binomial model over person-years. Nothing of it lies outside what is found here.
#[test]
fn vaccine() {
    let analysis = told(Measure::Share, vec![share(162, 18_325), share(8, 18_198)]);
    let found = measured(analysis.metrics[0].lines[1].relative.as_ref());
    near(-found.estimate, 0.95, 0.002);
    near(-found.high, 0.903, 0.02);
    near(-found.low, 0.976, 0.02);
}

/// Kohavi, Tang and Xu, Trustworthy Online Controlled Experiments (2020), table 2.1: revenue per user with a coupon field.
/// $3.21 against $3.12: −2.8%, p .0003, 95% interval [−4.3%, −1.3%]; $2.96: −7.8%, p 1.5e-23, [−9.3%, −6.3%]. The variance,
/// which is not printed, is taken from the first interval; both p-values and the second interval follow.
#[test]
fn coupon() {
    let n = 100_000_u64;
    // A half-width of 1.5% of 3.21, at n units an arm.
    let variance = (0.015 * 3.21 / 1.96_f64).powi(2) * n as f64 / 2.0;
    let arm = |mean: f64| Summary::Mean(Moments { n, mean, m2: variance * (n - 1) as f64 });
    for (mean, change, low, high, p) in
        [(3.12, -0.028, -0.043, -0.013, 0.0003_f64), (2.96, -0.078, -0.093, -0.063, 1.5e-23)]
    {
        let analysis = told(Measure::PerUnit, vec![arm(3.21), arm(mean)]);
        let found = measured(analysis.metrics[0].lines[1].relative.as_ref());
        near(found.estimate, change, 6e-4);
        near(found.low, low, 1e-3);
        near(found.high, high, 1e-3);
        // The change is printed with two digits, which move the exponent by a tenth.
        near(found.ln_p / p.ln(), 1.0, 0.12);
    }
}

/// The same book, chapter 21: 821,588 users and 815,482, p 1.8e-6. Nothing is to be said of any effect.
#[test]
fn sample_ratio_of_the_book() {
    let analysis = told(Measure::Share, vec![share(100_000, 821_588), share(110_000, 815_482)]);
    let check = analysis.health.checks.iter().find(|check| check.code == Code::SampleRatio).expect("a check");
    assert_eq!(check.severity, Severity::Alarm);
    let Some(crate::health::Details::SampleRatio(found)) = &check.details else { panic!("{check:?}") };
    near(found.fixed.p() * 1e6, 1.8, 0.05);
    assert!(analysis.metrics[0].lines[1].p.is_none());
}

/// Cookie Cats (Kaggle, 90,189 players): 8,502 of 44,700 came back after seven days with the gate at 30, 8,279 of 45,489 with
/// it at 40: 19.02% and 18.20%, p .0016 by a test of two proportions.
#[test]
fn cookie_cats() {
    let analysis = told(Measure::Share, vec![share(8_502, 44_700), share(8_279, 45_489)]);
    let line = &analysis.metrics[0].lines[1];
    near(line.value.unwrap(), 0.1820, 5e-5);
    near(measured(line.absolute.as_ref()).p(), 0.0016, 5e-5);
    // The split is not what it should be (p .0086): said, with the result.
    assert_eq!(analysis.health.severity(), Severity::Suspicious);
}

/// Hillstrom's e-mails (MineThatData, 2008): 10.6% of 21,306 without, 18.3% of 21,307 with the men's, 15.1% of 21,387 with
/// the women's visited; both far beyond chance, also as two arms of one experiment.
#[test]
fn hillstrom() {
    let arms = vec![share(2_262, 21_306), share(3_894, 21_307), share(3_238, 21_387)];
    let analysis = told(Measure::Share, arms);
    let lines = &analysis.metrics[0].lines;
    for (line, wanted) in lines.iter().zip([0.1062, 0.1828, 0.1514]) {
        near(line.value.unwrap(), wanted, 5e-5);
    }
    near(measured(lines[1].absolute.as_ref()).estimate, 0.0766, 5e-5);
    near(measured(lines[2].absolute.as_ref()).estimate, 0.0452, 5e-5);
    assert!(lines[1].significant && lines[2].significant);
    // Two arms: each interval at 97.5%, 2.2414 standard errors.
    let found = measured(lines[1].absolute.as_ref());
    near((found.high - found.estimate) / found.standard_error, 2.2414, 1e-3);
}

/// Student's sleep data (1908), as R's manual shows it for `t.test(extra ~ group, data = sleep)`: t −1.8608, df 17.776,
/// p .07939, interval −3.3654832 to .2054832. Too few for a report; not for the formula.
#[test]
fn sleep() {
    let of = |numbers: [f64; 10]| Summary::Mean(Moments::of(numbers));
    let first = of([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]);
    let second = of([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]);
    let question = Question { scale: Scale::Absolute, method: Method::FixedHorizon, ..Question::default() };
    let found = measured(Some(&compare(&first, &second, &question)));
    near(found.estimate / found.standard_error, 1.8608, 5e-5);
    near(found.p(), 0.07939, 5e-6);
    near(found.low, -0.205_483_2, 5e-8);
    near(found.high, 3.365_483_2, 5e-8);
}

/// Fifteen hypotheses of one trial, in Benjamini and Hochberg (1995), section 3.2: at 5% their procedure rejects four, and
/// those that hold the chance of any false alarm three.
#[test]
fn fifteen_hypotheses() {
    let p = [
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590,
        1.0_f64,
    ];
    let ln_p: Vec<f64> = p.into_iter().map(f64::ln).collect();
    let rejected = |by: Correction| by.ln_p(&ln_p).iter().filter(|ln_p| **ln_p <= 0.05_f64.ln()).count();
    assert_eq!([Correction::Holm, Correction::BenjaminiHochberg, Correction::None].map(rejected), [3, 4, 9]);
}
