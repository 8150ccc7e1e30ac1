//! Where something happened lately: a log of items by the moment of their last sign of life, newest at the end.
//!
//! An item is pushed each time something happens in it, so that older places of the same item are stale; a reader passes
//! over them by asking the catalogue for the item's present moment.

use serde::{Deserialize, Serialize};

use super::intern::ItemIx;
use super::moment::Moment;

/// How far back a log is kept, counted from its newest entry: the longest absence that a list covers, and some room.
pub(crate) const KEPT_MS: i64 = 35 * anklang_domain::DAY_MS;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sign {
    pub(crate) at: Moment,
    pub(crate) item: ItemIx,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Activity {
    signs: Vec<Sign>,
    /// The length at which the old end is dropped next.
    prune_at: u32,
}

impl Activity {
    /// Notes that something happened. Facts out of order go where they belong.
    pub(crate) fn push(&mut self, at: Moment, item: ItemIx) {
        if self.newest_at().is_some_and(|newest| at.ms() < newest.saturating_sub(KEPT_MS)) {
            return;
        }
        let place = self.signs.partition_point(|sign| sign.at <= at);
        self.signs.insert(place, Sign { at, item });
        if self.signs.len() >= self.prune_at.max(64) as usize {
            self.prune();
        }
    }

    fn newest_at(&self) -> Option<i64> {
        self.signs.last().map(|sign| sign.at.ms())
    }

    fn prune(&mut self) {
        let newest = self.newest_at().unwrap_or(0);
        let old = self.signs.partition_point(|sign| sign.at.ms() < newest.saturating_sub(KEPT_MS));
        self.signs.drain(..old);
        self.prune_at = (self.signs.len() * 2) as u32;
        self.signs.shrink_to(self.signs.len() * 2);
    }

    /// The signs after `since` and not after `now`, newest first.
    pub(crate) fn newest(&self, since: Moment, now: Moment) -> impl Iterator<Item = Sign> + '_ {
        let end = self.signs.partition_point(|sign| sign.at <= now);
        self.signs[..end].iter().rev().take_while(move |sign| sign.at > since).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_newest_first_within_the_window() {
        let mut log = Activity::default();
        for (at, item) in [(10, 1), (30, 2), (20, 3), (40, 1)] {
            log.push(Moment::of(at), ItemIx(item));
        }
        let read: Vec<u32> = log.newest(Moment::of(10), Moment::of(35)).map(|sign| sign.item.0).collect();
        assert_eq!(read, [2, 3]);
    }

    #[test]
    fn forgets_what_no_list_can_ask_for() {
        let mut log = Activity::default();
        for day in 0..1000 {
            log.push(Moment::of(day * anklang_domain::DAY_MS), ItemIx(day as u32));
        }
        assert!(log.signs.len() < 200, "{}", log.signs.len());
        assert_eq!(log.newest(Moment::of(969 * anklang_domain::DAY_MS), Moment::of(i64::MAX)).count(), 30);
    }
}
