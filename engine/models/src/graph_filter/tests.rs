//! Against NumPy 2.4.6 (`linalg.eigh` and `chebyshev.chebinterpolate` in double precision, for the equation in [`Params`]),
//! and what must hold of any data.

use super::*;
use crate::conformance::{circles, log, scores, suite};
use crate::log::View;
use crate::model::{Context, FitError};
use crate::signal::{agrees, six_by_eight};
use crate::spec::Spec;

fn fitted(params: &Params, view: &View<'_>) -> GraphFilter {
    params.check().unwrap().fit(view, &Context::quiet(1)).unwrap()
}

#[test]
fn as_numpy_has_it() {
    let holds = |params: Params, want| agrees(&fitted(&params, &six_by_eight().whole()), want);
    holds(
        Params { ideal_rank: 2, ..Params::gf_cf() },
        [
            [0.892_810, 0.409_261, 0.868_083, 0.912_538, 1.021_092, 0.410_126, 0.811_085],
            [0.345_174, 0.288_947, 0.617_269, 0.294_989, 0.369_927, 0.278_812, 0.607_262],
        ],
    );
    holds(
        Params::turbo_cf(0.4, 1.5),
        [
            [0.718_846, 0.364_463, 0.657_895, 0.815_278, 0.808_951, 0.250_517, 0.461_654],
            [0.203_767, 0.249_969, 0.504_199, 0.177_072, 0.234_512, 0.169_447, 0.550_053],
        ],
    );
    holds(
        Params { ideal_rank: 2, ..Params::cheby_cf() },
        [
            [0.866_279, 0.333_429, 0.881_669, 0.800_983, 0.965_839, 0.298_323, 0.674_789],
            [0.271_405, 0.208_541, 0.634_180, 0.214_901, 0.302_751, 0.203_581, 0.607_479],
        ],
    );
    let ridge = Params {
        member_exponent: 0.3,
        signal_exponent: 0.15,
        output_exponent: 0.35,
        ridge: 0.5,
        order: 5,
        ..Params::default()
    };
    holds(
        ridge,
        [
            [0.694_005, 0.201_434, 0.633_367, 0.649_372, 0.712_535, 0.125_157, 0.345_162],
            [0.142_025, 0.134_078, 0.507_415, 0.121_899, 0.162_919, 0.115_812, 0.509_626],
        ],
    );
}

#[test]
fn the_suite() {
    let square = Params { response: Response::Square, order: 2, ..Params::default() };
    for params in [Params::default(), Params::gf_cf(), Params::cheby_cf(), Params::turbo_cf(0.5, 0.7), square] {
        suite(&Spec::GraphFilter(params), true);
    }
}

/// However long the filter: what no path leads to stays at 0, to the bit.
#[test]
fn a_circle_hears_nothing_of_the_other() {
    let log = circles();
    let params = Params { order: 20, ..Params::default() };
    let row = &scores(&fitted(&params, &log.whole()), &log, &[0])[0];
    assert!(row[..8].iter().all(|score| *score != 0.0) && row[8..16].iter().all(|score| *score == 0.0), "{row:?}");
    assert_eq!(row[16], f32::NEG_INFINITY);
}

/// Both ways to hold the graph are the same graph.
#[test]
fn pair_by_pair_is_the_product() {
    let log = circles();
    let product = fitted(&Params::default(), &log.whole());
    let pairs = fitted(&Params { similarity_power: 1.0 + 1e-9, ..Params::default() }, &log.whole());
    assert!(matches!((&product.graph, &pairs.graph), (Graph::Product { .. }, Graph::Pairs(_))));
    let members: Vec<u32> = (0..25).collect();
    for (a, b) in scores(&product, &log, &members).concat().iter().zip(scores(&pairs, &log, &members).concat()) {
        assert!(*a == b || (a - b).abs() < 1e-5, "{a} {b}");
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let log = circles();
    let made = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let model = pool.install(|| fitted(&Params::gf_cf(), &log.whole()));
        scores(&model, &log, &[0, 13]).concat().into_iter().map(f32::to_bits).collect::<Vec<_>>()
    };
    assert!(made(1) == made(2) && made(1) == made(5));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let refused = |params: Params| match params.check() {
        Err(FitError::Parameter { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(Params { ridge: f64::NAN, ..Params::default() }), "ridge");
    assert_eq!(refused(Params { order: 0, ..Params::default() }), "order");
    assert_eq!(refused(Params { flatness: 0.5, ..Params::default() }), "flatness");
    assert_eq!(refused(Params { item_exponent: f64::INFINITY, ..Params::default() }), "item_exponent");
    assert_eq!(refused(Params { similarity_power: -1.0, ..Params::default() }), "similarity_power");
    let events: Vec<(i64, u32, u32)> = (0..1000).map(|item| (0, 0, item)).collect();
    let log = log(1000, &events);
    let context = Context { memory_bytes_max: 1 << 20, ..Context::quiet(1) };
    let fit = |params: Params| params.check().unwrap().fit(&log.whole(), &context).map(|_| ());
    assert!(matches!(fit(Params::turbo_cf(0.5, 2.0)), Err(FitError::Memory { needs_bytes: 16_000_000, .. })));
    assert!(matches!(fit(Params::gf_cf()), Err(FitError::Memory { .. })));
    assert!(fit(Params::default()).is_ok());
}
