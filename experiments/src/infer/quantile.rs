//! Quantiles, over units or over the events of units.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::effect::Sample;
use super::finding::Why;
use super::joint::Joint;
use super::ratio;
use super::tail::normal_quantile;

/// The spread of the sample quantile is read off an interval of this two-sided level.
const ALPHA: f64 = 0.05;

/// Of the ranks between a quantile's bounds, at most this share may belong to a value more common than all of them: of A/A
/// tests on a quantile beside such an atom at 0, 46% were rejected at a nominal 5%.
const TIED_MAX: f64 = 0.05;

/// A quantile of one arm with the variance of its estimate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct QuantileSample {
    /// Units, each with one or several values.
    pub units: u64,
    /// Which quantile, in (0, 1).
    pub level: f64,
    /// The sample quantile.
    pub estimate: f64,
    /// The variance of the estimate.
    pub variance: f64,
}

impl QuantileSample {
    /// The quantile of one value per unit; sorts them. With L, U = ν ± z√(ν(1 − ν)/n), the variance is
    /// ((Y_U − Y_L)/2z)² (Deng, Knoblich and Lu 2018, arXiv 1803.06336, section 4.3).
    ///
    /// Fewer values than reach to L and U are [`Why::TooFewUnits`].
    pub fn of(values: &mut [f64], level: f64) -> Result<Self, Why> {
        if !(level > 0.0 && level < 1.0) {
            return Err(Why::BadQuestion);
        }
        if values.iter().any(|value| !value.is_finite()) {
            return Err(Why::NotFinite);
        }
        let n = values.len() as f64;
        let z = normal_quantile(ALPHA);
        let reach = z * (level * (1.0 - level) / n).sqrt();
        // Also where n is 0.
        if values.len() < 2 || level - reach <= 0.0 || level + reach >= 1.0 {
            return Err(Why::TooFewUnits);
        }
        values.sort_unstable_by(f64::total_cmp);
        let rank = |share: f64| (share * n) as usize;
        if jumps(values, rank(level - reach), rank(level + reach)) {
            return Err(Why::TiedValues);
        }
        let width = quantile(values, level + reach) - quantile(values, level - reach);
        let estimate = quantile(values, level);
        Ok(Self { units: values.len() as u64, level, estimate, variance: (width / (2.0 * z)).powi(2) })
    }

    /// The quantile of several values per unit, where units and not values are randomised: the variance of [`Self::of`]
    /// times how much more the share of values up to the quantile varies than it would if all were independent. Units
    /// without a value have no part in it.
    pub fn clustered(values: &[(u64, f64)], level: f64) -> Result<Self, Why> {
        let mut sorted: Vec<f64> = values.iter().map(|(_, value)| *value).collect();
        let plain = Self::of(&mut sorted, level)?;
        let mut units: HashMap<u64, [f64; 2]> = HashMap::new();
        for (unit, value) in values {
            let [below, all] = units.entry(*unit).or_default();
            *below += f64::from(u8::from(*value <= plain.estimate));
            *all += 1.0;
        }
        // In an order of their own: the sums must not depend on the map's.
        let mut rows: Vec<[f64; 2]> = units.into_values().collect();
        rows.sort_unstable_by(|a, b| a[1].total_cmp(&b[1]).then(a[0].total_cmp(&b[0])));
        let share = ratio::sample(&Joint::of(rows))?;
        let independent = level * (1.0 - level) / values.len() as f64;
        Ok(Self { units: share.n, variance: plain.variance * share.variance_of_mean() / independent, ..plain })
    }

    /// For the methods that work from a mean and the variance of one unit.
    pub(crate) fn sample(&self) -> Result<Sample, Why> {
        if self.units < 2 {
            return Err(Why::TooFewUnits);
        }
        Sample { n: self.units, mean: self.estimate, variance: self.variance * self.units as f64 }.checked()
    }
}

/// Whether one value that is more common than all around a quantile together reaches into the ranks between its bounds:
/// then the quantile jumps, and its spread cannot be read off the values beside it. All the same between them is another
/// matter: no variance. Values that merely come in steps do not matter.
fn jumps(sorted: &[f64], from: usize, to: usize) -> bool {
    let to = to.min(sorted.len() - 1);
    let band = to - from + 1;
    let edge = |at: usize| {
        let value = sorted[at];
        let (begin, end) = (sorted.partition_point(|v| *v < value), sorted.partition_point(|v| *v <= value));
        let inside = end.min(to + 1) - begin.max(from);
        end - begin > band && inside < band && inside as f64 > TIED_MAX * band as f64
    };
    edge(from) || edge(to)
}

