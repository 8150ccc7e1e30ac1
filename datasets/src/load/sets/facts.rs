//! Facts of a community as a data set.

use std::collections::{BTreeMap, HashMap};
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
    let facts = Ndjson::open(path)?.collect::<Result<Vec<Fact>, LoadError>>()?;
    let file = path.display().to_string();
    if !facts.iter().any(|fact| matches!(fact.body, Body::ItemPut { .. })) {
        return Err(LoadError::Whole { file, what: "puts no item, so there is nothing to recommend".to_owned() });
    }
    of_facts(facts).map_err(|error| LoadError::Whole { file, what: error.to_string() })
}

/// Whether the first line that is not blank is a fact.
pub(super) fn begins(path: &Path) -> Result<bool, LoadError> {
    Ok(Ndjson::open(path)?.next().is_some_and(|fact| fact.is_ok()))
}

/// Makes a data set of facts, in whatever order.
///
/// An item is born when it was created; its features are `tag:…` and, for each word of its title, `word:…`, as it was first
/// put: what an edit says comes from the future. Who asks a question is its author, and dealt with it then. Two ids that
/// turned out to be one person are one, all along. What was done to an item that nobody put, to a tag, an author or the
/// site is left out; a removed item stays.
pub(super) fn of_facts(mut facts: Vec<Fact>) -> Result<Parts, LogError> {
    facts.sort_by_key(Fact::effective_at);
    let mut community = Community::default();
    for fact in &facts {
        if let Body::ItemPut { item } = &fact.body {
            community.item(fact.effective_at().ms(), item);
        }
    }
    for fact in &facts {
        community.member(fact.effective_at().ms(), &fact.body);
    }
    let parts = community.finish()?;
    Ok(Parts { facts, ..parts })
}

#[derive(Default)]
struct Community {
    members: Names,
    items: Names,
    features: Names,
    born: Vec<i64>,
    authors: Vec<Option<MemberIx>>,
    content: Vec<Vec<(u32, f32)>>,
    events: Vec<Event>,
    /// Ids given up, and those kept.
    aliases: HashMap<u32, u32>,
}

impl Community {
    fn item(&mut self, at: i64, item: &Item) {
        let known = self.items.len();
        let place = self.items.ix(item.id.as_str());
        if (place as usize) < known {
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

    fn member(&mut self, at: i64, body: &Body) {
        match body {
            Body::Engaged(engagement) => self.engaged(at, engagement),
            Body::MemberPut(put) => {
                self.members.ix(put.member.as_str());
            }
            Body::MemberAliased(alias) => {
                let (from, to) = (self.members.ix(alias.from.as_str()), self.members.ix(alias.to.as_str()));
                self.aliases.insert(from, to);
            }
            Body::ItemPut { .. }
            | Body::ItemRemoved(_)
            | Body::MemberErased(_)
            | Body::Served(_)
            | Body::Exposed(_)
            | Body::PreferenceSet(_)
            | Body::Configured(_)
            | Body::Message(_) => {}
        }
    }

    fn engaged(&mut self, at: i64, engagement: &Engagement) {
        let member = MemberIx(self.members.ix(engagement.member.as_str()));
        let Target::Item(item) = &engagement.target else { return };
        if let Some((weight, item)) = weight(&engagement.verb).zip(self.items.known(item.as_str())) {
            self.events.push(Event { at, member, item: ItemIx(item), weight });
        }
    }

    /// The id kept for a member.
    fn kept(&self, member: MemberIx) -> MemberIx {
        let mut kept = member.0;
        // As many steps as there are aliases at most: a circle ends somewhere.
        for _ in 0..self.aliases.len() {
            let Some(next) = self.aliases.get(&kept) else { break };
            kept = *next;
        }
        MemberIx(kept)
    }

    fn finish(self) -> Result<Parts, LogError> {
        let events = self.events.iter().map(|event| Event { member: self.kept(event.member), ..*event }).collect();
        let authors = self.authors.iter().map(|author| author.map(|author| self.kept(author))).collect();
        let content = Csr::from_rows(self.features.len(), self.content);
        let (members, items) = (self.members.into_vec(), self.items.into_vec());
        let log = Log::new(members.len(), items.len(), events, ItemFacts { born: self.born, authors, content })?;
        let nobody = |(place, name): (usize, &String)| name.starts_with(NOBODY).then_some(MemberIx(place as u32));
        let nobodies = members.iter().enumerate().filter_map(nobody).collect();
        let features = self.features.into_vec();
        Ok(Parts { features, nobodies, ..Parts::new(Timed::Moments, log, members, items) })
    }
}
