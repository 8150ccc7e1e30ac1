//! What learning looks at, copied from the views.

use anklang_domain::stable_hash;
use hashbrown::HashMap;

use crate::interests::content::DIM;
use crate::journal::Seq;
use crate::views::Views;
use crate::views::intern::{MemberIx, TopicIx};
use crate::views::members::MemberRow;

/// Members that circles are drawn from; of more, a sample that only changes as members come.
const SAMPLE_MAX: usize = 20_000;
/// A member who dealt with fewer items of late says little.
const ACTIONS_MIN: usize = 3;

/// A copy of what learning looks at.
pub(crate) struct Gathered {
    pub(crate) through: Seq,
    pub(crate) engagements: u64,
    /// Members whose behaviour may be used, with a direction of interest.
    pub(crate) people: Vec<Person>,
    /// The names of the tags that they dealt with.
    pub(crate) tags: HashMap<TopicIx, String>,
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
    let mut members: Vec<MemberIx> =
        (0..views.members.len() as u32).map(MemberIx).filter(|member| is_heard(views, *member)).collect();
    if members.len() > SAMPLE_MAX {
        members.sort_by_key(|member| (stable_hash(&member.0.to_le_bytes()), *member));
        members.truncate(SAMPLE_MAX);
        members.sort_unstable();
    }
    let people: Vec<Person> = members.into_iter().map(|member| person(views, views.members.row(member))).collect();
    let all = people.iter().flat_map(|person| &person.tags);
    let tags = all.map(|tag| (*tag, views.topics.name(*tag).to_owned())).collect();
    Gathered { through: views.next, engagements: views.tally.engagements, people, tags }
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
