//! From a request to a ranked list, top to bottom: ask, retrieve, filter and measure, score, diversify, explain.

use std::borrow::Cow;
use std::cell::OnceCell;

use anklang_domain::{DAY_MS, Kind, ListKind, Score, Traits, UnixMillis, stable_hash};

use serde_json::Value;

use crate::diversify::{Placed, certain, diversify, with_discovery};
use crate::explain::reasons;
use crate::find;
use crate::index::{IndexError, TextReader};
use crate::interests::medoids::{Medoid, medoids};
use crate::interests::profile::{Interest, Interests};
use crate::learn::Learned;
use crate::learn::taste::Palate;
use crate::list::{LIMIT_MAX, Lang, LedgerPart, List, ListItem, ListRequest, SlateRef};
use crate::rank::features::{Features, Want, measure};
use crate::rank::policy::Policy;
use crate::rank::rising::{Rising, rising};
use crate::rank::score::{Part, Scored, sort};
use crate::rank::signals::signals;
use crate::retrieve::{SOURCES, merge, tags};
use crate::views::Views;
use crate::views::intern::{ItemIx, MemberIx};
use crate::views::members::{Mark, MemberRow, Shown};
use crate::views::moment::Moment;

/// The longest absence that a list covers, where the policy says nothing else.
pub const ABSENCE_MAX_MS: i64 = 30 * DAY_MS;
/// Places that can be reached by paging.
pub const PLACES_MAX: usize = 300;

/// The attribute that names a member's circle of interest, as conditions ask for it.
const INTEREST_CLUSTER: &str = "interest_cluster";

/// A learned score may lie this far below the relevance floor, which is the odds of a tenth of the average candidate's and
/// some: where little happens, the average is good already.
const LEARNED_MARGIN: f32 = std::f32::consts::LN_10;

/// Candidates that the places are chosen from.
const RANKED_MAX: usize = PLACES_MAX + 50;

/// Why there is no list.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// Related: the item is not known.
    #[error("there is no item {0:?}")]
    UnknownItem(String),
    /// A field that this list needs is missing or makes no sense.
    #[error("{field}: {what}")]
    Field {
        /// Which field.
        field: &'static str,
        /// What would be right.
        what: &'static str,
    },
    /// The text index failed.
    #[error(transparent)]
    Index(#[from] IndexError),
}

fn policy_name(request: &ListRequest, policy: &Policy) -> String {
    request.policy.as_ref().map_or_else(|| policy.name(), |(name, _)| name.clone())
}

/// A request together with all that is known of who asks, at the moment they ask.
pub(crate) struct Ask<'v> {
    pub(crate) views: &'v Views,
    pub(crate) learned: &'v Learned,
    pub(crate) policy: Policy,
    pub(crate) member: Option<MemberIx>,
    pub(crate) now: UnixMillis,
    pub(crate) since: Moment,
    pub(crate) kind: Option<Kind>,
    pub(crate) query: Option<&'v str>,
    pub(crate) lang: Lang,
    pub(crate) seed: u64,
    pub(crate) interests: Interests,
    /// The strongest interests, strongest first.
    pub(crate) top: Vec<Interest>,
    pub(crate) medoids: Vec<Medoid>,
    /// What members of like taste deal with, where it was learned and this one did something.
    pub(crate) palate: Option<Palate<'v>>,
    pub(crate) follows: Cow<'v, [Mark]>,
    pub(crate) mutes: Cow<'v, [Mark]>,
    /// By item.
    shown: Vec<Shown>,
    /// Sorted.
    joined: Vec<ItemIx>,
    traits: OnceCell<Value>,
}

