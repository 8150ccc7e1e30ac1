//! Writing the index: one writer, commits that survive a crash, and the removal of every trace.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tantivy::directory::{MmapDirectory, error::OpenDirectoryError};
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy, NoMergePolicy};
use tantivy::query::AllQuery;
use tantivy::{Index, IndexWriter, ReloadPolicy, TantivyDocument, TantivyError, Term};

use super::query::TextReader;
use super::schema::{FORMAT, Fields};
use super::score::LiveCounts;
use super::{IndexError, IndexedItem, Mark};

/// How much memory documents take before they are written out as a segment.
pub const WRITER_BYTES_MAX: usize = 64_000_000;
/// A segment is merged once this share of it is deleted, so that replaced documents do not pile up.
const DELETED_SHARE_MAX: f32 = 0.3;

/// What is stored beside every commit.
#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    format: u32,
    mark: Mark,
}

/// The index and its one writer.
pub struct TextIndex {
    index: Index,
    /// None for a moment while a purge changes writers; for ever, if that fails.
    writer: Option<IndexWriter>,
    reader: TextReader,
    mark: Option<Mark>,
}

impl std::fmt::Debug for TextIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TextIndex").field("mark", &self.mark).field("reader", &self.reader).finish_non_exhaustive()
    }
}

impl TextIndex {
    /// Opens the index in a folder of its own, which is made where it is missing. An index of another format, or one
    /// whose head is damaged, is thrown away: then there is no [`TextIndex::mark`], and the fold begins again.
    pub fn open(dir: &Path) -> Result<Self, IndexError> {
        let failed = |source: TantivyError| IndexError::Open { dir: dir.to_owned(), source: Box::new(source) };
        std::fs::create_dir_all(dir).map_err(|error| failed(error.into()))?;
        match Self::open_as_it_is(dir) {
            Ok(index) if index.mark.is_some() || index.reader.num_docs() == 0 => Ok(index),
            Ok(unreadable) => {
                drop(unreadable);
                empty(dir)?;
                Self::open_as_it_is(dir).map_err(failed)
            }
            Err(error) if is_damage(&error) => {
                empty(dir)?;
                Self::open_as_it_is(dir).map_err(failed)
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// An index that is gone when it is dropped.
    pub fn in_memory() -> Result<Self, IndexError> {
        Ok(Self::with(Index::create_in_ram(Fields::new().0))?)
    }

    fn open_as_it_is(dir: &Path) -> Result<Self, TantivyError> {
        let directory = MmapDirectory::open(dir).map_err(|error: OpenDirectoryError| TantivyError::from(error))?;
        Self::with(Index::open_or_create(directory, Fields::new().0)?)
    }

    fn with(index: Index) -> Result<Self, TantivyError> {
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let reader = TextReader { reader, fields: Fields::new().1, counts: LiveCounts::default() };
        let writer = Some(writer(&index, Merging::Usual)?);
        let payload = index.load_metas()?.payload.and_then(|text| serde_json::from_str::<Payload>(&text).ok());
        let mark = payload.filter(|payload| payload.format == FORMAT).map(|payload| payload.mark);
        Ok(Self { index, writer, reader, mark })
    }

    /// The files whose bytes are not those that were written, by name.
    pub fn damaged(&self) -> Result<Vec<String>, IndexError> {
        let mut names: Vec<String> =
            self.index.validate_checksum()?.into_iter().map(|path| path.display().to_string()).collect();
        names.sort_unstable();
        Ok(names)
    }

    /// How far the last commit had folded the journal; none for a new index.
    #[must_use]
    pub const fn mark(&self) -> Option<Mark> {
        self.mark
    }

    /// A reader of what is committed, now and later.
    #[must_use]
    pub fn reader(&self) -> TextReader {
        self.reader.clone()
    }

    /// Puts an item under a key, in place of what was there. Found after the next [`TextIndex::commit`].
    pub fn put(&mut self, key: u64, item: &IndexedItem<'_>) -> Result<(), IndexError> {
        let document: TantivyDocument = self.reader.fields.document(key, item);
        let term = self.key_term(key);
        let writer = self.writer()?;
        writer.delete_term(term);
        writer.add_document(document)?;
        Ok(())
    }

    /// Removes what is under a key, if anything is, with the next [`TextIndex::commit`].
    pub fn remove(&mut self, key: u64) -> Result<(), IndexError> {
        let term = self.key_term(key);
        self.writer()?.delete_term(term);
        Ok(())
    }

    /// Removes everything with the next [`TextIndex::commit`].
    pub fn clear(&mut self) -> Result<(), IndexError> {
        // Not `delete_all_documents`, which lets documents survive that were put but not committed.
        self.writer()?.delete_query(Box::new(AllQuery))?;
        Ok(())
    }

    /// Makes all that was put and removed durable and visible, and stores how far that is.
    pub fn commit(&mut self, mark: Mark) -> Result<(), IndexError> {
        let payload = serde_json::to_string(&Payload { format: FORMAT, mark })
            .map_err(|error| TantivyError::InternalError(error.to_string()))?;
        let writer = self.writer.as_mut().ok_or(IndexError::NoWriter)?;
        let mut prepared = writer.prepare_commit()?;
        prepared.set_payload(&payload);
        prepared.commit()?;
        self.mark = Some(mark);
        self.reader.reader.reload()?;
        Ok(())
    }

    /// Rewrites every segment that holds deleted or replaced documents, so that nothing of them stays in the folder;
    /// what is not committed yet is committed with this mark. Takes as long as writing those segments anew.
    ///
    /// Returns how many files could not be removed because a question still reads them: where that is not 0, call it
    /// again.
    pub fn purge_deleted(&mut self, mark: Mark) -> Result<usize, IndexError> {
        self.commit(mark)?;
        // The writer's own merges must be over, or they would hold the segments that are to go.
        self.writer.take().ok_or(IndexError::NoWriter)?.wait_merging_threads()?;
        let mut sweeper = writer(&self.index, Merging::None)?;
        for segment in self.index.searchable_segment_metas()? {
            if segment.has_deletes() {
                sweeper.merge(&[segment.id()]).wait()?;
            }
        }
        self.reader.reader.reload()?;
        sweeper.garbage_collect_files().wait()?;
        sweeper.wait_merging_threads()?;
        self.writer = Some(writer(&self.index, Merging::Usual)?);
        self.stale_files()
    }

    /// Files of segments that are no longer part of the index.
    fn stale_files(&self) -> Result<usize, IndexError> {
        let living: Vec<String> = self.index.searchable_segment_ids()?.iter().map(|id| id.uuid_string()).collect();
        let stale = |path: &PathBuf| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
            !name.starts_with('.') && name != "meta.json" && !living.iter().any(|id| name.starts_with(id.as_str()))
        };
        Ok(self.index.directory().list_managed_files().iter().filter(|path| stale(path)).count())
    }

    fn writer(&mut self) -> Result<&mut IndexWriter, IndexError> {
        self.writer.as_mut().ok_or(IndexError::NoWriter)
    }

    fn key_term(&self, key: u64) -> Term {
        Term::from_field_u64(self.reader.fields.key, key)
    }
}

impl Drop for TextIndex {
    /// Waits for merges under way: they must not write into a folder that is somebody else's by then.
    fn drop(&mut self) {
        if let Some(Err(error)) = self.writer.take().map(IndexWriter::wait_merging_threads) {
            tracing::warn!(%error, "a merge of the text index failed; it is made up for later");
        }
    }
}

enum Merging {
    Usual,
    None,
}

fn writer(index: &Index, merging: Merging) -> Result<IndexWriter, TantivyError> {
    let options = IndexWriterOptions::builder()
        .num_worker_threads(1)
        .num_merge_threads(1)
        .memory_budget_per_thread(WRITER_BYTES_MAX)
        .build();
    let writer = index.writer_with_options(options)?;
    match merging {
        Merging::Usual => {
            let mut policy = LogMergePolicy::default();
            policy.set_del_docs_ratio_before_merge(DELETED_SHARE_MAX);
            writer.set_merge_policy(Box::new(policy));
        }
        Merging::None => writer.set_merge_policy(Box::new(NoMergePolicy)),
    }
    Ok(writer)
}

/// Whether an error means that the index's own files are of no use, as opposed to a disk or rights that are.
const fn is_damage(error: &TantivyError) -> bool {
    matches!(
        error,
        TantivyError::SchemaError(_)
            | TantivyError::DataCorruption(_)
            | TantivyError::IncompatibleIndex(_)
            | TantivyError::DeserializeError(_)
            | TantivyError::OpenReadError(tantivy::directory::error::OpenReadError::FileDoesNotExist(_))
            | TantivyError::OpenReadError(tantivy::directory::error::OpenReadError::IncompatibleIndex(_))
    )
}

/// Removes the files of a folder. The index's folder has no folders in it, and one that has is somebody else's.
fn empty(dir: &Path) -> Result<(), IndexError> {
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
