use proptest::prelude::*;

use super::fit::Training;
use super::*;
use crate::conformance::{circles, log, scores, suite};
use crate::csr::Csr;
use crate::log::{Event, ItemFacts, Log, MemberIx};
use crate::model::{Context, FitError};
use crate::spec::Spec;

fn small(factors: u32) -> Params {
    Params { factors, epochs: 8, ..Params::default() }
}

fn fitted(params: &Params, log: &Log) -> Als {
    params.check().unwrap().fit(&log.whole(), &Context::quiet(7)).unwrap()
}

#[test]
fn it_holds_to_what_every_model_must() {
    suite(&Spec::Als(small(8)), true);
    // More factors than items, and no multiple of a vector's lanes.
    suite(&Spec::Als(small(37)), true);
}

/// Six members, seven items, the last of which nobody has met.
fn weighed() -> Csr {
    let rows = [
        vec![(0, 1.0), (1, 2.0), (2, 1.0)],
        vec![(1, 1.0), (2, 3.0), (3, 1.0)],
        vec![(0, 1.0), (3, 1.0)],
        vec![(2, 1.0), (4, 1.0)],
        vec![(1, 1.0), (2, 1.0), (4, 1.0), (5, 4.0)],
        vec![(0, 1.0), (5, 1.0)],
    ];
    Csr::from_rows(7, rows)
}

/// NumPy 2.4.6: three epochs of whole solves in f64 (numpy.linalg.solve) from Y[i, f] = ((7i + 5f) mod 11 − 5) ÷ 10, item 6
/// at zero, α₀ = .1, λ = .02, ν = 1, and the members once more.
#[test]
fn three_epochs_as_numpy_does_them() {
    let params = Params { factors: 3, unobserved: 0.1, regularization: 0.02, weight_power: 1.0, ..Params::default() };
    let mut training = Training::new(&params, weighed(), 0).unwrap();
    for item in 0..6 {
        for (axis, value) in training.items.table.row_mut(item).iter_mut().enumerate() {
            *value = ((item * 7 + axis * 5) % 11) as f32 / 10.0 - 0.5;
        }
    }
    for _ in 0..3 {
        training.epoch(20).unwrap();
    }
    let factors = training.finish().unwrap();
    let want = [
        [0.795_212, 0.907_394, 0.865_274, 0.667_314, 0.243_992, 0.381_371, 0.0],
        [0.170_940, 0.855_958, 0.960_314, 0.837_241, 0.322_953, -0.117_566, 0.0],
        [0.844_698, 0.475_137, 0.352_787, 0.804_679, -0.361_398, -0.076_832, 0.0],
        [-0.312_193, 0.677_140, 0.863_904, 0.131_975, 0.804_316, 0.252_503, 0.0],
        [0.379_604, 0.848_155, 0.890_950, -0.054_851, 0.845_125, 0.893_194, 0.0],
        [0.878_046, 0.201_382, 0.016_046, -0.245_603, 0.039_872, 0.809_669, 0.0],
    ];
    let score = |member: &[f32], item: u32| -> f32 {
        factors.item(ItemIx(item)).unwrap().iter().zip(member).map(|(y, x)| x * y).sum()
    };
    for (member, want) in want.iter().enumerate() {
        for (item, want) in want.iter().enumerate() {
            let got = score(factors.member(MemberIx(member as u32)).unwrap(), item as u32);
            assert!((got - want).abs() < 2e-5, "member {member}, item {item}: {got}, NumPy {want}");
        }
    }
    // Somebody new, with one event of item 0 and two of item 3; what says nothing is left out.
    let history = [(ItemIx(3), 1.0), (ItemIx(0), 1.0), (ItemIx(3), 1.0)];
    let nothing = [(ItemIx(1), -1.0), (ItemIx(2), f32::NAN), (ItemIx(6), 1.0), (ItemIx(9), 1.0)];
    let folded = factors.fold_in(&[&history[..], &nothing].concat());
    let want = [0.828_756, 0.537_025, 0.429_288, 0.878_031, -0.335_355, -0.111_412, 0.0];
    for (item, want) in want.iter().enumerate() {
        assert!((score(&folded, item as u32) - want).abs() < 2e-5, "item {item}");
    }
    assert_eq!(factors.fold_in(&nothing), [0.0; 3]);
}

