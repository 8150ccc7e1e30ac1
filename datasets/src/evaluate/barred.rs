//! What a list may not hold.

use anklang_models::View;

use crate::split::{Candidates, Case, Fold, candidates};

/// The items that are barred from one list. Kept from list to list, because most bar few of many.
#[derive(Debug)]
pub(super) struct Barred {
    marks: Vec<bool>,
    items: Vec<u32>,
    /// What may be listed, where that is more than not to have dealt with it.
    may: Vec<bool>,
}

impl Barred {
    pub(super) fn new(items: usize) -> Self {
        Self { marks: vec![false; items], items: Vec::new(), may: vec![true; items] }
    }

    /// Bars what a case may not list.
    pub(super) fn set(&mut self, fold: &Fold, case: &Case, view: &View<'_>) {
        for item in self.items.drain(..) {
            self.marks[item as usize] = false;
        }
        match (&fold.candidates, fold.asked.facts().born.is_empty()) {
            // The same as below, without a look at every item.
            (Candidates::Unseen, true) => view.history(case.member).for_each(|event| self.bar(event.item.0)),
            (Candidates::All, true) => {}
            (Candidates::Unseen | Candidates::All, false) | (Candidates::Missed | Candidates::Only(_), _) => {
                candidates(fold, case, view, &mut self.may);
                for (item, may) in (0_u32..).zip(&self.may) {
                    if !may {
                        self.marks[item as usize] = true;
                        self.items.push(item);
                    }
                }
            }
        }
    }

    fn bar(&mut self, item: u32) {
        if !std::mem::replace(&mut self.marks[item as usize], true) {
            self.items.push(item);
        }
    }

    /// Whether an item is barred.
    pub(super) fn holds(&self, item: u32) -> bool {
        self.marks[item as usize]
    }

    /// Takes the barred items out of the running.
    pub(super) fn silence(&self, scores: &mut [f32]) {
        for item in &self.items {
            scores[*item as usize] = f32::NEG_INFINITY;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use anklang_models::{Event, ItemFacts, ItemIx, Log, MemberIx};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_short_way_bars_what_the_long_way_does(
            events in prop::collection::vec((0_i64..30, 0_u32..4, 0_u32..9), 0..40),
            asks in prop::collection::vec((0_i64..30, 0_u32..4), 1..6),
            all in any::<bool>(),
            timed in any::<bool>(),
        ) {
            let event = |(at, member, item)| Event { at, member: MemberIx(member), item: ItemIx(item), weight: 1.0 };
            let facts = ItemFacts { born: if timed { vec![10; 9] } else { vec![] }, ..ItemFacts::default() };
            let log = Arc::new(Log::new(4, 9, events.into_iter().map(event).collect(), facts).unwrap());
            let candidates = if all { Candidates::All } else { Candidates::Unseen };
            let (train, asked) = (Arc::clone(&log), log);
            let fold = Fold { name: String::new(), train, train_before: 0, asked, cases: vec![], candidates };
            // What was barred for one case is forgotten for the next.
            let mut barred = Barred::new(9);
            for (at, member) in asks {
                let case = Case { member: MemberIx(member), at, targets: vec![] };
                let view = fold.asked.before(at);
                barred.set(&fold, &case, &view);
                let mut may = vec![false; 9];
                crate::split::candidates(&fold, &case, &view, &mut may);
                prop_assert!((0..9).all(|item| barred.holds(item) != may[item as usize]));
            }
        }
    }
}
