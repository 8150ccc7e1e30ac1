//! What is hot or fresh in the whole community: the answer to who is new, and the pool for something different.

use super::{Source, best, newest};
use crate::rank::hot::hotness;
use crate::recommend::Ask;
use crate::views::intern::ItemIx;

/// Recently active items whose hotness is looked at.
const SCANNED_MAX: usize = 512;
/// The hottest taken.
const HOT_MAX: usize = 48;
/// The freshest taken.
const FRESH_MAX: usize = 48;

/// The hottest and the freshest items.
pub(super) struct Fresh;

impl Source for Fresh {
    fn retrieve(&self, ask: &Ask<'_>, found: &mut Vec<ItemIx>) {
        let mut active = Vec::with_capacity(SCANNED_MAX);
        newest(ask, &ask.views.catalogue.activity, SCANNED_MAX, SCANNED_MAX * 2, &mut active);
        found.extend(active.iter().take(FRESH_MAX));
        let mut hot: Vec<(f32, ItemIx)> =
            active.into_iter().map(|item| (hotness(ask.views, item, ask.now) as f32, item)).collect();
        found.extend(best(&mut hot, HOT_MAX));
    }
}
