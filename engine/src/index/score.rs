//! BM25 that depends on the live documents and on nothing else.

use std::sync::Arc;

use hashbrown::HashMap;
use parking_lot::Mutex;
use tantivy::index::SegmentId;
use tantivy::query::{Bm25StatisticsProvider, EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocId, DocSet, Opstamp, Score, Searcher, SegmentReader, Term};

use super::schema::Fields;

/// Scores are whole multiples of 1/1024. With at most 256 parts of at most [`PART_MAX`] each, a sum stays below 2¹⁴ and
/// so within the 24 bits of an `f32`: adding is exact, and the order of adding, which tantivy is free to choose for each
/// segment, leaves no trace.
const STEPS_PER_UNIT: f32 = 1024.0;
/// The most that one term in one field may give. BM25 of a term found once in ten million documents is 36.
const PART_MAX: f32 = 64.0;
/// How many counts are remembered before all are forgotten.
const COUNTS_MAX: usize = 65_536;

/// How often terms occur among the live documents of segments that have deleted ones. Counting them walks a posting
/// list, so the counts are kept for as long as the segment keeps its deletes.
#[derive(Debug, Clone, Default)]
pub(super) struct LiveCounts(Arc<Mutex<HashMap<CountKey, u32>>>);

/// A term in a segment with its deletes as of a commit.
type CountKey = (SegmentId, Option<Opstamp>, Term);

impl LiveCounts {
    fn count(&self, segment: &SegmentReader, term: &Term) -> tantivy::Result<u32> {
        let inverted = segment.inverted_index(term.field())?;
        let Some(alive) = segment.alive_bitset() else { return Ok(inverted.doc_freq(term)?) };
        let key = (segment.segment_id(), segment.delete_opstamp(), term.clone());
        if let Some(count) = self.0.lock().get(&key) {
            return Ok(*count);
        }
        let postings = inverted.read_postings(term, IndexRecordOption::Basic)?;
        let count = postings.map_or(0, |postings| postings.doc_freq_given_deletes(alive));
        let mut counts = self.0.lock();
        if counts.len() >= COUNTS_MAX {
            counts.clear();
        }
        counts.insert(key, count);
        Ok(count)
    }
}

/// The statistics BM25 asks for, over live documents, with constant average lengths.
pub(super) struct LiveStatistics<'a> {
    pub(super) searcher: &'a Searcher,
    pub(super) fields: &'a Fields,
    pub(super) counts: &'a LiveCounts,
}

impl Bm25StatisticsProvider for LiveStatistics<'_> {
    fn total_num_tokens(&self, field: Field) -> tantivy::Result<u64> {
        Ok(self.fields.words_mean(field) * self.searcher.num_docs())
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        Ok(self.searcher.num_docs())
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        self.searcher.segment_readers().iter().map(|segment| self.counts.count(segment, term).map(u64::from)).sum()
    }
}

/// A term or a phrase, its score boosted and rounded to the step.
#[derive(Debug)]
pub(super) struct Part {
    query: Box<dyn Query>,
    boost: Score,
}

impl Part {
    pub(super) fn new(query: impl Query, boost: Score) -> Self {
        Self { query: Box::new(query), boost }
    }
}

impl Clone for Part {
    fn clone(&self) -> Self {
        Self { query: self.query.box_clone(), boost: self.boost }
    }
}

impl Query for Part {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(PartWeight { weight: self.query.weight(scoring)?, boost: self.boost }))
    }
}

struct PartWeight {
    weight: Box<dyn Weight>,
    boost: Score,
}

impl Weight for PartWeight {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        Ok(Box::new(PartScorer(self.weight.scorer(reader, boost * self.boost)?)))
    }

    fn explain(&self, reader: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        self.weight.explain(reader, doc)
    }
}

struct PartScorer(Box<dyn Scorer>);

impl DocSet for PartScorer {
    fn advance(&mut self) -> DocId {
        self.0.advance()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        self.0.seek(target)
    }

    fn doc(&self) -> DocId {
        self.0.doc()
    }

    fn size_hint(&self) -> u32 {
        self.0.size_hint()
    }
}

impl Scorer for PartScorer {
    fn score(&mut self) -> Score {
        rounded(self.0.score())
    }
}

/// The nearest step, and at least one: what matches is found, however common it is.
fn rounded(score: Score) -> Score {
    (score.clamp(0.0, PART_MAX) * STEPS_PER_UNIT).round().max(1.0) / STEPS_PER_UNIT
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn sums_of_parts_are_exact_in_any_order(scores in prop::collection::vec(0.0..100.0_f32, 1..=256)) {
            let parts: Vec<f32> = scores.into_iter().map(rounded).collect();
            let exact: f64 = parts.iter().copied().map(f64::from).sum();
            prop_assert_eq!(f64::from(parts.iter().sum::<f32>()), exact);
            prop_assert_eq!(f64::from(parts.iter().rev().sum::<f32>()), exact);
        }
    }
}
