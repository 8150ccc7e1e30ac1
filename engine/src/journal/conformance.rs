//! What every journal must do, run against each of them.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anklang_domain::{Body, Fact};
use proptest::prelude::*;
use tempfile::TempDir;

use super::wire::samples;
use super::{DiskJournal, Edit, Journal, JournalError, MemoryJournal, Seq};

/// A journal under test, and how to close and open it.
struct Subject {
    journal: Option<Arc<dyn Journal>>,
    /// None where closing loses everything.
    folder: Option<TempDir>,
}

impl Subject {
    fn memory() -> Self {
        Self { journal: Some(Arc::new(MemoryJournal::new().expect("a journal"))), folder: None }
    }

    fn disk() -> Self {
        let folder = TempDir::new().expect("a folder");
        Self { journal: Some(Arc::new(DiskJournal::open(folder.path()).expect("a journal"))), folder: Some(folder) }
    }

    fn journal(&self) -> &Arc<dyn Journal> {
        self.journal.as_ref().expect("it is open")
    }

    fn reopen(&mut self) {
        if let Some(folder) = &self.folder {
            self.journal = None;
            self.journal = Some(Arc::new(patiently(|| DiskJournal::open(folder.path()))));
        }
    }
}

/// Opens what was closed a moment ago. Another test may be starting a process: until that is done, it shares our locks.
pub(super) fn patiently<T>(open: impl Fn() -> Result<T, JournalError>) -> T {
    for _ in 0..200 {
        match open() {
            Err(JournalError::Locked(_) | JournalError::Storage(_)) => thread::sleep(Duration::from_millis(10)),
            other => return other.expect("opens again"),
        }
    }
    open().expect("opens again")
}

/// An engagement by `member` that says `text`.
pub(super) fn said(id: &str, member: &str, text: &str) -> Fact {
    let line = format!(
        r#"{{"id":"{id}","at":"2018-08-15T09:00:00Z","type":"engaged","member":"{member}","verb":"replied","item":"42","props":{{"text":"{text}"}}}}"#
    );
    serde_json::from_str(&line).expect("a fact")
}

fn numbered(range: std::ops::Range<usize>) -> Vec<Fact> {
    range.map(|i| said(&format!("n{i}"), &format!("m{}", i % 7), &format!("text {i}"))).collect()
}

pub(super) fn all(journal: &dyn Journal, from: Seq) -> Vec<(Seq, Fact)> {
    let mut facts = Vec::new();
    journal
        .read(from, &mut |seq, fact| {
            facts.push((seq, fact));
            ControlFlow::Continue(())
        })
        .expect("can be read");
    facts
}

fn with_numbers(facts: &[Fact]) -> Vec<(Seq, Fact)> {
    (0..).zip(facts.iter().cloned()).collect()
}

fn keeps_facts_in_order(mut subject: Subject) {
    assert_eq!(all(&**subject.journal(), 0), []);
    let appended = subject.journal().append(&samples()).expect("appended");
    assert_eq!((appended.first, appended.fresh), (0, vec![true; samples().len()]));
    let more = numbered(0..30);
    let appended = subject.journal().append(&more).expect("appended");
    assert_eq!(appended.first, samples().len() as u64);
    let expected = with_numbers(&[samples(), more].concat());
    assert_eq!(all(&**subject.journal(), 0), expected);
    subject.reopen();
    assert_eq!(subject.journal().next_seq(), expected.len() as u64);
    assert_eq!(all(&**subject.journal(), 0), expected);
}

fn takes_an_id_once(mut subject: Subject) {
    let facts = numbered(0..10);
    let twice = [&facts[..5], &facts[2..7], &facts[..1]].concat();
    let fresh = subject.journal().append(&twice).expect("appended").fresh;
    assert_eq!(fresh, [true, true, true, true, true, false, false, false, true, true, false]);
    let again = subject.journal().append(&facts[..5]).expect("appended");
    assert_eq!((again.first, again.fresh), (7, vec![false; 5]));
    subject.reopen();
    let again = subject.journal().append(&facts).expect("appended");
    assert_eq!((again.first, again.fresh.iter().filter(|new| **new).count()), (7, 3));
    assert_eq!(all(&**subject.journal(), 0), with_numbers(&facts));
}

fn takes_nothing_for_nothing(mut subject: Subject) {
    assert_eq!(subject.journal().append(&[]).expect("appended").fresh, [] as [bool; 0]);
    assert_eq!(subject.journal().next_seq(), 0);
    subject.journal().append(&numbered(0..1)).expect("appended");
    assert_eq!(subject.journal().append(&[]).expect("appended").first, 1);
    subject.reopen();
    assert_eq!(subject.journal().next_seq(), 1);
}

