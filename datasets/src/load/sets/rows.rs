//! Rows of member, item, moment and weight, as events.

use anklang_models::{Event, ItemFacts, ItemIx, Log, LogError, MemberIx};

use serde::{Deserialize, Serialize};

use super::Parts;
use super::names::Names;
use crate::dataset::Timed;

/// What becomes of a weight, such as a rating.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weights {
    /// It is the event's weight, as it is written: negative speaks against.
    #[default]
    AsWritten,
    /// This and above is an event like any other, of weight 1; below is no event. Members and items are kept either way.
    AtLeast(f64),
    /// It says nothing: all are events of weight 1.
    Ignored,
}

/// Rows as they come; members and items are numbered as they first come.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(super) members: Names,
    pub(super) items: Names,
    events: Vec<Event>,
    weights: Weights,
    timed: bool,
    read: u64,
}

impl Rows {
    pub(super) fn new(weights: Weights) -> Self {
        let (members, items) = (Names::default(), Names::default());
        Self { members, items, events: Vec::new(), weights, timed: false, read: 0 }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.read == 0
    }

    /// Takes a row in. Either all rows have a moment or none.
    pub(super) fn push(&mut self, member: &str, item: &str, at: Option<i64>, weight: f64) {
        self.read += 1;
        self.timed |= at.is_some();
        let (member, item) = (MemberIx(self.members.ix(member)), ItemIx(self.items.ix(item)));
        let weight = match self.weights {
            Weights::AsWritten => weight as f32,
            Weights::AtLeast(least) if weight < least => return,
            Weights::AtLeast(_) | Weights::Ignored => 1.0,
        };
        self.events.push(Event { at: at.unwrap_or(0), member, item, weight });
    }

    /// `facts` makes what is known of the items, from their names, and the features' names.
    pub(super) fn finish(self, facts: impl FnOnce(&Names) -> (ItemFacts, Vec<String>)) -> Result<Parts, LogError> {
        let (facts, features) = facts(&self.items);
        let timed = if self.timed { Timed::Moments } else { Timed::No };
        let log = Log::new(self.members.len(), self.items.len(), self.events, facts)?;
        Ok(Parts { features, ..Parts::new(timed, log, self.members.into_vec(), self.items.into_vec()) })
    }
}
