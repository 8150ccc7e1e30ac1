//! Many comparisons at once: p-values adjusted so that each can still be held against alpha. The order is kept, and all is
//! in logarithms, so that a p of 10⁻⁴⁰⁰ stays one.

use serde::{Deserialize, Serialize};

use crate::infer::finding::Finding;

/// What is to hold for many comparisons together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Correction {
    /// Holm (1979): the chance of any false alarm at all stays below alpha.
    #[default]
    Holm,
    /// Benjamini and Hochberg (1995): the expected share of false alarms among all alarms stays below alpha, for
    /// independent or positively dependent comparisons.
    BenjaminiHochberg,
    /// None: each comparison stands alone.
    None,
}

impl Correction {
    /// The logarithms of adjusted p-values, in the same order.
    #[must_use]
    pub fn ln_p(self, ln_p: &[f64]) -> Vec<f64> {
        match self {
            Self::Holm => ln_holm(ln_p),
            Self::BenjaminiHochberg => ln_benjamini_hochberg(ln_p),
            Self::None => ln_p.to_vec(),
        }
    }

    /// The logarithm of the adjusted p-value of each finding that was measured. What is inconclusive is no comparison: it
    /// has no p-value, and makes nothing harder for the others.
    #[must_use]
    pub fn of(self, findings: &[Finding]) -> Vec<Option<f64>> {
        let measured: Vec<f64> =
            findings.iter().filter_map(|finding| finding.interval()).map(|found| found.ln_p).collect();
        let mut adjusted = self.ln_p(&measured).into_iter();
        findings.iter().map(|finding| finding.interval().and_then(|_| adjusted.next())).collect()
    }
}

/// The level at which each of so many intervals is made for all of them to hold together (Bonferroni): alpha shared
/// equally. For sequences too, and however the comparisons depend on each other.
#[must_use]
pub fn simultaneous(alpha: f64, comparisons: usize) -> f64 {
    alpha / comparisons.max(1) as f64
}

/// [`Correction::Holm`] of logarithms of p-values.
#[must_use]
pub fn ln_holm(ln_p: &[f64]) -> Vec<f64> {
    let mut adjusted = vec![0.0; ln_p.len()];
    let mut highest = f64::NEG_INFINITY;
    for (rank, at) in ascending(ln_p).into_iter().enumerate() {
        highest = highest.max((ln_p[at] + ((ln_p.len() - rank) as f64).ln()).min(0.0));
        adjusted[at] = highest;
    }
    adjusted
}

/// [`Correction::BenjaminiHochberg`] of logarithms of p-values.
#[must_use]
pub fn ln_benjamini_hochberg(ln_p: &[f64]) -> Vec<f64> {
    let mut adjusted = vec![0.0; ln_p.len()];
    let mut lowest = 0.0_f64;
    for (rank, at) in ascending(ln_p).into_iter().enumerate().rev() {
        lowest = lowest.min(ln_p[at] + (ln_p.len() as f64 / (rank + 1) as f64).ln());
        adjusted[at] = lowest;
    }
    adjusted
}

fn ascending(numbers: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..numbers.len()).collect();
    order.sort_by(|a, b| numbers[*a].total_cmp(&numbers[*b]));
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::infer::effect::Effect;
    use crate::infer::finding::{Interval, Why};
    use crate::testdata::{close, conformance};

    #[test]
    fn the_reference_agrees() {
        let Some(golden) = conformance("statistics.json") else { return };
        let numbers = |key: &str| -> Vec<f64> {
            golden["adj"][key].as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
        };
        let ln_p: Vec<f64> = numbers("p").into_iter().map(f64::ln).collect();
        ln_holm(&ln_p).iter().zip(numbers("holm")).for_each(|(got, wanted)| close(got.exp(), wanted, 1e-12));
        let adjusted = ln_benjamini_hochberg(&ln_p);
        adjusted.iter().zip(numbers("bh")).for_each(|(got, wanted)| close(got.exp(), wanted, 1e-12));
    }

    #[test]
    fn a_table_with_gaps_and_tiny_values() {
        assert!(ln_holm(&[]).is_empty() && ln_benjamini_hochberg(&[]).is_empty());
        assert_eq!(ln_holm(&[-0.1, -0.2]), [0.0, 0.0]);
        let effect = Effect { estimate: 1.0, standard_error: 1.0, degrees: 1.0, n: 10 };
        let found = |ln_p| Finding::Measured(Interval::around(&effect, 1.0, ln_p));
        let table = [found(-1_000.0), Finding::Inconclusive(Why::NoVariance), found(-2.0)];
        let adjusted = Correction::Holm.of(&table);
        assert_eq!(adjusted, [Some(-1_000.0 + 2.0_f64.ln()), None, Some(-2.0)]);
        assert_eq!(Correction::BenjaminiHochberg.of(&table), adjusted);
        close(simultaneous(0.05, 4), 0.0125, 1e-15);
        close(simultaneous(0.05, 0), 0.05, 1e-15);
    }
}
