//! What happened, in order; and views of it that end before a moment.

use serde::{Deserialize, Serialize};

use crate::csr::Csr;

/// A member's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MemberIx(pub u32);

/// An item's column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ItemIx(pub u32);

impl MemberIx {
    /// As a place in an array.
    #[must_use]
    pub const fn ix(self) -> usize {
        self.0 as usize
    }
}

impl ItemIx {
    /// As a place in an array.
    #[must_use]
    pub const fn ix(self) -> usize {
        self.0 as usize
    }
}

/// A member did something with an item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Event {
    /// When, in milliseconds since 1970; where a data set knows only the order, the place in the member's own sequence.
    pub at: i64,
    /// Who.
    pub member: MemberIx,
    /// With what.
    pub item: ItemIx,
    /// How much it says, 1 for an engagement like any other. Negative speaks against; never NaN or infinite.
    pub weight: f32,
}

/// What is known of the items, beyond who dealt with them.
#[derive(Debug, Clone, Default)]
pub struct ItemFacts {
    /// Since when each exists; empty where all always did.
    pub born: Vec<i64>,
    /// Who made each; empty where nobody is known.
    pub authors: Vec<Option<MemberIx>>,
    /// Items × features: tags, words, attributes; no rows where nothing is known.
    pub content: Csr,
}

/// Why events are not a log. The place is that in the list given.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LogError {
    /// A weight is not a finite number.
    #[error("event {place}: the weight {weight} is not a finite number")]
    Weight {
        /// Which event, from 0.
        place: usize,
        /// The weight.
        weight: f32,
    },
    /// A member or an item is beyond the number announced.
    #[error("event {place}: {what} {index} is beyond the {count} announced")]
    Beyond {
        /// Which event, from 0.
        place: usize,
        /// "member" or "item".
        what: &'static str,
        /// The index.
        index: u32,
        /// How many there are.
        count: usize,
    },
    /// What is known of items is not one row an item.
    #[error("{what}: {rows} rows for {items} items")]
    Items {
        /// Which of the facts.
        what: &'static str,
        /// How many rows.
        rows: usize,
        /// How many items.
        items: usize,
    },
}

/// All that happened, by time.
#[derive(Debug, Clone)]
pub struct Log {
    members: usize,
    items: usize,
    events: Vec<Event>,
    facts: ItemFacts,
    of_members: Places,
    of_items: Places,
}

/// Places in a log's events, one list for each member or each item.
#[derive(Debug, Clone)]
struct Places {
    /// Where each list begins, and where the last one ends.
    starts: Vec<usize>,
    /// List after list, each ascending.
    places: Vec<u32>,
}

impl Places {
    fn of(count: usize, events: &[Event], list: impl Fn(&Event) -> usize) -> Self {
        let mut starts = vec![0_usize; count + 1];
        for event in events {
            starts[list(event) + 1] += 1;
        }
        for place in 0..count {
            starts[place + 1] += starts[place];
        }
        let mut next = starts.clone();
        let mut places = vec![0; events.len()];
        for (place, event) in events.iter().enumerate() {
            let next = &mut next[list(event)];
            places[*next] = place as u32;
            *next += 1;
        }
        Self { starts, places }
    }

    /// The places of a list that are below `end`.
    fn below(&self, list: usize, end: usize) -> &[u32] {
        let places = &self.places[self.starts[list]..self.starts[list + 1]];
        &places[..places.partition_point(|place| (*place as usize) < end)]
    }
}

impl Log {
    /// The log of these events; those of one moment keep the order they are given in.
    pub fn new(members: usize, items: usize, mut events: Vec<Event>, facts: ItemFacts) -> Result<Self, LogError> {
        for (place, event) in events.iter().enumerate() {
            check(place, event, members, items)?;
        }
        let rows = [("born", facts.born.len()), ("authors", facts.authors.len()), ("content", facts.content.rows())];
        if let Some((what, rows)) = rows.into_iter().find(|(_, rows)| *rows != 0 && *rows != items) {
            return Err(LogError::Items { what, rows, items });
        }
        events.sort_by_key(|event| event.at);
        let of_members = Places::of(members, &events, |event| event.member.ix());
        let of_items = Places::of(items, &events, |event| event.item.ix());
        Ok(Self { members, items, events, facts, of_members, of_items })
    }

