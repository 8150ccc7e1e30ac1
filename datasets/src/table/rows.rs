//! Rows as they are read: a part of the file, column by column.

use xxhash_rust::xxh3::xxh3_128;

use super::dictionary::{Code, Dictionary};
use super::{ARMS_MAX, Cells, LABELS_MAX, Wanted};

/// Units are told apart by their hash: the upper bits say which part of the whole a unit is in, the key lies in memory.
/// Together 72 bits of text: the chance that any two of 10 million units are taken for one is 1 in 90 million. Whole
/// numbers are mixed without loss.
pub(super) const PARTS: usize = 256;

/// Who, as a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Who {
    pub(super) part: u8,
    pub(super) key: u64,
}

impl Who {
    pub(super) fn text(text: &[u8]) -> Self {
        let hash = xxh3_128(text);
        Self { part: (hash >> 120) as u8, key: hash as u64 }
    }

    /// The finaliser of MurmurHash3, which maps no two numbers to one.
    pub(super) fn number(number: u64) -> Self {
        let mut mixed = number;
        mixed = (mixed ^ (mixed >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        mixed = (mixed ^ (mixed >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        mixed ^= mixed >> 33;
        Self { part: (mixed >> 56) as u8, key: mixed }
    }
}

/// Some rows, column by column. A row of which a unit or an arm is missing is not kept.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// Empty where a row is a unit.
    pub(super) parts: Vec<u8>,
    pub(super) keys: Vec<u64>,
    pub(super) arms: Vec<u8>,
    pub(super) numbers: Vec<Vec<f64>>,
    pub(super) labels: Vec<Vec<Code>>,
    pub(super) seen: Seen,
}

/// What else is known of some rows.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) rows: u64,
    pub(super) without_unit: u64,
    pub(super) without_arm: u64,
    pub(super) cells: Vec<Cells>,
    pub(super) arms: Dictionary,
    pub(super) labels: Vec<Dictionary>,
}

/// Too many different values, of the arms or of a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TooMany {
    Arms,
    Labels(usize),
}

impl Rows {
    pub(super) fn new(wanted: &Wanted, capacity: usize) -> Self {
        let labels = wanted.labels.len() + wanted.days.len();
        let of_units = if wanted.unit.is_some() { capacity } else { 0 };
        Self {
            parts: Vec::with_capacity(of_units),
            keys: Vec::with_capacity(of_units),
            arms: Vec::with_capacity(capacity),
            numbers: wanted.numbers.iter().map(|_| Vec::with_capacity(capacity)).collect(),
            labels: (0..labels).map(|_| Vec::with_capacity(capacity)).collect(),
            seen: Seen {
                cells: vec![Cells::default(); wanted.numbers.len()],
                labels: (0..labels).map(|_| Dictionary::default()).collect(),
                ..Seen::default()
            },
        }
    }

    pub(super) fn push_who(&mut self, who: Who) {
        self.parts.push(who.part);
        self.keys.push(who.key);
    }

    pub(super) fn push_arm(&mut self, text: &[u8]) -> Result<(), TooMany> {
        let code = self.seen.arms.code(text, ARMS_MAX).ok_or(TooMany::Arms)?;
        self.arms.push(code as u8);
        Ok(())
    }

    pub(super) fn push_label(&mut self, at: usize, text: &[u8]) -> Result<(), TooMany> {
        let code = self.seen.labels[at].code(text, LABELS_MAX).ok_or(TooMany::Labels(at))?;
        self.labels[at].push(code);
        Ok(())
    }

    /// Takes back what is more than `count` rows.
    pub(super) fn truncate(&mut self, count: usize) {
        self.parts.truncate(count);
        self.keys.truncate(count);
        self.arms.truncate(count);
        self.numbers.iter_mut().for_each(|column| column.truncate(count));
        self.labels.iter_mut().for_each(|column| column.truncate(count));
    }

    /// The rows ordered by their unit's part, otherwise as they came.
    pub(super) fn by_part(self) -> ByPart {
        let mut bounds = vec![0_u32; PARTS + 1];
        for part in &self.parts {
            bounds[usize::from(*part) + 1] += 1;
        }
        for part in 0..PARTS {
            bounds[part + 1] += bounds[part];
        }
        let mut next = bounds.clone();
        let place = |part: &u8| {
            let next = &mut next[usize::from(*part)];
            *next += 1;
            *next - 1
        };
        let places: Vec<u32> = self.parts.iter().map(place).collect();
        ByPart {
            bounds,
            keys: scattered(&self.keys, &places),
            arms: scattered(&self.arms, &places),
            numbers: self.numbers.iter().map(|column| scattered(column, &places)).collect(),
            labels: self.labels.iter().map(|column| scattered(column, &places)).collect(),
            seen: self.seen,
        }
    }
}

fn scattered<T: Copy + Default>(column: &[T], places: &[u32]) -> Vec<T> {
    let mut out = vec![T::default(); column.len()];
    for (value, place) in column.iter().zip(places) {
        out[*place as usize] = *value;
    }
    out
}

/// Rows in the order of their units' parts.
#[derive(Debug, Default)]
pub(super) struct ByPart {
    /// Part `p` is from `bounds[p]` to `bounds[p + 1]`.
    pub(super) bounds: Vec<u32>,
    pub(super) keys: Vec<u64>,
    pub(super) arms: Vec<u8>,
    pub(super) numbers: Vec<Vec<f64>>,
    pub(super) labels: Vec<Vec<Code>>,
    pub(super) seen: Seen,
}
