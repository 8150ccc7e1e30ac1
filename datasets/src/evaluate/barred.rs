//! What a list may not hold.

use anklang_models::{ItemIx, MemberIx, View};

use crate::split::{Candidates, Case};

/// The items that are barred from one list. Kept from list to list, because most bar few of many.
#[derive(Debug)]
pub(super) struct Barred {
    marks: Vec<bool>,
    items: Vec<u32>,
}

impl Barred {
    pub(super) fn new(items: usize) -> Self {
        Self { marks: vec![false; items], items: Vec::new() }
    }

    /// Bars what a case may not list. `only`: for [`Candidates::Only`], which items these are.
    pub(super) fn set(
        &mut self,
        candidates: &Candidates,
        only: &[bool],
        case: &Case,
        view: &View<'_>,
        born_later: bool,
    ) {
        for item in self.items.drain(..) {
            self.marks[item as usize] = false;
        }
        if born_later {
            (0..view.items() as u32).filter(|item| !view.exists(ItemIx(*item))).for_each(|item| self.bar(item));
        }
        match candidates {
            Candidates::All => {}
            Candidates::Unseen => self.bar_history(view, case.member),
            Candidates::Only(_) => {
                (0..view.items() as u32).filter(|item| !only[*item as usize]).for_each(|item| self.bar(item));
                self.bar_history(view, case.member);
            }
            Candidates::Missed => self.bar_not_missed(view, case.member),
        }
    }

    fn bar(&mut self, item: u32) {
        if !std::mem::replace(&mut self.marks[item as usize], true) {
            self.items.push(item);
        }
    }

    fn bar_history(&mut self, view: &View<'_>, member: MemberIx) {
        view.history(member).for_each(|event| self.bar(event.item.0));
    }

    /// The member's own, and what they dealt with unless others did later.
    fn bar_not_missed(&mut self, view: &View<'_>, member: MemberIx) {
        (0..view.items() as u32)
            .filter(|item| view.author(ItemIx(*item)) == Some(member))
            .for_each(|item| self.bar(item));
        let Some(first) = view.history(member).next().map(|event| event.at) else { return };
        let mut dealt: Vec<u32> = view.history(member).map(|event| event.item.0).collect();
        dealt.sort_unstable();
        dealt.dedup();
        let mut news = vec![false; dealt.len()];
        // From the newest back: what is met first after the member's own last event is news.
        let mut settled = vec![false; dealt.len()];
        for event in view.events().iter().rev().take_while(|event| event.at >= first) {
            if let Ok(place) = dealt.binary_search(&event.item.0) {
                news[place] |= event.member != member && !settled[place];
                settled[place] |= event.member == member;
            }
        }
        for (item, news) in dealt.iter().zip(news) {
            if !news {
                self.bar(*item);
            }
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
    use anklang_models::{Csr, Event, ItemFacts, Log};

    use super::*;

    /// Member 0 made item 0 and dealt with 1 and 2; member 1 came back to 1 later; item 4 is not born yet.
    fn allowed(candidates: &Candidates, only: &[bool]) -> Vec<u32> {
        let event = |at, member, item| Event { at, member: MemberIx(member), item: ItemIx(item), weight: 1.0 };
        let events = vec![event(1, 0, 1), event(2, 1, 2), event(3, 0, 2), event(4, 1, 1), event(5, 1, 0)];
        let authors = vec![Some(MemberIx(0)), None, None, None, None];
        let facts = ItemFacts { born: vec![0, 0, 0, 0, 50], authors, content: Csr::default() };
        let log = Log::new(2, 5, events, facts).unwrap();
        let case = Case { member: MemberIx(0), at: 10, targets: vec![ItemIx(3)] };
        let mut barred = Barred::new(5);
        // What was barred before is forgotten.
        barred.bar(3);
        barred.set(candidates, only, &case, &log.before(10), true);
        (0..5).filter(|item| !barred.holds(*item)).collect()
    }

    #[test]
    fn each_kind_of_candidates() {
        assert_eq!(allowed(&Candidates::All, &[]), [0, 1, 2, 3]);
        assert_eq!(allowed(&Candidates::Unseen, &[]), [0, 3]);
        assert_eq!(allowed(&Candidates::Missed, &[]), [1, 3]);
        let only = [true, true, false, true, true];
        assert_eq!(allowed(&Candidates::Only([].into()), &only), [0, 3]);
    }
}
