//! Texts that recur, as small numbers in the order in which they first came.

use hashbrown::HashMap;
use xxhash_rust::xxh3::Xxh3Builder;

/// Up to so many texts, looking through them is faster than hashing.
const SCANNED_MAX: usize = 8;

/// A text's number.
pub(super) type Code = u16;

#[derive(Debug, Default)]
pub(super) struct Dictionary {
    texts: Vec<Box<[u8]>>,
    /// Filled once there are more than are scanned.
    codes: HashMap<Box<[u8]>, Code, Xxh3Builder>,
}

impl Dictionary {
    /// The code of a text, new or known; none where that would be more than `max` texts.
    pub(super) fn code(&mut self, text: &[u8], max: usize) -> Option<Code> {
        if self.codes.is_empty() {
            if let Some(found) = self.texts.iter().position(|known| **known == *text) {
                return Some(found as Code);
            }
        } else if let Some(code) = self.codes.get(text) {
            return Some(*code);
        }
        self.add(text, max)
    }

    fn add(&mut self, text: &[u8], max: usize) -> Option<Code> {
        if self.texts.len() >= max.min(usize::from(Code::MAX)) {
            return None;
        }
        self.texts.push(text.into());
        if self.texts.len() == SCANNED_MAX + 1 {
            self.codes.extend(self.texts.iter().enumerate().map(|(code, text)| (text.clone(), code as Code)));
        } else if !self.codes.is_empty() {
            self.codes.insert(text.into(), (self.texts.len() - 1) as Code);
        }
        Some((self.texts.len() - 1) as Code)
    }

    /// Takes in another dictionary; its codes in this one, or none where that would be more than `max` texts.
    pub(super) fn merge(&mut self, other: &Self, max: usize) -> Option<Vec<Code>> {
        other.texts.iter().map(|text| self.code(text, max)).collect()
    }

    pub(super) fn texts(&self) -> impl Iterator<Item = &[u8]> {
        self.texts.iter().map(AsRef::as_ref)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_keep_their_codes() {
        let mut dictionary = Dictionary::default();
        let word = |at: usize| format!("word {at}").into_bytes();
        for _ in 0..2 {
            for at in 0..20 {
                assert_eq!(dictionary.code(&word(at), 20), Some(at as Code));
            }
        }
        assert_eq!(dictionary.code(b"one more", 20), None);
        let mut other = Dictionary::default();
        for text in [&b"new"[..], b"word 3"] {
            other.code(text, 20);
        }
        assert_eq!(dictionary.merge(&other, 21), Some(vec![20, 3]));
        assert_eq!(dictionary.merge(&other, 21), Some(vec![20, 3]));
        assert_eq!(dictionary.texts().count(), 21);
    }
}
