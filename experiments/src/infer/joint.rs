//! Mergeable joint moments: all that the analysis of several numbers per unit needs, such as an outcome with its
//! pre-exposure value, or a numerator with its denominator.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error, ser::SerializeStruct};

use super::moments::Moments;

/// Count, means, and centred second and cross moments of K numbers per unit.
///
/// Updated and merged as [`Moments`] are (Chan, Golub and LeVeque 1979), never as Σxy − ΣxΣy/n.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Joint<const K: usize> {
    /// Units.
    pub n: u64,
    /// Their means; 0 where there are none.
    pub mean: [f64; K],
    /// Σ(xᵢ − meanᵢ)(xⱼ − meanⱼ), symmetric.
    pub co: [[f64; K]; K],
}

impl<const K: usize> Default for Joint<K> {
    fn default() -> Self {
        Self { n: 0, mean: [0.0; K], co: [[0.0; K]; K] }
    }
}

impl<const K: usize> Joint<K> {
    /// The moments of some rows of numbers, one row per unit.
    #[must_use]
    pub fn of(rows: impl IntoIterator<Item = [f64; K]>) -> Self {
        let mut joint = Self::default();
        rows.into_iter().for_each(|row| joint.push(row));
        joint
    }

    /// Takes in one more unit.
    pub fn push(&mut self, row: [f64; K]) {
        self.n += 1;
        let n = self.n as f64;
        let off: [f64; K] = std::array::from_fn(|i| row[i] - self.mean[i]);
        self.spread(&off, (n - 1.0) / n);
        (0..K).for_each(|i| self.mean[i] += off[i] / n);
    }

    /// The moments of both lots together. Associative and commutative, but for rounding.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        if self.n == 0 || other.n == 0 {
            return if self.n == 0 { other } else { self };
        }
        let n = self.n + other.n;
        let share = other.n as f64 / n as f64;
        let apart: [f64; K] = std::array::from_fn(|i| other.mean[i] - self.mean[i]);
        self.spread(&apart, share * self.n as f64);
        self.co.iter_mut().flatten().zip(other.co.iter().flatten()).for_each(|(co, more)| *co += more);
        self.mean.iter_mut().zip(apart).for_each(|(mean, apart)| *mean += apart * share);
        self.n = n;
        self
    }

    fn spread(&mut self, off: &[f64; K], weight: f64) {
        for i in 0..K {
            (0..K).for_each(|j| self.co[i][j] += off[i] * off[j] * weight);
        }
    }

    /// The unbiased covariance of the numbers `i` and `j`; none for fewer than two units.
    #[must_use]
    pub fn covariance(&self, i: usize, j: usize) -> Option<f64> {
        (self.n >= 2).then(|| self.co[i][j] / (self.n - 1) as f64)
    }

    /// The moments of one of the numbers alone.
    #[must_use]
    pub fn marginal(&self, i: usize) -> Moments {
        Moments { n: self.n, mean: self.mean[i], m2: self.co[i][i] }
    }
}

/// The stored shape: a list of means, and the rows of the matrix.
#[derive(Deserialize)]
struct Stored {
    n: u64,
    mean: Vec<f64>,
    co: Vec<Vec<f64>>,
}

impl<const K: usize> Serialize for Joint<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rows: Vec<&[f64]> = self.co.iter().map(|row| &row[..]).collect();
        let mut joint = serializer.serialize_struct("Joint", 3)?;
        joint.serialize_field("n", &self.n)?;
        joint.serialize_field("mean", &self.mean[..])?;
        joint.serialize_field("co", &rows)?;
        joint.end()
    }
}

impl<'de, const K: usize> Deserialize<'de> for Joint<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stored = Stored::deserialize(deserializer)?;
        let row = |numbers: Vec<f64>| {
            <[f64; K]>::try_from(numbers).map_err(|_| D::Error::custom(format!("not {K} numbers in each row")))
        };
        let rows = stored.co.into_iter().map(row).collect::<Result<Vec<_>, _>>()?;
        let co = rows.try_into().map_err(|_| D::Error::custom(format!("not {K} rows")))?;
        Ok(Self { n: stored.n, mean: row(stored.mean)?, co })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testdata::close;

    #[test]
    fn a_mean_of_a_billion_keeps_its_covariance() {
        let rows: Vec<[f64; 2]> = (0..10_000).map(|i| [1e9 + f64::from(i % 10), 2e9 + f64::from(i % 10)]).collect();
        let whole = Joint::of(rows.iter().copied());
        close(whole.covariance(0, 1).unwrap(), 8.25 * 10_000.0 / 9_999.0, 1e-7);
        let halves = Joint::of(rows[..3_333].iter().copied()).merge(Joint::of(rows[3_333..].iter().copied()));
        close(halves.covariance(0, 1).unwrap(), whole.covariance(0, 1).unwrap(), 1e-7);
        close(halves.marginal(1).mean, whole.mean[1], 1e-14);
    }

    #[test]
    fn stored_and_read_back() {
        let joint = Joint::of([[1.0, 2.0, 3.0], [4.0, 6.0, 5.0]]);
        let text = serde_json::to_string(&joint).unwrap();
        assert_eq!(serde_json::from_str::<Joint<3>>(&text).unwrap(), joint);
        assert!(serde_json::from_str::<Joint<2>>(&text).is_err());
    }

    proptest! {
        #[test]
        fn merging_is_associative_and_agrees_with_the_marginals(
            a in prop::collection::vec(prop::array::uniform2(-1e3..1e3_f64), 0..20),
            b in prop::collection::vec(prop::array::uniform2(-1e3..1e3_f64), 0..20),
            c in prop::collection::vec(prop::array::uniform2(-1e3..1e3_f64), 0..20),
            shift in prop::sample::select(vec![0.0, 1e9]),
        ) {
            let of = |rows: &[[f64; 2]]| Joint::of(rows.iter().map(|row| row.map(|number| number + shift)));
            let marginal = Moments::of(a.iter().map(|row| row[1] + shift));
            let (a, b, c) = (of(&a), of(&b), of(&c));
            let (left, right) = (a.merge(b).merge(c), a.merge(b.merge(c)));
            prop_assert_eq!(left.n, right.n);
            for i in 0..2 {
                prop_assert!((left.mean[i] - right.mean[i]).abs() <= 1e-12 * (1.0 + shift));
                for j in 0..2 {
                    prop_assert!((left.co[i][j] - right.co[i][j]).abs() <= 1e-6 * (1.0 + left.co[i][i] + left.co[j][j]));
                }
            }
            prop_assert!((a.marginal(1).m2 - marginal.m2).abs() <= 1e-6 * (1.0 + marginal.m2));
            prop_assert_eq!(a.merge(Joint::default()), a);
        }
    }
}
