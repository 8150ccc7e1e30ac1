//! What holds for every metric and every method, whatever the numbers.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::bayesian::Prior;
use super::compare::{Prepared, Question, compare};
use super::effect::Scale;
use super::finding::{Adjustment, Finding, Interval, Why};
use super::joint::Joint;
use super::method::Method;
use super::moments::Moments;
use super::non_inferiority::{Better, equivalence, non_inferiority};
use super::quantile::QuantileSample;
use super::sequential::group::{Looks, Spending};
use super::summary::Summary;
use super::survival::SurvivalSample;
use crate::testdata::close;

fn methods() -> Vec<Method> {
    let looks = Looks { information: vec![0.4, 1.0], spending: Spending::Pocock };
    vec![
        Method::default(),
        Method::Msprt { effect_variance: 0.01 },
        Method::FixedHorizon,
        Method::GroupSequential { looks, look: 2 },
        Method::Bayesian { prior: Prior::default() },
        Method::Bayesian { prior: Prior { proper: true, ..Prior::default() } },
    ]
}

/// Every question, prepared once: the boundaries of group sequential looks take a while.
static QUESTIONS: LazyLock<Vec<Question>> = LazyLock::new(questions);
static PREPARED: LazyLock<Vec<Prepared<'static>>> =
    LazyLock::new(|| QUESTIONS.iter().map(|question| question.prepare().unwrap()).collect());
static STRICTER: LazyLock<Vec<Question>> =
    LazyLock::new(|| questions().into_iter().map(|question| Question { alpha: 0.01, ..question }).collect());
static PREPARED_STRICTER: LazyLock<Vec<Prepared<'static>>> =
    LazyLock::new(|| STRICTER.iter().map(|question| question.prepare().unwrap()).collect());

fn questions() -> Vec<Question> {
    let asked = |(method, scale, fieller)| Question { scale, method, fieller, ..Question::default() };
    let forms = [(Scale::Absolute, false), (Scale::Relative, false), (Scale::Relative, true)];
    let all = methods().into_iter().flat_map(|method| forms.map(|(scale, fieller)| (method.clone(), scale, fieller)));
    all.map(asked).collect()
}

/// Every kind of metric of the same four numbers per unit.
fn kinds(rows: &[[f64; 4]]) -> Vec<Summary> {
    let column = |at: usize| rows.iter().map(move |row| row[at]);
    let half = rows.len() / 2;
    let mut values: Vec<f64> = column(0).collect();
    let mut kinds = vec![
        Summary::Mean(Moments::of(column(0))),
        Summary::Proportion { successes: column(0).filter(|x| *x > 1.0).count() as u64, n: rows.len() as u64 },
        Summary::AdjustedMean(Joint::of(rows.iter().map(|row| [row[0], row[2]]))),
        Summary::Ratio(Joint::of(rows.iter().map(|row| [row[0], row[1]]))),
        Summary::AdjustedRatio(Joint::of(rows.iter().copied())),
        Summary::Strata(vec![Moments::of(column(0).take(half)), Moments::of(column(0).skip(half))]),
    ];
    kinds.extend(QuantileSample::of(&mut values, 0.5).map(Summary::Quantile));
    let times = rows.iter().map(|row| (row[1].abs(), row[0] > 1.0));
    kinds.extend(SurvivalSample::of(times, 1.5).map(Summary::Survival));
    kinds
}

fn sound(found: &Interval) -> bool {
    let numbers = [found.estimate, found.low, found.high, found.ln_p, found.standard_error];
    let contains = found.low <= found.estimate && found.estimate <= found.high;
    numbers.iter().all(|number| number.is_finite()) && contains && found.ln_p <= 0.0
}

fn rows(any: impl Strategy<Value = f64> + Clone) -> impl Strategy<Value = Vec<[f64; 4]>> {
    prop::collection::vec(prop::array::uniform4(any), 0..60)
}

fn wild() -> impl Strategy<Value = f64> + Clone {
    prop_oneof![
        4 => -10.0..10.0_f64,
        1 => prop::sample::select(vec![0.0, -0.0, 1.0, 1e9, -1e9, 1e-300, 1e300, f64::MAX, f64::MIN_POSITIVE]),
        1 => prop::num::f64::ANY,
    ]
}

