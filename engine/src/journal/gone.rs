//! The hashes of facts that a rewrite dropped or renamed: they stay known, so that what was erased does not come in again
//! with the next import. Keyed like all ids, so that nothing can be read from them.
//!
//! A file of hashes of 12 bytes, and the XXH3-64 of them all. A cache like the ids: where it is damaged or of another key
//! it is left out.

use std::fs;
use std::path::Path;

use xxhash_rust::xxh3::xxh3_64;

use super::JournalError;
use super::folder::storage;
use super::seen::IdHash;

/// The file's name in a generation's folder.
const GONE: &str = "gone";
const HASH_BYTES: usize = 12;

/// Writes the hashes into a generation's folder; durable when it returns.
pub(super) fn write(generation: &Path, gone: &[IdHash]) -> Result<(), JournalError> {
    let mut bytes: Vec<u8> = gone.iter().flatten().flat_map(|part| part.to_le_bytes()).collect();
    bytes.extend_from_slice(&xxh3_64(&bytes).to_le_bytes());
    let path = generation.join(GONE);
    fs::write(&path, bytes).and_then(|()| fs::File::open(&path)?.sync_all()).map_err(storage)
}

/// Reads the hashes of a generation's folder; none where there are none.
pub(super) fn read(generation: &Path) -> Vec<IdHash> {
    let bytes = fs::read(generation.join(GONE)).unwrap_or_default();
    let Some((hashes, sum)) = bytes.split_last_chunk::<8>() else { return Vec::new() };
    if xxh3_64(hashes) != u64::from_le_bytes(*sum) {
        return Vec::new();
    }
    let part = |bytes: &[u8]| bytes.try_into().map_or(0, u32::from_le_bytes);
    hashes.chunks_exact(HASH_BYTES).map(|hash| [part(&hash[..4]), part(&hash[4..8]), part(&hash[8..])]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_read_back_and_damage_leaves_them_out() {
        let dir = tempfile::tempdir().unwrap();
        assert!(read(dir.path()).is_empty());
        let gone = [[1, 2, 3], [u32::MAX, 0, 7]];
        write(dir.path(), &gone).unwrap();
        assert_eq!(read(dir.path()), gone);
        let mut bytes = fs::read(dir.path().join(GONE)).unwrap();
        bytes[3] ^= 1;
        fs::write(dir.path().join(GONE), bytes).unwrap();
        assert!(read(dir.path()).is_empty());
    }
}
