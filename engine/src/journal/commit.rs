//! Group commit: many submit, one thread writes. What waits while one block is on its way to the disk becomes the next.
//!
//! Order of events: the block is durable, then its facts are applied to the views, then the submitters hear of it. So an
//! acknowledged fact is durable, and visible to whoever asks next.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anklang_domain::Fact;
use parking_lot::{Condvar, Mutex};

use super::queue::{Job, Queue, Submission};
use super::{Journal, JournalError, Seq};

/// How much may wait, and how much goes into one block.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Facts that may wait; a submission that would exceed it is turned away, unless nothing waits.
    pub queue_facts_max: usize,
    /// The same in bytes, roughly as facts take in memory.
    pub queue_bytes_max: usize,
    /// Facts after which a block takes no further submission.
    pub block_facts_max: usize,
    /// Facts that may wait without anybody waiting for them, see [`Committer::note`].
    pub notes_max: usize,
    /// The longest that a note waits.
    pub note_wait_ms_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queue_facts_max: 100_000,
            queue_bytes_max: 64 << 20,
            block_facts_max: 10_000,
            notes_max: 10_000,
            note_wait_ms_max: 100,
        }
    }
}

/// What became of a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// Facts that are new; durable and applied.
    pub accepted: usize,
    /// Facts that were known by their ids.
    pub duplicates: usize,
}

/// Too much is waiting already; the sender should come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many facts are waiting to be written; try again in {retry_after_ms} ms")]
pub struct Busy {
    /// A guess at when there will be room.
    pub retry_after_ms: u64,
}

/// Why a submission is not in the journal.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CommitError {
    /// Too much is waiting already.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The journal refused. None of the submission is in it.
    #[error(transparent)]
    Journal(Arc<JournalError>),
    /// The committer is shutting down.
    #[error("the journal is being closed")]
    Closed,
}

/// Told once what became of a submission, on the writing thread: it must not block.
pub type Done = Box<dyn FnOnce(Result<Receipt, CommitError>) + Send>;

/// Counts since the start, and what is waiting now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CommitStats {
    /// Facts that wait.
    pub queue_facts: u64,
    /// Their bytes, roughly.
    pub queue_bytes: u64,
    /// Appends that wrote something.
    pub blocks: u64,
    /// New facts written.
    pub facts: u64,
    /// Facts that were known.
    pub duplicates: u64,
    /// Bytes of the facts written, roughly and before compression.
    pub bytes: u64,
    /// Appends that failed.
    pub failures: u64,
    /// Submissions turned away.
    pub busy: u64,
    /// Notes dropped because too many were waiting, or because they could not be written.
    pub notes_dropped: u64,
}

#[derive(Default)]
pub(super) struct Counters {
    blocks: AtomicU64,
    facts: AtomicU64,
    duplicates: AtomicU64,
    bytes: AtomicU64,
    failures: AtomicU64,
    busy: AtomicU64,
    notes_dropped: AtomicU64,
    /// What the last append took, for the guess in [`Busy`].
    append_us: AtomicU64,
}

fn count(counter: &AtomicU64, more: usize) {
    counter.fetch_add(more as u64, Ordering::Relaxed);
}

struct Shared {
    queue: Mutex<Queue>,
    work: Condvar,
    counters: Counters,
    limits: Limits,
}

