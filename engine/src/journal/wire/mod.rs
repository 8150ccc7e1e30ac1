//! The bytes of a block: a run of facts with consecutive numbers, compressed and checksummed as one.
//!
//! ```text
//! offset  size  what (numbers are little-endian)
//!      0     3  "AKJ"
//!      3     1  format of the facts, and of this header
//!      4     8  number of the first fact
//!     12     4  how many facts
//!     16     4  how many blocks of the same append follow: an append is there when its last block is
//!     20     4  bytes of the facts before compression
//!     24     4  bytes of the payload
//!     28     1  compression: 0 none, 1 zstd
//!     29     8  XXH3-64 of the payload, seeded with that of the 29 bytes before
//!     37     …  payload: the facts, one after another
//! ```

mod v1;

#[cfg(test)]
mod golden;
#[cfg(test)]
pub(super) use golden::samples;

use std::cell::RefCell;

use anklang_domain::Fact;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::{JournalError, Seq};

/// The newest format; older ones stay readable.
pub const FORMAT: u8 = 1;
/// The largest fact that is taken, in encoded bytes: far above any limit of the API.
pub const FACT_BYTES_MAX: usize = 16 << 20;
/// A block is closed when its facts have this many bytes: large enough to compress well, small enough that a large append
/// is several blocks, which are compressed side by side.
pub const BLOCK_BYTES_TARGET: usize = 64 << 10;
/// No block has more bytes of facts than this; a reader refuses one that says so before it allocates.
const BLOCK_BYTES_MAX: usize = BLOCK_BYTES_TARGET + FACT_BYTES_MAX;
/// Bytes before the payload.
pub const HEADER_BYTES: usize = 37;
/// Payloads smaller than this are not worth compressing.
const COMPRESS_FROM_BYTES: usize = 256;
/// Measured on 1000 engagements of 195 bytes (ratio, packing, unpacking): zstd 3 2.9, 290 and 1160 MB/s; zstd 1 2.8, 410 and
/// 1200; zstd -1 2.3, 450 and 1380; zstd -7 2.1, 560 and 1460; lz4 1.9, 610 and 3530. Level 1 is a third smaller than lz4
/// for 150 ns a fact.
const ZSTD_LEVEL: i32 = 1;
const MAGIC: [u8; 3] = *b"AKJ";
const STORED: u8 = 0;
const ZSTD: u8 = 1;

/// Why bytes are not a fact, or a fact cannot become bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct WireError(String);

impl WireError {
    #[expect(clippy::needless_pass_by_value, reason = "so that it can be named in map_err")]
    fn new(error: impl ToString) -> Self {
        Self(error.to_string())
    }
}

/// The header of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Number of the first fact.
    pub first: Seq,
    /// How many facts.
    pub count: u32,
    /// How many blocks of the same append follow.
    pub follow: u32,
    raw_bytes: u32,
    payload_bytes: u32,
    codec: u8,
    checksum: u64,
}

impl Header {
    /// Reads the header at the front of `bytes`, which stand under the number `block`.
    pub fn read(block: Seq, bytes: &[u8]) -> Result<Self, JournalError> {
        let corrupt = |what: &str| JournalError::Corrupt { block, what: what.to_owned() };
        let header: &[u8; HEADER_BYTES] = bytes.first_chunk().ok_or_else(|| corrupt("shorter than a header"))?;
        if header[..3] != MAGIC {
            return Err(corrupt("does not begin as a block does"));
        }
        if header[3] == 0 || header[3] > FORMAT {
            return Err(JournalError::Version { block, found: header[3], known: FORMAT });
        }
        let read = Self {
            first: u64::from_le_bytes(field(header, 4)),
            count: u32::from_le_bytes(field(header, 12)),
            follow: u32::from_le_bytes(field(header, 16)),
            raw_bytes: u32::from_le_bytes(field(header, 20)),
            payload_bytes: u32::from_le_bytes(field(header, 24)),
            codec: header[28],
            checksum: u64::from_le_bytes(field(header, 29)),
        };
        if read.first != block {
            return Err(corrupt("says that it stands elsewhere"));
        }
        if read.raw_bytes as usize > BLOCK_BYTES_MAX || read.payload_bytes > read.raw_bytes || read.count == 0 {
            return Err(corrupt("has impossible sizes"));
        }
        Ok(read)
    }

    /// Bytes of the whole block.
    #[must_use]
    pub const fn block_bytes(&self) -> usize {
        HEADER_BYTES + self.payload_bytes as usize
    }

    /// The number after the last fact.
    #[must_use]
    pub const fn end(&self) -> Seq {
        self.first.saturating_add(self.count as u64)
    }
}

fn field<const N: usize>(header: &[u8; HEADER_BYTES], at: usize) -> [u8; N] {
    std::array::from_fn(|i| header[at + i])
}

/// Gathers encoded facts for one block.
#[derive(Debug, Default)]
pub struct Gather {
    raw: Vec<u8>,
    count: u32,
}

impl Gather {
    /// Adds a fact; says how many bytes it took. On an error nothing is added.
    pub fn push(&mut self, fact: &Fact) -> Result<usize, WireError> {
        let before = self.raw.len();
        let encoded = v1::encode(fact, &mut self.raw);
        let bytes = self.raw.len() - before;
        let refused = match encoded {
            Ok(()) if bytes <= FACT_BYTES_MAX => {
                self.count += 1;
                return Ok(bytes);
            }
            Ok(()) => WireError(format!("{bytes} bytes are more than the {FACT_BYTES_MAX} a fact may have")),
            Err(error) => error,
        };
        self.raw.truncate(before);
        Err(refused)
    }