/// What is made least: see `fit.rs`.
fn objective(training: &Training, unobserved: f64) -> f64 {
    let (members, items) = (&training.members, &training.items);
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    let mut sum = 0.0;
    for member in 0..members.pairs.rows() {
        let x = members.table.row(member);
        sum += f64::from(members.ridges[member]) * dot(x, x);
        for item in 0..items.pairs.rows() {
            sum += unobserved * dot(x, items.table.row(item)).powi(2);
        }
        for (item, weight) in members.pairs.entries(member) {
            sum += f64::from(weight) * (1.0 - dot(x, items.table.row(item))).powi(2);
        }
    }
    let length = |item: usize| f64::from(items.ridges[item]) * dot(items.table.row(item), items.table.row(item));
    sum + (0..items.pairs.rows()).map(length).sum::<f64>()
}

fn some_pairs() -> impl Strategy<Value = Vec<Vec<(u32, f32)>>> {
    let row = prop::collection::vec((0_u32..12, 0.1_f32..4.0), 0..9);
    prop::collection::vec(row, 1..20).prop_filter("something happened", |rows| rows.iter().any(|row| !row.is_empty()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn the_objective_falls_with_every_epoch(rows in some_pairs(), factors in 1_u32..20, steps in 1_u32..4, seed: u64) {
        let params = Params { factors, ..Params::default() };
        let mut training = Training::new(&params, Csr::from_rows(12, rows), seed).unwrap();
        let mut before = objective(&training, params.unobserved);
        for epoch in 0..6 {
            training.epoch(steps).unwrap();
            let after = objective(&training, params.unobserved);
            prop_assert!(after <= before * (1.0 + 1e-5), "epoch {}: {} after {}", epoch, after, before);
            before = after;
        }
    }

    #[test]
    fn a_member_folded_in_is_the_member_trained(rows in some_pairs(), factors in 1_u32..20) {
        let params = Params { factors, ..Params::default() };
        let mut training = Training::new(&params, Csr::from_rows(12, rows.clone()), 3).unwrap();
        for _ in 0..4 {
            training.epoch(2).unwrap();
        }
        let factors = training.finish().unwrap();
        for (member, row) in rows.iter().enumerate() {
            let trained = factors.member(MemberIx(member as u32)).unwrap();
            // Training is given the sums to the power already.
            let mut whole = factors.clone();
            whole.weight_power = 1.0;
            let history: Vec<(ItemIx, f32)> = row.iter().map(|(item, weight)| (ItemIx(*item), *weight)).collect();
            for (folded, trained) in whole.fold_in(&history).iter().zip(trained) {
                prop_assert!((folded - trained).abs() < 1e-3, "{} folded, {} trained", folded, trained);
            }
        }
    }

    #[test]
    fn members_in_another_order_have_their_factors_in_that_order(rows in some_pairs(), by in 0_usize..20) {
        let turned: Vec<_> = (0..rows.len()).map(|member| rows[(member + by) % rows.len()].clone()).collect();
        let trained = |rows: &Vec<Vec<(u32, f32)>>| {
            let mut training = Training::new(&small(4), Csr::from_rows(12, rows.clone()), 3).unwrap();
            for _ in 0..3 {
                training.epoch(2).unwrap();
            }
            training.finish().unwrap()
        };
        let (one, other) = (trained(&rows), trained(&turned));
        let score = |factors: &Factors, member: usize, item: u32| -> f32 {
            let (x, y) = (factors.member(MemberIx(member as u32)).unwrap(), factors.item(ItemIx(item)).unwrap());
            x.iter().zip(y).map(|(x, y)| x * y).sum()
        };
        for member in 0..rows.len() {
            for item in 0..12 {
                let (a, b) = (score(&one, (member + by) % rows.len(), item), score(&other, member, item));
                prop_assert!((a - b).abs() < 2e-3, "{} and {}", a, b);
            }
        }
    }
}

#[test]
fn threads_change_no_byte() {
    let rows = (0..700_u32).map(|member| (0..5).map(move |step| ((member * 7 + step * step * 13) % 300, 1.0_f32)));
    let pairs = Csr::from_rows(300, rows.map(Iterator::collect::<Vec<_>>));
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut training = Training::new(&small(20), pairs.clone(), 3).unwrap();
            training.epoch(2).unwrap();
            training.finish().unwrap()
        })
    };
    assert_eq!(with(1), with(3));
}

