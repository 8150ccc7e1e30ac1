//! Blocks in sled 0.34: the one file that names it. What its source says, and what follows:
//!
//! - `flush` ends in `sync_file_range`, which neither writes the file's size nor empties the drive's cache: an
//!   `fdatasync` of our own comes after it, and only then is a block durable.
//! - A page that outgrows a quarter of a segment becomes a file of its own which nobody syncs. A leaf holds up to 17
//!   values, whatever their size, so values are cut into pieces small enough that 17 fit: [`PIECE_BYTES_MAX`].
//! - After a crash it recovers a prefix of what was written: an append of several pieces or blocks says in its headers
//!   how much belongs to it, and what is torn is removed at open.
//! - `flush_async` from several threads can wait for ever: there is one writer, and it calls `flush`.
//! - Its cache looks at what to give back only after 64 uses of pages in one of 256 shards: with few large pages that is
//!   never, and reading a journal once would keep all of it in memory. So every piece read is touched a few times more.
//! - After an I/O error it refuses every write until it is opened anew.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::folder::{storage, sync_folder};
use super::wire::Header;
use super::{JournalError, Seq};

/// Sixteen MiB, the largest sled takes: pages up to a quarter of it stay in the log.
const SEGMENT_BYTES: usize = 16 << 20;
/// A value's size; 17 of them and their keys stay below a quarter of a segment.
const PIECE_BYTES_MAX: usize = 224 << 10;
const _: () = assert!(17 * (PIECE_BYTES_MAX + 64) < SEGMENT_BYTES / 4 - 64);
/// Blocks are read once, in order: a cache helps little.
const CACHE_BYTES: u64 = 64 << 20;
/// A leaf has 8 to 17 pieces: by its last one it was used more than 64 times.
const TOUCHES: usize = 9;
/// How often sled's own thread tidies up segments that are mostly dead.
const TIDY_EVERY_MS: u64 = 1000;
/// Key: the block's number, then the piece's, both big-endian, so that keys ascend.
const KEY_BYTES: usize = 10;

/// Blocks by their first number.
pub(super) struct Store {
    db: ::sled::Db,
    /// The same file as sled's, for `fdatasync`.
    file: File,
    path: PathBuf,
}

impl Store {
    /// Opens or makes a store in a folder of its own; says which number comes next.
    pub(super) fn open(path: &Path) -> Result<(Self, Seq), JournalError> {
        let config = ::sled::Config::new()
            .path(path)
            .segment_size(SEGMENT_BYTES)
            .cache_capacity(CACHE_BYTES)
            .use_compression(false)
            .flush_every_ms(Some(TIDY_EVERY_MS))
            .mode(::sled::Mode::HighThroughput);
        let db = config.open().map_err(|e| failed(0, &e))?;
        let file = File::open(path.join("db")).map_err(storage)?;
        let store = Self { db, file, path: path.to_owned() };
        let next = store.drop_torn()?;
        store.sync()?;
        sync_folder(path)?;
        Ok((store, next))
    }

    /// Adds a block; durable after [`Store::sync`].
    pub(super) fn put(&self, first: Seq, block: &[u8]) -> Result<(), JournalError> {
        for (piece, bytes) in block.chunks(PIECE_BYTES_MAX).enumerate() {
            self.db.insert(key(first, piece as u16), bytes).map_err(|e| failed(first, &e))?;
        }
        Ok(())
    }

    /// Makes everything durable that was put.
    pub(super) fn sync(&self) -> Result<(), JournalError> {
        self.db.flush().map_err(|e| failed(0, &e))?;
        self.file.sync_data().map_err(storage)
    }

    /// Removes the blocks from this number on.
    pub(super) fn remove_from(&self, first: Seq) -> Result<(), JournalError> {
        for entry in self.db.range(key(first, 0)..) {
            let (key, _) = entry.map_err(|e| failed(first, &e))?;
            self.db.remove(key).map_err(|e| failed(first, &e))?;
        }
        Ok(())
    }

    /// The blocks in order, beginning with the one that holds `from`; each is whole, nothing else is checked.
    pub(super) fn blocks(&self, from: Seq) -> Result<Blocks, JournalError> {
        let before = self.db.range(..=key(from, u16::MAX)).next_back().transpose().map_err(|e| failed(from, &e))?;
        let start = before.map_or(Ok(0), |(found, _)| read_key(&found).map(|(first, _)| first))?;
        Ok(Blocks { pieces: self.db.range(key(start, 0)..), tree: (*self.db).clone(), at: start })
    }

