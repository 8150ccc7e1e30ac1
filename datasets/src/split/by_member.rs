//! Members who are kept from training.

use std::collections::HashSet;

use anklang_models::{ItemIx, MemberIx};
use serde::{Deserialize, Serialize};

use super::random::{check_share, shuffle, stream};
use super::source::{Source, case};
use super::{Candidates, Fold, SplitError};
use crate::dataset::Timed;

const RANDOM: &str = "random_by_member";
const COLD: &str = "cold_members";
/// The most items of a cold member that may be known.
const KNOWN_MAX: u32 = 1_000;

/// A share of the members is kept from training; of each a part of the items is then known, and the rest asked for: what
/// Liang et al. (2018) call strong generalisation. Members with fewer than two items are trained on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RandomByMember {
    /// Which share of the members is asked, rounded.
    pub share: f64,
    /// Which share of such a member's items is known, rounded, at random; at least one is asked for.
    pub known: f64,
}

impl Default for RandomByMember {
    fn default() -> Self {
        Self { share: 0.1, known: 0.8 }
    }
}

/// A share of the members is kept from training; of each only the first few items are known, and the rest asked for. Where
/// the data set knows no order, they are few at random. Members with no more items than these are trained on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ColdMembers {
    /// Which share of the members is asked, rounded.
    pub share: f64,
    /// How many items of such a member are known; 0: a stranger.
    pub known: u32,
}

impl Default for ColdMembers {
    fn default() -> Self {
        Self { share: 0.1, known: 1 }
    }
}

impl RandomByMember {
    pub(super) fn check(&self) -> Result<(), SplitError> {
        check_share(RANDOM, self.share)?;
        if (0.0..1.0).contains(&self.known) {
            return Ok(());
        }
        Err(SplitError::Setting { split: RANDOM, field: "known", want: "0 or more and below 1" })
    }

    pub(super) fn folds(&self, source: &Source<'_>, seed: u64) -> Result<Vec<Fold>, SplitError> {
        let enough = |items: &[ItemIx]| items.len() > 1;
        let known = |member: usize, mut items: Vec<ItemIx>| {
            shuffle(&mut items, &mut stream(seed, "items of", member));
            let count = (items.len() as f64 * self.known).round() as usize;
            items.truncate(count.min(items.len() - 1));
            items
        };
        held_out(RANDOM, source, seed, self.share, enough, known)
    }
}

impl ColdMembers {
    pub(super) fn check(&self) -> Result<(), SplitError> {
        check_share(COLD, self.share)?;
        if self.known <= KNOWN_MAX {
            return Ok(());
        }
        Err(SplitError::Setting { split: COLD, field: "known", want: "at most 1000" })
    }

    pub(super) fn folds(&self, source: &Source<'_>, seed: u64) -> Result<Vec<Fold>, SplitError> {
        let count = self.known as usize;
        let enough = |items: &[ItemIx]| items.len() > count;
        let known = |member: usize, mut items: Vec<ItemIx>| {
            if source.timed() == Timed::No {
                shuffle(&mut items, &mut stream(seed, "items of", member));
            }
            items.truncate(count);
            items
        };
        held_out(COLD, source, seed, self.share, enough, known)
    }
}

/// The fold of a share of the members that have `enough` items; `known` picks those that are known, of a member's items in
/// the order in which they were first met.
fn held_out(
    name: &str,
    source: &Source<'_>,
    seed: u64,
    share: f64,
    enough: impl Fn(&[ItemIx]) -> bool,
    known: impl Fn(usize, Vec<ItemIx>) -> Vec<ItemIx>,
) -> Result<Vec<Fold>, SplitError> {
    let all = source.met();
    let mut members: Vec<usize> = (0..all.len()).filter(|member| enough(&all[*member])).collect();
    shuffle(&mut members, &mut stream(seed, "members", 0));
    members.truncate((members.len() as f64 * share).round() as usize);
    members.sort_unstable();
    // Of each member, what is known of those held out.
    let mut shown: Vec<Option<HashSet<ItemIx>>> = vec![None; all.len()];
    let mut cases = Vec::new();
    for member in members {
        let known: HashSet<ItemIx> = known(member, all[member].clone()).into_iter().collect();
        cases.extend(case(member, all[member].iter().filter(|item| !known.contains(item)).copied().collect()));
        shown[member] = Some(known);
    }
    let of = |member: MemberIx| shown[member.ix()].as_ref();
    let train = source.kept(|place| of(source.events[place].member).is_none())?;
    let asked = source.kept(|place| {
        let event = &source.events[place];
        of(event.member).is_none_or(|known| known.contains(&event.item))
    })?;
    Ok(vec![Fold {
        name: name.to_owned(),
        train,
        train_before: i64::MAX,
        asked,
        cases,
        candidates: Candidates::Unseen,
    }])
}
