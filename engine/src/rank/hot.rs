//! How hot a discussion is: Discourse's formula, whose second term is the revived thread.

use anklang_domain::{HOUR_MS, UnixMillis};
use smallvec::SmallVec;

use crate::views::Views;
use crate::views::intern::{ItemIx, MemberIx};
use crate::views::moment::Moment;

/// What counts as recent.
const RECENT_MS: i64 = 7 * anklang_domain::DAY_MS;
/// Recent replies that are looked at.
const REPLIES_MAX: usize = 64;
/// How fast heat is lost.
const GRAVITY: f64 = 1.2;

/// Discourse's hotness: approval/(age + 2)^1.2 + (recent posters − 1)/(hours since the first recent reply + 2)^1.2, ages in
/// hours. Recent approvals are not told apart from older ones. At least 0.
pub(crate) fn hotness(views: &Views, item: ItemIx, now: UnixMillis) -> f64 {
    let row = views.catalogue.row(item);
    let hours = |at: Moment| (now.ms() - at.ms()).max(0) as f64 / HOUR_MS as f64;
    let standing = f64::from(row.approval) / (hours(row.created) + 2.0).powf(GRAVITY);
    let recent = row.replies_within(Moment::of(now.ms() - RECENT_MS), now.into());
    let recent = &recent[recent.len().saturating_sub(REPLIES_MAX)..];
    let Some(first) = recent.first() else { return standing };
    let mut posters: SmallVec<[MemberIx; REPLIES_MAX]> =
        recent.iter().map(|reply| views.members.person(reply.by)).collect();
    posters.sort_unstable();
    posters.dedup();
    standing + (posters.len() as f64 - 1.0) / (hours(first.at) + 2.0).powf(GRAVITY)
}

/// Hotness on the scale of the other parts of a score: ln(1 + 20·hotness), 0 for what is cold, about 1.5 for a thread that
/// five people joined within the last hours.
pub(crate) fn heat(views: &Views, item: ItemIx, now: UnixMillis) -> f32 {
    (20.0 * hotness(views, item, now)).ln_1p() as f32
}
