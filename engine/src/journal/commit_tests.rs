//! The committer: who hears what, and when.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use anklang_domain::Fact;
use parking_lot::{Mutex, RwLock};

use super::conformance::{all, said};
use super::wire::FACT_BYTES_MAX;
use super::{
    Appended, CommitError, Committer, Edit, Journal, JournalError, Limits, MemoryJournal, Receipt, Rewritten, Seq,
    Visit,
};

/// A journal in memory that waits while its gate is shut, fails when told to, and remembers the sizes of its appends.
struct Gated {
    inner: MemoryJournal,
    gate: RwLock<()>,
    full: AtomicBool,
    appends: Mutex<Vec<usize>>,
}

impl Gated {
    fn new() -> Arc<Self> {
        let inner = MemoryJournal::new().expect("a journal");
        Arc::new(Self { inner, gate: RwLock::default(), full: AtomicBool::new(false), appends: Mutex::default() })
    }
}

impl Journal for Gated {
    fn append(&self, facts: &[Fact]) -> Result<Appended, JournalError> {
        self.appends.lock().push(facts.len());
        drop(self.gate.read());
        if self.full.load(Ordering::Relaxed) {
            return Err(JournalError::Storage("no space left on device".to_owned()));
        }
        self.inner.append(facts)
    }
    fn next_seq(&self) -> Seq {
        self.inner.next_seq()
    }
    fn read(&self, from: Seq, visit: &mut Visit<'_>) -> Result<(), JournalError> {
        self.inner.read(from, visit)
    }
    fn generation(&self) -> u64 {
        self.inner.generation()
    }
    fn rewrite(&self, edit: &(dyn Fn(&Fact) -> Edit + Sync)) -> Result<Rewritten, JournalError> {
        self.inner.rewrite(edit)
    }
    fn backup(&self, to: &Path) -> Result<Seq, JournalError> {
        self.inner.backup(to)
    }
    fn bytes(&self) -> u64 {
        self.inner.bytes()
    }
}

type Applied = Arc<Mutex<Vec<(Seq, Fact)>>>;

fn start(journal: &Arc<Gated>, limits: Limits) -> (Committer, Applied) {
    let applied = Applied::default();
    let sink = applied.clone();
    let apply = move |first, facts: Vec<Fact>| sink.lock().extend((first..).zip(facts));
    (Committer::start(journal.clone(), apply, limits).expect("starts"), applied)
}

fn facts(prefix: &str, count: usize) -> Vec<Fact> {
    (0..count).map(|i| said(&format!("{prefix}-{i}"), "ana", "text")).collect()
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..2000 {
        if holds() {
            return;
        }
        thread::sleep(Duration::from_millis(5));
    }
    panic!("never: {what}");
}

#[test]
fn what_is_acknowledged_is_durable_and_applied() {
    let journal = Gated::new();
    let (committer, applied) = start(&journal, Limits::default());
    thread::scope(|scope| {
        for client in 0..8 {
            let (committer, journal, applied) = (&committer, &journal, &applied);
            scope.spawn(move || {
                for i in 0..50 {
                    let mine = facts(&format!("{client}-{i}"), 3);
                    let receipt = committer.submit_wait(mine.clone()).expect("committed");
                    assert_eq!(receipt, Receipt { accepted: 3, duplicates: 0 });
                    let found = applied.lock().iter().any(|(_, fact)| *fact == mine[2]);
                    assert!(found && journal.next_seq() >= 3);
                }
            });
        }
    });
    assert_eq!(*applied.lock(), all(&*journal, 0));
    let stats = committer.stats();
    assert_eq!((stats.facts, stats.duplicates, stats.queue_facts, stats.failures), (1200, 0, 0, 0));
    assert_eq!(stats.blocks, journal.appends.lock().len() as u64);
    assert_eq!(committer.submit_wait(facts("0-0", 4)).expect("committed"), Receipt { accepted: 1, duplicates: 3 });
}

#[test]
fn what_waits_becomes_one_block_and_no_submission_is_split() {
    let journal = Gated::new();
    let (committer, _) = start(&journal, Limits { block_facts_max: 10, ..Limits::default() });
    let (send, receive) = channel();
    let shut = journal.gate.write();
    for i in 0..9 {
        let send = send.clone();
        let done = Box::new(move |result: Result<Receipt, CommitError>| send.send((i, result.is_ok())).expect("heard"));
        committer.submit(facts(&format!("s{i}"), 4), done).expect("room");
        wait_until("the first is on its way", || !journal.appends.lock().is_empty());
    }
    drop(shut);
    let heard: Vec<_> = receive.iter().take(9).collect();
    assert_eq!(heard, (0..9).map(|i| (i, true)).collect::<Vec<_>>());
    assert_eq!(*journal.appends.lock(), [4, 12, 12, 8]);
}

