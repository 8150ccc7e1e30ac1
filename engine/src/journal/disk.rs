//! The journal on disk: blocks in a store, ids beside them, one folder per generation.

use std::path::Path;
use std::sync::Arc;

use anklang_domain::Fact;
use parking_lot::{Mutex, RwLock};

use super::blocks::Batch;
use super::folder::{Folder, sync_folder};
use super::gone;
use super::ids::IdsFile;
use super::reading::{read_blocks, read_ids};
use super::rewriting::{Copier, copy_blocks};
use super::seen::Seen;
use super::sled::Store;
use super::{Appended, Edit, Journal, JournalError, Rewritten, Seq, Visit};

/// The file of ids in a generation's folder.
pub(super) const IDS: &str = "ids";
/// Room that must be there before a journal whose disk was full tries again: what the store needs to open.
const PROBE_BYTES: usize = 20 << 20;
/// A rewrite stops appends for the last facts only, when so few are left or so often it has caught up.
const TAIL_FACTS: u64 = 10_000;
const CATCH_UP_ROUNDS_MAX: usize = 8;

/// The embedded journal: a folder, held by one process.
pub struct DiskJournal {
    /// Whoever appends holds this.
    writer: Mutex<Writer>,
    live: RwLock<Live>,
    /// One rewrite at a time.
    rewriting: Mutex<()>,
    // Dropped last: the folder is free when everything in it is closed.
    folder: Folder,
}

struct Writer {
    seen: Seen,
    ids: IdsFile,
    /// A write failed: the store must be opened anew before the next.
    failed: bool,
}

struct Live {
    /// None only where opening it anew failed.
    store: Option<Arc<Store>>,
    next: Seq,
    generation: u64,
}

impl DiskJournal {
    /// Opens the journal in `folder`, or makes one. Removes what a crash left: a torn append, a half-written generation.
    pub fn open(folder: &Path) -> Result<Self, JournalError> {
        let (folder, generation) = Folder::open(folder)?;
        let path = folder.generation(generation);
        let (store, ids) = rayon::join(|| Store::open(&path), || IdsFile::open(&path.join(IDS)));
        let ((store, next), (mut ids, mut seen)) = (store?, ids?);
        if ids.saved() > next {
            let what = format!(
                "the journal ends before fact {next}, yet {} facts had been written. Restore a backup; or, to go on with \
                 what is left, remove {}",
                ids.saved(),
                path.join(IDS).display()
            );
            return Err(JournalError::Corrupt { block: next, what });
        }
        read_ids(&store, &mut ids, &mut seen, next)?;
        for hash in gone::read(&path) {
            seen.insert(hash);
        }
        let writer = Writer { seen, ids, failed: false };
        let live = Live { store: Some(Arc::new(store)), next, generation };
        Ok(Self { writer: Mutex::new(writer), live: RwLock::new(live), rewriting: Mutex::new(()), folder })
    }

    fn store(&self) -> Result<(Arc<Store>, Seq), JournalError> {
        let live = self.live.read();
        Ok((live.store.clone().ok_or_else(closed)?, live.next))
    }

    /// After a failed write: opens the store anew, without what the failed append may have left in it.
    fn revive(&self, writer: &mut Writer) -> Result<(), JournalError> {
        if !writer.failed {
            return Ok(());
        }
        self.folder.probe(PROBE_BYTES)?;
        let mut live = self.live.write();
        let path = self.folder.generation(live.generation);
        if let Some(store) = live.store.take() {
            match Arc::try_unwrap(store) {
                Ok(store) => drop(store),
                Err(store) => {
                    live.store = Some(store);
                    return Err(JournalError::Storage("waiting for a reader before opening the journal anew".into()));
                }
            }
        }
        let (store, found) = Store::open(&path)?;
        if found < live.next {
            let what = format!("ends before fact {found} instead of {}", live.next);
            return Err(JournalError::Corrupt { block: found, what });
        }
        store.remove_from(live.next)?;
        store.sync()?;
        live.store = Some(Arc::new(store));
        writer.failed = false;
        Ok(())
    }
}

