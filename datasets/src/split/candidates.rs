//! Which items a list may hold, from what was known when it was asked for.

use anklang_models::{ItemIx, MemberIx, View};

use super::{Candidates, Case, Fold};
use crate::dataset::TARGET_WEIGHT_MIN;

/// Sets `mask`, one place an item, to whether the item may be listed for a case of the fold; `view` is what was known when
/// the case was asked. Takes the time of one look at every item and at what the member did.
pub fn candidates(fold: &Fold, case: &Case, view: &View<'_>, mask: &mut [bool]) {
    may_list(&fold.candidates, case.member, view, mask);
}

/// As [`candidates`], without a fold.
pub(super) fn may_list(candidates: &Candidates, member: MemberIx, view: &View<'_>, mask: &mut [bool]) {
    match candidates {
        Candidates::All => existing(view, mask),
        Candidates::Unseen => {
            existing(view, mask);
            view.history(member).for_each(|event| mask[event.item.ix()] = false);
        }
        Candidates::Missed => missed(member, view, mask),
        Candidates::Only(items) => {
            mask.fill(false);
            items.iter().for_each(|item| mask[item.ix()] = view.exists(*item));
            view.history(member).for_each(|event| mask[event.item.ix()] = false);
        }
    }
}

/// The same for one item: a split looks at few of many.
pub(super) fn allows(candidates: &Candidates, member: MemberIx, view: &View<'_>, item: ItemIx) -> bool {
    let dealt = || view.history(member).any(|event| event.item == item);
    view.exists(item)
        && match candidates {
            Candidates::All => true,
            Candidates::Unseen => !dealt(),
            Candidates::Missed => view.author(item) != Some(member) && (!dealt() || has_news(member, view, item)),
            Candidates::Only(items) => items.contains(&item) && !dealt(),
        }
}

fn existing(view: &View<'_>, mask: &mut [bool]) {
    for (item, may) in mask.iter_mut().enumerate() {
        *may = view.exists(ItemIx(item as u32));
    }
}

fn missed(member: MemberIx, view: &View<'_>, mask: &mut [bool]) {
    for (item, may) in (0_u32..).map(ItemIx).zip(mask.iter_mut()) {
        *may = view.exists(item) && view.author(item) != Some(member);
    }
    for item in view.history(member).map(|event| event.item) {
        mask[item.ix()] = mask[item.ix()] && has_news(member, view, item);
    }
}

/// Whether others took part in it since the member last dealt with it.
fn has_news(member: MemberIx, view: &View<'_>, item: ItemIx) -> bool {
    let mut since = view.of_item(item).rev().take_while(|event| event.member != member);
    since.any(|event| event.weight >= TARGET_WEIGHT_MIN)
}

#[cfg(test)]
mod tests {
    use anklang_models::{Event, ItemFacts, Log};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The missed list, word for word from the events: existing, by somebody else, and untouched or with a reply by
        /// others after all that the member did there.
        #[test]
        fn the_missed_list_is_as_it_is_described(
            events in prop::collection::vec((0_i64..40, 0_u32..4, 0_u32..6, any::<bool>()), 0..60),
            authors in prop::collection::vec(prop::option::of((0_u32..4).prop_map(MemberIx)), 6),
            born in prop::collection::vec(0_i64..40, 6),
            at in 0_i64..41,
            member in (0_u32..4).prop_map(MemberIx),
        ) {
            let event = |(at, member, item, light)| {
                Event { at, member: MemberIx(member), item: ItemIx(item), weight: if light { 0.5 } else { 1.0 } }
            };
            let facts = ItemFacts { born: born.clone(), authors: authors.clone(), ..ItemFacts::default() };
            let log = Log::new(4, 6, events.into_iter().map(event).collect(), facts).unwrap();
            let mut mask = [true; 6];
            let view = log.before(at);
            for candidates in [Candidates::All, Candidates::Unseen, Candidates::Only([ItemIx(1), ItemIx(4)].into()), Candidates::Missed] {
                may_list(&candidates, member, &view, &mut mask);
                for (item, may) in (0_u32..).zip(mask) {
                    prop_assert_eq!(allows(&candidates, member, &view, ItemIx(item)), may);
                }
            }
            for item in 0..6 {
                let of_item: Vec<&Event> =
                    log.events().iter().filter(|event| event.at < at && event.item.ix() == item).collect();
                let dealt = of_item.iter().rposition(|event| event.member == member);
                let news = dealt.is_none_or(|last| of_item[last + 1..].iter().any(|event| event.weight >= 1.0));
                prop_assert_eq!(mask[item], born[item] < at && authors[item] != Some(member) && news);
            }
        }
    }
}
