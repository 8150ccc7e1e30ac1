//! Against NumPy 2.4.6, and what must hold of any data.

use proptest::prelude::*;

use super::*;
use crate::conformance::{scores, suite};
use crate::log::{Event, ItemFacts, ItemIx, Log, MemberIx};
use crate::model::{Context, FitError};
use crate::spec::Spec;
use crate::words::{agrees, six_by_eight};

fn fitted(log: &Log) -> Bm25 {
    Params::default().check().unwrap().fit(&log.whole(), &Context::quiet(1)).unwrap()
}

#[test]
fn the_suite() {
    suite(&Spec::Bm25(Params::default()), true);
    suite(&Spec::Bm25(Params { half_life_steps: 3.0, ..Params::default() }), true);
}

#[test]
fn as_numpy_has_it() {
    let want = [
        [1.791_845, 0.809_816, 2.134_565, 2.015_819, 2.547_489, 1.604_641, 1.009_221, 2.731_492],
        [0.529_923, 0.0, 1.503_604, 0.0, 0.991_275, 0.973_68, 1.553_258, 0.529_923],
    ];
    agrees(&fitted(&six_by_eight()), want);
}

fn two_items(weights: &[f32], born: Vec<i64>) -> Log {
    let event =
        |(at, weight): (usize, &f32)| Event { at: at as i64, member: MemberIx(0), item: ItemIx(0), weight: *weight };
    let content = Csr::from_rows(2, [vec![(0, 1.0)], vec![(0, 1.0)], vec![(1, 1.0)]]);
    let facts = ItemFacts { born, content, ..ItemFacts::default() };
    Log::new(1, 3, weights.iter().enumerate().map(event).collect(), facts).unwrap()
}

#[test]
fn what_speaks_against_is_not_asked_for() {
    let log = two_items(&[1.0, -2.0], vec![]);
    assert!(scores(&fitted(&log), &log, &[0])[0].iter().all(|score| *score == f32::NEG_INFINITY));
}

#[test]
fn items_that_came_after_the_fit_are_scored() {
    let log = two_items(&[1.0], vec![-9, 50, -9]);
    let model = Params::default().check().unwrap().fit(&log.before(10), &Context::quiet(1)).unwrap();
    let ask = |at| {
        let mut out = vec![0.0; 3];
        model.score(&[Request { member: MemberIx(0), view: log.before(at) }], &mut out);
        out
    };
    assert_eq!(ask(10)[1], f32::NEG_INFINITY);
    let later = ask(60);
    assert!(later[1] > 0.0 && (later[1] - later[0]).abs() < 1e-6, "{later:?}");
}

#[test]
fn nonsense_is_named() {
    let refused = |params: Params| match params.check() {
        Err(FitError::Parameter { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(Params { k1: f64::NAN, ..Params::default() }), "k1");
    assert_eq!(refused(Params { b: 1.1, ..Params::default() }), "b");
    assert_eq!(refused(Params { half_life_steps: -1.0, ..Params::default() }), "half_life_steps");
    let log = crate::conformance::log(2, &[(0, 0, 0)]);
    let error = Params::default().check().unwrap().fit(&log.whole(), &Context::quiet(1)).unwrap_err();
    assert!(matches!(error, FitError::Nothing { .. }));
}

proptest! {
    /// Sharing one more word never lowers a score, when lengths are not held against items.
    #[test]
    fn more_in_common_is_no_worse(words in prop::collection::vec(prop::collection::vec(0_u32..6, 1..5), 3..8)) {
        let content = Csr::from_rows(6, words.iter().map(|row| row.iter().map(|word| (*word, 1.0))));
        let facts = ItemFacts { content: content.clone(), ..ItemFacts::default() };
        let event = Event { at: 0, member: MemberIx(0), item: ItemIx(0), weight: 1.0 };
        let log = Log::new(1, words.len(), vec![event], facts).unwrap();
        let params = Params { b: 0.0, k1: 0.0, ..Params::default() };
        let model = params.check().unwrap().fit(&log.whole(), &Context::quiet(1)).unwrap();
        let scores = &scores(&model, &log, &[0])[0];
        let shared = |item: usize| -> Vec<u32> {
            content.row(item).0.iter().copied().filter(|word| content.row(0).0.contains(word)).collect()
        };
        for a in 0..words.len() {
            for b in 0..words.len() {
                if shared(a).iter().all(|word| shared(b).contains(word)) {
                    prop_assert!(scores[a] <= scores[b] + 1e-5, "{scores:?}");
                }
            }
        }
    }
}
