//! What may be listed at all.

use anklang_domain::{Condition, SavedGroups};

use crate::recommend::Ask;
use crate::views::intern::ItemIx;
use crate::views::members::{Mark, Shown, VISIT_GAP_MS};
use crate::views::moment::Moment;

/// What happened in an item that a member has not seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct News {
    /// It was opened.
    pub(crate) opened: bool,
    /// Replies of others.
    pub(crate) replies: u32,
    /// When the last of it happened.
    pub(crate) last: Option<Moment>,
}

/// Whether an item may be listed for whoever asks, whatever list it is. `asked_for`: by words, so that what the member
/// muted or wrote themselves is found too.
pub(crate) fn may_be_listed(ask: &Ask<'_>, item: ItemIx, asked_for: bool) -> bool {
    let row = ask.views.catalogue.row(item);
    let own = |member| row.author.is_some_and(|author| ask.views.members.person(author) == member);
    let unwanted = !asked_for && ask.member.is_some_and(|member| own(member) || is_muted(ask, item));
    ask.views.catalogue.is_listable(item, ask.now)
        && ask.kind.is_none_or(|kind| kind == row.kind)
        && !unwanted
        && row.card.audience.as_ref().is_none_or(|audience| is_audience(ask, audience))
}

/// An item is muted by itself, by its author, by its category, or where all its tags are.
fn is_muted(ask: &Ask<'_>, item: ItemIx) -> bool {
    let muted = |mark: Mark| ask.mutes.binary_search(&mark).is_ok();
    if ask.mutes.is_empty() {
        return false;
    }
    let row = ask.views.catalogue.row(item);
    muted(Mark::Item(item))
        || row.author.is_some_and(|author| muted(Mark::Author(ask.views.members.person(author))))
        || row.category.is_some_and(|category| muted(Mark::Topic(category)))
        || (!row.tags.is_empty() && row.tags.iter().all(|tag| muted(Mark::Topic(*tag))))
}

/// Whether the member's traits meet an item's audience. A condition that does not parse is met by nobody.
fn is_audience(ask: &Ask<'_>, audience: &str) -> bool {
    let condition = serde_json::from_str(audience).ok().and_then(|json| Condition::parse(&json).ok());
    condition.is_some_and(|condition| condition.eval(ask.traits(), &SavedGroups::default()))
}

/// What the member has not seen of an item since `ask.since`; none where there is nothing.
pub(crate) fn news(ask: &Ask<'_>, item: ItemIx) -> Option<News> {
    let row = ask.views.catalogue.row(item);
    let seen = ask.member.and_then(|member| ask.views.members.row(member).seen_at(item));
    let from = seen.map_or(ask.since, |seen| seen.max(ask.since));
    let own = |by| Some(ask.views.members.person(by)) == ask.member;
    let others = row.replies_within(from, ask.now.into()).iter().filter(|reply| !own(reply.by));
    let (mut replies, mut last) = (0, None);
    for reply in others {
        replies += 1;
        last = Some(reply.at);
    }
    let opened = row.created > from && !row.author.is_some_and(own);
    let last = last.or(opened.then_some(row.created));
    (opened || replies > 0).then_some(News { opened, replies, last })
}

/// Whether an item was shown and ignored: in an earlier visit, or often enough in this one, with nothing new since.
pub(crate) fn is_ignored(ask: &Ask<'_>, shown: &Shown, last: Moment) -> bool {
    let fresh = last > shown.at;
    let earlier_visit = ask.now.ms() - shown.at.ms() > VISIT_GAP_MS;
    !fresh && (earlier_visit || shown.looks >= ask.policy.looks_max)
}