#[test]
fn who_did_more_since_is_folded_in_and_strangers_get_nothing() {
    let log = circles();
    let before = log.before(150);
    let model = small(8).check().unwrap().fit(&before, &Context::quiet(7)).unwrap();
    let ask = |view| {
        let mut out = vec![0.0; log.items()];
        model.score(&[Request { member: MemberIx(23), view }], &mut out);
        out
    };
    let (then, now) = (ask(before), ask(log.whole()));
    assert_eq!(
        model.vector(&Request { member: MemberIx(23), view: before }),
        model.factors.member(MemberIx(23)).unwrap()
    );
    assert_ne!(then, now);
    assert!(scores(&model, &log, &[24])[0].iter().all(|score| *score == f32::NEG_INFINITY));
    // The item that nobody met has no place in a list.
    assert_eq!(now[16], f32::NEG_INFINITY);
}

#[test]
fn a_log_that_has_grown_is_scored_as_far_as_is_known() {
    let model = fitted(&small(4), &log(3, &[(0, 0, 0), (1, 1, 1), (2, 2, 2), (3, 2, 0)]));
    let grown = log(5, &[(0, 0, 0), (1, 1, 1), (2, 2, 2), (3, 2, 0), (4, 3, 4), (5, 4, 0), (6, 4, 4)]);
    let all = scores(&model, &grown, &[2, 3, 4]);
    assert!(all[0][..3].iter().all(|score| score.is_finite()) && all[0][3..].iter().all(|s| *s == f32::NEG_INFINITY));
    assert!(all[1].iter().all(|score| *score == f32::NEG_INFINITY), "knows item 4 only");
    assert!(all[2][0] > all[2][1], "item 0 is what is known of them");
}

#[test]
fn factors_are_kept_and_checked_when_read_back() {
    let factors = fitted(&small(5), &circles()).into_factors();
    let text = serde_json::to_string(&factors).unwrap();
    assert_eq!(serde_json::from_str::<Factors>(&text).unwrap(), factors);
    let read = |change: fn(&mut serde_json::Value)| {
        let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
        change(&mut value);
        serde_json::from_value::<Factors>(value).unwrap_err().to_string()
    };
    assert!(read(|value| value["items"].as_array_mut().unwrap().truncate(3)).contains("cut off"));
    assert!(read(|value| value["rank"] = 0.into()).contains("cut off"));
    assert!(read(|value| value["spread"][0] = (-1).into()).contains("no training makes"));
}

#[test]
fn what_cannot_be_learned_is_refused() {
    let refused = |params: Params, log: &Log| {
        let fit = params.check().and_then(|params| params.fit(&log.whole(), &Context::quiet(7)));
        fit.unwrap_err()
    };
    assert!(matches!(refused(small(0), &circles()), FitError::Parameter { field: "factors", .. }));
    let nan = Params { unobserved: f64::NAN, ..small(2) };
    assert!(matches!(refused(nan, &circles()), FitError::Parameter { field: "unobserved", .. }));
    assert!(matches!(refused(small(2), &log(3, &[])), FitError::Nothing { .. }));
    let against = Event { at: 0, member: MemberIx(0), item: ItemIx(0), weight: -1.0 };
    let against = Log::new(1, 1, vec![against], ItemFacts::default()).unwrap();
    assert!(matches!(refused(small(2), &against), FitError::Nothing { .. }));
    let little = Context { memory_bytes_max: 1000, ..Context::quiet(7) };
    let fit = small(8).check().unwrap().fit(&circles().whole(), &little);
    assert!(matches!(fit, Err(FitError::Memory { .. })));
}
