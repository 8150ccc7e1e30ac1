//! The fold of what members do.

use anklang_domain::{Engagement, ItemId, Target, UnixMillis, Verb};
use serde::{Deserialize, Serialize};

use super::Views;
use super::catalogue::{Reply, State};
use super::intern::{ItemIx, MemberIx, TopicIx};
use super::members::{Action, Mark, MemberRow, push_once};
use super::moment::Moment;
use super::topics::TopicKind;

/// Engagements kept for an item that was not put yet; more of them are counted, but say nothing of interests.
const PENDING_MAX: usize = 64;

/// An engagement with an item whose tags are not known yet.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Pending {
    member: MemberIx,
    weight: f32,
    at: Moment,
}

/// What a verb says of the member's interest in an item, in clicks; below 0, of dislike.
pub(crate) const fn clicks_of(verb: &Verb) -> f32 {
    match verb {
        Verb::Viewed | Verb::Custom(_) => 0.5,
        Verb::Clicked => 1.0,
        Verb::Answered => 1.5,
        Verb::Liked | Verb::Helpful => 2.0,
        Verb::Bookmarked | Verb::Shared => 2.5,
        Verb::Replied | Verb::Followed | Verb::Rsvp | Verb::Attended => 3.0,
        Verb::MoreLikeThis => 4.0,
        Verb::Dismissed => -1.0,
        Verb::LessLikeThis => -4.0,
        Verb::Unfollowed | Verb::Muted | Verb::Unmuted => 0.0,
    }
}

/// What a verb says of an item's worth to the community.
const fn approval_of(verb: &Verb) -> f32 {
    match verb {
        Verb::Liked | Verb::Bookmarked | Verb::Shared | Verb::Helpful | Verb::Rsvp | Verb::Attended => 1.0,
        Verb::Followed => 0.5,
        Verb::Viewed
        | Verb::Clicked
        | Verb::Replied
        | Verb::Unfollowed
        | Verb::Muted
        | Verb::Unmuted
        | Verb::Dismissed
        | Verb::MoreLikeThis
        | Verb::LessLikeThis
        | Verb::Answered
        | Verb::Custom(_) => 0.0,
    }
}

/// What is given to a member rather than done by them, so that it does not say they were there.
const GIVEN: [&str; 1] = ["earned_badge"];

/// Whether an engagement says that the member was there at its moment: not what was given to them, and not what is known
/// to the day alone.
pub(crate) fn is_presence(engagement: &Engagement) -> bool {
    let by_day = engagement.props.get("precision").and_then(serde_json::Value::as_str) == Some("day");
    !by_day && !GIVEN.contains(&engagement.verb.as_str())
}

impl Views {
    pub(super) fn engaged(&mut self, engagement: &Engagement, at: UnixMillis) {
        self.tally.engagements += 1;
        let member = self.members.intern(&engagement.member);
        let row = self.members.row_mut(member);
        row.engagements += 1;
        if is_presence(engagement) {
            row.visited(at.into());
        }
        let mark = match &engagement.target {
            Target::Item(id) => self.engaged_item(member, id, &engagement.verb, at),
            Target::Tag(name) => self.engaged_topic(member, TopicKind::Tag, name, &engagement.verb, at),
            Target::Category(name) => self.engaged_topic(member, TopicKind::Category, name, &engagement.verb, at),
            Target::Author(id) => {
                self.members.update_marks(member);
                Mark::Author(self.members.intern(id))
            }
            Target::Site(_) => return,
        };
        set_mark(self.members.row_mut(member), mark, &engagement.verb);
    }

