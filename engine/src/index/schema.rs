//! The fields of the index, and how an item becomes a document.

use std::collections::BTreeSet;

use tantivy::TantivyDocument;
use tantivy::schema::{FAST, Field, INDEXED, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};

use super::IndexedItem;
use super::words::{Tongue, exact, term, words};

/// Changes whenever the same item would become another document: an index of another format is thrown away.
pub(super) const FORMAT: u32 = 1;
/// How many words of a body are indexed.
pub const BODY_WORDS_MAX: usize = 10_000;
/// How many terms of an item speak for it when its like is sought.
pub const LIKE_TERMS_MAX: usize = 25;
/// How many tags of an item are indexed.
const TAGS_MAX: usize = 64;

/// The fields, none of them stored.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields {
    /// The caller's key.
    pub(super) key: Field,
    /// Stems of the title.
    pub(super) title: Field,
    /// Stems of the body.
    pub(super) body: Field,
    /// Stems of the tags' words.
    pub(super) tag_words: Field,
    /// Whole tags, in lower case.
    pub(super) tags: Field,
    /// What a search may be narrowed by: `kind=…`, `category=…`.
    pub(super) filter: Field,
}

/// A field of text, what a match in it is worth, and the length that BM25 takes for average. The lengths are constants,
/// because a measured average would depend on replaced documents not yet swept away; they are typical of community
/// posts, and only set how much a long text must repeat a word to match a short one.
#[derive(Debug, Clone, Copy)]
pub(super) struct TextField {
    pub(super) field: Field,
    pub(super) boost: f32,
    pub(super) words_mean: u64,
}

impl Fields {
    pub(super) fn new() -> (Schema, Self) {
        let indexed = |record| TextFieldIndexing::default().set_tokenizer("raw").set_index_option(record);
        // The words come as terms already, with spaces between.
        let text = indexed(IndexRecordOption::WithFreqsAndPositions).set_tokenizer("whitespace");
        let text = TextOptions::default().set_indexing_options(text);
        let tags = TextOptions::default().set_indexing_options(indexed(IndexRecordOption::WithFreqs));
        let filter =
            TextOptions::default().set_indexing_options(indexed(IndexRecordOption::Basic).set_fieldnorms(false));
        let mut schema = Schema::builder();
        let fields = Self {
            key: schema.add_u64_field("key", INDEXED | FAST),
            title: schema.add_text_field("title", text.clone()),
            body: schema.add_text_field("body", text.clone()),
            tag_words: schema.add_text_field("tag_words", text),
            tags: schema.add_text_field("tags", tags),
            filter: schema.add_text_field("filter", filter),
        };
        (schema.build(), fields)
    }

    /// The fields that words are sought in.
    pub(super) const fn texts(&self) -> [TextField; 3] {
        [
            TextField { field: self.title, boost: 2.0, words_mean: 8 },
            TextField { field: self.body, boost: 1.0, words_mean: 100 },
            TextField { field: self.tag_words, boost: 1.5, words_mean: 5 },
        ]
    }

    /// The field of whole tags.
    pub(super) const fn whole_tags(&self) -> TextField {
        TextField { field: self.tags, boost: 1.0, words_mean: 4 }
    }

    /// The constant average length of a field.
    pub(super) fn words_mean(&self, field: Field) -> u64 {
        let known = self.texts().into_iter().chain([self.whole_tags()]).find(|text| text.field == field);
        known.map_or(1, |text| text.words_mean)
    }

    /// The document of an item.
    pub(super) fn document(&self, key: u64, item: &IndexedItem<'_>) -> TantivyDocument {
        let tongue = Tongue::of(item.language, [item.title, item.body]);
        let mut document = TantivyDocument::new();
        document.add_u64(self.key, key);
        let tags = item.tags.iter().take(TAGS_MAX);
        document.add_text(self.title, stems(words(item.title), tongue));
        document.add_text(self.body, stems(words(item.body), tongue));
        document.add_text(self.tag_words, stems(tags.clone().flat_map(|tag| words(tag)), tongue));
        let whole: BTreeSet<String> = tags.map(|tag| exact(tag)).filter(|tag| !tag.is_empty()).collect();
        for tag in whole {
            document.add_text(self.tags, tag);
        }
        document.add_text(self.filter, kind_filter(item.kind.as_str()));
        if let Some(category) = item.category {
            document.add_text(self.filter, category_filter(category));
        }
        document
    }
}

pub(super) fn kind_filter(kind: &str) -> String {
    format!("kind={kind}")
}

pub(super) fn category_filter(category: &str) -> String {
    format!("category={}", exact(category))
}

fn stems(words: impl Iterator<Item = String>, tongue: Tongue) -> String {
    let mut text = String::new();
    for word in words.take(BODY_WORDS_MAX) {
        text.push_str(&term(&word, tongue));
        text.push(' ');
    }
    text
}
