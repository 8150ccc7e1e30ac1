//! Opening a data folder: the journal, its snapshot, the text index, and the fold of what they do not hold yet.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use anklang_domain::UnixMillis;
use parking_lot::RwLock;

use super::beside::{Beside, SideView};
use super::indexer::{Indexer, fold_one};
use super::learning::{self, LEARNED};
use super::{Engine, EngineError, Shared, erase};
use crate::index::{IndexError, Mark, TextIndex};
use crate::journal::{Committer, DiskJournal, Journal, Limits, MemoryJournal, Seq};
use crate::views::{Views, snapshot};

/// The journal's folder within a data folder.
pub(super) const JOURNAL: &str = "journal";
/// The text index's folder.
pub(super) const TEXT: &str = "text";
/// The snapshot of the views.
pub(super) const VIEWS: &str = "views.bin";
/// Items put between two commits of the text index while folding.
const COMMIT_EVERY: u64 = 200_000;
/// Facts folded between two words of progress.
const STEP: u64 = 10_000;

/// Told how long work goes on.
pub trait Progress: Sync {
    /// A new piece of work begins, of this many steps where that is known.
    fn phase(&self, name: &str, total: Option<u64>);
    /// So many steps of it are done.
    fn step(&self, done: u64);
}

/// Says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn phase(&self, _: &str, _: Option<u64>) {}
    fn step(&self, _: u64) {}
}

/// Where an engine keeps what it knows, and which moment it knows.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The data folder; none keeps everything in memory.
    pub data: Option<PathBuf>,
    /// Only the facts before this moment count; views and text index are made anew in memory.
    pub as_of: Option<UnixMillis>,
    /// How much may wait to be written.
    pub limits: Limits,
    /// Views of others, kept beside the engine's own.
    pub beside: Vec<Arc<dyn SideView>>,
}

impl Options {
    /// An engine in a data folder.
    #[must_use]
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self { data: Some(data.into()), ..Self::default() }
    }

    /// An engine that forgets everything when it is dropped.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::default()
    }

    /// Whether the views are kept in the data folder: not those of a moment in the past.
    pub(super) const fn keeps_views(&self) -> bool {
        self.data.is_some() && self.as_of.is_none()
    }

    pub(super) fn views_path(&self) -> PathBuf {
        self.data.clone().unwrap_or_default().join(VIEWS)
    }
}

pub(super) fn open(options: Options, progress: &dyn Progress) -> Result<Engine, EngineError> {
    progress.phase("opening the journal", None);
    let journal: Arc<dyn Journal> = match &options.data {
        None => Arc::new(MemoryJournal::new()?),
        Some(data) => {
            fs::create_dir_all(data).map_err(EngineError::file(data))?;
            Arc::new(DiskJournal::open(&data.join(JOURNAL))?)
        }
    };
    if let Some(data) = &options.data {
        erase::finish(data, journal.as_ref(), &options.beside)?;
        remove(&data.join(VIEWS).with_extension("new"))?;
    }
    let generation = journal.generation();
    let end = journal.next_seq();
    let views = read_views(&options, generation, end)?;
    let mut index = open_index(&options, generation, end)?;
    let snapshot_at = views.next;
    let mut beside = Beside::load(&options, generation, end)?;
    let views = fold(journal.as_ref(), views, &mut index, &mut beside, options.as_of, progress)?;
    start(options, journal, views, index, snapshot_at)
}

/// The views of the snapshot; new ones where there is none for this journal.
fn read_views(options: &Options, generation: u64, end: Seq) -> Result<Views, EngineError> {
    if !options.keeps_views() {
        return Ok(Views::default());
    }
    let path = options.views_path();
    match snapshot::read(&path, generation).map_err(EngineError::file(&path))? {
        snapshot::Found::Views(views) if views.next > end => {
            tracing::warn!("the snapshot is ahead of the journal, which must be another: folding from the beginning");
            Ok(Views::default())
        }
        snapshot::Found::Views(views) => Ok(*views),
        snapshot::Found::None(why) => {
            tracing::info!(why, "folding the views from the beginning of the journal");
            Ok(Views::default())
        }
    }
}

