//! Which items a list may hold, from what was known when it was asked for.

use anklang_models::{MemberIx, View};

use super::{Candidates, Case, Fold};
use crate::dataset::TARGET_WEIGHT_MIN;

/// Sets `mask`, one place an item, to whether the item may be listed for a case of the fold; `view` is what was known when
/// the case was asked. Takes the time of one look at every item and, for [`Candidates::Missed`], at most one at every
/// event.
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

fn existing(view: &View<'_>, mask: &mut [bool]) {
    for (item, may) in mask.iter_mut().enumerate() {
        *may = view.exists(anklang_models::ItemIx(item as u32));
    }
}

fn missed(member: MemberIx, view: &View<'_>, mask: &mut [bool]) {
    existing(view, mask);
    // Dealt with, and not yet known whether others came after.
    let mut open = vec![false; mask.len()];
    let mut left = 0_usize;
    for event in view.history(member) {
        left += usize::from(!open[event.item.ix()]);
        open[event.item.ix()] = true;
        mask[event.item.ix()] = false;
    }
    for event in view.events().iter().rev() {
        if left == 0 {
            break;
        }
        let item = event.item.ix();
        let news = event.member != member && event.weight >= TARGET_WEIGHT_MIN;
        if open[item] && (news || event.member == member) {
            (open[item], mask[item]) = (false, news);
            left -= 1;
        }
    }
    for (item, may) in mask.iter_mut().enumerate() {
        *may = *may && view.author(anklang_models::ItemIx(item as u32)) != Some(member);
    }
}
