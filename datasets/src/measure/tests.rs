//! Golden values and properties.

use proptest::prelude::*;

use super::calibration::calibration;
use super::coverage::coverage;
use super::gini::gini;
use super::intra_list_distance::{Features, intra_list_distance};
use super::long_tail::{long_tail, tail};
use super::novelty::novelty;
use super::serendipity::serendipity;
use super::*;

fn places(text: &str) -> Vec<bool> {
    text.bytes().map(|place| place == b'1').collect()
}

#[track_caller]
fn close(got: f64, wanted: f64) {
    assert!((got - wanted).abs() <= 1e-12 * wanted.abs().max(1.0), "got {got}, wanted {wanted}");
}

/// ir-measures 0.4.3 over pytrec_eval-terrier 0.5.11: nDCG@k, R@k, RR@k, AP@k, P@k, Success@k. Its AP divides by |T|.
#[test]
fn trec_eval_agrees() {
    let golden: [(&str, usize, usize, [f64; 6]); 8] = [
        ("10100", 3, 5, [0.7039180890341347, 0.6666666666666666, 1.0, 0.5555555555555555, 0.4, 1.0]),
        ("0001101000", 4, 10, [0.44927383782962327, 0.75, 0.25, 0.26964285714285713, 0.3, 1.0]),
        ("000", 2, 3, [0.0; 6]),
        ("11111", 12, 5, [1.0, 0.4166666666666667, 1.0, 0.4166666666666667, 1.0, 1.0]),
        ("010011000100", 30, 10, [0.36602461869280256, 0.13333333333333333, 0.5, 0.05999999999999999, 0.4, 1.0]),
        ("1", 1, 20, [1.0, 1.0, 1.0, 1.0, 0.05, 1.0]),
        ("0010", 2, 20, [0.3065735963827292, 0.5, 0.3333333333333333, 0.16666666666666666, 0.05, 1.0]),
        ("011", 5, 2, [0.38685280723454163, 0.2, 0.5, 0.1, 0.5, 1.0]),
    ];
    for (right, targets, k, [ndcg, recall, mrr, ap, precision, hit]) in golden {
        let of = |measure: Measure| measure.of_hits(&places(right), targets, k).unwrap();
        close(of(Measure::Ndcg), ndcg);
        close(of(Measure::Recall), recall);
        close(of(Measure::Mrr), mrr);
        close(of(Measure::Map) * targets.min(k) as f64 / targets as f64, ap);
        close(of(Measure::Precision), precision);
        close(of(Measure::HitRate), hit);
        close(of(Measure::RecallCapped) * targets.min(k) as f64 / targets as f64, recall);
    }
}

fn features(rows: &[&[f32]]) -> Vec<(Vec<u32>, Vec<f32>)> {
    let row = |row: &&[f32]| (0_u32..).zip(row.iter().copied()).filter(|(_, value)| *value != 0.0).unzip();
    rows.iter().map(row).collect()
}

fn borrowed(rows: &[(Vec<u32>, Vec<f32>)]) -> Vec<Features<'_>> {
    rows.iter().map(|(tags, values)| (&tags[..], &values[..])).collect()
}

/// SciPy 1.17.1 (`pdist(…, "cosine").mean()`, `entropy(p, .99 q + .01 p)`) and NumPy 2.4.6.
#[test]
fn scipy_agrees() {
    let list = features(&[&[1.0, 0.0, 2.0, 0.0], &[0.0, 1.0], &[0.5, 0.5, 0.0, 3.0], &[1.0, 0.0, 2.0]]);
    close(intra_list_distance(&borrowed(&list)).unwrap(), 0.782_113_888_141_205_9);
    let history = features(&[&[1.0, 1.0], &[0.0, 1.0], &[2.0, 0.0, 1.0, 1.0]]);
    let list = features(&[&[0.0, 0.0, 1.0], &[0.0, 3.0, 1.0], &[]]);
    let (history, list) = (borrowed(&history), borrowed(&list));
    close(calibration(history.iter().copied(), list.iter().copied()).unwrap(), 1.893_814_837_015_248);
    close(calibration(history.iter().copied(), history.iter().copied()).unwrap(), 0.0);
    close(novelty([3, 1, 0, 7].into_iter(), 10).unwrap(), 2.223_848_739_192_672_2);
    close(gini(&[0, 0, 3, 1, 7, 2, 2, 0]), 0.591_666_666_666_666_7);
}

