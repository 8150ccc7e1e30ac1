//! The text index: which items hold these words, or these tags. The only place that names tantivy.
//!
//! A view like every other: a fold over the journal, so it may be deleted and made again. Its [`Mark`] says how far the
//! fold has come. It holds no member's id and no text that could be read back: words and tags, inverted, and a key that
//! the engine maps back to the item.
//!
//! **The same documents give the same bytes.** tantivy's own scores depend on how documents came to lie in segments, and
//! on replaced documents that a merge has not swept away yet. Ours do not, because
//! - statistics count live documents alone (`score`), and average lengths are constants;
//! - every part of a score is a whole multiple of 2⁻¹⁰, so that a sum is exact in whatever order it is taken;
//! - ties go to the smaller key, also at the cut-off, which rules out pruning by blocks.
//!
//! ```
//! use anklang_engine::index::{IndexedItem, Mark, SearchQuery, TextIndex};
//!
//! let mut index = TextIndex::in_memory()?;
//! let item = IndexedItem { title: "Tomaten im Topf", tags: &["gardening"], ..IndexedItem::default() };
//! index.put(42, &item)?;
//! index.commit(Mark { folded: 1, generation: 0 })?;
//! let hits = index.reader().search(&SearchQuery::new("tomate"), 10)?;
//! assert_eq!(hits.iter().map(|hit| hit.key).collect::<Vec<_>>(), [42]);
//! # Ok::<(), anklang_engine::index::IndexError>(())
//! ```

mod parse;
mod query;
mod schema;
mod score;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::traces;
mod words;
mod writer;

use std::path::PathBuf;

use anklang_domain::Kind;
use serde::{Deserialize, Serialize};

pub use parse::{QUERY_CHARS_MAX, QUERY_TERMS_MAX};
pub use query::{HITS_MAX, TAGS_MAX, TextReader};
pub use schema::{BODY_WORDS_MAX, LIKE_TERMS_MAX};
pub use writer::{TextIndex, WRITER_BYTES_MAX};

/// What of an item can be searched.
#[derive(Debug, Clone, Copy, Default)]
pub struct IndexedItem<'a> {
    /// The headline.
    pub title: &'a str,
    /// The text; the first [`BODY_WORDS_MAX`] words count.
    pub body: &'a str,
    /// The tags, as the community writes them.
    pub tags: &'a [&'a str],
    /// The forum or section.
    pub category: Option<&'a str>,
    /// What sort of thing it is.
    pub kind: Kind,
    /// BCP 47; guessed from the words where absent.
    pub language: Option<&'a str>,
}

/// A search as a user types it.
///
/// Words may stand in any inflection, in English or German. `"Quoted words"` must stand next to each other; `-word` must
/// not occur. Nothing else is syntax, and no text is an error.
#[derive(Debug, Clone, Copy, Default)]
pub struct SearchQuery<'a> {
    /// The words; the first [`QUERY_CHARS_MAX`] characters and [`QUERY_TERMS_MAX`] words count.
    pub text: &'a str,
    /// Only items of this kind.
    pub kind: Option<Kind>,
    /// Only items of this category.
    pub category: Option<&'a str>,
}

impl<'a> SearchQuery<'a> {
    /// A search for these words among everything.
    #[must_use]
    pub const fn new(text: &'a str) -> Self {
        Self { text, kind: None, category: None }
    }
}

/// A document found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Hit {
    /// The key it was put under.
    pub key: u64,
    /// BM25, a whole multiple of 2⁻¹⁰, above 0.
    pub score: f32,
}

/// How far the index has folded the journal. Stored with every commit, as durable as the documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The number of the last fact that is in the index.
    pub folded: u64,
    /// Which writing of the journal the number belongs to: an erasure rewrites it.
    pub generation: u64,
}

/// Why the index could not do what was asked. Never the fault of a query.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The folder cannot be read or written: the operator's to mend.
    #[error(
        "the text index in {dir} cannot be opened: {source}; check the folder's rights and the disk, or delete it: it is made again from the journal"
    )]
    Open {
        /// The folder.
        dir: PathBuf,
        /// What went wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// tantivy failed: the disk is full or the files are damaged.
    #[error("the text index failed: {0}; if it stays so, delete its folder: it is made again from the journal")]
    Storage(#[from] tantivy::TantivyError),
    /// A file of the folder could not be listed or removed.
    #[error("a file of the text index: {0}")]
    File(#[from] std::io::Error),
    /// An earlier failure left no writer: the index must be opened again.
    #[error("the text index has no writer after an earlier failure; open it again")]
    NoWriter,
}