    /// What was known before `at`.
    #[must_use]
    pub fn before(&self, at: i64) -> View<'_> {
        View { log: self, end: self.events.partition_point(|event| event.at < at), at }
    }

    /// Everything: for data without times, or for the last training before serving.
    #[must_use]
    pub fn whole(&self) -> View<'_> {
        View { log: self, end: self.events.len(), at: i64::MAX }
    }

    /// How many members there are, with or without events.
    #[must_use]
    pub const fn members(&self) -> usize {
        self.members
    }

    /// How many items there are, with or without events.
    #[must_use]
    pub const fn items(&self) -> usize {
        self.items
    }

    /// All events, by time. For those who make splits; models are given views.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// What is known of the items.
    #[must_use]
    pub const fn facts(&self) -> &ItemFacts {
        &self.facts
    }
}

fn check(place: usize, event: &Event, members: usize, items: usize) -> Result<(), LogError> {
    if !event.weight.is_finite() {
        return Err(LogError::Weight { place, weight: event.weight });
    }
    let indices = [("member", event.member.0, members), ("item", event.item.0, items)];
    match indices.into_iter().find(|(_, index, count)| *index as usize >= *count) {
        Some((what, index, count)) => Err(LogError::Beyond { place, what, index, count }),
        None => Ok(()),
    }
}

/// What was known before a moment. There is no way from here to what came after.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    log: &'a Log,
    end: usize,
    at: i64,
}

impl<'a> View<'a> {
    /// The moment it ends before; [`i64::MAX`] for everything.
    #[must_use]
    pub const fn at(&self) -> i64 {
        self.at
    }

    /// How many members there are.
    #[must_use]
    pub const fn members(&self) -> usize {
        self.log.members
    }

    /// How many items there are, those that do not exist yet included.
    #[must_use]
    pub const fn items(&self) -> usize {
        self.log.items
    }

