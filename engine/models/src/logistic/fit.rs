//! The fit.

use linfa::DatasetBase;
use linfa::traits::Fit;
use linfa_logistic::LogisticRegression;
use ndarray::{Array1, Array2};

use super::Logistic;

/// Steps of the solver (L-BFGS), at most; some tens are enough for standardised columns.
const STEPS_MAX: u64 = 200;
/// The length of the gradient at which the solver has arrived.
const TOLERANCE: f64 = 1e-4;
/// A column that varies less than this says nothing.
const DEVIATION_MIN: f64 = 1e-9;
/// A free column is stretched so much, which makes its share of the penalty a thousandth.
const FREE_STRETCH: f64 = 32.0;

/// What was measured, and whether it came to be.
#[derive(Debug, Clone, Default)]
pub struct Examples {
    /// Numbers measured, example after example.
    pub measured: Vec<f32>,
    /// Whether it came to be.
    pub yes: Vec<bool>,
}

/// Why there is no model.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LogisticError {
    /// Not so many numbers an example as announced.
    #[error("{numbers} numbers are not {columns} for each of {examples} examples")]
    Shape {
        /// How many numbers there are.
        numbers: usize,
        /// How many an example should have.
        columns: usize,
        /// How many examples there are.
        examples: usize,
    },
    /// A number is NaN or infinite.
    #[error("example {example}: {value} is not a finite number")]
    Number {
        /// Which example, from 0.
        example: usize,
        /// The number.
        value: f32,
    },
    /// All examples came out alike.
    #[error("all examples came out alike")]
    OneSided,
    /// The penalty is not above 0.
    #[error("the penalty must be above 0")]
    Penalty,
    /// linfa's solver failed.
    #[error("logistic regression: {0}")]
    Solver(String),
}

/// Fits `columns` weights: the most likely of them, less penalty ÷ 2 · Σ (weight · the column's standard deviation)², from
/// which the columns named in `free` are as good as exempt. A column without variation gets the weight 0.
pub fn fit(examples: &Examples, columns: usize, free: &[usize], penalty: f64) -> Result<Logistic, LogisticError> {
    let rows = examples.yes.len();
    check(examples, columns, penalty)?;
    let x =
        Array2::from_shape_fn((rows, columns), |(row, column)| f64::from(examples.measured[row * columns + column]));
    let means: Vec<f64> = x.columns().into_iter().map(|column| column.sum() / rows as f64).collect();
    let deviations: Vec<f64> = x
        .columns()
        .into_iter()
        .zip(&means)
        .map(|(column, mean)| (column.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / rows as f64).sqrt())
        .collect();
    let stretch = |column: usize| if free.contains(&column) { FREE_STRETCH } else { 1.0 };
    let scales: Vec<f64> = deviations
        .iter()
        .enumerate()
        .map(|(column, deviation)| if *deviation > DEVIATION_MIN { stretch(column) / deviation } else { 0.0 })
        .collect();
    let mut x = x;
    for mut row in x.rows_mut() {
        for (column, x) in row.iter_mut().enumerate() {
            *x = (*x - means[column]) * scales[column];
        }
    }
    let yes = Array1::from_iter(examples.yes.iter().copied());
    let fitted = LogisticRegression::default()
        .alpha(penalty)
        .max_iterations(STEPS_MAX)
        .gradient_tolerance(TOLERANCE)
        .fit(&DatasetBase::new(x, yes))
        .map_err(|error| LogisticError::Solver(error.to_string()))?;
    // linfa calls the rarer or the more frequent class positive, whichever came first.
    let sign = if fitted.labels().pos.class { 1.0 } else { -1.0 };
    let weights: Vec<f64> = fitted.params().iter().zip(&scales).map(|(weight, scale)| sign * weight * scale).collect();
    let intercept = sign * fitted.intercept() - weights.iter().zip(&means).map(|(w, mean)| w * mean).sum::<f64>();
    if !(intercept.is_finite() && weights.iter().all(|weight| weight.is_finite())) {
        return Err(LogisticError::Solver("the weights are not finite".to_owned()));
    }
    Ok(Logistic { intercept, weights, means })
}

fn check(examples: &Examples, columns: usize, penalty: f64) -> Result<(), LogisticError> {
    let (numbers, rows) = (examples.measured.len(), examples.yes.len());
    if columns == 0 || numbers != columns * rows {
        return Err(LogisticError::Shape { numbers, columns, examples: rows });
    }
    if let Some(place) = examples.measured.iter().position(|x| !x.is_finite()) {
        return Err(LogisticError::Number { example: place / columns, value: examples.measured[place] });
    }
    if examples.yes.iter().all(|yes| *yes) || !examples.yes.contains(&true) {
        return Err(LogisticError::OneSided);
    }
    if penalty > 0.0 && penalty.is_finite() { Ok(()) } else { Err(LogisticError::Penalty) }
}
