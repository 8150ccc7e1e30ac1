//! The shape of a distribution: how skewed, and how much of it is one unit.

use serde::{Deserialize, Serialize};

use crate::infer::moments::Moments;

/// Count, mean, centred second and third moments, and the largest unit. Updated and merged as in Pébay (2008), eq. 1.6 and
/// 2.1: one step further than [`Moments`].
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Shape {
    /// Units.
    pub n: u64,
    /// Their mean; 0 where there are none.
    pub mean: f64,
    /// Σ(x − mean)².
    pub m2: f64,
    /// Σ(x − mean)³.
    pub m3: f64,
    /// The largest value; 0 where there are no units.
    pub largest: f64,
}

impl Shape {
    /// The shape of some numbers.
    #[must_use]
    pub fn of(numbers: impl IntoIterator<Item = f64>) -> Self {
        let mut shape = Self::default();
        numbers.into_iter().for_each(|number| shape.push(number));
        shape
    }

    /// Of a yes (1) or no (0) per unit.
    #[must_use]
    pub fn of_proportion(successes: u64, n: u64) -> Self {
        if n == 0 {
            return Self::default();
        }
        let (count, p) = (n as f64, successes as f64 / n as f64);
        let m2 = count * p * (1.0 - p);
        Self { n, mean: p, m2, m3: m2 * (1.0 - 2.0 * p), largest: if successes > 0 { 1.0 } else { 0.0 } }
    }

    /// Takes in one more unit.
    pub fn push(&mut self, number: f64) {
        let one = Self { n: 1, mean: number, m2: 0.0, m3: 0.0, largest: number };
        *self = self.merge(one);
    }

    /// Both lots together.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        if self.n == 0 || other.n == 0 {
            return if self.n == 0 { other } else { self };
        }
        let (a, b) = (self.n as f64, other.n as f64);
        let n = a + b;
        let apart = other.mean - self.mean;
        let m2 = self.m2 + other.m2 + apart * apart * a * b / n;
        let m3 = self.m3
            + other.m3
            + apart.powi(3) * a * b / n * ((a - b) / n)
            + 3.0 * apart * (a * other.m2 - b * self.m2) / n;
        Self { n: self.n + other.n, mean: self.mean + apart * b / n, m2, m3, largest: self.largest.max(other.largest) }
    }

    /// As many moments as the analysis of a mean needs.
    #[must_use]
    pub fn moments(&self) -> Moments {
        Moments { n: self.n, mean: self.mean, m2: self.m2 }
    }

    /// The skewness √n·m3/m2^1.5; none without variance.
    #[must_use]
    pub fn skewness(&self) -> Option<f64> {
        let skewness = (self.n as f64).sqrt() * (self.m3 / self.m2) / self.m2.sqrt();
        skewness.is_finite().then_some(skewness)
    }

    /// How much of the variance is the largest unit's doing, from 0 to 1; none without variance.
    #[must_use]
    pub fn largest_share(&self) -> Option<f64> {
        let share = 1.0 - self.without_largest().m2 / self.m2;
        share.is_finite().then_some(share.clamp(0.0, 1.0))
    }

    /// The moments of all units but the largest.
    #[must_use]
    pub fn without_largest(&self) -> Moments {
        if self.n < 2 {
            return Moments::default();
        }
        let rest = (self.n - 1) as f64;
        let off = self.largest - self.mean;
        let mean = self.mean - off / rest;
        // Rounding may leave less than nothing of a variance that was all the largest unit's.
        Moments { n: self.n - 1, mean, m2: (self.m2 - off * (self.largest - mean)).max(0.0) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testdata::close;

    #[test]
    fn scipy_agrees() {
        // SciPy 1.17.1: skew([1, 2, 3, 10, 0, 0, 4]).
        let shape = Shape::of([1.0, 2.0, 3.0, 10.0, 0.0, 0.0, 4.0]);
        close(shape.skewness().unwrap(), 1.3284223283101433, 1e-12);
        let without = Moments::of([1.0, 2.0, 3.0, 0.0, 0.0, 4.0]);
        close(shape.without_largest().mean, without.mean, 1e-12);
        close(shape.without_largest().m2, without.m2, 1e-12);
        // scipy.stats.bernoulli(0.01).stats("s").
        close(Shape::of_proportion(10, 1_000).skewness().unwrap(), 9.849_370_589_540_676, 1e-6);
    }

    proptest! {
        #[test]
        fn halves_are_the_whole(numbers in prop::collection::vec(-1e3..1e3_f64, 0..40), cut in 0..40_usize) {
            let cut = cut.min(numbers.len());
            let whole = Shape::of(numbers.iter().copied());
            let halves = Shape::of(numbers[..cut].iter().copied()).merge(Shape::of(numbers[cut..].iter().copied()));
            let moments = Moments::of(numbers.iter().copied());
            prop_assert_eq!((whole.n, whole.largest), (halves.n, if cut == 0 || cut == numbers.len() { whole.largest } else { halves.largest }));
            prop_assert!((whole.m2 - halves.m2).abs() <= 1e-9 * (1.0 + whole.m2));
            prop_assert!((whole.m2 - moments.m2).abs() <= 1e-9 * (1.0 + whole.m2));
            prop_assert!((whole.m3 - halves.m3).abs() <= 1e-8 * (1.0 + whole.m2.powf(1.5)));
            prop_assert!(whole.largest_share().is_none_or(|share| (0.0..=1.0).contains(&share)));
        }

        #[test]
        fn of_yes_and_no_as_of_ones_and_zeros(successes in 0..50_u64, more in 0..50_u64) {
            let n = successes + more;
            let pushed = Shape::of((0..n).map(|at| if at < successes { 1.0 } else { 0.0 }));
            let direct = Shape::of_proportion(successes, n);
            prop_assert!((pushed.m3 - direct.m3).abs() < 1e-9 && (pushed.m2 - direct.m2).abs() < 1e-9);
            prop_assert_eq!(pushed.largest, direct.largest);
        }
    }
}
