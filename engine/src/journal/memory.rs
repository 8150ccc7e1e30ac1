//! A journal that is gone when the process is: for tests, and for trying things out.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use anklang_domain::Fact;
use parking_lot::{Mutex, RwLock};

use super::blocks::Batch;
use super::folder::Folder;
use super::seen::{IdHash, Key, Seen, random_key};
use super::wire::Block;
use super::{Appended, DiskJournal, Edit, Journal, JournalError, Rewritten, Seq, Visit};

/// How many facts a backup appends at once.
const BACKUP_FACTS: usize = 10_000;

/// A journal in memory. It keeps the same blocks as the one on disk, so that a fact read is a fact decoded.
pub struct MemoryJournal {
    /// Whoever appends or rewrites holds this.
    writer: Mutex<Writer>,
    key: Key,
    state: RwLock<State>,
}

struct Writer {
    seen: Seen,
    /// The ids of facts that are gone, which stay known.
    gone: Vec<IdHash>,
}

#[derive(Clone, Default)]
struct State {
    /// Sealed blocks, in order, shared with whoever is reading.
    blocks: Vec<(Seq, Arc<[u8]>)>,
    next: Seq,
    generation: u64,
}

impl MemoryJournal {
    /// An empty journal.
    pub fn new() -> Result<Self, JournalError> {
        let key = random_key();
        let writer = Writer { seen: Seen::new(&key), gone: Vec::new() };
        Ok(Self { writer: Mutex::new(writer), key, state: RwLock::default() })
    }
}

impl Journal for MemoryJournal {
    fn append(&self, facts: &[Fact]) -> Result<Appended, JournalError> {
        let mut writer = self.writer.lock();
        let first = self.next_seq();
        let batch = Batch::prepare(facts, first, &mut writer.seen)?;
        let mut state = self.state.write();
        state.next = first + batch.hashes.len() as u64;
        state.blocks.extend(batch.blocks.into_iter().map(|(seq, bytes)| (seq, Arc::from(bytes))));
        Ok(Appended { first, fresh: batch.fresh })
    }

    fn next_seq(&self) -> Seq {
        self.state.read().next
    }

    fn read(&self, from: Seq, visit: &mut Visit<'_>) -> Result<(), JournalError> {
        let blocks = {
            let state = self.state.read();
            let start = state.blocks.partition_point(|(first, _)| *first <= from).saturating_sub(1);
            state.blocks[start..].to_vec()
        };
        for (first, bytes) in blocks {
            let block = Block::read(first, &bytes)?;
            for (seq, fact) in (first..).zip(block.facts()) {
                let (fact, _) = fact?;
                if seq >= from && visit(seq, fact).is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn generation(&self) -> u64 {
        self.state.read().generation
    }

    fn rewrite(&self, edit: &(dyn Fn(&Fact) -> Edit + Sync)) -> Result<Rewritten, JournalError> {
        let mut writer = self.writer.lock();
        let mut report = Rewritten::default();
        let mut seen = Seen::new(&self.key);
        let (mut kept, mut gone) = (Vec::new(), writer.gone.clone());
        self.read(0, &mut |_, fact| {
            let id = fact.id.clone();
            let left = report.apply(fact, edit);
            if left.as_ref().is_none_or(|fact| fact.id != id) {
                gone.push(seen.hash(&id)); // it must not come in again
            }
            kept.extend(left);
            ControlFlow::Continue(())
        })?;
        let batch = Batch::prepare(&kept, 0, &mut seen)?;
        for hash in &gone {
            seen.insert(*hash);
        }
        let blocks: Vec<(Seq, Arc<[u8]>)> = batch.blocks.into_iter().map(|(seq, bytes)| (seq, bytes.into())).collect();
        let mut state = self.state.write();
        let generation = state.generation + 1;
        *state = State { blocks, next: batch.hashes.len() as u64, generation };
        *writer = Writer { seen, gone };
        Ok(report)
    }

    /// The copy is a [`DiskJournal`].
    fn backup(&self, to: &Path) -> Result<Seq, JournalError> {
        Folder::create(to).map(drop)?;
        let copy = DiskJournal::open(to)?;
        let mut waiting = Vec::new();
        let mut failed = None;
        self.read(0, &mut |_, fact| {
            waiting.push(fact);
            if waiting.len() < BACKUP_FACTS {
                return ControlFlow::Continue(());
            }
            failed = copy.append(&std::mem::take(&mut waiting)).err();
            if failed.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        if let Some(error) = failed {
            return Err(error);
        }
        copy.append(&waiting)?;
        Ok(copy.next_seq())
    }

    fn bytes(&self) -> u64 {
        0
    }
}
