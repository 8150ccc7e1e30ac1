//! From content to weighted postings.

use super::params::Checked;
use super::{Bm25, NAME};
use crate::csr::Csr;
use crate::log::View;
use crate::model::{Context, FitError};
use crate::words::Words;

impl Checked {
    /// The model. It learns from content alone; who dealt with what it takes from the requests.
    pub fn fit(&self, view: &View<'_>, _context: &Context<'_>) -> Result<Bm25, FitError> {
        let content = view.content();
        let words = Words::of(&content, 1.0);
        let said = |row: usize| content.entries(row).filter(|(_, tf)| *tf > 0.0);
        let lengths: Vec<f64> = (0..content.rows()).map(|row| said(row).map(|(_, tf)| f64::from(tf)).sum()).collect();
        let documents = lengths.iter().filter(|length| **length > 0.0).count();
        if documents == 0 {
            return Err(FitError::Nothing { model: NAME, what: "no item has content" });
        }
        let mut with = vec![0_u32; content.cols()];
        (0..content.rows()).for_each(|row| said(row).for_each(|(feature, _)| with[feature] += 1));
        let idf = |df: &u32| (1.0 + (documents as f64 - f64::from(*df) + 0.5) / (f64::from(*df) + 0.5)).ln();
        let mut model = Bm25 {
            params: self.0.clone(),
            idf: with.iter().map(idf).collect(),
            length_mean: lengths.iter().sum::<f64>() / documents as f64,
            profiles: words.rows(&content),
            documents: Csr::default(),
            postings: Csr::default(),
            words,
        };
        let rows = (0..content.rows()).map(|row| {
            let (features, values) = content.row(row);
            model.document(features, values)
        });
        let documents = Csr::from_rows(content.cols(), rows.collect::<Vec<_>>());
        model.postings = documents.transpose();
        model.documents = documents;
        Ok(model)
    }
}
