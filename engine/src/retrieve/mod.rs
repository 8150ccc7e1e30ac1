//! Where candidates come from. A source names items cheaply and in a fixed order; what they are worth is not its business.

mod followed;
mod fresh;
mod merge;
mod neighbours;
mod revived;
pub(crate) mod tags;

use crate::recommend::Ask;
use crate::views::activity::Activity;
use crate::views::intern::ItemIx;

pub(crate) use merge::merge;

/// A way to find candidates for a member's list.
pub(crate) trait Source: Sync {
    /// Adds items to `found`; the same one twice does no harm.
    fn retrieve(&self, ask: &Ask<'_>, found: &mut Vec<ItemIx>);
}

/// The sources of a member's list.
pub(crate) const SOURCES: [&dyn Source; 5] =
    [&tags::Tags, &neighbours::Neighbours, &revived::Revived, &followed::Followed, &fresh::Fresh];

/// Adds the items of a log with signs of life since `ask.since`, newest first, up to `count`. `read_max` bounds the signs
/// that are looked at.
fn newest(ask: &Ask<'_>, log: &Activity, count: usize, read_max: usize, found: &mut Vec<ItemIx>) {
    let live = log.newest(ask.since, ask.now.into()).take(read_max).filter(|sign| {
        // Older signs of the same item are stale.
        ask.views.catalogue.last_activity(sign.item) == sign.at
    });
    found.extend(live.map(|sign| sign.item).take(count));
}

/// The best `count` items by worth, in no order; of equals, those known longer.
fn best(worth: &mut [(f32, ItemIx)], count: usize) -> impl Iterator<Item = ItemIx> + '_ {
    if worth.len() > count {
        worth.select_nth_unstable_by(count, |a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    }
    worth.iter().take(count).map(|(_, item)| *item)
}
