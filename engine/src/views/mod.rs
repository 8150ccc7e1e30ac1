//! The views: what the engine knows, folded from the journal fact by fact. Nothing here reads a clock, draws a number at
//! random or depends on the order of a hash table, so the same journal always folds to the same views.

pub(crate) mod activity;
pub(crate) mod catalogue;
pub(crate) mod engaged;
pub(crate) mod intern;
pub(crate) mod members;
pub(crate) mod moment;
pub(crate) mod snapshot;
pub(crate) mod topics;

use std::collections::BTreeMap;

use anklang_domain::{Body, Configuration, Fact, Item, ItemId, ListKind, MemberPut, Slate, UnixMillis};
use serde::{Deserialize, Serialize};

use self::catalogue::{Card, Catalogue, State, TAGS_MAX};
use self::engaged::Pending;
use self::intern::{ItemIx, MemberIx, TopicIx};
use self::members::Members;
use self::moment::Moment;
use self::topics::{TopicKind, Topics};
use crate::interests::content::Frequencies;
use crate::journal::Seq;
use crate::list::Lang;
use crate::rank::policy::Policy;

/// How much opening a discussion says of one's interests, in clicks.
const AUTHORED_CLICKS: f64 = 3.0;
/// The chance that a place of a list is looked at falls with its position to this power (Joachims et al. 2017).
const POSITION_BIAS: f32 = 0.5;

/// Counts for health and metrics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tally {
    pub(crate) engagements: u64,
    pub(crate) slates: u64,
    pub(crate) erased: u64,
}

/// Everything that is folded from the journal but the text index, which folds beside it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Views {
    /// The number of the next fact to fold.
    pub(crate) next: Seq,
    pub(crate) catalogue: Catalogue,
    pub(crate) members: Members,
    pub(crate) topics: Topics,
    pub(crate) tally: Tally,
    words: Frequencies,
    /// Engagements with items whose tags are not known yet.
    pending: BTreeMap<ItemIx, Vec<Pending>>,
    documents: BTreeMap<(String, String), (u32, String)>,
    pub(crate) policy: Policy,
}

impl Views {
    /// Folds in the fact with this number. A fact that makes no sense (an unknown policy, say) changes nothing.
    pub(crate) fn apply(&mut self, seq: Seq, fact: &Fact) {
        let at = fact.effective_at();
        match &fact.body {
            Body::ItemPut { item } => self.item_put(item, at, fact.received_at.unwrap_or(at)),
            Body::ItemRemoved(removed) => self.item_removed(&removed.item),
            Body::MemberPut(put) => self.member_put(put, at),
            Body::MemberAliased(alias) => self.members.alias(&alias.from, &alias.to),
            Body::MemberErased(_) => self.tally.erased += 1,
            Body::Engaged(engagement) => self.engaged(engagement, at),
            Body::Served(slate) => self.served(slate, at),
            Body::Configured(configuration) => self.configured(configuration),
            // Tallied by the experiments and journeys, which fold for themselves.
            Body::Exposed(_) | Body::PreferenceSet(_) | Body::Message(_) => {}
        }
        self.next = seq + 1;
    }

    fn item_put(&mut self, item: &Item, at: UnixMillis, received: UnixMillis) {
        let ix = self.catalogue.intern(&item.id);
        let tags = self.tags_of(item);
        let category = item.category.as_ref().map(|name| self.topics.intern(TopicKind::Category, name));
        let author = item.author.as_ref().map(|id| self.members.intern(id));
        let row = self.catalogue.row(ix);
        let first = row.state == State::Mentioned;
        if row.state == State::Live {
            self.leave_topics(ix);
        } else {
            self.catalogue.live += 1;
        }
        let row = self.catalogue.row_mut(ix);
        let created = match item.created_at {
            Some(created) => created.min(received).into(),
            None if first => at.into(),
            None => row.created,
        };
        row.state = State::Live;
        row.kind = item.kind;
        row.tags = tags.iter().copied().collect();
        row.category = category;
        row.author = author;
        row.card = card(item);
        let last_activity = self.catalogue.open(ix, created);
        let names: Vec<&str> = tags.iter().map(|tag| self.topics.name(*tag)).collect();
        let vector = self.words.embed(&names, &item.title, &item.body);
        self.catalogue.set_vector(ix, &vector);
        for topic in tags.iter().chain(category.as_ref()) {
            self.topics.row_mut(*topic).items += 1;
        }
        self.sign_of_life(ix, last_activity);
        if first {
            self.opened(ix, author, &tags, UnixMillis::saturating(created.ms()));
            self.engage_pending(ix);
        }
    }

