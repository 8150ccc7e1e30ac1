//! One generation into the next: every fact goes through an edit, blocks are packed anew and small ones gathered.

use std::path::Path;

use anklang_domain::Fact;

use super::disk::IDS;
use super::folder::sync_folder;
use super::gone;
use super::ids::IdsFile;
use super::reading::whole_blocks;
use super::seen::{Hasher, IdHash, Key};
use super::sled::Store;
use super::wire::{Block, Gather};
use super::{Edit, JournalError, Rewritten, Seq};

/// So much may be written before it is synced, so that the store's buffers stay small.
const SYNC_EVERY_BYTES: usize = 64 << 20;

/// Copies a generation, in as many steps as it takes.
pub(super) struct Copier<'a> {
    edit: &'a (dyn Fn(&Fact) -> Edit + Sync),
    hasher: Hasher,
    gather: Gather,
    /// The number of the first fact of the old generation that is not copied.
    done: Seq,
    unsynced_bytes: usize,
    copy: Copied,
}

/// A finished copy.
pub(super) struct Copied {
    pub(super) store: Store,
    pub(super) ids: IdsFile,
    pub(super) next: Seq,
    /// The ids of facts that are gone, which stay known.
    pub(super) gone: Vec<IdHash>,
    pub(super) report: Rewritten,
}

impl<'a> Copier<'a> {
    pub(super) fn new(
        path: &Path,
        key: Key,
        hasher: Hasher,
        gone: Vec<IdHash>,
        edit: &'a (dyn Fn(&Fact) -> Edit + Sync),
    ) -> Result<Self, JournalError> {
        let (store, next) = Store::open(path)?;
        let ids = IdsFile::create(&path.join(IDS), key)?;
        let copy = Copied { store, ids, next, gone, report: Rewritten::default() };
        let gather = Gather::default();
        Ok(Self { edit, hasher, gather, done: 0, unsynced_bytes: 0, copy })
    }

    pub(super) const fn done(&self) -> Seq {
        self.done
    }

    /// Copies what is not copied yet, up to `end`.
    pub(super) fn copy(&mut self, from: &Store, end: Seq) -> Result<(), JournalError> {
        if self.done >= end {
            // A store has no block to begin with there, and would begin with the one before.
            return Ok(());
        }
        for block in whole_blocks(from, self.done, end)? {
            let (first, bytes) = block?;
            let block = Block::read(first, &bytes)?;
            for fact in block.facts() {
                let (fact, encoded) = fact?;
                self.fact(&fact, encoded)?;
            }
            self.done = block.header.end();
        }
        Ok(())
    }

    fn fact(&mut self, fact: &Fact, encoded: &[u8]) -> Result<(), JournalError> {
        let hash = self.hasher.hash(&fact.id);
        match (self.edit)(fact) {
            Edit::Keep => {
                self.gather.push_encoded(encoded);
                self.copy.report.kept += 1;
            }
            Edit::Replace(other) => {
                // Under another id too, the one it had stays known: it must not come in again.
                if other.id != fact.id {
                    self.copy.gone.push(hash);
                }
                let pushed = self.gather.push(&other);
                pushed.map_err(|why| JournalError::Refused { index: 0, what: why.to_string() })?;
                self.copy.report.replaced += 1;
            }
            Edit::Drop => {
                self.copy.gone.push(hash);
                self.copy.report.dropped += 1;
                return Ok(());
            }
        }
        self.copy.ids.add(&[hash]);
        if self.gather.full() { self.seal() } else { Ok(()) }
    }

    fn seal(&mut self) -> Result<(), JournalError> {
        let facts = self.gather.count();
        if facts == 0 {
            return Ok(());
        }
        let block = self.gather.seal(self.copy.next, 0)?;
        self.copy.store.put(self.copy.next, &block)?;
        self.copy.next += u64::from(facts);
        self.unsynced_bytes += block.len();
        if self.unsynced_bytes >= SYNC_EVERY_BYTES {
            self.unsynced_bytes = 0;
            self.copy.store.sync()?;
        }
        Ok(())
    }

    /// Makes the copy durable.
    pub(super) fn finish(mut self) -> Result<Copied, JournalError> {
        self.seal()?;
        self.copy.store.sync()?;
        self.copy.ids.save();
        gone::write(self.copy.store.path(), &self.copy.gone)?;
        sync_folder(self.copy.store.path())?;
        Ok(self.copy)
    }
}

/// Copies blocks as they are, each checked.
pub(super) fn copy_blocks(from: &Store, end: Seq, to: &Store) -> Result<(), JournalError> {
    let mut unsynced_bytes = 0;
    for block in whole_blocks(from, 0, end)? {
        let (first, bytes) = block?;
        Block::read(first, &bytes)?;
        to.put(first, &bytes)?;
        unsynced_bytes += bytes.len();
        if unsynced_bytes >= SYNC_EVERY_BYTES {
            unsynced_bytes = 0;
            to.sync()?;
        }
    }
    to.sync()
}