fn closed() -> JournalError {
    JournalError::Storage("the journal could not be opened anew after an earlier failure".to_owned())
}

impl Journal for DiskJournal {
    fn append(&self, facts: &[Fact]) -> Result<Appended, JournalError> {
        let mut guard = self.writer.lock();
        let writer = &mut *guard;
        self.revive(writer)?;
        let (store, first) = self.store()?;
        let batch = Batch::prepare(facts, first, &mut writer.seen)?;
        if batch.blocks.is_empty() {
            return Ok(Appended { first, fresh: batch.fresh });
        }
        let put = batch.blocks.iter().try_for_each(|(first, block)| store.put(*first, block));
        if let Err(error) = put.and_then(|()| store.sync()) {
            batch.undo(&mut writer.seen);
            writer.failed = true;
            return Err(error);
        }
        self.live.write().next = first + batch.hashes.len() as u64;
        writer.ids.add(&batch.hashes);
        Ok(Appended { first, fresh: batch.fresh })
    }

    fn next_seq(&self) -> Seq {
        self.live.read().next
    }

    fn read(&self, from: Seq, visit: &mut Visit<'_>) -> Result<(), JournalError> {
        let (store, end) = self.store()?;
        read_blocks(&store, from, end, visit)
    }

    fn generation(&self) -> u64 {
        self.live.read().generation
    }

    fn rewrite(&self, edit: &(dyn Fn(&Fact) -> Edit + Sync)) -> Result<Rewritten, JournalError> {
        let _one = self.rewriting.lock();
        let old = self.generation();
        let result = self.rewrite_to(old + 1, edit);
        let now = self.generation();
        let removed = match &result {
            Ok(_) => self.folder.remove(old),
            Err(_) if now == old => self.folder.remove(old + 1),
            // The new one counts, but perhaps not after a crash: both stay, until the next open.
            Err(_) => Ok(()),
        };
        let report = result?;
        removed.map(|()| report)
    }

    fn backup(&self, to: &Path) -> Result<Seq, JournalError> {
        let (store, end, generation) = {
            let live = self.live.read();
            (live.store.clone().ok_or_else(closed)?, live.next, live.generation)
        };
        let folder = Folder::create(to)?;
        let path = folder.generation(generation);
        let (copy, _) = Store::open(&path)?;
        copy_blocks(&store, end, &copy)?;
        drop(copy);
        sync_folder(&path)?;
        folder.switch_to(generation)?;
        folder.sync()?;
        Ok(end)
    }

    fn bytes(&self) -> u64 {
        self.store().map_or(0, |(store, _)| store.bytes())
    }
}

impl DiskJournal {
    fn rewrite_to(&self, generation: u64, edit: &(dyn Fn(&Fact) -> Edit + Sync)) -> Result<Rewritten, JournalError> {
        self.folder.remove(generation)?;
        let (key, hasher) = {
            let writer = self.writer.lock();
            (writer.ids.key(), writer.seen.hasher())
        };
        let gone = gone::read(&self.folder.generation(self.generation()));
        let mut copier = Copier::new(&self.folder.generation(generation), key, hasher, gone, edit)?;
        for _ in 0..CATCH_UP_ROUNDS_MAX {
            let (store, end) = self.store()?;
            if end - copier.done() <= TAIL_FACTS {
                break;
            }
            copier.copy(&store, end)?;
        }
        let mut guard = self.writer.lock();
        let writer = &mut *guard;
        self.revive(writer)?;
        let (store, end) = self.store()?;
        copier.copy(&store, end)?;
        let copied = copier.finish()?;
        let mut live = self.live.write();
        self.folder.switch_to(generation)?;
        *live = Live { store: Some(Arc::new(copied.store)), next: copied.next, generation };
        writer.ids = copied.ids;
        self.folder.sync()?;
        Ok(copied.report)
    }
}
