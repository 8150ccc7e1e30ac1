//! Content vectors: what an item is about, from its tags and its text, on the moment it arrives.
//!
//! Random indexing (Kanerva, Kristoferson and Holst 2000): each word and each tag has a fixed sparse vector of signs, made
//! from its hash; an item is the weighted sum of its words', scaled to unit length and rounded to eight bits. The cosine
//! of two such vectors estimates the cosine of their tf-idf vectors with a standard error of 1/√[`DIM`]. Nothing is
//! trained, so a new item can be compared with every other at once.

use anklang_domain::{Stream, stable_hash};
use serde::{Deserialize, Serialize};

/// Dimensions of a content vector.
pub(crate) const DIM: usize = 128;
/// Signs in a word's vector that are not 0.
const SIGNS: usize = 8;
/// How much more a tag says than a word of the text of the same rarity.
const TAG_WEIGHT: f32 = 3.0;
/// How much more a word of the title says than one of the body.
const TITLE_WEIGHT: f32 = 2.0;
/// Words of the body that are read.
const WORDS_MAX: usize = 256;
/// Slots of the document-frequency table; words that share a slot share a frequency.
const SLOTS: usize = 1 << 16;
/// What one stands for in eight bits.
const UNIT: f32 = 127.0;

/// A content vector of [`DIM`] eight-bit numbers, of length about 127; all zeros where nothing is known.
pub(crate) type Vector = [i8; DIM];

/// In how many items each word was seen, for the inverse document frequency at the moment of arrival.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Frequencies {
    items: u32,
    slots: Vec<u32>,
}

impl Default for Frequencies {
    fn default() -> Self {
        Self { items: 0, slots: vec![0; SLOTS] }
    }
}

impl Frequencies {
    /// The vector of an item with these tags and texts, whose words are counted from now on.
    pub(crate) fn embed(&mut self, tags: &[&str], title: &str, body: &str) -> Vector {
        let mut words: Vec<(u64, f32)> = Vec::with_capacity(64);
        words.extend(tags.iter().map(|tag| (stable_hash(tag.as_bytes()), TAG_WEIGHT)));
        words.extend(tokens(title).map(|word| (word, TITLE_WEIGHT)));
        words.extend(tokens(body).take(WORDS_MAX).map(|word| (word, 1.0)));
        // Tags with hyphens are also their words, so that "quantum-gate" is near a text about gates.
        words.extend(tags.iter().filter(|tag| tag.contains('-')).flat_map(|tag| tokens(tag)).map(|word| (word, 1.0)));
        words.sort_unstable_by_key(|(word, _)| *word);
        self.items += 1;
        let mut sum = [0.0_f32; DIM];
        for group in words.chunk_by(|a, b| a.0 == b.0) {
            let word = group[0].0;
            let slot = &mut self.slots[(word % SLOTS as u64) as usize];
            *slot += 1;
            let rarity = (1.0 + f64::from(self.items) / f64::from(*slot)).ln() as f32;
            let count: f32 = group.iter().map(|(_, weight)| weight).sum();
            add_signs(&mut sum, word, (1.0 + count).ln() * rarity);
        }
        rounded(&sum)
    }
}

fn tokens(text: &str) -> impl Iterator<Item = u64> + '_ {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 2).map(|word| {
        if word.bytes().all(|b| b.is_ascii_lowercase()) {
            stable_hash(word.as_bytes())
        } else {
            stable_hash(word.to_lowercase().as_bytes())
        }
    })
}

fn add_signs(sum: &mut [f32; DIM], word: u64, weight: f32) {
    let mut stream = Stream::new(word);
    for _ in 0..SIGNS / 4 {
        let mut bits = stream.next_u64();
        for _ in 0..4 {
            let place = (bits & 0x7f) as usize;
            sum[place] += if bits & 0x80 == 0 { weight } else { -weight };
            bits >>= 16;
        }
    }
}

fn rounded(sum: &[f32; DIM]) -> Vector {
    let length = sum.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length == 0.0 {
        return [0; DIM];
    }
    std::array::from_fn(|i| (sum[i] / length * UNIT).round() as i8)
}

/// The cosine of two content vectors, about −1 to 1; 0 where one is unknown.
pub(crate) fn cosine(a: &[i8], b: &[i8]) -> f32 {
    // In runs of sixteen products of sixteen bits, which compilers make vector instructions of.
    let run = |(a, b): (&[i8], &[i8])| -> i32 {
        a.iter().zip(b).map(|(x, y)| i32::from(i16::from(*x) * i16::from(*y))).sum()
    };
    let dot: i32 = a.chunks_exact(16).zip(b.chunks_exact(16)).map(run).sum();
    dot as f32 / (UNIT * UNIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_about_the_same_are_near() {
        let mut seen = Frequencies::default();
        let bread = seen.embed(&["baking", "sourdough"], "Why does my sourdough not rise?", "The dough stays flat.");
        let bakery = seen.embed(&["baking"], "Flat sourdough loaves", "My dough does not rise in the oven.");
        let bike = seen.embed(&["cycling"], "Which chain for a touring bike?", "The old chain slips on hills.");
        assert!(cosine(&bread, &bakery) > cosine(&bread, &bike) + 0.2);
        assert!((cosine(&bread, &bread) - 1.0).abs() < 0.05);
    }

    #[test]
    fn nothing_known_is_near_nothing() {
        let mut seen = Frequencies::default();
        let blank = seen.embed(&[], "", "");
        assert_eq!(cosine(&blank, &blank), 0.0);
    }

    #[test]
    fn cosines_estimate_those_of_the_words() {
        // Twenty words shared of forty, each equally rare: the true cosine is one half.
        let mut errors = 0.0;
        for trial in 0..50 {
            let mut seen = Frequencies { items: 10_000, ..Frequencies::default() };
            let words = |from: usize| (from..from + 40).map(|i| format!("w{trial}x{i}")).collect::<Vec<_>>().join(" ");
            let (a, b) = (seen.embed(&[], &words(0), ""), seen.embed(&[], &words(20), ""));
            errors += cosine(&a, &b) - 0.5;
        }
        assert!((errors / 50.0_f32).abs() < 0.08, "{errors}");
    }
}
