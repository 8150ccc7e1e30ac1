//! What is known of a member and of the community, for whoever may ask.

use std::sync::atomic::Ordering;

use anklang_domain::{ItemId, MemberId, Traits, UnixMillis};
use serde::Serialize;

use super::Engine;
use crate::interests::medoids::medoids;
use crate::list::{ItemView, Lang};
use crate::retrieve::tags::TAGS_MAX;
use crate::views::Views;
use crate::views::catalogue::State;
use crate::views::intern::{MemberIx, TopicIx};
use crate::views::members::{Mark, MemberRow};
use crate::views::moment::Moment;

/// A member in short.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MemberView {
    /// The id kept; the one asked for may have been given up for it.
    pub id: String,
    /// Every id of this person.
    pub ids: Vec<String>,
    /// What they declared.
    pub traits: Traits,
    /// The interests they declared.
    pub declared_interests: Vec<String>,
    /// What they follow.
    pub follows: Vec<String>,
    /// What they mute.
    pub mutes: Vec<String>,
    /// The first sign of them.
    pub first_seen_at: Option<UnixMillis>,
    /// The last sign of them.
    pub last_seen_at: Option<UnixMillis>,
    /// Things they did.
    pub engagements: u32,
}

/// What the engine makes of a member, in plain words.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MemberExplanation {
    /// The member.
    pub member: MemberView,
    /// The tags they care for beyond what holds for everybody, strongest first.
    pub interests: Vec<InterestView>,
    /// Discussions that stand for their present interests.
    pub because_of: Vec<String>,
    /// The circle of members with like interests that they belong to, by its telling tag.
    pub interest_cluster: Option<String>,
    /// Items remembered as seen, and as shown without being opened.
    pub items_seen: usize,
    /// Items remembered as shown without being opened.
    pub items_shown: usize,
    /// Whether what they do is used to rank for them.
    pub behaviour_is_used: bool,
    /// What is known and what it is used for, as sentences.
    pub in_words: Vec<String>,
}

/// An interest in a tag.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InterestView {
    /// The tag.
    pub tag: String,
    /// The chance that the member's next click is on it.
    pub share: f64,
    /// How many times the community's interest.
    pub times_the_communitys: f64,
    /// Whether the member declared it.
    pub declared: bool,
}

/// Counts for health and metrics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Facts folded.
    pub facts: u64,
    /// Live items.
    pub items: u64,
    /// Members.
    pub members: u64,
    /// Tags and categories.
    pub topics: u64,
    /// Engagements.
    pub engagements: u64,
    /// Slates logged.
    pub slates: u64,
    /// Members erased.
    pub erased: u64,
    /// Lists made since the start.
    pub lists: u64,
    /// Documents that can be found by words.
    pub indexed: u64,
    /// Bytes of the journal on disk.
    pub journal_bytes: u64,
    /// Facts that wait to be written.
    pub queue_facts: u64,
    /// Blocks written since the start.
    pub blocks: u64,
    /// Submissions turned away since the start because too much was waiting.
    pub turned_away: u64,
    /// Appends that failed since the start.
    pub append_failures: u64,
    /// Engagements that were learned from; 0 where nothing was learned yet.
    pub learned_engagements: u64,
    /// Slates that were not logged since the start, because too many were waiting or could not be written.
    pub slates_dropped: u64,
}

impl Engine {
    /// A member in short; none where nobody has this id.
    #[must_use]
    pub fn member(&self, id: &MemberId) -> Option<MemberView> {
        let views = self.shared.views.read();
        views.members.find(id.as_str()).map(|member| short(&views, member))
    }

    /// What is known of a member and what it is used for.
    #[must_use]
    pub fn explain_member(&self, id: &MemberId, now: UnixMillis, lang: Option<Lang>) -> Option<MemberExplanation> {
        let views = self.shared.views.read();
        let member = views.members.find(id.as_str())?;
        let cluster = self.shared.learned().group_of(&views, views.members.row(member)).map(str::to_owned);
        Some(MemberExplanation { interest_cluster: cluster, ..explain(&views, member, now, lang) })
    }

    /// Counts for health and metrics.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let commits = self.committer.stats();
        let views = self.shared.views.read();
        Stats {
            facts: views.next,
            items: u64::from(views.catalogue.live),
            members: views.members.len() as u64,
            topics: views.topics.len() as u64,
            engagements: views.tally.engagements,
            slates: views.tally.slates,
            erased: views.tally.erased,
            lists: self.shared.lists.load(Ordering::Relaxed),
            indexed: self.shared.reader.num_docs(),
            journal_bytes: self.journal.bytes(),
            queue_facts: commits.queue_facts,
            blocks: commits.blocks,
            turned_away: commits.busy,
            append_failures: commits.failures,
            learned_engagements: self.shared.learned().engagements,
            slates_dropped: commits.notes_dropped,
        }
    }
}

