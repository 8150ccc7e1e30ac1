//! Discussions the member joined in which others replied since.

use super::Source;
use crate::recommend::Ask;
use crate::views::intern::ItemIx;

/// Joined discussions looked at, the latest joined first.
const JOINED_MAX: usize = 512;

/// Discussions joined, with signs of life since.
pub(super) struct Revived;

impl Source for Revived {
    fn retrieve(&self, ask: &Ask<'_>, found: &mut Vec<ItemIx>) {
        let Some(member) = ask.member else { return };
        let joined = ask.views.members.row(member).joined.iter().rev().take(JOINED_MAX);
        found.extend(joined.filter(|item| ask.views.catalogue.last_activity(**item) > ask.since));
    }
}