#[test]
fn nothing_is_not_a_number() {
    assert_eq!(intra_list_distance(&borrowed(&features(&[&[1.0], &[]]))), None);
    assert_eq!(calibration([].into_iter(), borrowed(&features(&[&[1.0]])).into_iter()), None);
    assert_eq!(
        calibration(borrowed(&features(&[&[-1.0]])).into_iter(), borrowed(&features(&[&[1.0]])).into_iter()),
        None
    );
    assert_eq!((novelty([].into_iter(), 3), novelty([1].into_iter(), 0)), (None, None));
    assert_eq!(long_tail([].into_iter()), None);
    assert_eq!((gini(&[]), gini(&[0, 0]), coverage(&[]), coverage(&[2, 0, 1, 0])), (0.0, 0.0, 0.0, 0.5));
    for measure in Measure::ACCURACY {
        // No list, no targets, no places: 0, not NaN.
        assert_eq!(measure.of_hits(&[], 3, 5), Some(0.0));
        assert_eq!(measure.of_hits(&[], 0, 0), Some(0.0));
    }
}

#[test]
fn the_tail_is_what_the_head_leaves() {
    // 80 of 100 are in the first two.
    assert_eq!(tail(&[10, 50, 5, 30, 5], &[1, 3, 0, 2, 4]), [true, false, true, false, true]);
    assert_eq!(tail(&[0, 0], &[0, 1]), [true, true]);
    assert_eq!(serendipity(&[true, true, false], &[true, false, false], 4), 0.25);
}

#[test]
fn names_are_told_apart() {
    for measure in Measure::all() {
        assert_eq!(Measure::named(measure.name()), Some(measure));
        assert_eq!(serde_json::to_value(measure).unwrap(), measure.name());
    }
    assert_eq!(Measure::named("recal"), None);
}

proptest! {
    #[test]
    fn accuracy_lies_between_0_and_1_and_more_right_is_no_worse(
        right in prop::collection::vec(any::<bool>(), 0..30),
        more in 0_usize..9,
        k in 1_usize..25,
        place in 0_usize..30,
    ) {
        let targets = right.iter().filter(|right| **right).count() + 1 + more;
        let mut better = right.clone();
        if let Some(place) = better.get_mut(place) {
            *place = true;
        }
        for measure in Measure::ACCURACY {
            let (value, improved) =
                (measure.of_hits(&right, targets, k).unwrap(), measure.of_hits(&better, targets, k).unwrap());
            prop_assert!((0.0..=1.0 + 1e-12).contains(&value), "{measure:?} {value}");
            prop_assert!(improved >= value, "{measure:?}: {improved} < {value}");
        }
        // The best list there can be has 1, cut or not; precision and recall only where the numbers allow it.
        let ideal = vec![true; targets];
        for measure in [Measure::Ndcg, Measure::RecallCapped, Measure::Mrr, Measure::Map, Measure::HitRate] {
            prop_assert!((measure.of_hits(&ideal, targets, k).unwrap() - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn gini_is_0_where_all_are_equal_and_does_not_mind_order(counts in prop::collection::vec(0_u64..50, 1..40)) {
        let mut turned = counts.clone();
        turned.reverse();
        prop_assert!((0.0..1.0).contains(&gini(&counts)));
        prop_assert_eq!(gini(&counts), gini(&turned));
        prop_assert!(gini(&vec![7; counts.len()]).abs() < 1e-12);
    }

    #[test]
    fn a_divergence_is_never_below_0(
        a in prop::collection::vec(prop::collection::vec(0_u8..4, 5), 1..6),
        b in prop::collection::vec(prop::collection::vec(0_u8..4, 5), 1..6),
    ) {
        let rows = |rows: &[Vec<u8>]| -> Vec<Vec<f32>> {
            rows.iter().map(|row| row.iter().map(|value| f32::from(*value)).collect()).collect()
        };
        let (a, b) = (rows(&a), rows(&b));
        let refs = |rows: &[Vec<f32>]| features(&rows.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let (a, b) = (refs(&a), refs(&b));
        if let Some(divergence) = calibration(borrowed(&a).into_iter(), borrowed(&b).into_iter()) {
            prop_assert!(divergence >= 0.0 && divergence.is_finite());
        }
    }
}
