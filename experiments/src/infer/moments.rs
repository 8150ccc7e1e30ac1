//! Mergeable moments: all that the analysis of a mean needs, however many units there are.

use serde::{Deserialize, Serialize};

/// Count, mean and centred second moment of a number per unit.
///
/// Updated as in Welford (1962), merged as in Chan, Golub and LeVeque (1979): never Σx² − (Σx)²/n, which at a mean of 10⁹
/// leaves nothing of the variance.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Moments {
    /// Units.
    pub n: u64,
    /// Their mean; 0 where there are none.
    pub mean: f64,
    /// Σ(x − mean)².
    pub m2: f64,
}

impl Moments {
    /// The moments of some numbers.
    #[must_use]
    pub fn of(numbers: impl IntoIterator<Item = f64>) -> Self {
        let mut moments = Self::default();
        numbers.into_iter().for_each(|number| moments.push(number));
        moments
    }

    /// The moments of numbers of which only the count, the sum and the sum of squares are known, as other tools report
    /// them. Loses digits where the mean is large against the spread.
    #[must_use]
    pub fn from_sums(n: u64, sum: f64, sum_squares: f64) -> Self {
        if n == 0 {
            return Self::default();
        }
        let mean = sum / n as f64;
        Self { n, mean, m2: (sum_squares - sum * mean).max(0.0) }
    }

    /// Takes in one more unit.
    pub fn push(&mut self, number: f64) {
        self.n += 1;
        let off = number - self.mean;
        self.mean += off / self.n as f64;
        self.m2 += off * (number - self.mean);
    }

    /// The moments of both lots together. Associative and commutative, but for rounding.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        if self.n == 0 || other.n == 0 {
            return if self.n == 0 { other } else { self };
        }
        let n = self.n + other.n;
        let share = other.n as f64 / n as f64;
        let apart = other.mean - self.mean;
        Self { n, mean: self.mean + apart * share, m2: self.m2 + other.m2 + apart * apart * share * self.n as f64 }
    }

    /// The unbiased variance, dividing by n − 1; none for fewer than two units.
    #[must_use]
    pub fn variance(&self) -> Option<f64> {
        (self.n >= 2).then(|| self.m2 / (self.n - 1) as f64)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testdata::close;

    #[test]
    fn a_mean_of_a_billion_keeps_its_variance() {
        let numbers: Vec<f64> = (0..10_000).map(|i| 1e9 + f64::from(i % 10)).collect();
        let whole = Moments::of(numbers.iter().copied());
        // Of 0..9 in equal parts: 8.25 · n/(n − 1).
        close(whole.variance().unwrap(), 8.25 * 10_000.0 / 9_999.0, 1e-8);
        let halves = Moments::of(numbers[..3_333].iter().copied()).merge(Moments::of(numbers[3_333..].iter().copied()));
        close(halves.variance().unwrap(), whole.variance().unwrap(), 1e-8);
        close(halves.mean, whole.mean, 1e-14);
    }

    proptest! {
        #[test]
        fn merging_is_associative_and_has_a_neutral(
            a in prop::collection::vec(-1e3..1e3_f64, 0..20),
            b in prop::collection::vec(-1e3..1e3_f64, 0..20),
            c in prop::collection::vec(-1e3..1e3_f64, 0..20),
            shift in prop::sample::select(vec![0.0, 1e9]),
        ) {
            let of = |numbers: &[f64]| Moments::of(numbers.iter().map(|number| number + shift));
            let (a, b, c) = (of(&a), of(&b), of(&c));
            let (left, right) = (a.merge(b).merge(c), a.merge(b.merge(c)));
            prop_assert_eq!(left.n, right.n);
            prop_assert!((left.mean - right.mean).abs() <= 1e-12 * (1.0 + shift));
            prop_assert!((left.m2 - right.m2).abs() <= 1e-6 * (1.0 + left.m2.abs()), "{left:?} {right:?}");
            prop_assert_eq!(a.merge(Moments::default()), a);
            prop_assert_eq!(Moments::default().merge(a), a);
        }
    }
}
