//! The engine as its users hold it: facts in, lists out.

mod beside;
mod blank;
mod doctor;
mod erase;
mod indexer;
mod learning;
mod open;
mod people;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anklang_domain::{Body, Fact, FactId, ItemId, MemberId, Slate, SlateEntry, UnixMillis, stable_hash};
use parking_lot::RwLock;

use self::indexer::Indexer;
use crate::index::{IndexError, TextReader};
use crate::journal::{CommitError, Committer, Done, Journal, JournalError, Receipt, Seq};
use crate::learn::Learned;
use crate::list::{ItemView, List, ListRequest};
use crate::rank::policy::Policy;
use crate::recommend::{self, ListError};
use crate::views::{Views, snapshot};

pub use beside::{Renewal, SideView};
pub use doctor::{DoctorReport, Finding, doctor};
pub use erase::Erased;
pub use learning::{Circle, LearnError, Learning};
pub use open::{NoProgress, Options, Progress};
pub use people::{InterestView, MemberExplanation, MemberView, Stats};

/// Why the engine could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The journal could not be read or written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The text index failed.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// A file of the data folder could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// What went wrong.
        source: std::io::Error,
    },
    /// The engine is shutting down.
    #[error("the engine is shutting down")]
    Closing,
}

impl EngineError {
    pub(crate) fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| Self::File { path: path.to_owned(), source }
    }
}

/// What the threads share.
pub(crate) struct Shared {
    beside: Vec<Arc<dyn SideView>>,
    pub(crate) views: RwLock<Views>,
    pub(crate) reader: TextReader,
    pub(crate) indexer: Indexer,
    /// Replaced as a whole, between two lists.
    learned: RwLock<Arc<Learned>>,
    lists: AtomicU64,
    /// Ids that are being erased.
    pub(crate) gone: RwLock<Vec<String>>,
}

/// Facts folded under one hold of the lock, so that readers never wait long.
const FOLD_CHUNK: usize = 256;

impl Shared {
    pub(crate) fn learned(&self) -> Arc<Learned> {
        Arc::clone(&self.learned.read())
    }

    pub(crate) fn adopt(&self, learned: Learned) {
        *self.learned.write() = Arc::new(learned);
    }

    /// Folds facts that have just become durable.
    pub(crate) fn fold(&self, first: Seq, facts: Vec<Fact>) {
        for (n, chunk) in facts.chunks(FOLD_CHUNK).enumerate() {
            let mut views = self.views.write();
            for (m, fact) in chunk.iter().enumerate() {
                views.apply(first + (n * FOLD_CHUNK + m) as Seq, fact);
            }
        }
        for view in &self.beside {
            view.fold(&facts);
        }
        let next = first + facts.len() as Seq;
        self.indexer.fold(facts, next);
    }
}

/// A community's engine. Shared between threads; many read while one writes.
pub struct Engine {
    options: Options,
    journal: Arc<dyn Journal>,
    shared: Arc<Shared>,
    committer: Committer,
    /// The place in the journal of the last snapshot.
    snapshot_at: AtomicU64,
}

impl Engine {
    /// Opens a data folder, folding what its snapshot does not hold.
    pub fn open(options: Options, progress: &dyn Progress) -> Result<Self, EngineError> {
        open::open(options, progress)
    }

    /// Appends facts; `done` is called, on another thread, when they are durable and count. Facts without `received_at`,
    /// or with one ahead of `now`, get `now`.
    pub fn submit(&self, mut facts: Vec<Fact>, now: UnixMillis, done: Done) -> Result<(), CommitError> {
        receive(&mut facts, now);
        self.committer.submit(facts, done)
    }

    /// Appends facts and waits until they are durable and count.
    pub fn submit_wait(&self, mut facts: Vec<Fact>, now: UnixMillis) -> Result<Receipt, CommitError> {
        receive(&mut facts, now);
        self.committer.submit_wait(facts)
    }

    /// Takes a fact that may be lost, without making anybody wait: false where there was no room for it.
    pub fn note(&self, fact: Fact) -> bool {
        self.committer.note(fact)
    }

