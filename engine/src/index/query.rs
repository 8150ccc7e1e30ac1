//! Asking the index.

use std::collections::BTreeMap;

use tantivy::collector::TopDocs;
use tantivy::collector::sort_key::{SortBySimilarityScore, SortByStaticFastValue};
use tantivy::query::{BooleanQuery, BoostQuery, ConstScoreQuery, Occur, PhraseQuery, Query, TermQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::{IndexReader, Order, Searcher, Term};

use super::parse::{Clause, Wish, clauses};
use super::schema::{Fields, LIKE_TERMS_MAX, TextField, category_filter, kind_filter};
use super::score::{LiveCounts, LiveStatistics, Part};
use super::words::{Tongue, exact, term, words};
use super::{Hit, IndexError, IndexedItem, SearchQuery};

/// The most hits of one question.
pub const HITS_MAX: usize = 10_000;
/// The most tags of one question; the heaviest count.
pub const TAGS_MAX: usize = 64;
/// How many words of a text are looked at when its like is sought.
const LIKE_WORDS_MAX: usize = 300;
/// A title's word counts as much as this many of the body's.
const LIKE_TITLE: u32 = 3;
/// The share of all live documents from which on a word says nothing about one of them.
const LIKE_COMMON: f32 = 0.1;

type Clauses = Vec<(Occur, Box<dyn Query>)>;

/// Reads the index as of the last commit. Cheap to clone; any number may read while one writes.
#[derive(Clone)]
pub struct TextReader {
    pub(super) reader: IndexReader,
    pub(super) fields: Fields,
    pub(super) counts: LiveCounts,
}

impl std::fmt::Debug for TextReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TextReader").field("num_docs", &self.num_docs()).finish_non_exhaustive()
    }
}

impl TextReader {
    /// How many documents can be found.
    #[must_use]
    pub fn num_docs(&self) -> u64 {
        self.reader.searcher().num_docs()
    }

    /// The documents that answer a search, best first, equals by key; at most `limit`, at most [`HITS_MAX`].
    pub fn search(&self, query: &SearchQuery<'_>, limit: usize) -> Result<Vec<Hit>, IndexError> {
        let clauses = clauses(query.text);
        if clauses.iter().all(|clause| clause.wish == Wish::Not) {
            return Ok(Vec::new());
        }
        let mut parts: Clauses = Vec::new();
        for clause in &clauses {
            let occur = match clause.wish {
                Wish::Want => Occur::Should,
                Wish::Must => Occur::Must,
                Wish::Not => Occur::MustNot,
            };
            parts.push((occur, Box::new(BooleanQuery::new(self.clause(clause)))));
        }
        let kind = query.kind.map(|kind| kind_filter(kind.as_str()));
        let filters: Vec<String> = kind.into_iter().chain(query.category.map(category_filter)).collect();
        if filters.is_empty() {
            return self.top(BooleanQuery::new(parts), limit);
        }
        // One level down, because beside a filter that must hold, words that should occur would be optional.
        let mut narrowed: Clauses = vec![(Occur::Must, Box::new(BooleanQuery::new(parts)))];
        for filter in filters {
            let term = TermQuery::new(Term::from_field_text(self.fields.filter, &filter), IndexRecordOption::Basic);
            narrowed.push((Occur::Must, Box::new(ConstScoreQuery::new(Box::new(term), 0.0))));
        }
        self.top(BooleanQuery::new(narrowed), limit)
    }

    /// The documents that carry these tags, by BM25 over whole tags, each tag's part times its weight. Best first,
    /// equals by key. Weights that are not above 0 are passed over.
    pub fn tags(&self, tags: &[(&str, f32)], limit: usize) -> Result<Vec<Hit>, IndexError> {
        let part = |(tag, weight): &(String, f32)| {
            (Occur::Should, Box::new(self.part(self.fields.whole_tags(), tag, *weight)) as Box<dyn Query>)
        };
        self.top(BooleanQuery::new(heaviest(tags).iter().map(part).collect()), limit)
    }

    /// [`TextReader::tags`] as tantivy would do it: its own statistics, pruning by blocks, ties by place. The yardstick
    /// that benchmarks compare with; its answers depend on the index's history.
    pub fn tags_yardstick(&self, tags: &[(&str, f32)], limit: usize) -> Result<Vec<f32>, IndexError> {
        let part = |(tag, weight): &(String, f32)| {
            let term = Term::from_field_text(self.fields.tags, tag);
            let query = TermQuery::new(term, IndexRecordOption::WithFreqs);
            (Occur::Should, Box::new(BoostQuery::new(Box::new(query), *weight)) as Box<dyn Query>)
        };
        let query = BooleanQuery::new(heaviest(tags).iter().map(part).collect());
        let best = TopDocs::with_limit(limit.clamp(1, HITS_MAX)).order_by_score();
        Ok(self.reader.searcher().search(&query, &best)?.into_iter().map(|(score, _)| score).collect())
    }

