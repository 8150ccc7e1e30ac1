//! The journal's folder: which generation counts, who holds it, and how one generation takes another's place.
//!
//! ```text
//! LOCK      held by the one process that uses the folder
//! CURRENT   the number of the generation that counts, replaced whole by a rename
//! 0/ 1/ …   generations; all but the current one are left-overs, removed at open
//! ```

use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::JournalError;

/// A folder held by this process until dropped.
pub(super) struct Folder {
    root: PathBuf,
    _lock: File,
}

/// Any I/O error is the storage's.
pub(super) fn storage(error: std::io::Error) -> JournalError {
    JournalError::Storage(error.to_string())
}

/// Makes the names in a folder durable.
pub(super) fn sync_folder(path: &Path) -> Result<(), JournalError> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(storage)
}

impl Folder {
    /// Takes the folder, makes it if need be, and removes generations that do not count.
    pub(super) fn open(root: &Path) -> Result<(Self, u64), JournalError> {
        let folder = Self::hold(root)?;
        let generation = match fs::read_to_string(folder.root.join("CURRENT")) {
            Ok(text) => text.trim().parse().map_err(|_| damaged(format!("CURRENT says {text:?}")))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                if let Some(found) = folder.generations()?.first() {
                    return Err(damaged(format!("generation {found} is there, CURRENT is not: an unfinished copy?")));
                }
                folder.switch_to(0)?;
                folder.sync()?;
                0
            }
            Err(error) => return Err(storage(error)),
        };
        let found = folder.generations()?;
        if !found.is_empty() && !found.contains(&generation) {
            return Err(damaged(format!("CURRENT names generation {generation}, but there are only {found:?}")));
        }
        for left_over in folder.generations()?.into_iter().filter(|found| *found != generation) {
            tracing::info!(generation = left_over, "removing a generation that does not count");
            folder.remove(left_over)?;
        }
        Ok((folder, generation))
    }

    /// Takes a folder that must be empty or absent.
    pub(super) fn create(root: &Path) -> Result<Self, JournalError> {
        if fs::read_dir(root).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(JournalError::Storage(format!("{} is not empty", root.display())));
        }
        Self::hold(root)
    }

    fn hold(root: &Path) -> Result<Self, JournalError> {
        fs::create_dir_all(root).map_err(storage)?;
        let lock = fs::OpenOptions::new().create(true).truncate(false).write(true).open(root.join("LOCK"));
        let lock = lock.map_err(storage)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { root: root.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(JournalError::Locked(root.display().to_string())),
            Err(TryLockError::Error(error)) => Err(storage(error)),
        }
    }

    /// Where a generation lies.
    pub(super) fn generation(&self, generation: u64) -> PathBuf {
        self.root.join(generation.to_string())
    }

    /// From now on this generation counts; after a crash too, once [`Folder::sync`] returned. On an error nothing changed.
    pub(super) fn switch_to(&self, generation: u64) -> Result<(), JournalError> {
        let (fresh, current) = (self.root.join("CURRENT.new"), self.root.join("CURRENT"));
        let mut file = File::create(&fresh).map_err(storage)?;
        writeln!(file, "{generation}").and_then(|()| file.sync_all()).map_err(storage)?;
        fs::rename(fresh, current).map_err(storage)
    }

    /// Makes the folder's names durable.
    pub(super) fn sync(&self) -> Result<(), JournalError> {
        sync_folder(&self.root)
    }

    /// Removes a generation, if it is there.
    pub(super) fn remove(&self, generation: u64) -> Result<(), JournalError> {
        match fs::remove_dir_all(self.generation(generation)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(storage(error)),
            Ok(()) | Err(_) => self.sync(),
        }
    }

    /// Fails where a file of this size finds no room. Leaves nothing behind.
    pub(super) fn probe(&self, bytes: usize) -> Result<(), JournalError> {
        let path = self.root.join("PROBE");
        let written = File::create(&path).and_then(|mut file| {
            file.write_all(&vec![0; bytes])?;
            file.sync_all()
        });
        let removed = fs::remove_file(&path);
        written.and(removed).map_err(storage)
    }

    fn generations(&self) -> Result<Vec<u64>, JournalError> {
        let entries = fs::read_dir(&self.root).map_err(storage)?;
        let numbers = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        Ok(numbers.collect())
    }
}

fn damaged(what: String) -> JournalError {
    JournalError::Corrupt { block: 0, what }
}