/// The one way into a journal while it is being served.
pub struct Committer {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Committer {
    /// Starts the writing thread. `apply` gets the new facts of each block, numbered on from the first.
    pub fn start(
        journal: Arc<dyn Journal>,
        apply: impl FnMut(Seq, Vec<Fact>) + Send + 'static,
        limits: Limits,
    ) -> Result<Self, JournalError> {
        let shared = Arc::new(Shared {
            queue: Mutex::new(Queue::new(limits)),
            work: Condvar::new(),
            counters: Counters::default(),
            limits,
        });
        let mut writer = Writer { journal, apply: Box::new(apply), shared: shared.clone() };
        let thread = thread::Builder::new().name("journal".to_owned()).spawn(move || writer.run());
        let thread = thread.map_err(|e| JournalError::Storage(e.to_string()))?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)) })
    }

    /// Hands facts over, all in one block; `done` hears what became of them. Where this returns an error, `done` is not
    /// called and nothing was taken.
    pub fn submit(&self, facts: Vec<Fact>, done: Done) -> Result<(), CommitError> {
        let submission = Submission::new(facts, done);
        let waiting = {
            let mut queue = self.shared.queue.lock();
            if queue.closed() {
                return Err(CommitError::Closed);
            }
            queue.push(submission)
        };
        if let Err(waiting) = waiting {
            count(&self.shared.counters.busy, 1);
            let appends = (waiting / self.shared.limits.block_facts_max + 1) as u64;
            let append_ms = self.shared.counters.append_us.load(Ordering::Relaxed) / 1000 + 1;
            return Err(Busy { retry_after_ms: (appends * append_ms).clamp(10, 60_000) }.into());
        }
        self.shared.work.notify_one();
        Ok(())
    }

    /// Hands facts over and waits.
    pub fn submit_wait(&self, facts: Vec<Fact>) -> Result<Receipt, CommitError> {
        let (send, receive) = channel();
        let done = move |result| {
            // Whoever waited may be gone.
            drop(send.send(result));
        };
        self.submit(facts, Box::new(done))?;
        receive.recv().unwrap_or(Err(CommitError::Closed))
    }

    /// Takes a fact that may be lost: with a crash, when too many wait, when the storage fails. Written with the next
    /// block, or after [`Limits::note_wait_ms_max`]. False where it was not taken.
    pub fn note(&self, fact: Fact) -> bool {
        let (kept, first) = self.shared.queue.lock().note(fact);
        if !kept {
            count(&self.shared.counters.notes_dropped, 1);
        }
        if first {
            self.shared.work.notify_one();
        }
        kept
    }

    /// Runs something on the writing thread between two blocks: nothing is appended or applied meanwhile. None where the
    /// committer is shutting down. Must not be called from that thread.
    pub fn exclusive<R: Send + 'static>(&self, job: impl FnOnce(&dyn Journal) -> R + Send + 'static) -> Option<R> {
        let (send, receive) = channel();
        let job: Job = Box::new(move |journal| drop(send.send(job(journal))));
        {
            let mut queue = self.shared.queue.lock();
            if queue.closed() {
                return None;
            }
            queue.push_job(job);
        }
        self.shared.work.notify_one();
        receive.recv().ok()
    }

    /// What was done and what waits.
    pub fn stats(&self) -> CommitStats {
        let (queue_facts, queue_bytes) = self.shared.queue.lock().waiting();
        let counters = &self.shared.counters;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        CommitStats {
            queue_facts: queue_facts as u64,
            queue_bytes: queue_bytes as u64,
            blocks: read(&counters.blocks),
            facts: read(&counters.facts),
            duplicates: read(&counters.duplicates),
            bytes: read(&counters.bytes),
            failures: read(&counters.failures),
            busy: read(&counters.busy),
            notes_dropped: read(&counters.notes_dropped),
        }
    }

    /// Takes nothing more, writes everything that waits, notes included, and ends the thread.
    pub fn shutdown(&self) {
        self.shared.queue.lock().close();
        self.shared.work.notify_one();
        if let Some(thread) = self.thread.lock().take()
            && thread.join().is_err()
        {
            tracing::error!("the journal's thread panicked");
        }
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        self.shutdown();
    }
}

struct Writer {
    journal: Arc<dyn Journal>,
    apply: Box<dyn FnMut(Seq, Vec<Fact>) + Send>,
    shared: Arc<Shared>,
}

