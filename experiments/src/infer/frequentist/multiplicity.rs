//! Many comparisons at once: p-values adjusted so that each can still be held against alpha. The order is kept.

/// Holm (1979): the chance of any false alarm at all stays below alpha.
#[must_use]
pub fn holm(p: &[f64]) -> Vec<f64> {
    let order = ascending(p);
    let mut adjusted = vec![1.0; p.len()];
    let mut highest = 0.0_f64;
    for (rank, at) in order.into_iter().enumerate() {
        highest = highest.max((p[at] * (p.len() - rank) as f64).min(1.0));
        adjusted[at] = highest;
    }
    adjusted
}

/// Benjamini and Hochberg (1995): the expected share of false alarms among all alarms stays below alpha, for independent
/// or positively dependent comparisons.
#[must_use]
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    let order = ascending(p);
    let mut adjusted = vec![1.0; p.len()];
    let mut lowest = 1.0_f64;
    for (rank, at) in order.into_iter().enumerate().rev() {
        lowest = lowest.min(p[at] * p.len() as f64 / (rank + 1) as f64);
        adjusted[at] = lowest;
    }
    adjusted
}

fn ascending(p: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testdata::{close, conformance};

    #[test]
    fn the_reference_agrees() {
        let Some(golden) = conformance("statistics.json") else { return };
        let numbers = |key: &str| -> Vec<f64> {
            golden["adj"][key].as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
        };
        let p = numbers("p");
        holm(&p).iter().zip(numbers("holm")).for_each(|(got, wanted)| close(*got, wanted, 1e-12));
        benjamini_hochberg(&p).iter().zip(numbers("bh")).for_each(|(got, wanted)| close(*got, wanted, 1e-12));
        assert!(holm(&[]).is_empty() && benjamini_hochberg(&[]).is_empty());
        assert_eq!(holm(&[0.9, 0.8]), [1.0, 1.0]);
    }
}