    /// The documents most like an item: they share its tags and its most telling words. The item itself is left out by
    /// its key. Best first, equals by key.
    pub fn more_like(&self, item: &IndexedItem<'_>, key: Option<u64>, limit: usize) -> Result<Vec<Hit>, IndexError> {
        let mut parts: Clauses = Vec::new();
        for word in self.telling(item)? {
            for text in self.fields.texts() {
                parts.push((Occur::Should, Box::new(self.part(text, &word, text.boost))));
            }
        }
        let tags: Vec<(&str, f32)> = item.tags.iter().map(|tag| (*tag, 1.0)).collect();
        for (tag, _) in heaviest(&tags) {
            parts.push((Occur::Should, Box::new(self.part(self.fields.whole_tags(), &tag, 1.0))));
        }
        if let Some(key) = key {
            let own = TermQuery::new(Term::from_field_u64(self.fields.key, key), IndexRecordOption::Basic);
            parts.push((Occur::MustNot, Box::new(own)));
        }
        self.top(BooleanQuery::new(parts), limit)
    }

    /// The terms that tell an item from others: frequent in it, rare elsewhere.
    fn telling(&self, item: &IndexedItem<'_>) -> Result<Vec<String>, IndexError> {
        let tongue = Tongue::of(item.language, [item.title, item.body]);
        let mut frequencies: BTreeMap<String, u32> = BTreeMap::new();
        for (text, count) in [(item.title, LIKE_TITLE), (item.body, 1)] {
            for word in words(text).take(LIKE_WORDS_MAX) {
                *frequencies.entry(term(&word, tongue)).or_default() += count;
            }
        }
        let searcher = self.reader.searcher();
        let statistics = self.statistics(&searcher);
        let all = searcher.num_docs() as f32;
        let mut scored = Vec::with_capacity(frequencies.len());
        for (word, frequency) in frequencies {
            let mut found = 0;
            for text in self.fields.texts() {
                let term = Term::from_field_text(text.field, &word);
                found = found.max(tantivy::query::Bm25StatisticsProvider::doc_freq(&statistics, &term)?);
            }
            let found = found as f32;
            if found > 0.0 && found <= (all * LIKE_COMMON).max(2.0) {
                let telling = (frequency as f32).sqrt() * (1.0 + all / found).ln();
                scored.push((telling, word));
            }
        }
        scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        Ok(scored.into_iter().take(LIKE_TERMS_MAX).map(|(_, word)| word).collect())
    }

    /// One clause: any field, any language.
    fn clause(&self, clause: &Clause) -> Clauses {
        let mut parts: Clauses = vec![(
            Occur::Should,
            Box::new(self.part(self.fields.whole_tags(), &clause.tag, self.fields.whole_tags().boost)),
        )];
        let readings = clause.readings();
        for text in self.fields.texts() {
            for reading in &readings {
                if clause.wish != Wish::Want && reading.len() > 1 {
                    let terms = reading.iter().map(|word| Term::from_field_text(text.field, word)).collect();
                    parts.push((Occur::Should, Box::new(Part::new(PhraseQuery::new(terms), text.boost))));
                    continue;
                }
                for word in reading {
                    parts.push((Occur::Should, Box::new(self.part(text, word, text.boost))));
                }
            }
        }
        parts
    }

    fn part(&self, text: TextField, word: &str, boost: f32) -> Part {
        let term = Term::from_field_text(text.field, word);
        Part::new(TermQuery::new(term, IndexRecordOption::WithFreqs), boost)
    }

    fn statistics<'a>(&'a self, searcher: &'a Searcher) -> LiveStatistics<'a> {
        LiveStatistics { searcher, fields: &self.fields, counts: &self.counts }
    }

    fn top(&self, query: impl Query, limit: usize) -> Result<Vec<Hit>, IndexError> {
        let searcher = self.reader.searcher();
        if limit == 0 || searcher.num_docs() == 0 {
            return Ok(Vec::new());
        }
        let key = SortByStaticFastValue::<u64>::for_field("key");
        let best = TopDocs::with_limit(limit.min(HITS_MAX)).order_by((SortBySimilarityScore, (key, Order::Asc)));
        let found = searcher.search_with_statistics_provider(&query, &best, &self.statistics(&searcher))?;
        Ok(found.into_iter().filter_map(|((score, key), _)| key.map(|key| Hit { key, score })).collect())
    }
}

/// At most [`TAGS_MAX`] different tags as they are indexed, heaviest first.
fn heaviest(tags: &[(&str, f32)]) -> Vec<(String, f32)> {
    let mut weights: BTreeMap<String, f32> = BTreeMap::new();
    for (tag, weight) in tags.iter().filter(|(_, weight)| weight.is_finite() && *weight > 0.0) {
        let known = weights.entry(exact(tag)).or_default();
        *known = known.max(*weight);
    }
    let mut heaviest: Vec<(String, f32)> = weights.into_iter().collect();
    heaviest.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    heaviest.truncate(TAGS_MAX);
    heaviest
}