    fn tags_of(&mut self, item: &Item) -> Vec<TopicIx> {
        let mut tags: Vec<TopicIx> = Vec::with_capacity(item.tags.len().min(TAGS_MAX));
        for tag in item.tags.iter().filter(|tag| !tag.trim().is_empty()) {
            let topic = self.topics.intern(TopicKind::Tag, tag);
            if !tags.contains(&topic) && tags.len() < TAGS_MAX {
                tags.push(topic);
            }
        }
        tags
    }

    /// Opening a discussion is a visit and says what its author cares for.
    fn opened(&mut self, item: ItemIx, author: Option<MemberIx>, tags: &[TopicIx], created: UnixMillis) {
        self.topics.click(tags, AUTHORED_CLICKS, created);
        let Some(author) = author else { return };
        let row = self.members.row_mut(author);
        row.authored.push(item); // an item is opened once
        row.visited(created.into());
        row.saw(item, created.into());
        row.profile.click(tags, AUTHORED_CLICKS, created, &self.topics);
        row.acted(members::Action { item, at: created.into(), weight: AUTHORED_CLICKS as f32 });
    }

    fn leave_topics(&mut self, item: ItemIx) {
        let row = self.catalogue.row(item);
        for topic in row.tags.iter().chain(row.category.as_ref()) {
            self.topics.row_mut(*topic).items -= 1;
        }
    }

    /// Notes where something happened: in the community's log and in those of the item's topics.
    fn sign_of_life(&mut self, item: ItemIx, at: Moment) {
        self.catalogue.activity.push(at, item);
        let row = self.catalogue.row(item);
        for topic in row.tags.iter().chain(row.category.as_ref()) {
            self.topics.row_mut(*topic).activity.push(at, item);
        }
    }

    fn item_removed(&mut self, id: &ItemId) {
        let item = self.catalogue.intern(id);
        // What was never put stays so: when it is, it is new.
        if self.catalogue.row(item).state != State::Live {
            return;
        }
        self.leave_topics(item);
        self.catalogue.live -= 1;
        let row = self.catalogue.row_mut(item);
        row.state = State::Removed;
        row.card = Card::default();
    }

    fn member_put(&mut self, put: &MemberPut, at: UnixMillis) {
        let member = self.members.intern(&put.member);
        let declared = put.interests().map(|tags| {
            let mut declared = Vec::new();
            for tag in tags.iter().filter(|tag| !tag.trim().is_empty()).take(TAGS_MAX) {
                let topic = self.topics.intern(TopicKind::Tag, tag);
                if !declared.contains(&topic) {
                    declared.push(topic);
                }
            }
            declared
        });
        let row = self.members.row_mut(member);
        row.first_seen = row.first_seen.min(at.into());
        row.put_traits(&put.traits);
        if let Some(declared) = declared {
            row.declared = declared;
        }
        if let Some(behaviour) = put.consent_behaviour() {
            row.behaviour = behaviour;
        }
        if let Some(locale) = ["locale", "language"].iter().find_map(|name| put.traits.get(*name)?.as_str()) {
            row.lang = Some(Lang::of(locale).into());
        }
    }

    fn served(&mut self, slate: &Slate, at: UnixMillis) {
        self.tally.slates += 1;
        let (Some(id), ListKind::Missed | ListKind::Feed) = (&slate.member, slate.list) else { return };
        let member = self.members.intern(id);
        for (place, entry) in slate.entries.iter().enumerate() {
            let item = self.catalogue.intern(&entry.item);
            let look = ((place + 1) as f32).powf(-POSITION_BIAS);
            self.members.row_mut(member).was_shown(item, at.into(), look);
        }
    }

    /// A document as it was last written.
    pub(crate) fn document(&self, (kind, key): (&str, &str)) -> Option<&str> {
        self.documents.get(&(kind.to_owned(), key.to_owned())).map(|(_, document)| document.as_str())
    }

    fn configured(&mut self, configuration: &Configuration) {
        let key = (configuration.kind.clone(), configuration.key.clone());
        match &configuration.document {
            Some(document) => {
                self.documents.insert(key, (configuration.version, document.to_string()));
            }
            None => {
                self.documents.remove(&key);
            }
        }
        if configuration.kind == "policy" && configuration.key == "default" {
            let policy = configuration.document.as_ref().map(|d| Policy::parse(d, configuration.version));
            match policy {
                Some(Ok(policy)) => self.policy = policy,
                None => self.policy = Policy::default(),
                Some(Err(_)) => {}
            }
        }
    }
}

fn card(item: &Item) -> Card {
    Card {
        title: item.title.as_str().into(),
        url: item.url.as_deref().map(Into::into),
        language: item.language.as_deref().map(Into::into),
        audience: item.audience.as_ref().map(|condition| condition.to_string().into()),
        level: item.level,
        starts_at: item.starts_at.map(Into::into),
        ends_at: item.ends_at.map(Into::into),
    }
}
