//! What is measured of an item for a member.

use smallvec::SmallVec;

use super::filter::{News, is_ignored, may_be_listed, news};
use super::hot::heat;
use crate::interests::content::cosine;
use crate::list::Lang;
use crate::recommend::Ask;
use crate::views::intern::{ItemIx, TopicIx};
use crate::views::members::Mark;
use crate::views::topics::halvings;

/// Cosines below this are chance: three standard errors of a random-indexing estimate.
const COSINE_FLOOR: f32 = 0.27;

/// Scores above this say no more than that an item is surely to the member's taste.
const TASTE_MAX: f32 = 1.5;

/// An interest this many times the community's may be given as a reason.
const LIFT_TOLD_MIN: f64 = 1.1;

/// What is known of a candidate that passed the filters.
#[derive(Debug, Clone)]
pub(crate) struct Features {
    pub(crate) item: ItemIx,
    pub(crate) news: News,
    /// How much the item's tags are for this member, and the tag that is most.
    pub(crate) tag_interest: f32,
    pub(crate) best_tag: Option<TopicIx>,
    /// Nearness to the nearest medoid times the root of its importance, and which it is.
    pub(crate) neighbour: f32,
    pub(crate) medoid: Option<ItemIx>,
    /// How much members of like taste deal with it, from 0 to about 1.
    pub(crate) taste: f32,
    pub(crate) follows: Option<Mark>,
    pub(crate) joined: bool,
    pub(crate) heat: f32,
    pub(crate) fresh: f32,
    pub(crate) looks: f32,
    /// Written in another language than the member's own, where both are known.
    pub(crate) foreign: bool,
}

/// What a list is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Want {
    /// What happened and was not seen.
    News,
    /// What was never seen, or has news.
    Unread,
    /// Whatever may be listed.
    Any,
    /// Whatever the community may see, muted and own too: it was asked for by words.
    Asked,
}

/// Measures an item, or says that it does not belong in the list.
pub(crate) fn measure(ask: &Ask<'_>, item: ItemIx, want: Want) -> Option<Features> {
    let row = ask.views.catalogue.row(item);
    if !may_be_listed(ask, item, want == Want::Asked) {
        return None;
    }
    let news = news(ask, item);
    let seen = || ask.member.is_some_and(|member| ask.views.members.row(member).seen_at(item).is_some());
    match want {
        Want::News if news.is_none() => return None,
        Want::Unread if news.is_none() && seen() => return None,
        Want::News | Want::Unread | Want::Any | Want::Asked => {}
    }
    let news = news.unwrap_or_default();
    let mut looks = 0.0;
    if let (Some(shown), Want::News | Want::Unread) = (ask.shown_of(item), want) {
        let last = news.last.unwrap_or(shown.at);
        if is_ignored(ask, shown, last) {
            return None;
        }
        looks = if last > shown.at { 0.0 } else { shown.looks };
    }
    let (tag_interest, best_tag) = tag_interest(ask, &row.tags);
    let (neighbour, medoid) = neighbour(ask, item);
    let last = news.last.unwrap_or(ask.views.catalogue.last_activity(item));
    let half_life_days = f64::from(ask.policy.fresh_half_life_hours) / 24.0;
    Some(Features {
        item,
        news,
        tag_interest,
        best_tag,
        neighbour,
        medoid,
        taste: taste(ask, item),
        follows: follows(ask, item),
        joined: ask.has_joined(item),
        heat: heat(ask.views, item, ask.now),
        fresh: halvings(ask.now.ms() - last.ms(), half_life_days) as f32,
        looks,
        foreign: is_foreign(ask, row.card.language.as_deref()),
    })
}

fn is_foreign(ask: &Ask<'_>, language: Option<&str>) -> bool {
    let own = ask.member.and_then(|member| ask.views.members.row(member).lang);
    let written = language.and_then(Lang::known);
    own.zip(written).is_some_and(|(own, written)| Lang::from(own) != written)
}

fn tag_interest(ask: &Ask<'_>, tags: &SmallVec<[TopicIx; 4]>) -> (f32, Option<TopicIx>) {
    let (mut sum, mut best) = (0.0, None::<(f64, TopicIx)>);
    for interest in tags.iter().filter_map(|tag| ask.interests.of(*tag)) {
        sum += interest.gain();
        // What everybody cares for is no reason: the tag named is the one that tells this member from the others.
        let tells = interest.share * interest.lift.ln();
        if interest.lift > LIFT_TOLD_MIN && best.is_none_or(|(most, _)| tells > most) {
            best = Some((tells, interest.tag));
        }
    }
    (sum as f32, best.map(|(_, tag)| tag))
}

fn neighbour(ask: &Ask<'_>, item: ItemIx) -> (f32, Option<ItemIx>) {
    let vector = ask.views.catalogue.vector(item);
    let (mut most, mut nearest) = (0.0, None);
    for medoid in ask.medoids.iter().filter(|medoid| medoid.item != item) {
        let near = (cosine(ask.views.catalogue.vector(medoid.item), vector) - COSINE_FLOOR) * medoid.importance.sqrt();
        if near > most {
            (most, nearest) = (near, Some(medoid.item));
        }
    }
    (most, nearest)
}

/// What members of like taste say of it; what they would not touch is nothing, for silence is no dislike.
fn taste(ask: &Ask<'_>, item: ItemIx) -> f32 {
    let vector = ask.views.catalogue.vector(item);
    ask.palate.as_ref().map_or(0.0, |palate| palate.of_item(item, vector).clamp(0.0, TASTE_MAX))
}

/// What the member follows of the item: itself, its author, a tag, its category.
fn follows(ask: &Ask<'_>, item: ItemIx) -> Option<Mark> {
    let row = ask.views.catalogue.row(item);
    let author = row.author.map(|author| Mark::Author(ask.views.members.person(author)));
    let topics = row.tags.iter().chain(row.category.as_ref()).map(|topic| Mark::Topic(*topic));
    [Mark::Item(item)].into_iter().chain(author).chain(topics).find(|mark| ask.follows.binary_search(mark).is_ok())
}
