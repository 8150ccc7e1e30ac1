//! The journal: every fact, in the order in which it became durable, once.
//!
//! - [`Committer`] is the way in while serving: it gathers what many clients submit into blocks, hands the new facts to
//!   the views, and only then acknowledges.
//! - [`DiskJournal`] keeps blocks in an embedded store, [`MemoryJournal`] in memory; one suite of tests runs against both.
//! - [`wire`] is what a block looks like in bytes. Every format ever written stays readable.
//!
//! A folder of a journal holds generations: erasing writes a new one without what was erased and removes the old.
//!
//! ```
//! use anklang_engine::journal::{Journal, MemoryJournal};
//!
//! let line = r#"{"id":"f1","at":"2018-08-15T09:00:00Z","type":"engaged","member":"ana","verb":"liked","item":"42"}"#;
//! let fact = serde_json::from_str(line)?;
//! let journal = MemoryJournal::new()?;
//! assert_eq!(journal.append(&[fact])?.fresh, [true]);
//! assert_eq!(journal.append(&[serde_json::from_str(line)?])?.fresh, [false]);
//! assert_eq!(journal.next_seq(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod blocks;
mod commit;
#[cfg(test)]
mod commit_tests;
#[cfg(test)]
mod conformance;
mod disk;
#[cfg(test)]
mod disk_tests;
mod folder;
mod gone;
mod ids;
mod memory;
mod queue;
mod reading;
mod rewriting;
mod seen;
mod sled;
pub mod wire;

use std::ops::ControlFlow;
use std::path::Path;

use anklang_domain::Fact;

pub use commit::{Busy, CommitError, CommitStats, Committer, Done, Limits, Receipt};
pub use disk::DiskJournal;
pub use memory::MemoryJournal;

/// A fact's number in the journal, from 0, in the order in which facts became durable.
pub type Seq = u64;

/// What became of the facts of one append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// The number of the first fact that is new.
    pub first: Seq,
    /// For each fact given, in order: whether it is new. One that is not had its id in the journal already, or earlier
    /// in the same append.
    pub fresh: Vec<bool>,
}

/// What a rewrite did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rewritten {
    /// Facts kept as they were.
    pub kept: u64,
    /// Facts kept in another form.
    pub replaced: u64,
    /// Facts that are gone.
    pub dropped: u64,
}

/// What a rewrite makes of a fact.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// Stays as it is.
    Keep,
    /// Takes another form, perhaps under another id; the old id stays known.
    Replace(Box<Fact>),
    /// Goes.
    Drop,
}

impl Rewritten {
    /// What `edit` makes of the fact, counted.
    fn apply(&mut self, fact: Fact, edit: &dyn Fn(&Fact) -> Edit) -> Option<Fact> {
        match edit(&fact) {
            Edit::Keep => {
                self.kept += 1;
                Some(fact)
            }
            Edit::Replace(other) => {
                self.replaced += 1;
                Some(*other)
            }
            Edit::Drop => {
                self.dropped += 1;
                None
            }
        }
    }
}

/// What can go wrong with a journal, by who must act.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The storage refused: disk full, no permission, device gone. Nothing of the append is in the journal.
    #[error("the journal cannot be written or read: {0}")]
    Storage(String),
    /// A fact of the append cannot be stored: whoever sent it must change it. Nothing of the append is in the journal.
    #[error("fact {index} of the append cannot be stored: {what}")]
    Refused {
        /// Its place in the append, from 0.
        index: usize,
        /// Too large, or nested too deeply.
        what: String,
    },
    /// Stored bytes are not what was written.
    #[error("the journal is damaged at block {block}: {what}")]
    Corrupt {
        /// The first fact number of the damaged block.
        block: Seq,
        /// What is wrong with it.
        what: String,
    },
    /// Written by a newer version.
    #[error("block {block} has format {found}; this version reads up to {known}")]
    Version {
        /// The first fact number of the block.
        block: Seq,
        /// The format found.
        found: u8,
        /// The newest format known.
        known: u8,
    },
    /// Another process holds the data folder.
    #[error("{0} is in use by another process")]
    Locked(String),
}

/// Called for each fact read; `Break` ends the reading.
pub type Visit<'a> = dyn FnMut(Seq, Fact) -> ControlFlow<()> + 'a;

/// An append-only log of facts. Implementations are shared between threads; one appends, many read.
pub trait Journal: Send + Sync {
    /// Appends facts in order, leaving out those whose id is there already. Durable when it returns, and atomic: after a
    /// crash all of it is there, or nothing; after an error nothing, and a later append may succeed.
    fn append(&self, facts: &[Fact]) -> Result<Appended, JournalError>;

    /// The number that the next new fact will get.
    fn next_seq(&self) -> Seq;

    /// Reads facts in order from `from` on, those that were there when it was called. `visit` may call the journal.
    fn read(&self, from: Seq, visit: &mut Visit<'_>) -> Result<(), JournalError>;

    /// Counts the rewrites so far: what was derived from another generation is worthless.
    fn generation(&self) -> u64;

    /// Rewrites every fact by `edit`, so that no byte of what was replaced or dropped is left on disk. Facts are
    /// numbered anew. Atomic: after a crash the journal is as before or as after. Appends wait only for the last part.
    /// `edit` may be asked about a fact while others are appended; ids of dropped facts may come again.
    fn rewrite(&self, edit: &(dyn Fn(&Fact) -> Edit + Sync)) -> Result<Rewritten, JournalError>;

    /// Writes a copy of the journal as it is now into an empty folder, from which it can be opened; appends go on.
    fn backup(&self, to: &Path) -> Result<Seq, JournalError>;

    /// Bytes on disk; 0 for a journal in memory.
    fn bytes(&self) -> u64;
}
