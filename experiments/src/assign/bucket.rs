//! From a number in [0, 1) to a variant.

use super::{HashVersion, hash};

/// A stretch of [0, 1): the start belongs to it, the end does not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// The first number in it.
    pub start: f64,
    /// The first number behind it.
    pub end: f64,
}

impl Range {
    /// Whether a number lies in it.
    #[must_use]
    pub fn contains(self, number: f64) -> bool {
        self.start <= number && number < self.end
    }
}

/// How far from 1 weights may sum and still be taken.
const WEIGHT_SUM_SLACK: f64 = 0.01;

/// The same weight for each of `n` variants.
#[must_use]
pub fn equal_weights(n: usize) -> Vec<f64> {
    vec![1.0 / n as f64; n]
}

/// Where each variant lies. Each begins where it would at full coverage and takes that share of its weight, so that
/// raising the coverage moves nobody. Coverage is held to [0, 1]; weights that are not `n` numbers from 0 up with a sum
/// of 1 (give or take .01) are taken as equal, which is what the SDKs do: refuse such weights before they come here.
#[must_use]
pub fn bucket_ranges(n: usize, coverage: f64, weights: Option<&[f64]>) -> Vec<Range> {
    let coverage = if coverage.is_nan() { 0.0 } else { coverage.clamp(0.0, 1.0) };
    let sound = |weights: &&[f64]| {
        let sum: f64 = weights.iter().sum();
        weights.len() == n && (sum - 1.0).abs() <= WEIGHT_SUM_SLACK && weights.iter().all(|weight| *weight >= 0.0)
    };
    let weights = weights.filter(sound).map_or_else(|| equal_weights(n), <[f64]>::to_vec);
    let mut start = 0.0;
    let range = |weight: &f64| {
        let range = Range { start, end: start + coverage * weight };
        start += weight;
        range
    };
    weights.iter().map(range).collect()
}

/// The variant whose range holds a number.
#[must_use]
pub fn choose_variation(number: f64, ranges: &[Range]) -> Option<usize> {
    ranges.iter().position(|range| range.contains(number))
}

/// Whether a unit falls into a stretch of a namespace: experiments in stretches that do not overlap never meet.
#[must_use]
pub fn in_namespace(unit: &str, namespace: &str, range: Range) -> bool {
    range.contains(hash(&format!("__{namespace}"), unit, HashVersion::V1))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::testdata::conformance;

    fn range(value: &Value) -> Range {
        Range { start: value[0].as_f64().unwrap(), end: value[1].as_f64().unwrap() }
    }

    fn numbers(value: &Value) -> Option<Vec<f64>> {
        value.as_array().map(|list| list.iter().map(|number| number.as_f64().unwrap()).collect())
    }

    /// To eight digits, as the specification rounds.
    fn alike(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-8
    }

    #[test]
    fn growthbook_agrees_on_ranges() {
        let Some(cases) = conformance("growthbook-cases.json") else { return };
        for case in cases["getBucketRange"].as_array().unwrap() {
            let weights = numbers(&case[1][2]);
            let count = case[1][0].as_u64().unwrap() as usize;
            let got = bucket_ranges(count, case[1][1].as_f64().unwrap(), weights.as_deref());
            let wanted: Vec<Range> = case[2].as_array().unwrap().iter().map(range).collect();
            assert_eq!(got.len(), wanted.len());
            let pairs = got.iter().zip(&wanted);
            assert!(pairs.clone().all(|(a, b)| alike(a.start, b.start) && alike(a.end, b.end)), "{case}: {got:?}");
        }
    }

    #[test]
    fn growthbook_agrees_on_choices() {
        let Some(cases) = conformance("growthbook-cases.json") else { return };
        for case in cases["chooseVariation"].as_array().unwrap() {
            let ranges: Vec<Range> = case[2].as_array().unwrap().iter().map(range).collect();
            let got = choose_variation(case[1].as_f64().unwrap(), &ranges);
            assert_eq!(got, usize::try_from(case[3].as_i64().unwrap()).ok(), "{case}");
        }
        for case in cases["inNamespace"].as_array().unwrap() {
            let stretch = Range { start: case[2][1].as_f64().unwrap(), end: case[2][2].as_f64().unwrap() };
            let got = in_namespace(case[1].as_str().unwrap(), case[2][0].as_str().unwrap(), stretch);
            assert_eq!(got, case[3].as_bool().unwrap(), "{case}");
        }
        for case in cases["getEqualWeights"].as_array().unwrap() {
            let got = equal_weights(usize::try_from(case[0].as_i64().unwrap()).unwrap_or(0));
            let wanted = numbers(&case[1]).unwrap();
            assert!(got.len() == wanted.len() && got.iter().zip(&wanted).all(|(a, b)| alike(*a, *b)), "{case}");
        }
    }
}
