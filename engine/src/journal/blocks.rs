//! From facts to sealed blocks: leaves out what was seen, cuts what is large, and undoes itself if the blocks cannot be
//! stored.

use anklang_domain::Fact;
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::seen::{IdHash, Seen};
use super::wire::Gather;
use super::{JournalError, Seq};

/// Fewer blocks than this are sealed where they are: waking another thread costs more.
const PARALLEL_FROM_BLOCKS: usize = 2;

/// A sealed block and the number of its first fact.
pub(super) type Sealed = (Seq, Vec<u8>);

/// An append made ready: its ids count as seen already.
pub(super) struct Batch {
    pub(super) fresh: Vec<bool>,
    pub(super) hashes: Vec<IdHash>,
    pub(super) blocks: Vec<Sealed>,
}

impl Batch {
    pub(super) fn prepare(facts: &[Fact], first: Seq, seen: &mut Seen) -> Result<Self, JournalError> {
        let mut batch = Self { fresh: Vec::with_capacity(facts.len()), hashes: Vec::new(), blocks: Vec::new() };
        let filled = batch.fill(facts, first, seen);
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

    fn fill(&mut self, facts: &[Fact], first: Seq, seen: &mut Seen) -> Result<(), JournalError> {
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
        self.blocks = seal(full, first)?;
        Ok(())
    }
}

/// Compressing costs more than everything else on the way to the disk: several blocks are sealed on several threads.
fn seal(gathered: Vec<Gather>, first: Seq) -> Result<Vec<Sealed>, JournalError> {
    let mut next = first;
    let follow = (0..gathered.len() as u32).rev();
    let numbered = gathered.into_iter().zip(follow).map(|(gather, follow)| {
        let start = next;
        next += u64::from(gather.count());
        (start, follow, gather)
    });
    let numbered: Vec<_> = numbered.collect();
    let sealed = |(start, follow, mut gather): (Seq, u32, Gather)| Ok((start, gather.seal(start, follow)?));
    if numbered.len() < PARALLEL_FROM_BLOCKS {
        return numbered.into_iter().map(sealed).collect();
    }
    numbered.into_par_iter().map(sealed).collect()
}
