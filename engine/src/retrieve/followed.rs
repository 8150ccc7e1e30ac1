//! What the member follows: items, tags, categories, authors.

use super::{Source, newest};
use crate::recommend::Ask;
use crate::views::intern::ItemIx;
use crate::views::members::Mark;

/// Items taken for each thing followed.
const ITEMS_MAX: usize = 32;
/// Signs of life looked at for each.
const SIGNS_MAX: usize = 256;
/// Things followed that are looked at.
const MARKS_MAX: usize = 128;

/// Items followed, and the newest of each tag, category and author followed.
pub(super) struct Followed;

impl Source for Followed {
    fn retrieve(&self, ask: &Ask<'_>, found: &mut Vec<ItemIx>) {
        let active = |item: &ItemIx| ask.views.catalogue.last_activity(*item) > ask.since;
        for mark in ask.follows.iter().take(MARKS_MAX) {
            match mark {
                Mark::Item(item) => found.extend([*item].into_iter().filter(active)),
                Mark::Topic(topic) => {
                    newest(ask, &ask.views.topics.row(*topic).activity, ITEMS_MAX, SIGNS_MAX, found);
                }
                Mark::Author(author) => {
                    let author = ask.views.members.row(ask.views.members.person(*author));
                    found.extend(author.authored.iter().rev().take(SIGNS_MAX).filter(|i| active(i)).take(ITEMS_MAX));
                }
            }
        }
    }
}