fn moment(at: Moment) -> Option<UnixMillis> {
    (at.ms() != i64::MIN && at.ms() != i64::MAX).then(|| UnixMillis::saturating(at.ms()))
}

fn short(views: &Views, member: MemberIx) -> MemberView {
    let row = views.members.row(member);
    let names = |topics: &[TopicIx]| topics.iter().map(|topic| views.topics.name(*topic).to_owned()).collect();
    let marks = |marks: &[Mark]| views.members.present(marks).iter().map(|mark| mark_name(views, *mark)).collect();
    MemberView {
        id: views.members.id(member).to_owned(),
        ids: views.members.ids_of(member),
        traits: row.traits(),
        declared_interests: names(&row.declared),
        follows: marks(&row.follows),
        mutes: marks(&row.mutes),
        first_seen_at: moment(row.first_seen),
        last_seen_at: moment(row.visits.end),
        engagements: row.engagements,
    }
}

fn mark_name(views: &Views, mark: Mark) -> String {
    match mark {
        Mark::Item(item) => format!("item {}", views.catalogue.id(item)),
        Mark::Author(author) => format!("author {}", views.members.id(views.members.person(author))),
        Mark::Topic(topic) => match views.topics.row(topic).kind {
            crate::views::topics::TopicKind::Tag => format!("tag {}", views.topics.name(topic)),
            crate::views::topics::TopicKind::Category => format!("category {}", views.topics.name(topic)),
        },
    }
}

fn explain(views: &Views, member: MemberIx, now: UnixMillis, lang: Option<Lang>) -> MemberExplanation {
    let row = views.members.row(member);
    let interests = row.profile.interests(&row.declared, row.behaviour, now, &views.topics).top(2 * TAGS_MAX);
    let interests = interests.into_iter().map(|interest| InterestView {
        tag: views.topics.name(interest.tag).to_owned(),
        share: interest.share,
        times_the_communitys: interest.lift,
        declared: interest.declared,
    });
    let standing = if row.behaviour { medoids(&row.recent, now, |i| views.catalogue.vector(i)) } else { Vec::new() };
    let titles = standing.iter().map(|medoid| views.catalogue.row(medoid.item).card.title.to_string());
    MemberExplanation {
        interests: interests.collect(),
        because_of: titles.filter(|title| !title.is_empty()).collect(),
        interest_cluster: None,
        items_seen: row.seen.len(),
        items_shown: row.shown.len(),
        behaviour_is_used: row.behaviour,
        in_words: in_words(row, lang.or(row.lang.map(Into::into)).unwrap_or_default()),
        member: short(views, member),
    }
}

fn in_words(row: &MemberRow, lang: Lang) -> Vec<String> {
    let (seen, declared, shown) = (row.seen.len(), row.declared.len(), row.shown.len());
    match lang {
        Lang::En => vec![
            format!("You declared {declared} interests; they count from the first moment."),
            if row.behaviour {
                format!("What you did with {seen} items tells which tags and discussions you care for.")
            } else {
                "What you do is not used to rank for you: only what you declared is.".into()
            },
            format!("{shown} items were shown to you and not opened; they are shown less, or not again."),
            "What you mute or wave away is never shown. All of this can be exported and erased.".into(),
        ],
        Lang::De => vec![
            format!("Du hast {declared} Interessen angegeben; sie zählen vom ersten Moment an."),
            if row.behaviour {
                format!(
                    "Was du mit {seen} Beiträgen getan hast, zeigt, welche Themen und Diskussionen dir wichtig sind."
                )
            } else {
                "Was du tust, wird nicht für deine Listen verwendet: nur, was du angegeben hast.".into()
            },
            format!(
                "{shown} Beiträge wurden dir gezeigt und nicht geöffnet; sie erscheinen seltener oder nicht wieder."
            ),
            "Was du stummschaltest oder wegwischst, erscheint nie. All das kannst du exportieren und löschen.".into(),
        ],
    }
}

pub(super) fn item(views: &Views, id: &ItemId) -> Option<ItemView> {
    let item = views.catalogue.find(id.as_str())?;
    let row = views.catalogue.row(item);
    if row.state != State::Live {
        return None;
    }
    Some(ItemView {
        id: id.clone(),
        kind: row.kind,
        title: row.card.title.to_string(),
        tags: row.tags.iter().map(|tag| views.topics.name(*tag).to_owned()).collect(),
        author: row.author.map(|author| views.members.id(views.members.person(author)).to_owned()),
        category: row.category.map(|category| views.topics.name(category).to_owned()),
        url: row.card.url.as_deref().map(str::to_owned),
        created_at: UnixMillis::saturating(row.created.ms()),
        last_activity_at: UnixMillis::saturating(views.catalogue.last_activity(item).ms()),
        replies: row.replies.len(),
        views: row.views,
    })
}