#[test]
fn a_full_queue_turns_away_and_says_when_to_come_back() {
    let journal = Gated::new();
    let (committer, _) = start(&journal, Limits { queue_facts_max: 10, ..Limits::default() });
    let shut = journal.gate.write();
    committer.submit(facts("first", 1), Box::new(|_| {})).expect("room");
    wait_until("the first is on its way", || !journal.appends.lock().is_empty());
    committer.submit(facts("large", 50), Box::new(|_| {})).expect("alone in the queue, anything fits");
    let Err(CommitError::Busy(busy)) = committer.submit(facts("more", 1), Box::new(|_| {})) else {
        panic!("must be turned away");
    };
    assert!((10..=60_000).contains(&busy.retry_after_ms));
    assert_eq!((committer.stats().busy, committer.stats().queue_facts), (1, 50));
    drop(shut);
    wait_until("there is room", || committer.stats().queue_facts == 0);
    committer.submit_wait(facts("more", 1)).expect("room again");
}

#[test]
fn a_storage_failure_is_told_to_everybody_and_passes() {
    let journal = Gated::new();
    let (committer, applied) = start(&journal, Limits::default());
    journal.full.store(true, Ordering::Relaxed);
    for i in 0..3 {
        let result = committer.submit_wait(facts(&format!("f{i}"), 2));
        assert!(matches!(result, Err(CommitError::Journal(ref e)) if matches!(**e, JournalError::Storage(_))));
    }
    assert!(applied.lock().is_empty() && committer.stats().failures == 3);
    journal.full.store(false, Ordering::Relaxed);
    assert_eq!(committer.submit_wait(facts("f0", 2)).expect("committed").accepted, 2);
}

#[test]
fn one_bad_fact_harms_its_own_submission_only() {
    let journal = Gated::new();
    let (committer, _) = start(&journal, Limits { queue_bytes_max: usize::MAX, ..Limits::default() });
    let (send, receive) = channel();
    let shut = journal.gate.write();
    committer.submit(facts("first", 1), Box::new(|_| {})).expect("room");
    wait_until("the first is on its way", || !journal.appends.lock().is_empty());
    let bad = said("bad", "ana", &"x".repeat(FACT_BYTES_MAX + 1));
    for (i, batch) in [facts("a", 2), vec![said("c", "ana", ""), bad], facts("b", 2)].into_iter().enumerate() {
        let send = send.clone();
        let done = Box::new(move |result: Result<Receipt, CommitError>| send.send((i, result.is_ok())).expect("heard"));
        committer.submit(batch, done).expect("room");
    }
    committer.note(said("note", "ana", ""));
    drop(shut);
    assert_eq!(receive.iter().take(3).collect::<Vec<_>>(), [(0, true), (1, false), (2, true)]);
    wait_until("the note is there too", || journal.next_seq() == 6);
}

#[test]
fn notes_are_written_soon_or_dropped() {
    let journal = Gated::new();
    let limits = Limits { notes_max: 3, note_wait_ms_max: 50, ..Limits::default() };
    let (committer, applied) = start(&journal, limits);
    let shut = journal.gate.write();
    let taken = facts("n", 5).into_iter().map(|fact| committer.note(fact)).filter(|taken| *taken).count();
    assert_eq!(taken, 3, "as many as there is room for");
    assert_eq!(committer.stats().notes_dropped, 2);
    drop(shut);
    wait_until("they are written", || applied.lock().len() == 3);
    let slow = Limits { note_wait_ms_max: 1_000_000, ..limits };
    let (committer, applied) = start(&journal, slow);
    committer.note(said("later", "ana", ""));
    committer.submit_wait(facts("with", 1)).expect("committed");
    assert_eq!(applied.lock().len(), 2, "a note goes with the next block");
    committer.note(said("last", "ana", ""));
    committer.shutdown();
    assert_eq!(applied.lock().len(), 3, "or with the end");
    assert!(matches!(committer.submit_wait(facts("late", 1)), Err(CommitError::Closed)));
    assert!(committer.exclusive(|_| ()).is_none());
}

#[test]
fn exclusive_jobs_see_a_journal_at_rest() {
    let journal = Gated::new();
    let (committer, applied) = start(&journal, Limits::default());
    thread::scope(|scope| {
        scope.spawn(|| {
            for i in 0..200 {
                committer.submit_wait(facts(&format!("e{i}"), 2)).expect("committed");
            }
        });
        for _ in 0..20 {
            let applied = applied.clone();
            let (there, seen) =
                committer.exclusive(move |journal| (journal.next_seq(), applied.lock().len())).expect("open");
            assert_eq!(there, seen as u64);
        }
    });
}

#[test]
fn a_panic_in_apply_leaves_nobody_waiting() {
    let journal = Gated::new();
    let apply = |_, facts: Vec<Fact>| assert!(facts[0].id.as_str() != "bad-0", "as the test wants");
    let committer = Committer::start(journal.clone(), apply, Limits::default()).expect("starts");
    committer.submit_wait(facts("good", 1)).expect("committed");
    assert!(matches!(committer.submit_wait(facts("bad", 1)), Err(CommitError::Closed)));
    wait_until("it is closed", || matches!(committer.submit_wait(facts("late", 1)), Err(CommitError::Closed)));
}
