//! Against NumPy 2.4.6 (`linalg.solve` in double precision), and what must hold of any data.

use proptest::prelude::*;

use super::*;
use crate::conformance::{scores, suite};
use crate::log::{Event, ItemFacts, ItemIx, Log, MemberIx};
use crate::model::{Context, FitError};
use crate::spec::Spec;
use crate::words::{agrees, six_by_eight};

fn fitted(params: Params, log: &Log) -> ContentRidge {
    params.check().unwrap().fit(&log.whole(), &Context::quiet(1)).unwrap()
}

fn alone() -> Params {
    Params { alike: 0.0, ..Params::default() }
}

#[test]
fn the_suite() {
    suite(&Spec::ContentRidge(Params::default()), true);
    suite(&Spec::ContentRidge(alone()), true);
}

#[test]
fn as_numpy_has_it() {
    let want = [
        [0.369_898, 0.107_81, 0.387_561, 0.478_632, 0.447_093, 0.194_229, 0.113_382, 0.632_109],
        [0.096_674, -0.052_024, 0.290_887, -0.040_417, 0.153_8, 0.139_509, 0.301_794, 0.104_881],
    ];
    agrees(&fitted(alone(), &six_by_eight()), want);
    let want = [
        [0.788_068, 0.383_32, 0.750_11, 0.885_147, 0.961_755, 0.531_402, 0.429_016, 1.142_913],
        [0.361_418, 0.119_457, 0.589_12, 0.110_98, 0.453_417, 0.417_973, 0.594_806, 0.355_424],
    ];
    agrees(&fitted(Params::default(), &six_by_eight()), want);
}

fn factors() -> Vec<f32> {
    let mut factors: Vec<f32> = (0..7).flat_map(|item| [item as f32 * 0.1, 1.0 - item as f32 * 0.2]).collect();
    factors.extend([0.0, 0.0]);
    factors
}

#[test]
fn a_new_item_gets_the_factor_numpy_gives_it() {
    let content = six_by_eight().whole().content();
    let map = Params::default().check().unwrap().map(&content, &factors(), 2).unwrap();
    let (features, values) = content.row(7);
    let factor = map.apply(features, values).unwrap();
    assert!((factor[0] - 0.099_829).abs() < 1e-4 && (factor[1] - 0.330_786).abs() < 1e-4, "{factor:?}");
    assert_eq!((map.rank(), map.apply(&[99], &[1.0]), map.apply(&[], &[])), (2, None, None));
    let text = serde_json::to_string(&map).unwrap();
    assert_eq!(serde_json::from_str::<ContentMap>(&text).unwrap(), map);
    let cut = text.replace("\"rank\":2", "\"rank\":3");
    assert!(serde_json::from_str::<ContentMap>(&cut).unwrap_err().to_string().contains("cut off"));
}

#[test]
fn factors_that_do_not_fit_the_items_are_refused() {
    let content = six_by_eight().whole().content();
    let checked = Params::default().check().unwrap();
    assert!(matches!(checked.map(&content, &factors(), 3), Err(FitError::Numbers { .. })));
    assert!(matches!(checked.map(&content, &[], 0), Err(FitError::Numbers { .. })));
    assert!(matches!(checked.map(&content, &[f32::NAN; 16], 2), Err(FitError::Numbers { .. })));
    assert!(matches!(checked.map(&content, &[0.0; 16], 2), Err(FitError::Nothing { .. })));
    // More factors than items.
    assert!(checked.map(&content, &vec![1.0; 8 * 40], 40).is_ok());
}

#[test]
fn items_that_came_after_the_fit_are_scored_for_those_who_may_see_them() {
    let content = Csr::from_rows(3, [vec![(0, 1.0)], vec![(1, 1.0)], vec![(0, 1.0)], vec![(2, 1.0)]]);
    let facts = ItemFacts { born: vec![-9, -9, 50, -9], content, ..ItemFacts::default() };
    let event = |item| Event { at: 0, member: MemberIx(item), item: ItemIx(item), weight: 1.0 };
    let log = Log::new(2, 4, vec![event(0), event(1)], facts).unwrap();
    let model = alone().check().unwrap().fit(&log.before(10), &Context::quiet(1)).unwrap();
    let mut out = vec![0.0; 8];
    let ask = |at| Request { member: MemberIx(0), view: log.before(at) };
    model.score(&[ask(10), ask(60)], &mut out);
    assert_eq!(out[2], f32::NEG_INFINITY);
    assert!(out[6] > 0.0 && (out[6] - out[4]).abs() < 1e-6, "{out:?}");
}

#[test]
fn nonsense_is_named() {
    let refused = |params: Params| match params.check() {
        Err(FitError::Parameter { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(Params { l2: 0.0, ..Params::default() }), "l2");
    assert_eq!(refused(Params { idf_power: f64::NAN, ..Params::default() }), "idf_power");
    assert_eq!(refused(Params { alike: -1.0, ..Params::default() }), "alike");
}

fn logs() -> impl Strategy<Value = Log> {
    let content = prop::collection::vec(prop::collection::vec((0_u32..7, 0.5_f32..3.0), 1..4), 9);
    let events = prop::collection::vec((0_u32..20, 0_u32..9), 1..60);
    (content, events).prop_map(|(content, events)| {
        let event =
            |(member, item): &(u32, u32)| Event { at: 0, member: MemberIx(*member), item: ItemIx(*item), weight: 1.0 };
        let facts = ItemFacts { content: Csr::from_rows(7, content), ..ItemFacts::default() };
        Log::new(20, 9, events.iter().map(event).collect(), facts).unwrap()
    })
}

proptest! {
    /// (ZᵀZ + λI)·w = Zᵀy, and what is asked beside changes no bit.
    #[test]
    fn the_normal_equations_hold(log in logs(), l2 in 0.3_f64..20.0) {
        let params = Params { l2, ..alone() };
        let Ok(model) = params.check().unwrap().fit(&log.whole(), &Context::quiet(1)) else { return Ok(()) };
        let ask = |member| Request { member: MemberIx(member), view: log.whole() };
        let targets = model.targets(&[ask(0), ask(1)]);
        let weights = model.taught.weights(&targets, l2);
        let rows = &model.taught.rows;
        for lane in 0..2 {
            let left: Vec<f32> = (0..rows.rows())
                .map(|item| targets[item][lane] - rows.entries(item).map(|(f, z)| z * weights[f][lane]).sum::<f32>())
                .collect();
            for feature in 0..rows.cols() {
                let pulled: f32 = model.taught.turned.entries(feature).map(|(item, z)| z * left[item]).sum();
                prop_assert!((pulled - l2 as f32 * weights[feature][lane]).abs() < 5e-3, "{feature}");
            }
        }
        let members: Vec<u32> = (0..20).collect();
        let together = scores(&model, &log, &members);
        for member in 0..20 {
            let alone: Vec<u32> = scores(&model, &log, &[member])[0].iter().map(|score| score.to_bits()).collect();
            let beside: Vec<u32> = together[member as usize].iter().map(|score| score.to_bits()).collect();
            prop_assert_eq!(alone, beside);
        }
    }
}
