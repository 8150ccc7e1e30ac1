//! Facts of a community as a data set.

use std::collections::BTreeMap;
use std::path::Path;

use anklang_domain::{Body, Engagement, Fact, Item, Target, UnixMillis, Verb};
use anklang_models::{Csr, Event, ItemFacts, ItemIx, Log, LogError, MemberIx};

use super::Parts;
use super::names::Names;
use super::words::words;
use crate::dataset::{TARGET_WEIGHT_MIN, Timed};
use crate::load::{LoadError, Ndjson};

/// An answer or a comment: what is asked for.
pub const REPLIED_WEIGHT: f32 = TARGET_WEIGHT_MIN;
/// What tells of an interest, but is nobody's taking part: a bookmark, a bounty, a like; and asking the question itself.
pub const INTERESTED_WEIGHT: f32 = 0.5;
/// Whose ids begin so is known within one discussion only.
const NOBODY: &str = "deleted:";

/// How much an engagement says; none where it says nothing of what a member cares for. An accepted answer is the asker's
/// word on an answer, and says no more than having asked.
fn weight(verb: &Verb) -> Option<f32> {
    match verb {
        Verb::Replied | Verb::Answered | Verb::Rsvp | Verb::Attended => Some(REPLIED_WEIGHT),
        Verb::Liked | Verb::Bookmarked | Verb::Followed | Verb::Helpful | Verb::Shared | Verb::MoreLikeThis => {
            Some(INTERESTED_WEIGHT)
        }
        Verb::Custom(name) if name == "offered_bounty" => Some(INTERESTED_WEIGHT),
        Verb::Viewed
        | Verb::Clicked
        | Verb::Unfollowed
        | Verb::Muted
        | Verb::Unmuted
        | Verb::Dismissed
        | Verb::LessLikeThis
        | Verb::Custom(_) => None,
    }
}

/// Reads facts, one a line, as `anklang export` writes them. A bad line fails the whole.
pub(super) fn read(path: &Path) -> Result<Parts, LoadError> {
    let mut community = Community::default();
    for fact in Ndjson::open(path)? {
        community.push(fact?);
    }
    let file = path.display().to_string();
    if community.items.len() == 0 {
        return Err(LoadError::Whole { file, what: "puts no item, so there is nothing to recommend".to_owned() });
    }
    community.finish().map_err(|error| LoadError::Whole { file, what: error.to_string() })
}

/// Whether the first line that is not blank is a fact.
pub(super) fn begins(path: &Path) -> Result<bool, LoadError> {
    Ok(Ndjson::open(path)?.next().is_some_and(|fact| fact.is_ok()))
}

/// Makes a data set of facts, by time.
///
/// An item is born when it was created; its features are `tag:…` and, for each word of its title, `word:…`. Who asks a
/// question is its author, and dealt with it then. What was done to an item that is not there, to a tag, an author or the
/// site is left out.
#[derive(Default)]
pub(super) struct Community {
    members: Names,
    items: Names,
    features: Names,
    born: Vec<i64>,
    authors: Vec<Option<MemberIx>>,
    content: Vec<Vec<(u32, f32)>>,
    events: Vec<Event>,
    facts: Vec<Fact>,
}

impl Community {
    pub(super) fn push(&mut self, fact: Fact) {
        let at = fact.effective_at().ms();
        match &fact.body {
            Body::ItemPut { item } => self.item(at, item),
            Body::Engaged(engagement) => self.engaged(at, engagement),
            Body::MemberPut(put) => {
                self.members.ix(put.member.as_str());
            }
            Body::ItemRemoved(_)
            | Body::MemberAliased(_)
            | Body::MemberErased(_)
            | Body::Served(_)
            | Body::Exposed(_)
            | Body::PreferenceSet(_)
            | Body::Configured(_)
            | Body::Message(_) => {}
        }
        self.facts.push(fact);
    }

    fn item(&mut self, at: i64, item: &Item) {
        let known = self.items.len();
        let place = self.items.ix(item.id.as_str());
        if (place as usize) < known {
            // What an edit says comes from the future.
            return;
        }
        let tags = item.tags.iter().map(|tag| format!("tag:{tag}"));
        let names = tags.chain(words(&item.title).into_iter().map(|word| format!("word:{word}")));
        let row: BTreeMap<u32, f32> = names.map(|name| (self.features.ix(&name), 1.0)).collect();
        let born = item.created_at.map_or(at, UnixMillis::ms);
        let author = item.author.as_ref().map(|author| MemberIx(self.members.ix(author.as_str())));
        self.born.push(born);
        self.authors.push(author);
        self.content.push(row.into_iter().collect());
        if let Some(member) = author {
            self.events.push(Event { at: born, member, item: ItemIx(place), weight: INTERESTED_WEIGHT });
        }
    }

    fn engaged(&mut self, at: i64, engagement: &Engagement) {
        let member = MemberIx(self.members.ix(engagement.member.as_str()));
        let Target::Item(item) = &engagement.target else { return };
        if let Some((weight, item)) = weight(&engagement.verb).zip(self.items.known(item.as_str())) {
            self.events.push(Event { at, member, item: ItemIx(item), weight });
        }
    }

    pub(super) fn finish(self) -> Result<Parts, LogError> {
        let content = Csr::from_rows(self.features.len(), self.content);
        let (members, items) = (self.members.into_vec(), self.items.into_vec());
        let facts = ItemFacts { born: self.born, authors: self.authors, content };
        let log = Log::new(members.len(), items.len(), self.events, facts)?;
        let nobody = |(place, name): (usize, &String)| name.starts_with(NOBODY).then_some(MemberIx(place as u32));
        let nobodies = members.iter().enumerate().filter_map(nobody).collect();
        let features = self.features.into_vec();
        Ok(Parts { features, nobodies, facts: self.facts, ..Parts::new(Timed::Moments, log, members, items) })
    }
}
