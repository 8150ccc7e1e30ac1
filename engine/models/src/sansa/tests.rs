//! Where nothing is left out it is EASE.

use proptest::prelude::*;

use super::*;
use crate::conformance::{circles, log, scores, suite};
use crate::model::{Context, FitError};
use crate::signal::six_by_eight;
use crate::spec::Spec;

#[test]
fn the_suite() {
    suite(&Spec::Sansa(Params { l2: 5.0, ..Params::default() }), true);
    suite(&Spec::Sansa(Params { l2: 5.0, neighbours: 7, ..Params::default() }), true);
}

/// The numbers of NumPy's EASE, as near as what is negligible allows.
#[test]
fn nearly_as_numpy_has_it() {
    let params = Params { l2: 2.0, ..Params::default() };
    let model = params.check().unwrap().fit(&six_by_eight().whole(), &Context::quiet(1)).unwrap();
    let want = [0.576_886, 0.272_452, 0.400_844, 0.520_286, 0.628_233, 0.138_354, 0.491_237];
    for (got, want) in scores(&model, &six_by_eight(), &[1])[0].iter().zip(want) {
        assert!((got - want).abs() < 2e-3, "{got}, not {want}");
    }
}

proptest! {
    #[test]
    fn nothing_left_out_is_ease(
        events in prop::collection::vec((0_u32..12, 0_u32..9), 1..60),
        l2 in 0.5_f64..20.0,
        dropout in 0.0_f64..0.8,
        beta in 0.0_f64..1.0,
    ) {
        let events: Vec<(i64, u32, u32)> = events.into_iter().map(|(member, item)| (0, member, item)).collect();
        let log = log(9, &events);
        let sparse = Params { l2, dropout, member_exponent: beta, signal_exponent: 0.2, ..Params::default() };
        let dense = sparse.dense().check().unwrap().fit(&log.whole(), &Context::quiet(1)).unwrap();
        let sparse = sparse.check().unwrap().fit(&log.whole(), &Context::quiet(1)).unwrap();
        let members: Vec<u32> = (0..log.members() as u32).collect();
        for (a, b) in scores(&dense, &log, &members).concat().iter().zip(scores(&sparse, &log, &members).concat()) {
            prop_assert!(*a == b || (a - b).abs() < 2e-2, "{a} {b}");
        }
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let log = circles();
    let made = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let params = Params { neighbours: 3, ..Params::default() };
        let model = pool.install(|| params.check().unwrap().fit(&log.whole(), &Context::quiet(1))).unwrap();
        scores(&model, &log, &[0, 13]).concat().into_iter().map(f32::to_bits).collect::<Vec<_>>()
    };
    assert!(made(1) == made(2) && made(1) == made(5));
}

#[test]
fn what_makes_no_sense_is_refused_in_its_own_name() {
    let refused = |params: Params| params.check().unwrap_err();
    let field = |error| match error {
        FitError::Parameter { model: NAME, field, .. } => field,
        other => panic!("{other}"),
    };
    assert_eq!(field(refused(Params { l2: 0.0, ..Params::default() })), "l2");
    assert_eq!(field(refused(Params { neighbours: 0, ..Params::default() })), "neighbours");
    let context = Context { memory_bytes_max: 100, ..Context::quiet(1) };
    let error = Params::default().check().unwrap().fit(&circles().whole(), &context).unwrap_err();
    assert!(matches!(error, FitError::Memory { model: NAME, .. }), "{error}");
}