fn tame() -> impl Strategy<Value = Vec<[f64; 4]>> {
    let unit = (0.5..3.0_f64, 0.5..3.0_f64, 0.5..3.0_f64, 0.5..3.0_f64);
    prop::collection::vec(unit.prop_map(|(a, b, c, d)| [a + c, b + d, c, d]), 30..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn never_a_nan_whatever_the_numbers(control in rows(wild()), treatment in rows(wild())) {
        for (c, t) in kinds(&control).iter().zip(&kinds(&treatment)) {
            for prepared in PREPARED.iter() {
                let question = prepared.question;
                match prepared.compare(c, t) {
                    Finding::Measured(found) => prop_assert!(sound(&found), "{found:?} of {c:?} {t:?}, {question:?}"),
                    Finding::Inconclusive(_) => {}
                }
                if matches!(question.method, Method::GroupSequential { .. }) {
                    continue;
                }
                if let Ok(test) = non_inferiority(c, t, question, 0.1, Better::Lower) {
                    prop_assert!(test.ln_p <= 0.0 && test.bounds.0 <= test.bounds.1, "{test:?}");
                }
                if let Ok(test) = equivalence(c, t, question, 0.1) {
                    prop_assert!(test.ln_p <= 0.0 && test.bounds.0.is_finite() && test.bounds.1.is_finite(), "{test:?}");
                }
            }
        }
    }

    #[test]
    fn intervals_and_p_values_say_the_same(control in tame(), treatment in tame()) {
        for (c, t) in kinds(&control).iter().zip(&kinds(&treatment)) {
            for (prepared, stricter) in PREPARED.iter().zip(PREPARED_STRICTER.iter()) {
                let question = prepared.question;
                let Finding::Measured(found) = prepared.compare(c, t) else { continue };
                prop_assert!(sound(&found), "{found:?}");
                let near = (found.ln_p - question.alpha.ln()).abs() < 1e-6;
                prop_assert!(near || found.excludes_zero() == (found.ln_p < question.alpha.ln()), "{found:?} {question:?}");
                if let Finding::Measured(wide) = stricter.compare(c, t) {
                    prop_assert!(wide.low <= found.low && wide.high >= found.high, "{found:?} {wide:?} {question:?}");
                }
            }
        }
    }

    #[test]
    fn swapping_the_arms_mirrors_the_difference(control in tame(), treatment in tame()) {
        for (c, t) in kinds(&control).iter().zip(&kinds(&treatment)) {
            // A relative prior takes another meaning with another control.
            for method in methods().into_iter().take(5) {
                let question = Question { scale: Scale::Absolute, method, ..Question::default() };
                let (there, back) = (compare(c, t, &question), compare(t, c, &question));
                let (Finding::Measured(there), Finding::Measured(back)) = (there, back) else { continue };
                let width = there.high - there.low;
                prop_assert!((there.estimate + back.estimate).abs() < 1e-9 * width, "{there:?} {back:?}");
                prop_assert!((there.low + back.high).abs() < 1e-9 * width);
                prop_assert!((there.ln_p - back.ln_p).abs() < 1e-8 * (1.0 - there.ln_p));
            }
        }
    }

    #[test]
    fn the_unit_of_the_metric_does_not_matter(
        control in tame(),
        treatment in tame(),
        by in prop::sample::select(vec![1e-9, 1e9, 7.0]),
    ) {
        let scaled = |rows: &[[f64; 4]]| -> Vec<Summary> {
            let rows: Vec<[f64; 4]> = rows.iter().map(|[a, b, c, d]| [a * by, *b, c * by, *d]).collect();
            let column = || rows.iter().map(|row| row[0]);
            vec![
                Summary::Mean(Moments::of(column())),
                Summary::AdjustedMean(Joint::of(rows.iter().map(|row| [row[0], row[2]]))),
                Summary::Ratio(Joint::of(rows.iter().map(|row| [row[0], row[1]]))),
                Summary::AdjustedRatio(Joint::of(rows.iter().copied())),
            ]
        };
        let plain = |rows: &[[f64; 4]]| { let kinds = kinds(rows); [0, 2, 3, 4].map(|at| kinds[at].clone()) };
        let (plain_c, plain_t, c, t) = (plain(&control), plain(&treatment), scaled(&control), scaled(&treatment));
        for at in 0..4 {
            for prepared in PREPARED.iter().filter(|prepared| prepared.question.scale == Scale::Relative) {
                let question = prepared.question;
                let (once, scaled) = (prepared.compare(&plain_c[at], &plain_t[at]), prepared.compare(&c[at], &t[at]));
                let (Finding::Measured(once), Finding::Measured(scaled)) = (once, scaled) else { continue };
                let width = once.high - once.low;
                prop_assert!((once.low - scaled.low).abs() < 1e-8 * width, "{once:?} {scaled:?} {question:?}");
                prop_assert!((once.ln_p - scaled.ln_p).abs() < 1e-7 * (1.0 - once.ln_p));
            }
        }
    }

    #[test]
    fn halves_are_the_whole_at_a_billion(rows in tame(), cut in 0..30_usize) {
        let rows: Vec<[f64; 4]> = rows.iter().map(|[a, b, c, d]| [a + 1e9, *b, c + 1e9, *d]).collect();
        for ((whole, left), right) in kinds(&rows).iter().zip(&kinds(&rows[..cut])).zip(&kinds(&rows[cut..])).take(5) {
            let merged = left.merge(right).unwrap();
            prop_assert_eq!(merged.units(), whole.units());
            close(merged.value().unwrap(), whole.value().unwrap(), 1e-12);
            let question = Question { scale: Scale::Absolute, method: Method::FixedHorizon, ..Question::default() };
            let with = |side: &Summary| compare(whole, side, &question).interval().map(|found| found.standard_error);
            if let (Some(merged), Some(whole)) = (with(&merged), with(whole)) {
                close(merged, whole, 1e-5);
            }
        }
    }
}

#[test]
fn a_past_that_explains_nothing_or_everything() {
    let question = Question::default();
    let rows = |shift: f64| (0..500).map(move |i| [f64::from(i % 11) + shift, 5.0]);
    let (c, t) = (Joint::of(rows(1.0)), Joint::of(rows(1.2)));
    let found = *compare(&Summary::AdjustedMean(c), &Summary::AdjustedMean(t), &question).interval().unwrap();
    assert_eq!(found.adjustment, Adjustment::NoPrePeriodVariance);
    let plain = compare(&Summary::Mean(c.marginal(0)), &Summary::Mean(t.marginal(0)), &question);
    close(found.low, plain.interval().unwrap().low, 1e-12);
    let four = |shift| Joint::of(rows(shift).map(|[y, x]| [y, x, 0.0, 0.0]));
    let ratio = compare(&Summary::AdjustedRatio(four(1.0)), &Summary::AdjustedRatio(four(1.2)), &question);
    assert_eq!(ratio.interval().unwrap().adjustment, Adjustment::NoPrePeriodVariance);
    // The outcome is its own past: the change is the same in every unit, and nothing is left to measure its error by.
    let own = Joint::of(rows(1.0).map(|[y, _]| [y, y]));
    let absolute = Question { scale: Scale::Absolute, ..question };
    let own = Summary::AdjustedMean(own);
    assert_eq!(compare(&own, &own, &absolute), Finding::Inconclusive(Why::NoVariance));
}

#[test]
fn strata_take_out_what_they_explain() {
    let stratum = |n: u32, level: f64| Moments::of((0..n).map(|i| f64::from(i % 7) + level));
    let control = vec![stratum(700, 0.0), stratum(300, 100.0)];
    let treatment = vec![stratum(600, 1.0), stratum(400, 101.0)];
    let absolute = Question { scale: Scale::Absolute, ..Question::default() };
    let ask =
        |c: &[Moments], t: &[Moments]| compare(&Summary::Strata(c.to_vec()), &Summary::Strata(t.to_vec()), &absolute);
    let found = *ask(&control, &treatment).interval().unwrap();
    // Each stratum's effect is 1, though the arms differ by 11 because they are filled unevenly.
    assert!((found.estimate - 1.0).abs() < 0.02, "{found:?}");
    assert!(matches!(found.adjustment, Adjustment::Reduced(share) if share > 0.99), "{found:?}");
    let empty = [Moments::default(), stratum(300, 100.0)];
    assert_eq!(ask(&control, &empty), Finding::Inconclusive(Why::EmptyStratum));
    assert_eq!(ask(&[], &[]), Finding::Inconclusive(Why::TooFewUnits));
    assert_eq!(ask(&control, &treatment[..1]), Finding::Inconclusive(Why::DifferentMetrics));
}

#[test]
fn a_question_that_makes_no_sense_is_refused() {
    let share = Summary::Proportion { successes: 10, n: 100 };
    for alpha in [0.0, 1.0, -1.0, f64::NAN, f64::INFINITY] {
        let question = Question { alpha, ..Question::default() };
        assert_eq!(compare(&share, &share, &question), Finding::Inconclusive(Why::BadQuestion));
    }
    for method in [
        Method::Sequential { tuned_for: 0.0 },
        Method::Msprt { effect_variance: f64::NAN },
        Method::GroupSequential { looks: Looks::even(3, Spending::Pocock), look: 4 },
        Method::Bayesian { prior: Prior { variance: 0.0, ..Prior::default() } },
    ] {
        let question = Question { method, ..Question::default() };
        assert_eq!(compare(&share, &share, &question), Finding::Inconclusive(Why::BadQuestion));
    }
    let mean = Summary::Mean(Moments::of([1.0, 2.0]));
    assert_eq!(compare(&share, &mean, &Question::default()), Finding::Inconclusive(Why::DifferentMetrics));
    let text = serde_json::to_string(&Question::default()).unwrap();
    assert_eq!(serde_json::from_str::<Question>(&text).unwrap(), Question::default());
}