    /// Adds a fact that is encoded already.
    pub fn push_encoded(&mut self, bytes: &[u8]) {
        self.raw.extend_from_slice(bytes);
        self.count += 1;
    }

    /// How many facts it holds.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// Whether the block should be closed.
    #[must_use]
    pub fn full(&self) -> bool {
        self.raw.len() >= BLOCK_BYTES_TARGET
    }

    /// The block's bytes, and empties itself.
    pub fn seal(&mut self, first: Seq, follow: u32) -> Result<Vec<u8>, JournalError> {
        PACKER.with_borrow_mut(|slot| {
            let packer = match slot {
                Some(packer) => packer,
                None => slot.insert(Packer::new()?),
            };
            self.seal_with(first, follow, packer)
        })
    }

    fn seal_with(&mut self, first: Seq, follow: u32, packer: &mut Packer) -> Result<Vec<u8>, JournalError> {
        let (codec, payload) = packer.pack(&self.raw)?;
        let mut block = Vec::with_capacity(HEADER_BYTES + payload.len());
        block.extend_from_slice(&MAGIC);
        block.push(FORMAT);
        block.extend_from_slice(&first.to_le_bytes());
        for number in [self.count, follow, self.raw.len() as u32, payload.len() as u32] {
            block.extend_from_slice(&number.to_le_bytes());
        }
        block.push(codec);
        let checksum = xxh3_64_with_seed(payload, xxh3_64(&block));
        block.extend_from_slice(&checksum.to_le_bytes());
        block.extend_from_slice(payload);
        self.raw.clear();
        self.count = 0;
        Ok(block)
    }
}

thread_local! {
    /// Making a compressor costs as much as compressing a block.
    static PACKER: RefCell<Option<Packer>> = const { RefCell::new(None) };
}

/// Compresses payloads, keeping what that needs from block to block.
struct Packer {
    zstd: zstd::bulk::Compressor<'static>,
    packed: Vec<u8>,
}

impl Packer {
    fn new() -> Result<Self, JournalError> {
        let zstd = zstd::bulk::Compressor::new(ZSTD_LEVEL).map_err(|e| JournalError::Storage(e.to_string()))?;
        Ok(Self { zstd, packed: Vec::new() })
    }

    fn pack<'a>(&'a mut self, raw: &'a [u8]) -> Result<(u8, &'a [u8]), JournalError> {
        if raw.len() < COMPRESS_FROM_BYTES {
            return Ok((STORED, raw));
        }
        self.packed.clear();
        self.packed.reserve(zstd::zstd_safe::compress_bound(raw.len()));
        let packed = self.zstd.compress_to_buffer(raw, &mut self.packed);
        let bytes = packed.map_err(|e| JournalError::Storage(e.to_string()))?;
        if bytes < raw.len() { Ok((ZSTD, &self.packed)) } else { Ok((STORED, raw)) }
    }
}

/// A block whose checksum is right, unpacked.
#[derive(Debug)]
pub struct Block {
    /// Its header.
    pub header: Header,
    raw: Vec<u8>,
}

impl Block {
    /// Reads the block that stands under the number `block`.
    pub fn read(block: Seq, bytes: &[u8]) -> Result<Self, JournalError> {
        let corrupt = |what: String| JournalError::Corrupt { block, what };
        let header = Header::read(block, bytes)?;
        if bytes.len() != header.block_bytes() {
            return Err(corrupt(format!("has {} bytes instead of {}", bytes.len(), header.block_bytes())));
        }
        let (head, payload) = bytes.split_at(HEADER_BYTES);
        if xxh3_64_with_seed(payload, xxh3_64(&head[..HEADER_BYTES - 8])) != header.checksum {
            return Err(corrupt("its checksum is wrong".to_owned()));
        }
        let raw_bytes = header.raw_bytes as usize;
        let raw = match header.codec {
            STORED => payload.to_vec(),
            ZSTD => zstd::bulk::decompress(payload, raw_bytes).map_err(|e| corrupt(e.to_string()))?,
            other => return Err(corrupt(format!("unknown compression {other}"))),
        };
        if raw.len() != raw_bytes {
            return Err(corrupt(format!("unpacks to {} bytes instead of {raw_bytes}", raw.len())));
        }
        Ok(Self { header, raw })
    }

    /// The facts, each with its encoded bytes. Ends after the first error.
    pub fn facts(&self) -> Facts<'_> {
        Facts { block: self.header.first, left: self.header.count, rest: &self.raw }
    }
}

/// The facts of a block.
#[derive(Debug)]
pub struct Facts<'a> {
    block: Seq,
    left: u32,
    rest: &'a [u8],
}

impl<'a> Iterator for Facts<'a> {
    type Item = Result<(Fact, &'a [u8]), JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        let corrupt = |what: String| Some(Err(JournalError::Corrupt { block: self.block, what }));
        if self.left == 0 {
            let extra = std::mem::take(&mut self.rest).len();
            return if extra == 0 { None } else { corrupt(format!("{extra} bytes after its last fact")) };
        }
        match v1::decode(self.rest) {
            Ok((fact, rest)) => {
                let encoded = &self.rest[..self.rest.len() - rest.len()];
                self.rest = rest;
                self.left -= 1;
                Some(Ok((fact, encoded)))
            }
            Err(error) => {
                self.left = 0;
                self.rest = &[];
                corrupt(error.to_string())
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        // A fact has some twenty bytes at least: a count that lies must not make anybody allocate.
        (0, Some((self.left as usize).min(self.rest.len() / 8 + 1)))
    }
}