    fn engaged_item(&mut self, member: MemberIx, id: &ItemId, verb: &Verb, at: UnixMillis) -> Mark {
        let item = self.catalogue.intern(id);
        let moment = Moment::from(at);
        let row = self.catalogue.row_mut(item);
        row.approval += approval_of(verb);
        match verb {
            Verb::Viewed | Verb::Clicked => row.views += 1,
            Verb::Replied => self.replied(member, item, moment),
            Verb::Liked
            | Verb::Bookmarked
            | Verb::Followed
            | Verb::Unfollowed
            | Verb::Muted
            | Verb::Unmuted
            | Verb::Dismissed
            | Verb::MoreLikeThis
            | Verb::LessLikeThis
            | Verb::Helpful
            | Verb::Shared
            | Verb::Rsvp
            | Verb::Attended
            | Verb::Answered
            | Verb::Custom(_) => {}
        }
        let weight = clicks_of(verb);
        let row = self.members.row_mut(member);
        row.saw(item, moment);
        if weight > 0.0 {
            row.shown.retain(|shown| shown.item != item);
        }
        if weight != 0.0 {
            self.interested(member, item, weight, at);
        }
        Mark::Item(item)
    }

    fn replied(&mut self, member: MemberIx, item: ItemIx, at: Moment) {
        self.catalogue.reply(item, Reply { at, by: member });
        push_once(&mut self.members.row_mut(member).joined, item);
        if self.catalogue.row(item).state == State::Live {
            self.sign_of_life(item, at);
        }
    }

    /// Learns from an engagement, now or, where the item was not put yet, when it is.
    fn interested(&mut self, member: MemberIx, item: ItemIx, weight: f32, at: UnixMillis) {
        let row = self.catalogue.row(item);
        if row.state == State::Mentioned {
            let pending = self.pending.entry(item).or_default();
            if pending.len() < PENDING_MAX {
                pending.push(Pending { member, weight, at: at.into() });
            }
            return;
        }
        let tags: Vec<TopicIx> = row.tags.to_vec();
        self.learn(member, &tags, weight, at);
        self.members.row_mut(member).acted(Action { item, at: at.into(), weight });
    }

    fn learn(&mut self, member: MemberIx, tags: &[TopicIx], weight: f32, at: UnixMillis) {
        if weight > 0.0 {
            self.topics.click(tags, f64::from(weight), at);
        }
        self.members.row_mut(member).profile.click(tags, f64::from(weight), at, &self.topics);
    }

    pub(super) fn engage_pending(&mut self, item: ItemIx) {
        for pending in self.pending.remove(&item).unwrap_or_default() {
            let member = self.members.person(pending.member);
            self.interested(member, item, pending.weight, UnixMillis::saturating(pending.at.ms()));
        }
    }

    fn engaged_topic(&mut self, member: MemberIx, kind: TopicKind, name: &str, verb: &Verb, at: UnixMillis) -> Mark {
        let topic = self.topics.intern(kind, name);
        let weight = clicks_of(verb);
        if kind == TopicKind::Tag && weight != 0.0 {
            self.learn(member, &[topic], weight, at);
        }
        Mark::Topic(topic)
    }
}

fn set_mark(row: &mut MemberRow, mark: Mark, verb: &Verb) {
    match verb {
        Verb::Followed => {
            MemberRow::mark(&mut row.follows, mark, true);
            MemberRow::mark(&mut row.mutes, mark, false);
        }
        Verb::Unfollowed => MemberRow::mark(&mut row.follows, mark, false),
        Verb::Muted => {
            MemberRow::mark(&mut row.mutes, mark, true);
            MemberRow::mark(&mut row.follows, mark, false);
        }
        Verb::Unmuted => MemberRow::mark(&mut row.mutes, mark, false),
        // Waving an item away hides that item; "less of this" of a tag or author only lowers the interest.
        Verb::Dismissed | Verb::LessLikeThis => {
            if matches!(mark, Mark::Item(_)) {
                MemberRow::mark(&mut row.mutes, mark, true);
            }
        }
        Verb::Viewed
        | Verb::Clicked
        | Verb::Replied
        | Verb::Liked
        | Verb::Bookmarked
        | Verb::MoreLikeThis
        | Verb::Helpful
        | Verb::Shared
        | Verb::Rsvp
        | Verb::Attended
        | Verb::Answered
        | Verb::Custom(_) => {}
    }
}