impl<'v> Ask<'v> {
    pub(crate) fn new(views: &'v Views, learned: &'v Learned, request: &'v ListRequest) -> Self {
        let member = request.member.as_ref().and_then(|id| views.members.find(id.as_str()));
        let policy = request.policy.as_ref().map_or(views.policy, |(_, policy)| *policy);
        let mut ask = Self {
            views,
            learned,
            policy,
            member,
            now: request.now,
            since: since(views, request, member, &policy),
            kind: kind(request),
            query: request.query.as_deref(),
            lang: request.lang.unwrap_or_default(),
            seed: request.seed.unwrap_or_else(|| default_seed(request)),
            interests: Interests::default(),
            top: Vec::new(),
            medoids: Vec::new(),
            palate: None,
            follows: Cow::Borrowed(&[]),
            mutes: Cow::Borrowed(&[]),
            shown: Vec::new(),
            joined: Vec::new(),
            traits: OnceCell::new(),
        };
        if let Some(member) = member {
            ask.know(member, request.lang);
        }
        ask
    }

    /// Fills in what is known of the member.
    fn know(&mut self, member: MemberIx, lang: Option<Lang>) {
        let row = self.views.members.row(member);
        self.lang = lang.or(row.lang.map(Into::into)).unwrap_or_default();
        self.interests = row.profile.interests(&row.declared, row.behaviour, self.now, &self.views.topics);
        self.top = self.interests.top(tags::TAGS_MAX);
        if row.behaviour {
            self.palate = self.learned.taste.as_ref().and_then(|taste| taste.of(row));
            self.medoids = medoids(&row.recent, self.now, |item| self.views.catalogue.vector(item));
        }
        let members = &self.views.members;
        (self.follows, self.mutes) = (members.present(&row.follows), members.present(&row.mutes));
        self.shown = row.shown.clone();
        self.shown.sort_unstable_by_key(|shown| shown.item);
        self.joined = row.joined.clone();
        self.joined.sort_unstable();
    }

    pub(crate) fn shown_of(&self, item: ItemIx) -> Option<&Shown> {
        self.shown.binary_search_by_key(&item, |shown| shown.item).ok().map(|place| &self.shown[place])
    }

    pub(crate) fn has_joined(&self, item: ItemIx) -> bool {
        self.joined.binary_search(&item).is_ok()
    }

    /// The member's traits, as conditions ask for them; an empty object for a stranger.
    pub(crate) fn traits(&self) -> &Value {
        let traits =
            || self.member.map(|m| self.views.members.row(m)).map(|row| self.attributes(row)).unwrap_or_default();
        self.traits.get_or_init(|| Value::Object(traits()))
    }

    /// What was declared, and beside it what was found out.
    fn attributes(&self, row: &MemberRow) -> Traits {
        let mut traits = row.traits();
        if let Some(group) = self.learned.group_of(self.views, row) {
            traits.insert(INTEREST_CLUSTER.to_owned(), group.into());
        }
        traits
    }

    /// Nothing is known that would tell this visitor from another.
    fn is_cold(&self) -> bool {
        self.top.is_empty() && self.medoids.is_empty() && self.follows.is_empty() && self.joined.is_empty()
    }

    /// They said what they care for, and did nothing yet.
    fn only_declares(&self) -> bool {
        let row = self.member.map(|member| self.views.members.row(member));
        row.is_some_and(|row| !row.declared.is_empty() && (row.recent.is_empty() || !row.behaviour))
    }

    /// The items of the last list served, in their order.
    fn last_slate(&self) -> Vec<ItemIx> {
        let Some(row) = self.member.map(|member| self.views.members.row(member)) else { return Vec::new() };
        let Some(last) = row.shown.iter().map(|shown| shown.at).max() else { return Vec::new() };
        row.shown.iter().filter(|shown| shown.at == last).map(|shown| shown.item).collect()
    }
}

/// Since when a list counts: what the request says, else the end of the last visit; no further back than the policy
/// lets it.
fn since(views: &Views, request: &ListRequest, member: Option<MemberIx>, policy: &Policy) -> Moment {
    let earliest = policy.earliest(request.now);
    if request.list != ListKind::Missed {
        return earliest.into();
    }
    let visit = || member.and_then(|member| views.members.row(member).visits.last_end(request.now));
    let asked = request.since.map(Moment::from).or_else(visit);
    asked.map_or(earliest.into(), |since| since.max(earliest.into()).min(request.now.into()))
}

