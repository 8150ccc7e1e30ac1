//! The hashes of the ids beside the blocks, so that opening need not unpack every block. A cache: what it lacks or has
//! wrong is read from the blocks again. It is also a witness: if it knows of more facts than there are, some were lost.
//!
//! ```text
//! "AKI" 1, key (16 bytes), XXH3-64 of these 20 bytes
//! sections: first number (8), number after the last (8), XXH3-64 of both and the hashes (8), a hash (12) per fact
//! ```
//! Numbers are little-endian.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::folder::storage;
use super::seen::{IdHash, Key, Seen, random_key};
use super::{JournalError, Seq};

/// Facts whose ids are read again from the blocks after a crash, at most; and the hashes held back in memory.
const SECTION_FACTS: usize = 1 << 16;
/// A section with more says something wrong.
const SECTION_FACTS_MAX: u64 = 1 << 28;
const MAGIC: [u8; 4] = *b"AKI\x01";
const HEADER_BYTES: usize = 28;
const HASH_BYTES: usize = 12;

/// The file, and the hashes that are not in it yet.
pub(super) struct IdsFile {
    file: File,
    key: Key,
    saved: Seq,
    waiting: Vec<IdHash>,
    /// Set when a write failed: the file's end is not known any more, and is sorted out at the next open.
    broken: bool,
}

impl IdsFile {
    /// An empty file with this key, in place of whatever is there.
    pub(super) fn create(path: &Path, key: Key) -> Result<Self, JournalError> {
        // The store may not have made the folder yet.
        path.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(storage)?;
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(path);
        let mut header = Vec::with_capacity(HEADER_BYTES);
        header.extend_from_slice(&MAGIC);
        header.extend_from_slice(&key);
        header.extend_from_slice(&xxh3_64(&header).to_le_bytes());
        if let Ok(file) = &mut file {
            file.write_all(&header).map_err(storage)?;
        }
        Ok(Self { file: file.map_err(storage)?, key, saved: 0, waiting: Vec::new(), broken: false })
    }

    /// Opens the file and fills the set of ids from it; the ids of facts from [`IdsFile::covered`] on are missing.
    pub(super) fn open(path: &Path) -> Result<(Self, Seen), JournalError> {
        let Ok(mut file) = OpenOptions::new().read(true).write(true).open(path) else {
            return Self::fresh(path);
        };
        let mut header = [0; HEADER_BYTES];
        let whole = file.read_exact(&mut header).is_ok();
        let (body, checksum) = header.split_at(HEADER_BYTES - 8);
        if !whole || body[..4] != MAGIC || xxh3_64(body).to_le_bytes() != checksum {
            return Self::fresh(path);
        }
        let key: Key = std::array::from_fn(|i| header[4 + i]);
        let mut seen = Seen::new(&key);
        let bytes = file.metadata().map_err(storage)?.len();
        seen.reserve((bytes as usize).saturating_sub(HEADER_BYTES) / HASH_BYTES);
        let (mut saved, mut good) = (0, HEADER_BYTES as u64);
        let mut reader = BufReader::with_capacity(1 << 20, &mut file);
        while let Some((end, hashes)) = section(&mut reader, saved, bytes - good) {
            good += 24 + hashes.len() as u64;
            saved = end;
            for hash in hashes.as_chunks::<HASH_BYTES>().0 {
                seen.insert(from_bytes(hash));
            }
        }
        file.set_len(good).map_err(storage)?;
        file.seek(SeekFrom::End(0)).map_err(storage)?;
        Ok((Self { file, key, saved, waiting: Vec::new(), broken: false }, seen))
    }

    fn fresh(path: &Path) -> Result<(Self, Seen), JournalError> {
        let file = Self::create(path, random_key())?;
        let seen = Seen::new(&file.key);
        Ok((file, seen))
    }

    /// The key of the hashes.
    pub(super) const fn key(&self) -> Key {
        self.key
    }

    /// The number of the first fact whose id is not in the file.
    pub(super) const fn saved(&self) -> Seq {
        self.saved
    }

    /// Adds the hashes of the next facts, which are durable; writes them when there are many.
    pub(super) fn add(&mut self, hashes: &[IdHash]) {
        self.waiting.extend_from_slice(hashes);
        if self.waiting.len() >= SECTION_FACTS {
            self.save();
        }
    }

    /// Writes what is waiting. A failure costs time at the next open, nothing else.
    pub(super) fn save(&mut self) {
        if self.broken || self.waiting.is_empty() {
            self.waiting.clear();
            return;
        }
        let end = self.saved + self.waiting.len() as u64;
        let mut section = Vec::with_capacity(24 + self.waiting.len() * HASH_BYTES);
        section.extend_from_slice(&self.saved.to_le_bytes());
        section.extend_from_slice(&end.to_le_bytes());
        section.extend_from_slice(&[0; 8]);
        section.extend(self.waiting.iter().flatten().flat_map(|word| word.to_le_bytes()));
        let checksum = checksum(&section[..16], &section[24..]);
        section[16..24].copy_from_slice(&checksum.to_le_bytes());
        if let Err(error) = self.file.write_all(&section) {
            tracing::warn!(%error, "the ids of the newest facts are not saved; the next start reads them from the blocks");
            self.broken = true;
        }
        self.saved = end;
        self.waiting.clear();
    }
}

impl Drop for IdsFile {
    fn drop(&mut self) {
        self.save();
    }
}

/// The next section, if it is whole and begins at `from`: the number after its last fact, and the hashes.
fn section(reader: &mut impl Read, from: Seq, left: u64) -> Option<(Seq, Vec<u8>)> {
    let mut head = [0; 24];
    reader.read_exact(&mut head).ok()?;
    let number = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| head[at + i]));
    let (first, end, expected) = (number(0), number(8), number(16));
    let facts = end.checked_sub(first).filter(|facts| first == from && (1..=SECTION_FACTS_MAX).contains(facts))?;
    let bytes = facts * HASH_BYTES as u64;
    if bytes > left {
        return None;
    }
    let mut hashes = vec![0; bytes as usize];
    reader.read_exact(&mut hashes).ok()?;
    (checksum(&head[..16], &hashes) == expected).then_some((end, hashes))
}

fn checksum(range: &[u8], hashes: &[u8]) -> u64 {
    let mut hash = Xxh3::new();
    hash.update(range);
    hash.update(hashes);
    hash.digest()
}

fn from_bytes(bytes: &[u8; HASH_BYTES]) -> IdHash {
    std::array::from_fn(|word| u32::from_le_bytes(std::array::from_fn(|i| bytes[word * 4 + i])))
}