/// The quantile of sorted values, straight between neighbours: Hyndman and Fan's definition 7, as in NumPy and SQL's
/// PERCENTILE_CONT.
fn quantile(sorted: &[f64], level: f64) -> f64 {
    let at = level * (sorted.len() - 1) as f64;
    let (low, share) = (sorted[at as usize], at.fract());
    let high = sorted[(at as usize + 1).min(sorted.len() - 1)];
    // Weighted, not low + share · (high − low), which overflows for ±1e308.
    low * (1.0 - share) + high * share
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testdata::close;

    fn values() -> Vec<(u64, f64)> {
        (0..600_u32)
            .map(|i| (u64::from(i % 97), f64::from(i * 7919 % 1009) / 10.0 + f64::from(i % 13).powi(2) / 7.0))
            .collect()
    }

    /// gbstats 0.8.0 (QuantileStatistic, QuantileClusteredStatistic), given NumPy's quantiles; its variances without their
    /// factor (n − 1)/n, which the paper does not have.
    #[test]
    fn a_quantile_beside_an_atom_is_not_told() {
        let of = |values: &mut dyn Iterator<Item = u32>, level| {
            QuantileSample::of(&mut values.map(f64::from).collect::<Vec<_>>(), level).map(|found| found.variance > 0.0)
        };
        // 1.03% are not 0: the 99th percentile is on the brink.
        let purchases = |i: u32| if i % 10_000 < 103 { 1 + i % 103 } else { 0 };
        assert_eq!(of(&mut (0..20_000).map(purchases), 0.99), Err(Why::TiedValues));
        // Nearly half are 0, and the rest are spread.
        assert_eq!(of(&mut (0..20_000).map(|i| if i % 200 < 99 { 0 } else { i }), 0.5), Err(Why::TiedValues));
        // Whole numbers, many of each, are told.
        assert_eq!(of(&mut (0..2_000).map(|i| i % 97), 0.9), Ok(true));
    }

    #[test]
    fn growthbooks_engine_agrees() {
        for (level, estimate, plain, clustered) in [
            (0.5, 58.4, 4.492_195_226_010_653_5, 1.528_126_271_848_137_4),
            (0.9, 97.365_714_285_714_29, 1.737_070_566_733_577_5, 1.074_551_048_382_029_3),
        ] {
            let mut alone: Vec<f64> = values().iter().map(|(_, value)| *value).collect();
            let got = QuantileSample::of(&mut alone, level).unwrap();
            close(got.estimate, estimate, 1e-12);
            close(got.variance, plain, 1e-9);
            let got = QuantileSample::clustered(&values(), level).unwrap();
            assert_eq!(got.units, 97);
            close(got.variance, clustered, 1e-9);
        }
    }

    /// With one value per unit, clustering makes no difference but for n − 1.
    #[test]
    fn units_of_one_value() {
        let values: Vec<(u64, f64)> = (0..1_000).map(|i| (i, f64::from(i as u32 * 7919 % 1009))).collect();
        let clustered = QuantileSample::clustered(&values, 0.5).unwrap();
        let mut alone: Vec<f64> = values.iter().map(|(_, value)| *value).collect();
        close(clustered.variance, QuantileSample::of(&mut alone, 0.5).unwrap().variance, 2e-3);
    }

    #[test]
    fn what_has_no_quantile() {
        assert_eq!(QuantileSample::of(&mut [], 0.5), Err(Why::TooFewUnits));
        assert_eq!(QuantileSample::of(&mut [1.0, 2.0, 3.0], 0.5), Err(Why::TooFewUnits));
        let mut many: Vec<f64> = (0..300).map(f64::from).collect();
        assert_eq!(QuantileSample::of(&mut many, 0.999), Err(Why::TooFewUnits));
        assert_eq!(QuantileSample::of(&mut many, f64::NAN), Err(Why::BadQuestion));
        many[3] = f64::INFINITY;
        assert_eq!(QuantileSample::of(&mut many, 0.5), Err(Why::NotFinite));
        let same = vec![(1, 2.0); 500];
        assert_eq!(QuantileSample::clustered(&same, 0.5), Err(Why::TooFewUnits));
    }
}