/// The list of missed discussions is of discussions, unless another kind is asked for.
fn kind(request: &ListRequest) -> Option<Kind> {
    match request.list {
        ListKind::Missed => Some(request.kind.unwrap_or(Kind::Discussion)),
        ListKind::Feed | ListKind::Related | ListKind::Trending | ListKind::Search => request.kind,
    }
}

fn default_seed(request: &ListRequest) -> u64 {
    let member = request.member.as_ref().map_or("", |id| id.as_str());
    stable_hash(format!("{member}\u{0}{}\u{0}{:?}", request.now.ms(), request.list).as_bytes())
}

/// Makes a list.
pub(crate) fn list(
    views: &Views,
    learned: &Learned,
    index: &TextReader,
    request: &ListRequest,
) -> Result<List, ListError> {
    let ask = Ask::new(views, learned, request);
    let places = end(request);
    let placed = match request.list {
        ListKind::Missed => for_member(&ask, merge(&ask, &SOURCES), Want::News, places),
        ListKind::Feed => {
            let mut found = merge(&ask, &SOURCES);
            find::evergreen(&ask, index, &mut found)?;
            for_member(&ask, found, Want::Unread, places)
        }
        ListKind::Trending => ranked(find::trending(&ask), places),
        ListKind::Related => ranked(find::related(&ask, index, request.item.as_ref())?, places),
        ListKind::Search => ranked(find::search(&ask, index)?, places),
    };
    Ok(render(&ask, request, placed))
}

/// The heart of it: candidates in, places out.
fn for_member(ask: &Ask<'_>, found: Vec<ItemIx>, want: Want, places: usize) -> Vec<Placed> {
    let measured = found.into_iter().filter_map(|item| measure(ask, item, want));
    let (mut pool, learned) = scored(ask, measured.collect());
    sort(&mut pool);
    let floor = if ask.is_cold() { f32::NEG_INFINITY } else { ask.policy.relevance_floor };
    let worth = |scored: &&Scored| match learned {
        true => scored.score() >= floor - LEARNED_MARGIN,
        false => scored.relevance() >= floor,
    };
    let worth = pool.iter().filter(worth).take(RANKED_MAX).cloned().collect();
    let last = if want == Want::News { ask.last_slate() } else { Vec::new() };
    // One place more than asked for says whether there is another page; and one, if it was all that was served, goes.
    let places = places.max(last.len()) + 1 + usize::from(last.len() == 1);
    let chosen = diversify(ask, worth, places);
    let mut list = with_discovery(ask, chosen, &pool, places);
    unlike_the_last(&last, &mut list);
    list
}

/// Scores candidates, by what was learned where something was; and says whether it was.
fn scored(ask: &Ask<'_>, candidates: Vec<Features>) -> (Vec<Scored>, bool) {
    // What was learned comes from what members did: it knows nothing of what a newcomer only declared.
    let ranker = ask.learned.ranker.as_ref().filter(|_| ask.policy.learned && !ask.only_declares());
    let signals = ranker.map(|ranker| (ranker, signals(ask, &candidates)));
    let by_hand = candidates.into_iter().map(|features| Scored::for_member(features, &ask.policy));
    match signals {
        None => (by_hand.collect(), false),
        Some((ranker, signals)) => (
            by_hand.zip(&signals).map(|(by_hand, signals)| ranker.score(&by_hand, signals, &ask.policy)).collect(),
            true,
        ),
    }
}

