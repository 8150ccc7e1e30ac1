//! One list of candidates out of many.

use super::Source;
use crate::recommend::Ask;
use crate::views::intern::ItemIx;

/// Asks every source and gives each item found once, in a fixed order.
pub(crate) fn merge(ask: &Ask<'_>, sources: &[&dyn Source]) -> Vec<ItemIx> {
    let mut found = Vec::with_capacity(1024);
    for source in sources {
        source.retrieve(ask, &mut found);
    }
    found.sort_unstable();
    found.dedup();
    found
}