fn open_index(options: &Options, generation: u64, end: Seq) -> Result<TextIndex, IndexError> {
    let Some(data) = options.data.as_ref().filter(|_| options.keeps_views()) else { return TextIndex::in_memory() };
    let mut index = TextIndex::open(&data.join(TEXT))?;
    if index.mark().is_some_and(|mark| mark.generation != generation || mark.folded > end) {
        index.clear()?;
        index.commit(Mark { folded: 0, generation })?;
    }
    Ok(index)
}

/// Folds into the views and the index what each does not hold yet.
pub(super) fn fold(
    journal: &dyn Journal,
    mut views: Views,
    index: &mut TextIndex,
    beside: &mut Beside<'_>,
    as_of: Option<UnixMillis>,
    progress: &dyn Progress,
) -> Result<Views, EngineError> {
    let end = journal.next_seq();
    let indexed = index.mark().map_or(0, |mark| mark.folded);
    let from = views.next.min(indexed).min(beside.from());
    progress.phase("folding the journal", Some(end.saturating_sub(from)));
    let (mut failed, mut uncommitted) = (None, 0);
    let generation = journal.generation();
    journal.read(from, &mut |seq, fact| {
        if (seq - from).is_multiple_of(STEP) {
            progress.step(seq - from);
        }
        if as_of.is_some_and(|moment| fact.effective_at() >= moment) {
            return ControlFlow::Continue(());
        }
        if seq >= views.next {
            views.apply(seq, &fact);
        }
        beside.fold(seq, &fact);
        if seq >= indexed {
            uncommitted += 1;
            let folded = fold_one(index, fact).and_then(|()| {
                if uncommitted % COMMIT_EVERY == 0 {
                    index.commit(Mark { folded: seq + 1, generation })
                } else {
                    Ok(())
                }
            });
            if let Err(error) = folded {
                failed = Some(error);
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    })?;
    if let Some(error) = failed {
        return Err(error.into());
    }
    views.next = end;
    if uncommitted > 0 || index.mark().is_none() {
        index.commit(Mark { folded: end, generation })?;
    }
    Ok(views)
}

fn start(
    options: Options,
    journal: Arc<dyn Journal>,
    views: Views,
    index: TextIndex,
    snapshot_at: Seq,
) -> Result<Engine, EngineError> {
    let reader = index.reader();
    let threads = |source| EngineError::File { path: PathBuf::from("thread"), source };
    let indexer = Indexer::start(index, journal.generation(), views.next).map_err(threads)?;
    let learned = match options.as_of {
        // The past is always asked with what could be learned by then: nobody waits for it to be learned meanwhile.
        Some(_) => learning::at_once(&views, journal.as_ref(), options.as_of)?,
        None => learning::load(&options, journal.as_ref())?,
    };
    let shared = Arc::new(Shared {
        learned: RwLock::new(Arc::new(learned)),
        beside: options.beside.clone(),
        views: RwLock::new(views),
        reader,
        indexer,
        lists: AtomicU64::new(0),
        gone: RwLock::default(),
    });
    let folding = Arc::clone(&shared);
    let committer =
        Committer::start(Arc::clone(&journal), move |first, facts| folding.fold(first, facts), options.limits)?;
    Ok(Engine { options, journal, shared, committer, snapshot_at: AtomicU64::new(snapshot_at) })
}

impl Engine {
    /// Throws away everything that is derived from the journal in a data folder and makes it anew.
    pub fn rebuild(options: Options, progress: &dyn Progress) -> Result<Self, EngineError> {
        if let Some(data) = &options.data {
            forget_derived(data, &options.beside)?;
        }
        let engine = Self::open(options, progress)?;
        engine.snapshot()?;
        Ok(engine)
    }
}

/// Removes what is derived from the journal.
pub(super) fn forget_derived(data: &Path, beside: &[Arc<dyn SideView>]) -> Result<(), EngineError> {
    for file in beside.iter().map(|view| view.file()).chain([VIEWS, LEARNED]) {
        remove(&data.join(file))?;
        remove(&data.join(file).with_extension("new"))?;
    }
    let text = data.join(TEXT);
    if text.exists() {
        fs::remove_dir_all(&text).map_err(EngineError::file(&text))?;
    }
    Ok(())
}

pub(super) fn remove(path: &Path) -> Result<(), EngineError> {
    match fs::remove_file(path) {
        Ok(()) => Ok(()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(EngineError::File { path: path.to_owned(), source }),
    }
}
