//! Ridge regression from one space into another: what an item is about, into the factors that people's doings gave it.
//!
//! W = (XᵀDX + λI)⁻¹·XᵀDY with X items × features, Y items × factors, D the items' weights (Hoerl and Kennard 1970); so a
//! new item has a vector on arrival (Gantner et al. 2010, "Learning attribute-to-feature mappings").

use faer::linalg::solvers::Solve;
use faer::{Mat, Side};
use serde::{Deserialize, Serialize};

/// A linear map, features × factors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ridge {
    features: usize,
    factors: usize,
    /// Row after row.
    map: Vec<f32>,
}

/// One item to learn from: its features, its factors, and how much it counts.
pub type Example<'a> = (&'a [f32], &'a [f32], f32);

impl Ridge {
    /// Learns a map. λ (`regularization`) must be above 0; an example of the wrong shape, or not of finite numbers, says
    /// nothing. None where the numbers do not allow it.
    pub fn fit<'a>(
        features: usize,
        factors: usize,
        examples: impl Iterator<Item = Example<'a>>,
        regularization: f64,
    ) -> Option<Self> {
        let mut gram = Mat::<f64>::zeros(features, features);
        let mut right = Mat::<f64>::zeros(features, factors);
        for (x, y, weight) in examples.filter(|(x, y, weight)| is_sound(x, y, *weight, features, factors)) {
            for (a, value) in x.iter().enumerate().filter(|(_, value)| **value != 0.0) {
                let scaled = f64::from(*value) * f64::from(weight);
                for (b, other) in x.iter().enumerate().take(a + 1) {
                    gram[(a, b)] += scaled * f64::from(*other);
                }
                for (k, target) in y.iter().enumerate() {
                    right[(a, k)] += scaled * f64::from(*target);
                }
            }
        }
        for feature in 0..features {
            gram[(feature, feature)] += regularization;
        }
        let solved = gram.llt(Side::Lower).ok()?.solve(&right);
        let map: Vec<f32> =
            (0..features).flat_map(|a| (0..factors).map(move |k| (a, k))).map(|place| solved[place] as f32).collect();
        map.iter().all(|value| value.is_finite()).then_some(Self { features, factors, map })
    }

    /// The factors that these features tell of; features beyond those known tell nothing.
    #[must_use]
    pub fn apply(&self, features: &[f32]) -> Vec<f32> {
        let mut out = vec![0.0; self.factors];
        for (feature, row) in features.iter().zip(self.map.chunks_exact(self.factors.max(1))) {
            out.iter_mut().zip(row).for_each(|(sum, weight)| *sum += feature * weight);
        }
        out
    }

    /// What turns features into the product with a vector of factors: the map times the vector. With many items to score
    /// for one vector, a product with this is much shorter than mapping each item.
    #[must_use]
    pub fn pull_back(&self, factors: &[f32]) -> Vec<f32> {
        let dot = |row: &[f32]| row.iter().zip(factors).map(|(a, b)| a * b).sum();
        self.map.chunks_exact(self.factors.max(1)).map(dot).collect()
    }
}

fn is_sound(x: &[f32], y: &[f32], weight: f32, features: usize, factors: usize) -> bool {
    let finite = |values: &[f32]| values.iter().all(|value| value.is_finite());
    x.len() == features && y.len() == factors && weight > 0.0 && weight.is_finite() && finite(x) && finite(y)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// With one feature, w = Σxy ÷ (Σx² + λ).
    #[test]
    fn one_feature_by_hand() {
        let (x, y) = ([[1.0_f32], [2.0]], [[2.0_f32, 0.0], [3.0, 1.0]]);
        let examples = x.iter().zip(&y).map(|(x, y)| (&x[..], &y[..], 1.0));
        let ridge = Ridge::fit(1, 2, examples, 0.5).unwrap();
        let expected = [8.0_f32 / 5.5, 2.0 / 5.5];
        assert!(ridge.apply(&[1.0]).iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6));
        assert!((ridge.pull_back(&[1.0, 1.0])[0] - 10.0 / 5.5).abs() < 1e-6);
    }

    #[test]
    fn nonsense_says_nothing() {
        let examples =
            [(&[f32::NAN][..], &[1.0][..], 1.0), (&[1.0, 2.0][..], &[1.0][..], 1.0), (&[1.0][..], &[1.0][..], -1.0)];
        assert_eq!(Ridge::fit(1, 1, examples.into_iter(), 1.0).unwrap().apply(&[5.0]), [0.0]);
        assert_eq!(Ridge::fit(2, 1, [].into_iter(), 0.0), None, "nothing to solve");
    }

    proptest! {
        /// At the solution the gradient XᵀD(XW − Y) + λW is 0.
        #[test]
        fn the_gradient_vanishes(rows in prop::collection::vec((prop::array::uniform3(-2_f32..2.0), prop::array::uniform2(-2_f32..2.0), 0.1_f32..3.0), 1..20)) {
            let ridge = Ridge::fit(3, 2, rows.iter().map(|(x, y, w)| (&x[..], &y[..], *w)), 0.7).unwrap();
            for feature in 0..3 {
                let mut unit = [0.0; 3];
                unit[feature] = 1.0;
                let weights = ridge.apply(&unit);
                for k in 0..2 {
                    let residual: f32 = rows.iter().map(|(x, y, w)| w * x[feature] * (ridge.apply(x)[k] - y[k])).sum();
                    prop_assert!((residual + 0.7 * weights[k]).abs() < 1e-3, "{residual}");
                }
            }
        }
    }
}