    /// Bytes on disk.
    pub(super) fn bytes(&self) -> u64 {
        self.db.size_on_disk().unwrap_or(0)
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes an append of which only the beginning was written before a crash; gives the next number.
    fn drop_torn(&self) -> Result<Seq, JournalError> {
        while let Some((last, piece)) = self.db.last().map_err(|e| failed(0, &e))? {
            let (first, last_piece) = read_key(&last)?;
            let head = if last_piece == 0 { piece } else { self.piece(first, 0)? };
            let header = Header::read(first, &head)?;
            let pieces = header.block_bytes().div_ceil(PIECE_BYTES_MAX);
            if header.follow == 0 && usize::from(last_piece) + 1 == pieces {
                return Ok(header.end());
            }
            tracing::warn!(block = first, "removing an append that a crash cut off");
            self.remove_from(first)?;
        }
        Ok(0)
    }

    fn piece(&self, first: Seq, piece: u16) -> Result<::sled::IVec, JournalError> {
        let found = self.db.get(key(first, piece)).map_err(|e| failed(first, &e))?;
        found.ok_or_else(|| JournalError::Corrupt { block: first, what: format!("piece {piece} is missing") })
    }
}

/// Blocks as they are read.
pub(super) struct Blocks {
    pieces: ::sled::Iter,
    tree: ::sled::Tree,
    at: Seq,
}

impl Blocks {
    fn piece(&mut self) -> Option<Result<(Seq, u16, ::sled::IVec), JournalError>> {
        let entry = self.pieces.next()?;
        Some(match entry {
            Ok((key, value)) => {
                for _ in 0..TOUCHES {
                    // What it finds is at hand already.
                    drop(self.tree.get(&key));
                }
                read_key(&key).map(|(first, piece)| (first, piece, value))
            }
            Err(error) => Err(failed(self.at, &error)),
        })
    }

    fn whole(&mut self, first: Seq, piece: u16, head: &[u8]) -> Result<(Seq, Vec<u8>), JournalError> {
        let corrupt = |what: String| JournalError::Corrupt { block: first, what };
        if piece != 0 {
            return Err(corrupt(format!("begins with piece {piece}")));
        }
        let bytes = Header::read(first, head)?.block_bytes();
        let mut block = Vec::with_capacity(bytes);
        block.extend_from_slice(head);
        for expected in 1.. {
            if block.len() >= bytes {
                break;
            }
            let next = self.piece().ok_or_else(|| corrupt(format!("piece {expected} is missing")))??;
            if (next.0, next.1) != (first, expected) {
                return Err(corrupt(format!("piece {expected} is missing")));
            }
            block.extend_from_slice(&next.2);
        }
        Ok((first, block))
    }
}

impl Iterator for Blocks {
    type Item = Result<(Seq, Vec<u8>), JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        let piece = self.piece()?;
        Some(piece.and_then(|(first, piece, value)| {
            self.at = first;
            self.whole(first, piece, &value)
        }))
    }
}

fn key(first: Seq, piece: u16) -> [u8; KEY_BYTES] {
    let (first, piece) = (first.to_be_bytes(), piece.to_be_bytes());
    std::array::from_fn(|i| if i < 8 { first[i] } else { piece[i - 8] })
}

fn read_key(key: &[u8]) -> Result<(Seq, u16), JournalError> {
    let parts = key.split_first_chunk::<8>().and_then(|(first, rest)| Some((first, rest.try_into().ok()?)));
    let Some((first, piece)) = parts else {
        return Err(JournalError::Corrupt { block: 0, what: format!("a key of {} bytes", key.len()) });
    };
    Ok((u64::from_be_bytes(*first), u16::from_be_bytes(piece)))
}

fn failed(block: Seq, error: &::sled::Error) -> JournalError {
    match error {
        ::sled::Error::Corruption { .. } => JournalError::Corrupt { block, what: error.to_string() },
        ::sled::Error::Io(_)
        | ::sled::Error::Unsupported(_)
        | ::sled::Error::CollectionNotFound(_)
        | ::sled::Error::ReportableBug(_) => JournalError::Storage(error.to_string()),
    }
}

#[cfg(test)]
impl Store {
    /// Replaces a block's bytes by others, as a failing drive would.
    pub(super) fn overwrite(&self, first: Seq, change: impl Fn(&mut Vec<u8>)) {
        let mut block = self.piece(first, 0).expect("the block is there").to_vec();
        change(&mut block);
        self.db.insert(key(first, 0), block).expect("can be written");
        self.sync().expect("can be synced");
    }
}
