//! What learning looks at, copied from the views.

use anklang_domain::stable_hash;
use hashbrown::HashMap;

use super::ranker::{Plan, plan};
use super::taste;
use crate::interests::content::DIM;
use crate::journal::Seq;
use crate::rank::policy::Policy;
use crate::views::Views;
use crate::views::catalogue::State;
use crate::views::intern::{ItemIx, MemberIx, TopicIx};
use crate::views::members::MemberRow;

/// Members that circles are drawn from; of more, a sample that only changes as members come.
const SAMPLE_MAX: usize = 20_000;
/// A member who dealt with fewer items of late says little.
const ACTIONS_MIN: usize = 3;

/// A copy of what learning looks at.
pub(crate) struct Gathered {
    pub(crate) through: Seq,
    pub(crate) engagements: u64,
    /// What members dealt with whose behaviour may be used, member by member.
    pub(crate) pairs: Vec<Pair>,
    /// How many items there are.
    pub(crate) items: usize,
    /// The items' content vectors, one after the other.
    vectors: Vec<i8>,
    /// Members with a direction of interest.
    pub(crate) people: Vec<Person>,
    /// The names of the tags that they dealt with.
    pub(crate) tags: HashMap<TopicIx, String>,
    /// At which moments the ranker's slates are measured.
    pub(crate) plan: Plan,
    /// The policy in force.
    pub(crate) policy: Policy,
}

impl Gathered {
    /// An item's content vector.
    pub(crate) fn vector(&self, item: ItemIx) -> &[i8] {
        &self.vectors[item.0 as usize * DIM..][..DIM]
    }
}

/// Somebody dealt with an item.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair {
    /// Who, by a number that means nothing elsewhere; ascending.
    pub(crate) member: u32,
    pub(crate) item: ItemIx,
    /// How much that says.
    pub(crate) weight: f32,
}

/// A member without their name.
pub(crate) struct Person {
    /// Where their interest points, in the space of content.
    pub(crate) point: [f32; DIM],
    /// The tags of what they dealt with of late.
    pub(crate) tags: Vec<TopicIx>,
}

/// Copies it.
pub(crate) fn gather(views: &Views) -> Gathered {
    let mut members: Vec<MemberIx> = views.members.all().filter(|member| is_heard(views, *member)).collect();
    if members.len() > SAMPLE_MAX {
        members.sort_by_key(|member| (stable_hash(&member.0.to_le_bytes()), *member));
        members.truncate(SAMPLE_MAX);
        members.sort_unstable();
    }
    let people: Vec<Person> = members.into_iter().map(|member| person(views, views.members.row(member))).collect();
    let all = people.iter().flat_map(|person| &person.tags);
    let tags = all.map(|tag| (*tag, views.topics.name(*tag).to_owned())).collect();
    let items = views.catalogue.all().count();
    let vectors = views.catalogue.all().flat_map(|item| views.catalogue.vector(item).iter().copied()).collect();
    let (through, engagements) = (views.next, views.tally.engagements);
    Gathered {
        through,
        engagements,
        pairs: pairs(views),
        items,
        vectors,
        people,
        tags,
        plan: plan(views),
        policy: views.policy,
    }
}

/// What members dealt with, of what is there; their own is no sign of taste for others'.
fn pairs(views: &Views) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for member in views.members.all() {
        let row = views.members.row(member);
        if views.members.person(member) != member || !row.behaviour {
            continue;
        }
        let is_live = |item: ItemIx| views.catalogue.row(item).state == State::Live;
        let others = row.seen.iter().filter(|seen| is_live(seen.item) && !row.authored.contains(&seen.item));
        let pair = |item| Pair { member: member.0, item, weight: taste::weight(row, item) };
        pairs.extend(others.map(|seen| pair(seen.item)));
    }
    pairs
}

/// Who is somebody's main entry, lets their behaviour be used, and did enough.
fn is_heard(views: &Views, member: MemberIx) -> bool {
    let row = views.members.row(member);
    views.members.person(member) == member && row.behaviour && row.recent.len() >= ACTIONS_MIN
}

fn person(views: &Views, row: &MemberRow) -> Person {
    let liked = row.recent.iter().filter(|action| action.weight > 0.0);
    let tags = liked.flat_map(|action| views.catalogue.row(action.item).tags.iter().copied());
    Person { point: point(views, row), tags: tags.collect() }
}

/// Where a member's interest points: the mean of what they dealt with of late, by weight.
pub(crate) fn point(views: &Views, row: &MemberRow) -> [f32; DIM] {
    let mut point = [0.0; DIM];
    for action in row.recent.iter().filter(|action| action.weight > 0.0) {
        for (sum, x) in point.iter_mut().zip(views.catalogue.vector(action.item)) {
            *sum += action.weight * f32::from(*x);
        }
    }
    point
}