fn reads_from_any_number(mut subject: Subject) {
    let facts = numbered(0..9000);
    for part in [0..1, 1..4, 4..4000, 4000..4001, 4001..9000] {
        subject.journal().append(&facts[part]).expect("appended");
    }
    for reopened in [false, true] {
        for from in [0, 1, 2, 3, 4, 3999, 4000, 4001, 8999, 9000, 9001, u64::MAX] {
            let expected = with_numbers(&facts).split_off((from as usize).min(9000));
            assert!(all(&**subject.journal(), from) == expected, "from {from}, reopened {reopened}");
        }
        subject.reopen();
    }
    let mut visited = 0;
    let stop = &mut |seq, _| {
        visited = seq;
        if seq == 5000 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    subject.journal().read(0, stop).expect("can be read");
    assert_eq!(visited, 5000);
}

fn takes_large_appends_whole(mut subject: Subject) {
    // Text that does not compress, in facts from tiny to larger than any piece or block.
    let mut chance = anklang_domain::Stream::new(5);
    let mut noise = |bytes: usize| (0..bytes / 16).map(|_| format!("{:016x}", chance.next_u64())).collect::<String>();
    let facts: Vec<Fact> = [10, 100_000, 300_000, 10, 2_000_000, 700_000]
        .iter()
        .enumerate()
        .map(|(i, n)| said(&format!("big{i}"), "ana", &noise(*n)))
        .collect();
    let facts = [facts, numbered(0..20_000)].concat();
    subject.journal().append(&facts).expect("appended");
    assert!(all(&**subject.journal(), 0) == with_numbers(&facts));
    subject.reopen();
    assert!(all(&**subject.journal(), 0) == with_numbers(&facts));
    assert!(all(&**subject.journal(), 5)[0] == (5, facts[5].clone()));
}

fn refuses_what_it_could_not_keep(subject: Subject) {
    let huge = said("huge", "ana", &"x".repeat(super::wire::FACT_BYTES_MAX + 1));
    let result = subject.journal().append(&[numbered(0..1), vec![huge]].concat());
    assert!(matches!(result, Err(JournalError::Refused { index: 1, .. })), "{result:?}");
    assert_eq!(subject.journal().next_seq(), 0);
    assert_eq!(subject.journal().append(&numbered(0..1)).expect("appended").fresh, [true]);
}

fn rewrites(mut subject: Subject) {
    let facts = numbered(0..5000);
    for part in facts.chunks(700) {
        subject.journal().append(part).expect("appended");
    }
    let generation = subject.journal().generation();
    let edit = |fact: &Fact| match &fact.body {
        Body::Engaged(engagement) if engagement.member.as_str() == "m3" => Edit::Drop,
        Body::Engaged(engagement) if engagement.member.as_str() == "m4" => {
            Edit::Replace(Box::new(said(fact.id.as_str(), "nobody", "")))
        }
        _ => Edit::Keep,
    };
    let expected: Vec<Fact> = facts
        .iter()
        .filter_map(|fact| match edit(fact) {
            Edit::Keep => Some(fact.clone()),
            Edit::Replace(other) => Some(*other),
            Edit::Drop => None,
        })
        .collect();
    let report = subject.journal().rewrite(&edit).expect("rewritten");
    assert_eq!((report.kept, report.replaced, report.dropped), (3572, 714, 714));
    for reopened in [false, true] {
        assert_eq!(subject.journal().next_seq(), expected.len() as u64, "reopened {reopened}");
        assert!(all(&**subject.journal(), 0) == with_numbers(&expected), "reopened {reopened}");
        subject.reopen();
    }
    if subject.folder.is_some() {
        assert_eq!(subject.journal().generation(), generation + 1);
    }
    // The ids of all stay known, of what was dropped too: it does not come in again, not even after another rewrite.
    for again in [false, true] {
        let fresh = subject.journal().append(&facts[..7]).expect("appended").fresh;
        assert!(fresh.iter().all(|fresh| !fresh), "again {again}: {fresh:?}");
        if subject.folder.is_some() {
            subject.journal().rewrite(&|_| Edit::Keep).expect("rewritten");
            subject.reopen();
        }
    }
}

fn backs_up_while_appending(mut subject: Subject) {
    let facts = numbered(0..3000);
    subject.journal().append(&facts[..2000]).expect("appended");
    let folder = TempDir::new().expect("a folder");
    let (copy, journal) = (folder.path().join("copy"), subject.journal().clone());
    let end = thread::scope(|scope| {
        let appending = scope.spawn(|| {
            for part in facts[2000..].chunks(10) {
                journal.append(part).expect("appended");
            }
        });
        let end = journal.backup(&copy).expect("backed up");
        appending.join().expect("appended");
        end
    });
    assert!(end >= 2000);
    let restored = DiskJournal::open(&copy).expect("a copy opens");
    assert!(all(&restored, 0) == with_numbers(&facts[..end as usize]));
    assert_eq!(restored.append(&facts[..5]).expect("appended").fresh, [false; 5]);
    assert_eq!(restored.append(&numbered(5000..5001)).expect("appended").fresh, [true]);
    assert!(subject.journal().backup(&copy).is_err(), "the folder is in use");
    drop(restored);
    assert!(subject.journal().backup(&copy).is_err(), "the folder is not empty");
    drop(journal);
    subject.reopen();
    assert!(all(&**subject.journal(), 0) == with_numbers(&facts));
}

fn reads_while_appending_and_rewriting(subject: Subject) {
    let facts = numbered(0..6000);
    let done = AtomicBool::new(false);
    let journal = &**subject.journal();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut seen = 0;
                while !done.load(Ordering::Acquire) {
                    let read = all(journal, 0);
                    assert!(read.len() >= seen, "facts went missing");
                    seen = read.len();
                    assert!(read == with_numbers(&facts[..seen]));
                }
            });
        }
        for (i, part) in facts.chunks(50).enumerate() {
            journal.append(part).expect("appended");
            if i % 40 == 20 {
                journal.rewrite(&|_| Edit::Keep).expect("rewritten");
            }
        }
        done.store(true, Ordering::Release);
    });
    assert!(all(journal, 0) == with_numbers(&facts));
}

