//! What the learned ranker looks at beside the hand-set score: signals of an item for a member, each part of one part of
//! the score.
//!
//! Hours and counts are logged; moments are turned so that 1 is now and 0 long ago, so that a signal is rarely negative and
//! a weight above 0 speaks for the item.

use anklang_domain::HOUR_MS;
use hashbrown::HashMap;

use super::features::Features;
use super::score::Part;
use crate::recommend::Ask;
use crate::views::intern::{ItemIx, MemberIx};
use crate::views::moment::Moment;

/// How many signals there are.
pub(crate) const SIGNALS: usize = 27;

/// The signals' names and the parts of the score that they belong to, in their order.
pub(crate) const NAMED: [(&str, Part); SIGNALS] = [
    ("place", Part::Fresh),
    ("first", Part::Fresh),
    ("stir", Part::Fresh),
    ("young", Part::Fresh),
    ("unanswered", Part::Fresh),
    ("stranger_place", Part::Fresh),
    ("stranger_young", Part::Fresh),
    ("regular_place", Part::Fresh),
    ("regular_young", Part::Fresh),
    ("heat", Part::Hot),
    ("day", Part::Hot),
    ("week", Part::Hot),
    ("replies", Part::Hot),
    ("stranger_heat", Part::Hot),
    ("joined", Part::Joined),
    ("joined_place", Part::Joined),
    ("joined_young", Part::Joined),
    ("joined_news", Part::Joined),
    ("joined_author", Part::Joined),
    ("joined_lately", Part::Joined),
    ("tag_lift", Part::TagInterest),
    ("tag_interest", Part::TagInterest),
    ("neighbour", Part::Neighbour),
    ("author_known", Part::People),
    ("people_known", Part::People),
    ("last_known", Part::People),
    ("follows", Part::Follows),
];

/// Joined discussions that people are known from, the latest.
const JOINED_MAX: usize = 128;
/// Replies of a discussion that people are known from, the latest.
const REPLIES_MAX: usize = 32;
/// The place from which on an item counts as the last.
const PLACES: f32 = 400.0;
/// Hours of a month and of ten years: from there on it is long ago.
const MONTH_HOURS: f32 = 720.0;
const DECADE_HOURS: f32 = 87_600.0;
/// Engagements of a regular.
const REGULAR: f32 = 1_000.0;
/// A tag's lift counts within e to this power.
const LIFT_LN_MAX: f64 = 3.0;

/// Who a member has met: people of the discussions they joined.
#[derive(Debug, Default)]
pub(crate) struct Circle {
    /// In how many discussions they met.
    met: HashMap<MemberIx, f32>,
    /// How many discussions of this author the member joined.
    answered: HashMap<MemberIx, f32>,
}

impl Circle {
    /// The people that who asks has met.
    pub(crate) fn of(ask: &Ask<'_>) -> Self {
        let mut circle = Self::default();
        let Some(member) = ask.member else { return circle };
        let row = ask.views.members.row(member);
        if !row.behaviour {
            return circle;
        }
        for item in row.joined.iter().rev().take(JOINED_MAX) {
            let row = ask.views.catalogue.row(*item);
            if let Some(author) = row.author {
                *circle.answered.entry(ask.views.members.person(author)).or_default() += 1.0;
            }
            for person in people(ask, *item).into_iter().filter(|person| *person != member) {
                *circle.met.entry(person).or_default() += 1.0;
            }
        }
        circle
    }
}

/// Who wrote in a discussion of late, its author included; each once.
fn people(ask: &Ask<'_>, item: ItemIx) -> Vec<MemberIx> {
    let row = ask.views.catalogue.row(item);
    let latest = &row.replies[row.replies.len().saturating_sub(REPLIES_MAX)..];
    let mut people: Vec<MemberIx> = latest.iter().map(|reply| reply.by).chain(row.author).collect();
    people.iter_mut().for_each(|person| *person = ask.views.members.person(*person));
    people.sort_unstable();
    people.dedup();
    people
}

/// 1 for now, 0 for `hours_max` ago and more, by the logarithm of the hours.
fn nearness(ask: &Ask<'_>, at: Moment, hours_max: f32) -> f32 {
    let hours = (ask.now.ms() - at.ms()).max(0) as f32 / HOUR_MS as f32;
    (1.0 - hours.ln_1p() / hours_max.ln_1p()).clamp(0.0, 1.0)
}

