//! Against NumPy 2.4.6 (`linalg.inv` in double precision of the equations in [`Params`]), and what must hold of any data.

use proptest::prelude::*;

use super::fit::{Data, by_items_of, by_members_of};
use super::*;
use crate::conformance::{log, suite};
use crate::log::{Log, View};
use crate::model::{Context, FitError, MEMORY_BYTES_MAX};
use crate::signal::{agrees, six_by_eight};
use crate::spec::Spec;

fn fitted(params: &Params, view: &View<'_>) -> Ease {
    params.check().unwrap().fit(view, &Context::quiet(1)).unwrap()
}

#[test]
fn as_numpy_has_it() {
    let holds = |params: Params, want| agrees(&fitted(&params, &six_by_eight().whole()), want);
    holds(
        Params::ease(2.0),
        [
            [0.576_886, 0.272_452, 0.400_844, 0.520_286, 0.628_233, 0.138_354, 0.491_237],
            [0.222_541, 0.228_052, 0.113_924, 0.169_451, 0.223_381, 0.185_639, 0.105_938],
        ],
    );
    holds(
        Params::edlae(1.0, 0.3),
        [
            [0.540_920, 0.246_800, 0.397_069, 0.492_604, 0.637_227, 0.125_515, 0.476_997],
            [0.201_058, 0.196_469, 0.106_404, 0.162_049, 0.212_733, 0.175_022, 0.091_713],
        ],
    );
    holds(
        Params::rdlae(1.0, 0.3, 0.2),
        [
            [0.632_736, 0.197_440, 0.517_655, 0.594_083, 0.709_782, 0.100_412, 0.381_598],
            [0.160_847, 0.157_175, 0.285_123, 0.129_639, 0.170_186, 0.140_017, 0.273_371],
        ],
    );
    holds(
        Params::dan(1.0, 0.3, 0.25, 0.5),
        [
            [0.420_647, 0.268_067, 0.273_363, 0.409_587, 0.462_438, 0.166_556, 0.441_069],
            [0.181_002, 0.187_117, 0.115_352, 0.154_157, 0.187_970, 0.157_228, 0.112_591],
        ],
    );
}

#[test]
fn the_suite() {
    suite(&Spec::Ease(Params { l2: 5.0, ..Params::default() }), true);
    suite(&Spec::Ease(Params::dan(1.0, 0.5, 0.2, 0.6)), true);
}

#[test]
fn parameters_out_of_range_are_named() {
    let refused = |params: Params| match params.check() {
        Err(FitError::Parameter { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(Params::ease(0.0)), "l2");
    assert_eq!(refused(Params::ease(f64::NAN)), "l2");
    assert_eq!(refused(Params::edlae(1.0, 1.0)), "dropout");
    assert_eq!(refused(Params::dan(1.0, 0.0, 0.0, f64::INFINITY)), "member_exponent");
    assert_eq!(refused(Params::rdlae(1.0, 0.0, -0.1)), "diagonal_max");
}

#[test]
fn memory_is_asked_for_before_it_is_taken() {
    let log = log(30_000, &[(0, 0, 0), (0, 1, 29_999)]);
    let context = Context { memory_bytes_max: 1 << 30, ..Context::quiet(1) };
    let error = Params::default().check().unwrap().fit(&log.whole(), &context).unwrap_err();
    let needs_bytes = 4 * (30_000_u64 * 30_000 + 2 * 30_000 * 512);
    let want = FitError::Memory { model: NAME, what: "a matrix of items by items", needs_bytes, bytes_max: 1 << 30 };
    assert_eq!(error, want);
    // Gowalla is within what is allowed by default.
    assert!(Symmetric::needs_bytes(40_981) <= MEMORY_BYTES_MAX);
}

fn logs() -> impl Strategy<Value = Log> {
    let event = (0_u32..12, 0_u32..9).prop_map(|(member, item)| (0, member, item));
    prop::collection::vec(event, 1..60).prop_map(|events| log(9, &events))
}

proptest! {
    #[test]
    fn by_members_is_by_items(log in logs(), l2 in 0.5_f64..20.0, dropout in 0.0_f64..0.8, beta in 0.0_f64..1.0) {
        let data = Data::of(&log.whole(), &Params::dan(l2, dropout, 0.0, beta), NAME).unwrap();
        let context = Context::quiet(1);
        let (items, members) = (by_items_of(&data, &context).unwrap(), by_members_of(&data, &context).unwrap());
        for (a, b) in items.values.iter().zip(&members.values) {
            prop_assert!((a - b).abs() <= 1e-5 / l2.min(1.0) as f32, "{a} {b}");
        }
    }

    #[test]
    fn no_item_predicts_itself(log in logs(), l2 in 0.5_f64..20.0, dropout in 0.0_f64..0.8) {
        let model = fitted(&Params::edlae(l2, dropout), &log.whole());
        prop_assert!((0..9).all(|item| model.weight(item, item).abs() < 1e-5));
        let relaxed = fitted(&Params::rdlae(l2, dropout, 0.3), &log.whole());
        prop_assert!((0..9).all(|item| relaxed.weight(item, item) < 0.3 + 1e-5));
    }
}
