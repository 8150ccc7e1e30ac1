//! What items say of themselves, as weighted words: what the models that read content share.

use serde::{Deserialize, Serialize};

use crate::csr::Csr;
use crate::log::{ItemIx, View};

/// How much each feature tells: rare ones more.
///
/// The weight of a feature that an item has with value tf is ln(1 + tf) · ln((N + 1) ÷ (df + 1))^power, where df of the N
/// items with content have it (Salton and Buckley 1988); each item's weights are then scaled to length 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Words {
    idf: Vec<f32>,
}

impl Words {
    /// Counts the features of `content` (items × features). Values that are not above 0 count as not there.
    #[must_use]
    pub fn of(content: &Csr, power: f64) -> Self {
        let mut with = vec![0_u32; content.cols()];
        let mut items = 0_u32;
        for row in 0..content.rows() {
            let mut any = false;
            for (feature, _) in content.entries(row).filter(|(_, value)| *value > 0.0) {
                with[feature] += 1;
                any = true;
            }
            items += u32::from(any);
        }
        let idf = |df: &u32| ((f64::from(items) + 1.0) / (f64::from(*df) + 1.0)).ln().powf(power) as f32;
        // What no item has, nothing was learned of.
        Self { idf: with.iter().map(|df| if *df == 0 { 0.0 } else { idf(df) }).collect() }
    }

    /// How many features there are.
    #[must_use]
    pub fn features(&self) -> usize {
        self.idf.len()
    }

    /// Whether every weight is a number that counting can give.
    pub(crate) fn is_sound(&self) -> bool {
        self.idf.iter().all(|idf| idf.is_finite() && *idf >= 0.0)
    }

    /// One item's weights, of length 1 together; nothing where it has no feature that tells.
    #[must_use]
    pub fn row(&self, features: &[u32], values: &[f32]) -> Vec<(u32, f32)> {
        let told = features.iter().zip(values).filter(|(_, value)| **value > 0.0 && value.is_finite());
        let weight = |(feature, value): (&u32, &f32)| {
            let idf = self.idf.get(*feature as usize).copied().unwrap_or(0.0);
            (idf > 0.0).then(|| (*feature, value.ln_1p() * idf))
        };
        let mut row: Vec<(u32, f32)> = told.filter_map(weight).collect();
        let length = row.iter().map(|(_, weight)| weight * weight).sum::<f32>().sqrt();
        row.iter_mut().for_each(|(_, weight)| *weight /= length);
        row
    }

    /// The weights of all items of `content`.
    #[must_use]
    pub fn rows(&self, content: &Csr) -> Csr {
        let row = |item| {
            let (features, values) = content.row(item);
            self.row(features, values)
        };
        Csr::from_rows(self.features(), (0..content.rows()).map(row))
    }
}

/// Items with content in `view` that had none in `rows`, as those that came to be after a fit; their features and values.
pub(crate) fn late<'a>(view: View<'a>, rows: &'a Csr) -> impl Iterator<Item = (usize, &'a [u32], &'a [f32])> {
    let unknown = move |item: &usize| *item >= rows.rows() || rows.row(*item).0.is_empty();
    (0..view.items()).filter(unknown).filter_map(move |item| {
        let (features, values) = view.content_of(ItemIx(item as u32));
        (!features.is_empty()).then_some((item, features, values))
    })
}

/// [`crate::signal::six_by_eight`] with content of five features, for which NumPy was asked.
#[cfg(test)]
pub(crate) fn six_by_eight() -> crate::log::Log {
    use crate::log::{ItemFacts, Log};
    let rows: [&[(u32, f32)]; 8] = [
        &[(0, 1.0), (1, 1.0)],
        &[(1, 1.0)],
        &[(0, 1.0), (2, 1.0)],
        &[(3, 1.0)],
        &[(3, 2.0), (4, 1.0)],
        &[(1, 1.0), (2, 1.0)],
        &[(4, 1.0)],
        &[(0, 1.0), (3, 1.0)],
    ];
    let content = Csr::from_rows(5, rows.iter().map(|row| row.iter().copied()));
    let plain = crate::signal::six_by_eight();
    let facts = ItemFacts { content, ..ItemFacts::default() };
    Log::new(plain.members(), plain.items(), plain.events().to_vec(), facts).unwrap()
}

/// Holds a model's scores of members 1 and 5 of [`six_by_eight`] to those given; 0 stands for nothing to say.
#[cfg(test)]
pub(crate) fn agrees(model: &dyn crate::model::Model, want: [[f32; 8]; 2]) {
    let scores = crate::conformance::scores(model, &six_by_eight(), &[1, 5]);
    for (scores, want) in scores.iter().zip(want) {
        for (got, want) in scores.iter().zip(want) {
            let right = if want == 0.0 { *got == f32::NEG_INFINITY } else { (got - want).abs() < 2e-4 };
            assert!(right, "{scores:?}, not {want:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rare_features_weigh_more_and_common_ones_nothing() {
        let content =
            Csr::from_rows(4, [vec![(0, 1.0), (1, 1.0)], vec![(0, 1.0), (2, -1.0)], vec![(0, 3.0), (1, 1.0)]]);
        let words = Words::of(&content, 1.0);
        // Feature 0 is everywhere, 2 only against, 3 nowhere.
        assert_eq!(words.rows(&content).row(0), (&[1][..], &[1.0][..]));
        assert!(words.row(&[0, 2, 3, 9], &[1.0, f32::NAN, 1.0, 1.0]).is_empty());
    }

    proptest! {
        #[test]
        fn rows_have_length_one(rows in prop::collection::vec(prop::collection::vec((0_u32..9, -1.0_f32..4.0), 0..6), 1..9)) {
            let content = Csr::from_rows(9, rows);
            let made = Words::of(&content, 0.7).rows(&content);
            for row in 0..made.rows() {
                let length: f32 = made.entries(row).map(|(_, weight)| weight * weight).sum();
                prop_assert!(made.row(row).0.is_empty() || (length - 1.0).abs() < 1e-5, "{length}");
            }
        }
    }
}