    /// What happened, by time.
    #[must_use]
    pub fn events(&self) -> &'a [Event] {
        &self.log.events[..self.end]
    }

    /// What a member did, oldest first.
    pub fn history(&self, member: MemberIx) -> impl DoubleEndedIterator<Item = &'a Event> + use<'a> {
        let events = &self.log.events;
        self.log.of_members.below(member.ix(), self.end).iter().map(move |place| &events[*place as usize])
    }

    /// What was done with an item, oldest first.
    pub fn of_item(&self, item: ItemIx) -> impl DoubleEndedIterator<Item = &'a Event> + use<'a> {
        let events = &self.log.events;
        self.log.of_items.below(item.ix(), self.end).iter().map(move |place| &events[*place as usize])
    }

    /// Whether the item exists.
    #[must_use]
    pub fn exists(&self, item: ItemIx) -> bool {
        self.log.facts.born.get(item.ix()).is_none_or(|born| *born < self.at)
    }

    /// When the item came to be, where that is known and has happened.
    #[must_use]
    pub fn born(&self, item: ItemIx) -> Option<i64> {
        self.log.facts.born.get(item.ix()).copied().filter(|born| *born < self.at)
    }

    /// Who made the item, where that is known and the item exists.
    #[must_use]
    pub fn author(&self, item: ItemIx) -> Option<MemberIx> {
        self.log.facts.authors.get(item.ix()).copied().flatten().filter(|_| self.exists(item))
    }

    /// An item's features and their values; nothing where it does not exist or nothing is known of it.
    #[must_use]
    pub fn content_of(&self, item: ItemIx) -> (&'a [u32], &'a [f32]) {
        let known = item.ix() < self.log.facts.content.rows() && self.exists(item);
        if known { self.log.facts.content.row(item.ix()) } else { (&[], &[]) }
    }

    /// Items × features; the rows of items that do not exist are empty.
    #[must_use]
    pub fn content(&self) -> Csr {
        let rows = (0..self.items()).map(|item| {
            let (features, values) = self.content_of(ItemIx(item as u32));
            features.iter().copied().zip(values.iter().copied())
        });
        Csr::from_rows(self.log.facts.content.cols(), rows)
    }

    /// Members × items: 1 where what a member did with an item speaks for it (its weights sum above 0).
    #[must_use]
    pub fn matrix(&self) -> Csr {
        let mut counts = self.counts();
        counts.values_mut().fill(1.0);
        counts
    }

    /// Members × items: the sum of the weights, where it is above 0.
    #[must_use]
    pub fn counts(&self) -> Csr {
        let rows = (0..self.members()).map(|member| {
            let history = self.history(MemberIx(member as u32));
            history.map(|event| (event.item.0, event.weight)).collect::<Vec<_>>()
        });
        let all = Csr::from_rows(self.items(), rows);
        let positive = |row| all.entries(row).filter(|(_, sum)| *sum > 0.0).map(|(item, sum)| (item as u32, sum));
        Csr::from_rows(self.items(), (0..all.rows()).map(positive))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(at: i64, member: u32, item: u32, weight: f32) -> Event {
        Event { at, member: MemberIx(member), item: ItemIx(item), weight }
    }

    #[test]
    fn a_view_holds_what_was_before_and_nothing_else() {
        let events = vec![event(30, 0, 1, 1.0), event(10, 0, 0, 1.0), event(20, 1, 0, 1.0)];
        let facts =
            ItemFacts { born: vec![5, 25], content: Csr::from_rows(2, [[(0, 1.0)], [(1, 1.0)]]), ..Default::default() };
        let log = Log::new(2, 2, events, facts).unwrap();
        let view = log.before(20);
        assert_eq!(view.events(), [event(10, 0, 0, 1.0)]);
        assert_eq!((view.history(MemberIx(1)).count(), view.of_item(ItemIx(1)).count()), (0, 0));
        assert_eq!(log.whole().of_item(ItemIx(0)).map(|e| e.member.0).collect::<Vec<_>>(), [0, 1]);
        assert!(view.exists(ItemIx(0)) && !view.exists(ItemIx(1)));
        assert_eq!((view.content().nnz(), log.whole().content().nnz()), (1, 2));
        assert_eq!(log.whole().history(MemberIx(0)).map(|e| e.at).collect::<Vec<_>>(), [10, 30]);
    }

    #[test]
    fn what_speaks_against_takes_away() {
        let events = vec![event(1, 0, 0, 1.0), event(2, 0, 0, -1.0), event(3, 0, 1, 2.0), event(4, 0, 1, 1.0)];
        let log = Log::new(1, 2, events, ItemFacts::default()).unwrap();
        assert_eq!(log.whole().counts().row(0), (&[1][..], &[3.0][..]));
        assert_eq!(log.whole().matrix().row(0), (&[1][..], &[1.0][..]));
    }

    #[test]
    fn nonsense_is_refused_with_its_place() {
        let refused = |events| Log::new(1, 1, events, ItemFacts::default()).unwrap_err().to_string();
        assert!(refused(vec![event(0, 0, 0, 1.0), event(0, 0, 0, f32::NAN)]).starts_with("event 1: the weight NaN"));
        assert!(refused(vec![event(0, 0, 3, 1.0)]).contains("item 3"));
        let facts = ItemFacts { born: vec![1, 2], ..Default::default() };
        assert!(Log::new(1, 1, vec![], facts).unwrap_err().to_string().contains("2 rows for 1 items"));
    }
}
