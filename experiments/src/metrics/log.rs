//! What a member did of one kind: moments and values, oldest first.

use serde::{Deserialize, Serialize};

/// Moments in milliseconds since 1970, ascending, and the value of each.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Log(Vec<(i64, f64)>);

impl Log {
    /// Nothing was done yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds an event, wherever in time it belongs.
    pub fn push(&mut self, at_ms: i64, value: f64) {
        let last = self.0.last().copied();
        if last.is_none_or(|last| !later(last, (at_ms, value))) {
            self.0.push((at_ms, value));
            return;
        }
        // Equal moments are ordered by value, so that the log does not depend on the order of arrival.
        let place = self.0.partition_point(|there| !later(*there, (at_ms, value)));
        self.0.insert(place, (at_ms, value));
    }

    /// The events of `from <= moment < before`.
    #[must_use]
    pub fn between(&self, from_ms: i64, before_ms: i64) -> &[(i64, f64)] {
        let start = self.0.partition_point(|(at, _)| *at < from_ms);
        let end = self.0.partition_point(|(at, _)| *at < before_ms);
        self.0.get(start..end).unwrap_or(&[])
    }

    /// Puts two logs of one person together.
    #[must_use]
    pub fn merged(&self, other: &Self) -> Self {
        let mut all = [self.0.as_slice(), other.0.as_slice()].concat();
        all.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        Self(all)
    }

    /// Forgets what happened before a moment.
    pub fn forget_before(&mut self, ms: i64) {
        let end = self.0.partition_point(|(at, _)| *at < ms);
        self.0.drain(..end);
    }

    /// How many events there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn later(a: (i64, f64), b: (i64, f64)) -> bool {
    a.0 > b.0 || (a.0 == b.0 && a.1.total_cmp(&b.1).is_gt())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_order_of_arrival_does_not_matter(mut events in prop::collection::vec((0..50_i64, 0..4_u8), 0..40)) {
            let of = |events: &[(i64, u8)]| {
                let mut log = Log::default();
                events.iter().for_each(|(at, value)| log.push(*at, f64::from(*value)));
                log
            };
            let one = of(&events);
            let halves = of(&events[..events.len() / 2]).merged(&of(&events[events.len() / 2..]));
            events.reverse();
            prop_assert_eq!(&one, &of(&events));
            prop_assert_eq!(&one, &halves);
            let counted = events.iter().filter(|(at, _)| (10..30).contains(at)).count();
            prop_assert_eq!(one.between(10, 30).len(), counted);
        }
    }
}