fn check_histories(make: fn() -> Subject, steps: &[Step]) {
    let mut subject = make();
    let (mut model, mut known): (Vec<Fact>, HashMap<String, ()>) = (Vec::new(), HashMap::new());
    for step in steps {
        match step {
            Step::Append(ids) => {
                let facts: Vec<Fact> = ids.iter().map(|id| said(&format!("h{id}"), "ana", &format!("t{id}"))).collect();
                let appended = subject.journal().append(&facts).expect("appended");
                assert_eq!(appended.first, model.len() as u64);
                for (fact, fresh) in facts.into_iter().zip(appended.fresh) {
                    assert_eq!(fresh, known.insert(fact.id.to_string(), ()).is_none());
                    model.extend(fresh.then_some(fact));
                }
            }
            Step::Reopen => subject.reopen(),
            Step::Drop(parity) => {
                let goes = |fact: &Fact| fact.id.as_str().len() % 2 == usize::from(*parity);
                let edit = |fact: &Fact| if goes(fact) { Edit::Drop } else { Edit::Keep };
                subject.journal().rewrite(&edit).expect("rewritten");
                model.retain(|fact| !goes(fact));
            }
        }
        assert_eq!(all(&**subject.journal(), 0), with_numbers(&model));
    }
}

#[derive(Debug, Clone)]
enum Step {
    Append(Vec<u8>),
    Reopen,
    Drop(bool),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => prop::collection::vec(any::<u8>(), 0..20).prop_map(Step::Append),
        1 => Just(Step::Reopen),
        1 => any::<bool>().prop_map(Step::Drop),
    ];
    prop::collection::vec(step, 1..12)
}

macro_rules! conformance {
    ($name:ident, $make:path: $($test:ident)*) => {
        mod $name {
            use super::*;
            $(#[test] fn $test() { super::$test($make()); })*
            proptest! {
                #![proptest_config(ProptestConfig::with_cases(16))]
                #[test]
                fn follows_the_model(steps in steps()) { check_histories($make, &steps); }
            }
        }
    };
}

macro_rules! conformance_of_all {
    ($($tests:tt)*) => {
        conformance! { memory, Subject::memory: $($tests)* }
        conformance! { disk, Subject::disk: $($tests)* }
    };
}

conformance_of_all! {
    keeps_facts_in_order takes_an_id_once takes_nothing_for_nothing reads_from_any_number takes_large_appends_whole
    refuses_what_it_could_not_keep rewrites backs_up_while_appending reads_while_appending_and_rewriting
}

/// The bytes of every file in a folder.
pub(super) fn every_byte(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        bytes.extend(if path.is_dir() { every_byte(&path) } else { std::fs::read(&path).expect("a file") });
    }
    bytes
}