    /// Makes a list; logs it as served unless the request says otherwise.
    pub fn list(&self, request: &ListRequest) -> Result<List, ListError> {
        let gone = self.shared.gone.read();
        let views = self.shared.views.read();
        let list = recommend::list(&views, &self.shared.learned(), &self.shared.reader, request)?;
        self.shared.lists.fetch_add(1, Ordering::Relaxed);
        // Who was never heard of is not made known by asking.
        let known =
            |id: &&MemberId| views.members.find(id.as_str()).is_some() && !gone.iter().any(|g| g == id.as_str());
        if request.log {
            // With the clock stopped, a slate is of the very moment that the views stop before: it counts while this engine
            // runs, and the next that looks at the moment finds it as it was.
            self.committer.note(served(request, &list, request.member.as_ref().filter(known)));
        }
        Ok(list)
    }

    /// The policy by which lists are ranked now.
    #[must_use]
    pub fn policy(&self) -> Policy {
        self.shared.views.read().policy
    }

    /// An item as it is known now.
    #[must_use]
    pub fn item(&self, id: &ItemId) -> Option<ItemView> {
        people::item(&self.shared.views.read(), id)
    }

    /// Reads every fact in order.
    pub fn export(&self, visit: &mut dyn FnMut(Seq, Fact) -> ControlFlow<()>) -> Result<(), EngineError> {
        Ok(self.journal.read(0, visit)?)
    }

    /// Writes a copy of the journal into an empty folder while serving; everything else is made anew from it.
    pub fn backup(&self, to: &Path) -> Result<u64, EngineError> {
        Ok(self.journal.backup(&to.join(open::JOURNAL))?)
    }

    /// Waits until everything acknowledged can be found by words.
    pub fn settle(&self) -> Result<(), EngineError> {
        Ok(self.shared.indexer.flush()?)
    }

    /// Writes the views as they are, for a fast restart. Facts wait meanwhile, readers do not.
    pub fn snapshot(&self) -> Result<(), EngineError> {
        if !self.options.keeps_views() {
            return Ok(());
        }
        self.settle()?;
        let (shared, path) = (Arc::clone(&self.shared), self.options.views_path());
        let options = self.options.clone();
        let written = self.committer.exclusive(move |journal| {
            beside::save(&options, journal.generation(), journal.next_seq())?;
            let views = shared.views.read();
            snapshot::write(&views, journal.generation(), &path).map(|()| views.next).map_err(EngineError::file(&path))
        });
        self.snapshot_at.store(written.ok_or(EngineError::Closing)??, Ordering::Relaxed);
        Ok(())
    }

    /// Writes a snapshot if much has happened since the last.
    pub fn snapshot_if_due(&self, facts: u64) -> Result<bool, EngineError> {
        let folded = self.shared.views.read().next;
        let due = folded.saturating_sub(self.snapshot_at.load(Ordering::Relaxed)) >= facts;
        if due {
            self.snapshot()?;
        }
        Ok(due)
    }

    /// Writes what is buffered and a snapshot, and stops the threads.
    pub fn shutdown(&self) -> Result<(), EngineError> {
        let written = self.snapshot_if_due(1);
        self.committer.shutdown();
        written.map(|_| ())
    }

    /// A reader of the text index.
    #[must_use]
    pub fn text(&self) -> TextReader {
        self.shared.reader.clone()
    }
}

/// Stamps facts with the moment they were received, and holds a claimed one to it.
fn receive(facts: &mut [Fact], now: UnixMillis) {
    for fact in facts {
        fact.received_at = Some(fact.received_at.map_or(now, |claimed| claimed.min(now)));
    }
}

fn served(request: &ListRequest, list: &List, member: Option<&MemberId>) -> Fact {
    let entries = list.items.iter().map(|item| SlateEntry {
        item: item.id.clone(),
        propensity: item.propensity,
        discovery: item.discovery,
    });
    let slate = Slate {
        member: member.cloned(),
        slate: list.slate.id.clone(),
        list: request.list,
        policy: list.slate.policy.clone(),
        entries: entries.collect(),
    };
    // A slate's id is made from all that is in it, so the same list at the same moment is one fact.
    Fact {
        id: FactId::numbered("served", stable_hash(list.slate.id.as_bytes())),
        at: list.at,
        received_at: Some(list.at),
        source: "served".into(),
        body: Body::Served(slate),
    }
}
