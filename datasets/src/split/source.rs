//! What a split divides.

use std::collections::HashSet;
use std::sync::Arc;

use anklang_models::{Event, ItemIx, Log, LogError, MemberIx};

use super::{Case, Fold};
use crate::dataset::{DataSet, TARGET_WEIGHT_MIN, Timed};

/// A data set, or the part of one that a fold trains on.
pub(super) struct Source<'a> {
    pub(super) data: &'a DataSet,
    /// Where the events lie.
    pub(super) log: &'a Log,
    /// What may be known and asked for, by time.
    pub(super) events: &'a [Event],
    /// The moment all of it is before.
    pub(super) before: i64,
}

impl<'a> Source<'a> {
    pub(super) fn whole(data: &'a DataSet) -> Self {
        Self { data, log: &data.log, events: data.log.events(), before: i64::MAX }
    }

    pub(super) fn training(data: &'a DataSet, fold: &'a Fold) -> Self {
        let view = fold.train.before(fold.train_before);
        let events = if fold.train_before == i64::MAX { fold.train.events() } else { view.events() };
        Self { data, log: &fold.train, events, before: fold.train_before }
    }

    pub(super) const fn timed(&self) -> Timed {
        self.data.timed
    }

    /// The events whose place `keep` keeps, as a log of the same members and items.
    pub(super) fn kept(&self, keep: impl Fn(usize) -> bool) -> Result<Arc<Log>, LogError> {
        let events =
            self.events.iter().enumerate().filter(|(place, _)| keep(*place)).map(|(_, event)| *event).collect();
        Log::new(self.log.members(), self.log.items(), events, self.log.facts().clone()).map(Arc::new)
    }

    /// Of each member, the places of the events, in order; none for those who stand for nobody.
    pub(super) fn places(&self) -> Vec<Vec<usize>> {
        let mut places = vec![Vec::new(); self.log.members()];
        for (place, event) in self.events.iter().enumerate() {
            places[event.member.ix()].push(place);
        }
        for nobody in &self.data.nobodies {
            places[nobody.ix()].clear();
        }
        places
    }

    /// Of each member, the items that could be asked for, ascending: dealt with in earnest, and not their own.
    pub(super) fn targets(&self) -> Vec<Vec<ItemIx>> {
        self.met().into_iter().map(sorted).collect()
    }

    /// The same in the order in which the member first met them.
    pub(super) fn met(&self) -> Vec<Vec<ItemIx>> {
        let of_member = |places: Vec<usize>| {
            let mut seen = HashSet::new();
            let events = places.iter().map(|place| &self.events[*place]).filter(|event| self.is_target(event));
            events.map(|event| event.item).filter(|item| seen.insert(*item)).collect()
        };
        self.places().into_iter().map(of_member).collect()
    }

    /// Whether the event could be asked for.
    pub(super) fn is_target(&self, event: &Event) -> bool {
        event.weight >= TARGET_WEIGHT_MIN && self.author(event.item) != Some(event.member)
    }

    pub(super) fn author(&self, item: ItemIx) -> Option<MemberIx> {
        self.log.facts().authors.get(item.ix()).copied().flatten()
    }
}

/// Ascending, and none twice.
pub(super) fn sorted(mut items: Vec<ItemIx>) -> Vec<ItemIx> {
    items.sort_unstable();
    items.dedup();
    items
}

/// The case of a member who is asked for these at the end of all time; none where there are none.
pub(super) fn case(member: usize, targets: Vec<ItemIx>) -> Option<Case> {
    let targets = sorted(targets);
    (!targets.is_empty()).then_some(Case { member: MemberIx(member as u32), at: i64::MAX, targets })
}