/// The signals of candidates, in their order. Where an item stands among the others by its last sign of life is one of
/// them, so all candidates are measured at once.
pub(crate) fn signals(ask: &Ask<'_>, candidates: &[Features]) -> Vec<[f32; SIGNALS]> {
    let circle = Circle::of(ask);
    let mut order: Vec<(Moment, ItemIx, usize)> = candidates
        .iter()
        .enumerate()
        .map(|(n, features)| (ask.views.catalogue.last_activity(features.item), features.item, n))
        .collect();
    order.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut places = vec![0_usize; candidates.len()];
    for (place, (_, _, n)) in order.iter().enumerate() {
        places[*n] = place;
    }
    candidates.iter().zip(places).map(|(features, place)| of_one(ask, &circle, features, place)).collect()
}

fn of_one(ask: &Ask<'_>, circle: &Circle, features: &Features, place: usize) -> [f32; SIGNALS] {
    let catalogue = &ask.views.catalogue;
    let row = catalogue.row(features.item);
    let engagements = ask.member.map_or(0, |member| ask.views.members.row(member).engagements) as f32;
    let stranger = f32::from(u8::from(engagements == 0.0));
    let regular = (engagements.ln_1p() / REGULAR.ln_1p()).min(1.0);
    let joined = f32::from(u8::from(features.joined));
    let place_of = (1.0 - (place as f32).ln_1p() / PLACES.ln_1p()).max(0.0);
    let young = nearness(ask, row.created, DECADE_HOURS);
    let replies_since = |hours: i64| {
        let since = Moment::of(ask.now.ms() - hours * HOUR_MS);
        (row.replies_within(since, ask.now.into()).len() as f32).ln_1p()
    };
    let seen = ask.member.and_then(|member| ask.views.members.row(member).seen_at(features.item));
    let met = |person: &MemberIx| circle.met.get(person).copied().unwrap_or(0.0);
    let author = row.author.map(|author| ask.views.members.person(author));
    let last = row.replies.last().map(|reply| ask.views.members.person(reply.by)).or(author);
    [
        place_of,
        1.0 / (1.0 + place as f32),
        nearness(ask, catalogue.last_activity(features.item), MONTH_HOURS),
        young,
        f32::from(u8::from(row.replies.is_empty())),
        stranger * place_of,
        stranger * young,
        regular * place_of,
        regular * young,
        features.heat,
        replies_since(24),
        replies_since(24 * 7),
        (row.replies.len() as f32).ln_1p(),
        stranger * features.heat,
        joined,
        joined * place_of,
        joined * young,
        joined * (features.news.replies as f32).ln_1p(),
        joined * author_since(ask, features.item, seen),
        joined * seen.map_or(0.0, |at| nearness(ask, at, MONTH_HOURS)),
        tag_lift(ask, features.item),
        features.tag_interest,
        features.neighbour,
        author.and_then(|author| circle.answered.get(&author)).copied().unwrap_or(0.0).ln_1p(),
        people(ask, features.item).iter().map(met).sum::<f32>().ln_1p(),
        last.as_ref().map_or(0.0, met).ln_1p(),
        f32::from(u8::from(features.follows.is_some())),
    ]
}

/// Whether whoever opened the discussion wrote in it after the member was there.
fn author_since(ask: &Ask<'_>, item: ItemIx, seen: Option<Moment>) -> f32 {
    let row = ask.views.catalogue.row(item);
    let (Some(author), Some(seen)) = (row.author, seen) else { return 0.0 };
    let author = ask.views.members.person(author);
    let replies = row.replies_within(seen, ask.now.into());
    f32::from(u8::from(replies.iter().any(|reply| ask.views.members.person(reply.by) == author)))
}

/// The mean of the tags' genuine interests, logged: 0 for what is to the member as to everybody.
fn tag_lift(ask: &Ask<'_>, item: ItemIx) -> f32 {
    let tags = &ask.views.catalogue.row(item).tags;
    let ln = |lift: f64| lift.ln().clamp(-LIFT_LN_MAX, LIFT_LN_MAX);
    let sum: f64 = tags.iter().filter_map(|tag| ask.interests.of(*tag)).map(|interest| ln(interest.lift)).sum();
    (sum / tags.len().max(1) as f64) as f32
}