impl Writer {
    fn run(&mut self) {
        // Whatever ends this thread, even a panic in `apply`, nobody is left waiting.
        let _closing = Closing(self.shared.clone());
        loop {
            let (submissions, notes, jobs) = {
                let mut queue = self.shared.queue.lock();
                loop {
                    if queue.ready() {
                        break;
                    }
                    if queue.closed() {
                        return;
                    }
                    match queue.note_due_in() {
                        Some(wait) if wait.is_zero() => break,
                        Some(wait) => drop(self.shared.work.wait_for(&mut queue, wait.max(Duration::from_millis(1)))),
                        None => self.shared.work.wait(&mut queue),
                    }
                }
                queue.take()
            };
            self.commit(submissions, notes);
            for job in jobs {
                job(&*self.journal);
            }
        }
    }

    fn commit(&mut self, mut submissions: Vec<Submission>, notes: Vec<Fact>) {
        if submissions.is_empty() && notes.is_empty() {
            return;
        }
        let notes_count = notes.len();
        let lengths: Vec<usize> = submissions.iter().map(|submission| submission.facts.len()).collect();
        let mut facts: Vec<Fact> = submissions.iter_mut().flat_map(|submission| submission.facts.drain(..)).collect();
        facts.extend(notes);
        match self.append(facts) {
            Ok(fresh) => {
                let mut from = 0;
                for (submission, facts) in submissions.into_iter().zip(lengths) {
                    let accepted = fresh[from..from + facts].iter().filter(|fresh| **fresh).count();
                    from += facts;
                    (submission.done)(Ok(Receipt { accepted, duplicates: facts - accepted }));
                }
            }
            Err((JournalError::Refused { .. }, facts)) if submissions.len() + notes_count > 1 => {
                self.one_by_one(submissions, lengths, facts);
            }
            Err((error, _)) => {
                count(&self.shared.counters.notes_dropped, notes_count);
                let error = Arc::new(error);
                for submission in submissions {
                    (submission.done)(Err(CommitError::Journal(error.clone())));
                }
            }
        }
    }

    /// One submission holds a fact that cannot be stored: the others must not suffer for it.
    fn one_by_one(&mut self, submissions: Vec<Submission>, lengths: Vec<usize>, facts: Vec<Fact>) {
        let mut facts = facts.into_iter();
        for (mut submission, length) in submissions.into_iter().zip(lengths) {
            submission.facts = facts.by_ref().take(length).collect();
            self.commit(vec![submission], Vec::new());
        }
        for note in facts {
            self.commit(Vec::new(), vec![note]);
        }
    }

    /// Appends and applies; says of each fact whether it is new. Gives the facts back where the journal refuses.
    fn append(&mut self, facts: Vec<Fact>) -> Result<Vec<bool>, (JournalError, Vec<Fact>)> {
        let counters = &self.shared.counters;
        let start = std::time::Instant::now();
        let appended = match self.journal.append(&facts) {
            Ok(appended) => appended,
            Err(error) => {
                count(&counters.failures, 1);
                return Err((error, facts));
            }
        };
        counters.append_us.store(start.elapsed().as_micros() as u64, Ordering::Relaxed);
        let mut fresh = appended.fresh.iter();
        let total = facts.len();
        let new: Vec<Fact> = facts.into_iter().filter(|_| fresh.next().is_some_and(|fresh| *fresh)).collect();
        count(&counters.duplicates, total - new.len());
        if !new.is_empty() {
            count(&counters.blocks, 1);
            count(&counters.facts, new.len());
            count(&counters.bytes, new.iter().map(super::queue::weigh).sum());
            (self.apply)(appended.first, new);
        }
        Ok(appended.fresh)
    }
}

/// Closes the queue and tells everybody who still waits.
struct Closing(Arc<Shared>);

impl Drop for Closing {
    fn drop(&mut self) {
        let (submissions, _, _) = {
            let mut queue = self.0.queue.lock();
            queue.close();
            queue.take_all()
        };
        for submission in submissions {
            (submission.done)(Err(CommitError::Closed));
        }
    }
}
