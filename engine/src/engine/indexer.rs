//! The text index's own thread: it takes the items of new facts, and makes them findable several times a second.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use anklang_domain::{Body, Fact, Item, ItemId};
use parking_lot::Mutex;

use crate::index::{IndexError, IndexedItem, Mark, TextIndex};
use crate::journal::Seq;
use crate::views::catalogue::key_of;
use crate::views::topics::normal;

/// A new item can be found after this long, and the time a commit takes.
const COMMIT_EVERY: Duration = Duration::from_millis(250);
/// Batches of facts that may wait for the index before the journal's writer waits for it.
const WAITING_MAX: usize = 256;

type Job = Box<dyn FnOnce(&mut TextIndex) -> Result<(), IndexError> + Send>;

enum Task {
    Fold(Vec<Change>, Seq),
    /// Commits, with everything before this number of the journal folded.
    Flush(Seq, SyncSender<Result<(), IndexError>>),
    With(Job, SyncSender<Result<(), IndexError>>),
}

pub(super) enum Change {
    Put(Box<Item>),
    Removed(ItemId),
}

/// A handle to the thread.
pub(crate) struct Indexer {
    tasks: Mutex<Option<SyncSender<Task>>>,
    thread: Mutex<Option<std::thread::JoinHandle<()>>>,
    /// The number of the next fact to fold. Most facts change no item, so the index hears of their numbers only when it
    /// is flushed.
    next: AtomicU64,
}

impl Indexer {
    /// Starts the thread. `generation` is the journal's.
    pub(crate) fn start(index: TextIndex, generation: u64, next: Seq) -> std::io::Result<Self> {
        let (tasks, waiting) = sync_channel(WAITING_MAX);
        let run = move || {
            Worker { folded: index.mark().map(|mark| mark.folded), index, generation, dirty_since: None, failed: None }
                .run(&waiting)
        };
        let thread = std::thread::Builder::new().name("anklang-index".into()).spawn(run)?;
        Ok(Self { tasks: Mutex::new(Some(tasks)), thread: Mutex::new(Some(thread)), next: AtomicU64::new(next) })
    }

    fn send(&self, task: Task) -> Result<(), IndexError> {
        let tasks = self.tasks.lock().clone();
        tasks.and_then(|tasks| tasks.send(task).ok()).ok_or(IndexError::NoWriter)
    }

    /// Takes the items of facts; waits only where the index is far behind.
    pub(crate) fn fold(&self, facts: Vec<Fact>, next: Seq) {
        let changes: Vec<Change> = facts.into_iter().filter_map(|fact| change(fact.body)).collect();
        if !changes.is_empty() {
            // Where the thread is gone, its error is told by the next flush, and the index is mended on restart.
            let _gone = self.send(Task::Fold(changes, next));
        }
        self.next.store(next, Ordering::Release);
    }

    /// Waits until everything taken so far can be found.
    pub(crate) fn flush(&self) -> Result<(), IndexError> {
        let (done, answer) = sync_channel(1);
        self.send(Task::Flush(self.next.load(Ordering::Acquire), done))?;
        answer.recv().map_err(|_| IndexError::NoWriter)?
    }

    /// Does something to the index between two commits, after which it holds the facts before `next`, numbered anew.
    pub(crate) fn with(
        &self,
        next: Seq,
        job: impl FnOnce(&mut TextIndex) -> Result<(), IndexError> + Send + 'static,
    ) -> Result<(), IndexError> {
        let (done, answer) = sync_channel(1);
        self.next.store(next, Ordering::Release);
        self.send(Task::With(Box::new(job), done))?;
        answer.recv().map_err(|_| IndexError::NoWriter)?
    }
}

impl Drop for Indexer {
    fn drop(&mut self) {
        self.tasks.lock().take();
        if let Some(thread) = self.thread.lock().take() {
            let _panicked = thread.join();
        }
    }
}

fn change(body: Body) -> Option<Change> {
    match body {
        Body::ItemPut { item } => Some(Change::Put(item)),
        Body::ItemRemoved(removed) => Some(Change::Removed(removed.item)),
        Body::MemberPut(_)
        | Body::MemberAliased(_)
        | Body::MemberErased(_)
        | Body::Engaged(_)
        | Body::Served(_)
        | Body::Exposed(_)
        | Body::PreferenceSet(_)
        | Body::Configured(_)
        | Body::Message(_) => None,
    }
}

/// Folds one fact into an index that has no thread yet.
pub(crate) fn fold_one(index: &mut TextIndex, fact: Fact) -> Result<(), IndexError> {
    change(fact.body).map_or(Ok(()), |change| apply(index, change))
}

/// Puts or removes a document; found or gone with the next commit.
pub(super) fn apply(index: &mut TextIndex, change: Change) -> Result<(), IndexError> {
    match change {
        Change::Put(item) => {
            let tags: Vec<String> = item.tags.iter().map(|tag| normal(tag)).collect();
            let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
            let indexed = IndexedItem {
                title: &item.title,
                body: &item.body,
                tags: &tags,
                category: item.category.as_deref(),
                kind: item.kind,
                language: item.language.as_deref(),
            };
            index.put(key_of(item.id.as_str()), &indexed)
        }
        Change::Removed(item) => index.remove(key_of(item.as_str())),
    }
}

struct Worker {
    index: TextIndex,
    generation: u64,
    folded: Option<Seq>,
    dirty_since: Option<Instant>,
    failed: Option<IndexError>,
}

impl Worker {
    fn run(mut self, tasks: &Receiver<Task>) {
        loop {
            let wait = self.dirty_since.map_or(COMMIT_EVERY, |since| COMMIT_EVERY.saturating_sub(since.elapsed()));
            match tasks.recv_timeout(wait) {
                Ok(task) => self.take(task),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if self.dirty_since.is_some_and(|since| since.elapsed() >= COMMIT_EVERY) {
                self.commit();
            }
        }
        self.commit();
    }

    fn take(&mut self, task: Task) {
        match task {
            Task::Fold(changes, next) => {
                for change in changes {
                    let applied = apply(&mut self.index, change);
                    self.note(applied);
                }
                self.folded = Some(next);
                self.dirty_since.get_or_insert_with(Instant::now);
            }
            Task::Flush(next, done) => {
                if self.folded.is_none_or(|folded| folded < next) {
                    self.folded = Some(next);
                    self.dirty_since.get_or_insert_with(Instant::now);
                }
                self.commit();
                let told = match &mut self.failed {
                    None => Ok(()),
                    // What was lost stays lost: the failure stays, though its cause is told but once.
                    Some(error) => Err(std::mem::replace(error, IndexError::NoWriter)),
                };
                let _nobody_waits = done.send(told);
            }
            Task::With(job, done) => {
                self.commit();
                let result = job(&mut self.index);
                if let Some(mark) = self.index.mark() {
                    (self.generation, self.folded) = (mark.generation, Some(mark.folded));
                }
                let _nobody_waits = done.send(result);
            }
        }
    }

    fn commit(&mut self) {
        if self.dirty_since.take().is_none() {
            return;
        }
        if let (Some(folded), None) = (self.folded, &self.failed) {
            let committed = self.index.commit(Mark { folded, generation: self.generation });
            self.note(committed);
        }
    }

    /// Keeps the first failure, after which nothing more is committed: the mark stays where the index was whole.
    fn note(&mut self, result: Result<(), IndexError>) {
        if let Err(error) = result {
            tracing::error!(%error, "the text index failed; lists go on, search is out of date until a restart");
            self.failed.get_or_insert(error);
        }
    }
}
