//! Items about the member's tags.

use super::{Source, newest};
use crate::recommend::Ask;
use crate::views::intern::ItemIx;

/// Tags that are asked for.
pub(crate) const TAGS_MAX: usize = 8;
/// Items taken for each.
const ITEMS_MAX: usize = 64;
/// Signs of life looked at for each.
const SIGNS_MAX: usize = 512;

/// The newest items with each of the member's strongest tags.
pub(super) struct Tags;

impl Source for Tags {
    fn retrieve(&self, ask: &Ask<'_>, found: &mut Vec<ItemIx>) {
        for interest in ask.top.iter().take(TAGS_MAX) {
            newest(ask, &ask.views.topics.row(interest.tag).activity, ITEMS_MAX, SIGNS_MAX, found);
        }
    }
}
