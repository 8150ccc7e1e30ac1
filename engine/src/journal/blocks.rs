//! From facts to sealed blocks: leaves out what was seen, cuts what is large, and undoes itself if the blocks cannot be
//! stored.

use anklang_domain::Fact;

use super::seen::{IdHash, Seen};
use super::wire::{Gather, Packer};
use super::{JournalError, Seq};

/// A sealed block and the number of its first fact.
pub(super) type Sealed = (Seq, Vec<u8>);

/// An append made ready: its ids count as seen already.
pub(super) struct Batch {
    pub(super) fresh: Vec<bool>,
    pub(super) hashes: Vec<IdHash>,
    pub(super) blocks: Vec<Sealed>,
}

impl Batch {
    pub(super) fn prepare(
        facts: &[Fact],
        first: Seq,
        seen: &mut Seen,
        packer: &mut Packer,
    ) -> Result<Self, JournalError> {
        let mut batch = Self { fresh: Vec::with_capacity(facts.len()), hashes: Vec::new(), blocks: Vec::new() };
        let filled = batch.fill(facts, first, seen, packer);
        if filled.is_err() {
            batch.undo(seen);
        }
        filled.map(|()| batch)
    }

    /// Forgets the ids again.
    pub(super) fn undo(&self, seen: &mut Seen) {
        for hash in &self.hashes {
            seen.remove(hash);
        }
    }

    fn fill(&mut self, facts: &[Fact], first: Seq, seen: &mut Seen, packer: &mut Packer) -> Result<(), JournalError> {
        let mut full: Vec<Gather> = Vec::new();
        let mut gather = Gather::default();
        for (index, fact) in facts.iter().enumerate() {
            let hash = seen.hash(&fact.id);
            let new = seen.insert(hash);
            self.fresh.push(new);
            if !new {
                continue;
            }
            self.hashes.push(hash);
            gather.push(fact).map_err(|why| JournalError::Refused { index, what: why.to_string() })?;
            if gather.full() {
                full.push(std::mem::take(&mut gather));
            }
        }
        if gather.count() > 0 {
            full.push(gather);
        }
        let mut next = first;
        let blocks = full.len();
        for (index, mut gather) in full.into_iter().enumerate() {
            let start = next;
            next += u64::from(gather.count());
            self.blocks.push((start, gather.seal(start, (blocks - 1 - index) as u32, packer)?));
        }
        Ok(())
    }
}