/// A list that nobody clicked is not served again as it was: its first entry goes behind the others that were served with
/// it, for having been looked at first; if it was the only one, it goes. Which page is asked for makes no difference.
fn unlike_the_last(last: &[ItemIx], list: &mut Vec<Placed>) {
    let again =
        list.get(..last.len()).is_some_and(|head| head.iter().map(|p| p.scored.item()).eq(last.iter().copied()));
    if last.is_empty() || !again {
        return;
    }
    let mut first = list.remove(0);
    let others = &list[..last.len() - 1];
    if !others.is_empty() {
        let least = others.iter().map(|placed| placed.scored.score()).fold(f32::INFINITY, f32::min);
        let above = (first.scored.score() - least).max(0.0);
        first.scored.add(Part::Impression, -above - 1e-3);
        list.insert(last.len() - 1, first);
    }
}

/// A list without chance: its order is its score's.
fn ranked(mut found: Vec<Scored>, places: usize) -> Vec<Placed> {
    sort(&mut found);
    found.truncate(places + 1);
    found.into_iter().map(certain).collect()
}

/// The last place asked for.
fn end(request: &ListRequest) -> usize {
    request.offset.saturating_add(request.limit.clamp(1, LIMIT_MAX)).min(PLACES_MAX)
}

fn render(ask: &Ask<'_>, request: &ListRequest, placed: Vec<Placed>) -> List {
    let end = end(request);
    let more = placed.len() > end && end < PLACES_MAX;
    let places = placed.into_iter().enumerate().take(end).skip(request.offset);
    let items: Vec<ListItem> = places.filter_map(|(place, placed)| entry(ask, request, place + 1, &placed)).collect();
    List {
        member: request.member.clone(),
        since: (request.list == ListKind::Missed).then(|| UnixMillis::saturating(ask.since.ms())),
        at: request.now,
        slate: SlateRef { id: slate_id(ask.seed, request, &items), policy: policy_name(request, &ask.policy) },
        items,
        more,
    }
}

/// An id for a slate, made from what was asked and what is in it: two slates share one only if they are the same.
fn slate_id(seed: u64, request: &ListRequest, items: &[ListItem]) -> String {
    let text = |id: Option<&str>| id.unwrap_or_default().to_owned();
    let (member, item) =
        (text(request.member.as_ref().map(|m| m.as_str())), text(request.item.as_ref().map(|i| i.as_str())));
    let asked = [format!("{:?}", request.list), member, item, text(request.query.as_deref())];
    let moment = [seed.to_string(), request.now.ms().to_string(), request.offset.to_string()];
    let entries = items.iter().map(|item| format!("{}\u{1}{}", item.id, item.score.to_bits()));
    let all: Vec<String> = asked.into_iter().chain(moment).chain(entries).collect();
    format!("{:016x}", stable_hash(all.join("\u{0}").as_bytes()))
}

fn entry(ask: &Ask<'_>, request: &ListRequest, position: usize, placed: &Placed) -> Option<ListItem> {
    let item = placed.scored.item();
    let row = ask.views.catalogue.row(item);
    let surge: Option<Rising> =
        if request.list == ListKind::Trending { rising(ask.views, item, ask.now) } else { None };
    Some(ListItem {
        id: ask.views.catalogue.public_id(item)?,
        kind: row.kind,
        title: row.card.title.to_string(),
        tags: row.tags.iter().map(|tag| ask.views.topics.name(*tag).to_owned()).collect(),
        author: row.author.map(|author| ask.views.members.id(ask.views.members.person(author)).to_owned()),
        category: row.category.map(|category| ask.views.topics.name(category).to_owned()),
        url: row.card.url.as_deref().map(str::to_owned),
        position,
        score: Score::parse(f64::from(placed.scored.score())).map_or(0.0, Score::get),
        propensity: placed.propensity,
        discovery: placed.discovery,
        last_activity_at: UnixMillis::saturating(ask.views.catalogue.last_activity(item).ms()),
        new_replies: placed.scored.features.news.replies,
        reasons: reasons(ask, &placed.scored, placed.discovery, surge),
        ledger: request.explain.then(|| {
            placed.scored.parts().iter().map(|(part, value)| LedgerPart { part: part.name(), value: *value }).collect()
        }),
    })
}
