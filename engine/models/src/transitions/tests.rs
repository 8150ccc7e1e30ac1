//! Against NumPy 2.4.6, and what must hold of any data.

use proptest::prelude::*;

use super::*;
use crate::conformance::{log, scores, suite};
use crate::log::{Event, ItemFacts, ItemIx, Log, MemberIx};
use crate::model::{Context, FitError};
use crate::spec::Spec;
use crate::words::{agrees, six_by_eight};

fn fitted(params: Params, log: &Log) -> Transitions {
    params.check().unwrap().fit(&log.whole(), &Context::quiet(1)).unwrap()
}

fn alone() -> Params {
    Params { content_weight: 0.0, likeness_weight: 0.0, ..Params::default() }
}

#[test]
fn the_suite() {
    suite(&Spec::Transitions(Params::default()), true);
    // A short memory does not reach round a circle: what follows within it is enough.
    suite(&Spec::Transitions(Params { recency: 5.0, backward: 1.0, ..alone() }), true);
}

#[test]
fn as_numpy_has_it() {
    let want = [
        [0.323_206, 0.099_306, 0.238_927, 0.370_299, 0.597_432, 0.520_559, 1.027_465, 0.0],
        [0.259_294, 0.113_714, 0.207_016, 0.366_71, 0.532_779, 0.391_748, 0.179_642, 0.0],
    ];
    agrees(&fitted(alone(), &six_by_eight()), want);
    let want = [
        [-0.813_378, -2.410_042, -0.980_85, 0.217_727, 2.443_253, 0.304_532, 3.780_692, -2.541_934],
        [-0.358_446, -2.216_223, -0.358_52, 0.529_908, 2.422_221, 1.553_139, 1.863_357, -3.435_435],
    ];
    agrees(&fitted(Params::default(), &six_by_eight()), want);
}

#[test]
fn what_speaks_against_is_no_step() {
    let event = |at, item, weight| Event { at, member: MemberIx(0), item: ItemIx(item), weight };
    let events = vec![event(1, 0, 1.0), event(2, 1, -1.0), event(3, 2, 1.0)];
    let log = Log::new(1, 3, events, ItemFacts::default()).unwrap();
    let model = fitted(alone(), &log);
    assert_eq!(model.counts.row(0), (&[2][..], &[1.0][..]));
    assert_eq!(scores(&model, &log, &[0])[0][1], f32::NEG_INFINITY);
}

#[test]
fn an_item_does_not_follow_itself() {
    let model = fitted(alone(), &log(2, &[(0, 0, 0), (1, 0, 0), (2, 0, 1), (3, 0, 0)]));
    assert!((0..2).all(|item| model.counts.entries(item).all(|(other, _)| other != item)));
}

#[test]
fn nonsense_is_named_and_memory_asked_for() {
    let refused = |params: Params| match params.check() {
        Err(FitError::Parameter { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(Params { reach: 0.0, ..alone() }), "reach");
    assert_eq!(refused(Params { backward: -0.1, ..alone() }), "backward");
    assert_eq!(refused(Params { recency: f64::NAN, ..alone() }), "recency");
    assert_eq!(refused(Params { source_power: f64::INFINITY, ..alone() }), "source_power");
    let fit = |log: &Log, memory_bytes_max| {
        let context = Context { memory_bytes_max, ..Context::quiet(1) };
        alone().check().unwrap().fit(&log.whole(), &context).map(|_| ()).unwrap_err()
    };
    assert!(matches!(fit(&six_by_eight(), 10), FitError::Memory { .. }));
    assert!(matches!(fit(&log(3, &[(0, 0, 0), (0, 1, 1)]), 1 << 20), FitError::Nothing { .. }));
}

proptest! {
    /// With the same weight both ways, what follows on what is symmetric; without it, each pair of places counts once.
    #[test]
    fn pairs_are_counted(events in prop::collection::vec((0_u32..5, 0_u32..6), 2..40)) {
        let events: Vec<(i64, u32, u32)> = events.iter().zip(0..).map(|((m, i), at)| (at, *m, *i)).collect();
        let log = log(6, &events);
        let fit = |params: Params| params.check().unwrap().fit(&log.whole(), &Context::quiet(1));
        let Ok(both) = fit(Params { backward: 1.0, ..alone() }) else { return Ok(()) };
        for item in 0..6 {
            for (other, count) in both.counts.entries(item) {
                let back = both.counts.entries(other).find(|(to, _)| *to == item).map_or(0.0, |(_, count)| count);
                prop_assert!((back - count).abs() < 1e-4);
            }
        }
        // Steps that hardly count less: the number of pairs of places with different items.
        let flat = fit(Params { backward: 0.0, reach: 1e6, ..alone() }).unwrap();
        let of = |member| -> Vec<u32> { events.iter().filter(|event| event.1 == member).map(|event| event.2).collect() };
        let pairs = |h: Vec<u32>| (0..h.len()).flat_map(|p| h[p + 1..].iter().filter(|i| **i != h[p]).collect::<Vec<_>>()).count();
        let want: usize = (0..5).map(|member| pairs(of(member))).sum();
        prop_assert!((flat.counts.row_sums().iter().sum::<f32>() - want as f32).abs() < 0.01);
    }
}
