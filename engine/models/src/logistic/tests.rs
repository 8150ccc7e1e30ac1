use super::{Examples, LogisticError, fit};

/// Sixty examples of three columns, the last of which does not vary.
fn examples() -> Examples {
    let mut examples = Examples::default();
    for i in 0..60_u16 {
        let (a, b, c) = (f32::from(i * 7 % 11), f32::from(i * 5 % 13), f32::from(i * 3 % 5));
        examples.measured.extend([a / 4.0, b * 10.0 - 60.0, 3.0]);
        examples.yes.push(a + c - b * 0.5 > 4.0);
    }
    examples
}

/// scikit-learn 1.9.1: LogisticRegression(C=1/3, tol=1e-12) on the standardised columns, the weights in measured units.
#[test]
fn weights_are_scikit_learns() {
    let fitted = fit(&examples(), 3, &[], 3.0).unwrap();
    let golden = [1.933_585_727_935_383_2, -0.021_485_335_416_348_086, 0.0];
    for (weight, golden) in fitted.weights.iter().zip(golden) {
        assert!((weight - golden).abs() < 1e-4 * golden.abs().max(1.0), "{weight} {golden}");
    }
    assert!((fitted.intercept + 2.508_625_691_777_298_4).abs() < 1e-3, "{}", fitted.intercept);
}

/// The rarer class may be either: the sign of the weights must not follow it.
#[test]
fn no_turned_into_yes_turns_the_weights() {
    let one = fit(&examples(), 3, &[], 3.0).unwrap();
    let mut turned = examples();
    turned.yes.iter_mut().for_each(|yes| *yes = !*yes);
    let other = fit(&turned, 3, &[], 3.0).unwrap();
    for (a, b) in one.weights.iter().zip(&other.weights) {
        assert!((a + b).abs() < 1e-4, "{a} {b}");
    }
    assert!((one.probability(&[2.0, 0.0, 3.0]) + other.probability(&[2.0, 0.0, 3.0]) - 1.0).abs() < 1e-4);
}

#[test]
fn a_free_column_is_held_back_by_nothing() {
    let weight = |free: &[usize]| fit(&examples(), 3, free, 300.0).unwrap().weights[0];
    assert!(weight(&[0]) > 3.0 * weight(&[]), "{} {}", weight(&[0]), weight(&[]));
}

#[test]
fn nonsense_is_refused() {
    assert_eq!(fit(&Examples::default(), 3, &[], 1.0), Err(LogisticError::OneSided));
    assert!(matches!(fit(&examples(), 4, &[], 1.0), Err(LogisticError::Shape { .. })));
    assert_eq!(fit(&examples(), 3, &[], 0.0), Err(LogisticError::Penalty));
    let mut bad = examples();
    bad.measured[4] = f32::NAN;
    assert!(matches!(fit(&bad, 3, &[], 1.0), Err(LogisticError::Number { example: 1, .. })));
}
