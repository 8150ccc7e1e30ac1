//! A share of each member's items, at random.

use std::collections::HashSet;
use std::sync::Arc;

use anklang_domain::Stream;
use anklang_models::ItemIx;
use serde::{Deserialize, Serialize};

use super::source::{Source, case};
use super::{Candidates, Fold, SplitError};

const NAME: &str = "random";

/// A share of each member's items is asked for, the rest is trained on: the split of most papers on implicit feedback. It
/// mixes what came later with what came before, so it says less of serving than a timeline does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Random {
    /// Which share of a member's items is asked for, rounded; at least one item is kept for training.
    pub share: f64,
}

impl Default for Random {
    fn default() -> Self {
        Self { share: 0.2 }
    }
}

impl Random {
    pub(super) fn check(&self) -> Result<(), SplitError> {
        check_share(NAME, self.share)
    }

    pub(super) fn folds(&self, source: &Source<'_>, seed: u64) -> Result<Vec<Fold>, SplitError> {
        let mut held = Vec::with_capacity(source.log.members());
        for (member, mut items) in source.targets().into_iter().enumerate() {
            let count = (items.len() as f64 * self.share).round() as usize;
            let count = count.min(items.len().saturating_sub(1));
            shuffle(&mut items, &mut stream(seed, "items of", member));
            items.truncate(count);
            held.push(items.into_iter().collect::<HashSet<ItemIx>>());
        }
        let train = source.kept(|place| {
            let event = &source.events[place];
            !held[event.member.ix()].contains(&event.item)
        })?;
        let cases = held.into_iter().enumerate();
        Ok(vec![Fold {
            name: NAME.to_owned(),
            asked: Arc::clone(&train),
            train,
            train_before: i64::MAX,
            cases: cases.filter_map(|(member, items)| case(member, items.into_iter().collect())).collect(),
            candidates: Candidates::Unseen,
        }])
    }
}

pub(super) fn check_share(split: &'static str, share: f64) -> Result<(), SplitError> {
    if share > 0.0 && share < 1.0 {
        return Ok(());
    }
    Err(SplitError::Setting { split, field: "share", want: "between 0 and 1" })
}

/// A stream for one member or item: it does not change with how many there are.
pub(super) fn stream(seed: u64, what: &str, place: usize) -> Stream {
    Stream::named(seed, &format!("{what} {place}"))
}

/// Fisher and Yates, as Durstenfeld writes it (1964).
pub(super) fn shuffle<T>(all: &mut [T], chance: &mut Stream) {
    for place in (1..all.len()).rev() {
        all.swap(place, chance.below(place + 1));
    }
}
