//! Moments as the big tables keep them: eight bytes that need no eight-byte alignment.

use anklang_domain::UnixMillis;
use serde::{Deserialize, Serialize};

/// A moment in two halves: a row of a number and a moment takes 12 bytes, not 16.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Moment {
    high: i32,
    low: u32,
}

impl Moment {
    pub(crate) const fn ms(self) -> i64 {
        ((self.high as i64) << 32) | self.low as i64
    }

    pub(crate) const fn of(ms: i64) -> Self {
        Self { high: (ms >> 32) as i32, low: ms as u32 }
    }
}

impl From<UnixMillis> for Moment {
    fn from(at: UnixMillis) -> Self {
        Self::of(at.ms())
    }
}

impl PartialOrd for Moment {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Moment {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.ms().cmp(&other.ms())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn both_halves_make_the_whole(a: i64, b: i64) {
            prop_assert_eq!(Moment::of(a).ms(), a);
            prop_assert_eq!(Moment::of(a).cmp(&Moment::of(b)), a.cmp(&b));
        }
    }
}
