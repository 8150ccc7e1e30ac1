//! Erasing a member: the journal is rewritten without them, and everything derived from it is made anew.
//!
//! What goes: every fact about them; the discussions they opened, which leave only their id; their id wherever else it
//! stands by itself, as a mention, or as a word of a fact's id. What stays: that others acted, and aggregates.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use anklang_domain::{
    Body, Fact, FactId, Item, ItemId, ItemRemoved, Kind, MemberErased, MemberId, Props, Target, UnixMillis, stable_hash,
};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::beside::{self, Beside, SideView};
use super::blank::{BLANK, blank_document, blank_map, blank_text, blank_value};
use super::indexer::{Change, apply};
use super::learning::LEARNED;
use super::open::{fold, forget_derived, remove};
use super::{Engine, EngineError, NoProgress, Shared};
use crate::index::{IndexError, Mark, TextIndex};
use crate::journal::{Edit, Journal, JournalError, Rewritten};
use crate::learn::Learned;
use crate::views::{Views, snapshot};

/// Names who is being erased, until they are: a crash in between must not leave half of them.
const PENDING: &str = "erasing.json";
/// Tries to remove files of the text index that a question still reads.
const SWEEPS_MAX: u32 = 50;

/// What an erasure did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Erased {
    /// Facts that are gone.
    pub facts_removed: u64,
    /// Facts of others in which the member was blanked, and discussions of theirs that left only their id.
    pub facts_blanked: u64,
}

impl From<Rewritten> for Erased {
    fn from(rewritten: Rewritten) -> Self {
        Self { facts_removed: rewritten.dropped, facts_blanked: rewritten.replaced }
    }
}

/// Who is being erased.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Pending {
    /// Every id of theirs.
    ids: Vec<String>,
    /// The items by which they are offered as a peer; these carry their id.
    #[serde(default)]
    peers: Vec<String>,
}

/// What became of an attempt.
enum Attempt {
    Done(Erased),
    /// Meanwhile they got more ids.
    More(Pending),
    /// Meanwhile somebody else erased them.
    Gone,
}

impl Engine {
    /// Erases a member under every id they had. Returns when no byte of them is left in the data folder; facts that
    /// arrive meanwhile wait, lists go on. None where nobody has this id.
    pub fn erase(&self, id: &MemberId, now: UnixMillis) -> Result<Option<Erased>, EngineError> {
        let Some(mut who) = who(&self.shared, id.as_str()) else { return Ok(None) };
        loop {
            // From here on no list is logged under these ids; lists under way are logged before this lock is had.
            self.shared.gone.write().extend(who.ids.iter().cloned());
            let attempt = self.attempt(who.clone(), now);
            self.shared.gone.write().retain(|gone| !who.ids.contains(gone));
            match attempt? {
                Attempt::Done(erased) => return Ok(Some(erased)),
                Attempt::More(more) => who = more,
                Attempt::Gone => return Ok(None),
            }
        }
    }

    fn attempt(&self, asked: Pending, now: UnixMillis) -> Result<Attempt, EngineError> {
        let (shared, options) = (Arc::clone(&self.shared), self.options.clone());
        let job = move |journal: &dyn Journal| -> Result<Attempt, EngineError> {
            let Some(id) = asked.ids.first() else { return Ok(Attempt::Gone) };
            let Some(mut who) = who(&shared, id) else { return Ok(Attempt::Gone) };
            if who.ids.len() > asked.ids.len() {
                return Ok(Attempt::More(who));
            }
            if let Some(data) = &options.data {
                // What an earlier erasure could not finish is finished with this one.
                let earlier = read_pending(data)?.unwrap_or_default();
                who.ids.extend(earlier.ids);
                who.peers.extend(earlier.peers);
                write_pending(data, &who)?;
            }
            let (rewritten, texts) = rewrite(journal, &who, options.as_of)?;
            let erased = Erased::from(rewritten);
            journal.append(&[record(&erased, journal.generation(), now)])?;
            derive_anew(journal, &shared, &options, texts)?;
            if let Some(data) = &options.data {
                remove(&data.join(PENDING))?;
            }
            Ok(Attempt::Done(erased))
        };
        let attempt = self.committer.exclusive(job).ok_or(EngineError::Closing)??;
        if matches!(attempt, Attempt::Done(_)) {
            self.snapshot_at.store(self.shared.views.read().next, Ordering::Relaxed);
        }
        Ok(attempt)
    }

    fn ids_of(&self, id: &MemberId) -> Option<Vec<String>> {
        let views = self.shared.views.read();
        views.members.find(id.as_str()).map(|person| views.members.ids_of(person))
    }
}

/// The fact that somebody was erased, which does not say who.
fn record(erased: &Erased, generation: u64, now: UnixMillis) -> Fact {
    Fact {
        id: FactId::numbered("erased", generation),
        at: now,
        received_at: Some(now),
        source: "erasure".into(),
        body: Body::MemberErased(MemberErased { facts: erased.facts_removed + erased.facts_blanked }),
    }
}

/// Who has this id, by all that carries an id of theirs. Who was but exposed to an experiment is known beside the views.
fn who(shared: &Shared, id: &str) -> Option<Pending> {
    let views = shared.views.read();
    let ids = match views.members.find(id) {
        Some(member) => views.members.ids_of(member),
        None if shared.beside.iter().any(|view| view.knows(id)) => vec![id.to_owned()],
        None => return None,
    };
    let is_peer = |id: &&String| views.catalogue.find(id).is_some_and(|i| views.catalogue.row(i).kind == Kind::Peer);
    let peers = ids.iter().filter(is_peer).cloned().collect();
    Some(Pending { ids, peers })
}

/// What the text index must hold of the items whose text was touched.
type Texts = BTreeMap<ItemId, Change>;

fn rewrite(
    journal: &dyn Journal,
    who: &Pending,
    as_of: Option<UnixMillis>,
) -> Result<(Rewritten, Texts), JournalError> {
    let texts = Mutex::new(Texts::new());
    let rewritten = journal.rewrite(&|fact| {
        let edit = redact(fact, who);
        if as_of.is_none_or(|moment| fact.effective_at() < moment) {
            note_text(&mut texts.lock(), fact, &edit);
        }
        edit
    })?;
    Ok((rewritten, texts.into_inner()))
}

/// Notes the text of an item that was touched, and what it was put to later.
fn note_text(texts: &mut Texts, fact: &Fact, edit: &Edit) {
    let id = match &fact.body {
        Body::ItemPut { item } => &item.id,
        Body::ItemRemoved(removed) => &removed.item,
        Body::MemberPut(_)
        | Body::MemberAliased(_)
        | Body::MemberErased(_)
        | Body::Engaged(_)
        | Body::Served(_)
        | Body::Exposed(_)
        | Body::PreferenceSet(_)
        | Body::Configured(_)
        | Body::Message(_) => return,
    };
    let left = match edit {
        Edit::Drop => None,
        Edit::Keep if !texts.contains_key(id) => return,
        Edit::Keep => Some(&fact.body),
        Edit::Replace(other) => Some(&other.body),
    };
    let change = match left {
        Some(Body::ItemPut { item }) => Change::Put(item.clone()),
        Some(_) | None => Change::Removed(id.clone()),
    };
    texts.insert(id.clone(), change);
}

/// Folds fresh views beside the old ones, changes them over, and sweeps the text index and the snapshot.
fn derive_anew(
    journal: &dyn Journal,
    shared: &Arc<Shared>,
    options: &super::Options,
    texts: Texts,
) -> Result<(), EngineError> {
    let mut nothing = TextIndex::in_memory()?;
    let mark = Mark { folded: journal.next_seq(), generation: journal.generation() };
    nothing.commit(mark)?; // the index on disk is mended below, not folded anew
    let mut beside = Beside::renew(&options.beside);
    let views = fold(journal, Views::default(), &mut nothing, &mut beside, options.as_of, &NoProgress)?;
    if let (Some(data), Some(_)) = (&options.data, options.as_of) {
        forget_derived(data, &options.beside)?;
    }
    beside.adopt();
    beside::save(options, mark.generation, mark.folded)?;
    if options.keeps_views() {
        let path = options.views_path();
        remove(&path)?;
        snapshot::write(&views, mark.generation, &path).map_err(EngineError::file(&path))?;
    }
    *shared.views.write() = views;
    // Learned with them, and to be learned anew without.
    shared.adopt(Learned::default());
    if let Some(data) = &options.data {
        remove(&data.join(LEARNED))?;
    }
    Ok(shared.indexer.with(mark.folded, move |index| sweep(index, texts, mark))?)
}

fn sweep(index: &mut TextIndex, texts: Texts, mark: Mark) -> Result<(), IndexError> {
    for change in texts.into_values() {
        apply(index, change)?;
    }
    for _ in 0..SWEEPS_MAX {
        if index.purge_deleted(mark)? == 0 {
            return Ok(());
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    tracing::warn!("a question still reads old files of the text index; they go with the next erasure or restart");
    Ok(())
}

fn write_pending(data: &Path, pending: &Pending) -> Result<(), EngineError> {
    let path = data.join(PENDING);
    let write = || -> std::io::Result<()> {
        let mut file = File::create(&path)?;
        serde_json::to_writer(&mut file, pending)?;
        file.flush()?;
        file.sync_all()?;
        File::open(data)?.sync_all()
    };
    write().map_err(EngineError::file(&path))
}

/// The note of an erasure under way. One that was cut off was never followed by a rewrite: nobody was told that the member
/// is gone.
fn read_pending(data: &Path) -> Result<Option<Pending>, EngineError> {
    let path = data.join(PENDING);
    match fs::read(&path) {
        Ok(text) => Ok(serde_json::from_slice(&text).ok()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(EngineError::File { path, source }),
    }
}

/// Finishes an erasure that a crash cut short, before anything is folded.
pub(super) fn finish(data: &Path, journal: &dyn Journal, beside: &[Arc<dyn SideView>]) -> Result<(), EngineError> {
    if let Some(who) = read_pending(data)? {
        tracing::warn!("finishing an erasure that was cut short");
        journal.rewrite(&|fact| redact(fact, &who))?;
        forget_derived(data, beside)?;
    }
    remove(&data.join(PENDING))
}

/// What an erasure makes of a fact.
fn redact(fact: &Fact, who: &Pending) -> Edit {
    let edit = redact_body(fact, who);
    let id = match edit {
        Edit::Drop => None,
        Edit::Keep | Edit::Replace(_) => blank_id(&fact.id, &who.ids),
    };
    match (edit, id) {
        (Edit::Keep, Some(id)) => Edit::Replace(Box::new(Fact { id, ..fact.clone() })),
        (Edit::Replace(other), Some(id)) => Edit::Replace(Box::new(Fact { id, ..*other })),
        (edit, _) => edit,
    }
}

/// Another id for a fact whose own holds a member's as a word. Numbers are left: `post:42` does not mean member 42.
fn blank_id(id: &FactId, ids: &[String]) -> Option<FactId> {
    let text = id.as_str();
    let is_part = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let names = |gone: &String| {
        let whole = |at: usize| {
            let (before, after) = (&text[..at], &text[at + gone.len()..]);
            !is_part(before.chars().next_back()) && !is_part(after.chars().next())
        };
        text.match_indices(gone.as_str()).any(|(at, _)| whole(at))
    };
    let named = ids.iter().filter(|gone| !gone.bytes().all(|b| b.is_ascii_digit())).any(names);
    named.then(|| FactId::numbered("blanked", stable_hash(text.as_bytes())))
}

fn redact_body(fact: &Fact, who: &Pending) -> Edit {
    let ids = who.ids.as_slice();
    let is = |id: &MemberId| ids.iter().any(|gone| gone == id.as_str());
    let is_peer = |id: &ItemId| who.peers.iter().any(|peer| peer == id.as_str());
    if fact.partition().is_some_and(is) {
        return Edit::Drop;
    }
    let replaced = match &fact.body {
        Body::ItemPut { item } if is_peer(&item.id) => return Edit::Drop,
        Body::ItemRemoved(removed) if is_peer(&removed.item) => return Edit::Drop,
        Body::ItemPut { item } if item.author.as_ref().is_some_and(is) => {
            Some(Body::ItemRemoved(ItemRemoved { item: item.id.clone() }))
        }
        Body::ItemPut { item } => blank_item(item, ids).map(|item| Body::ItemPut { item: Box::new(item) }),
        Body::MemberAliased(alias) if is(&alias.from) => return Edit::Drop,
        Body::Exposed(exposure) if ids.contains(&exposure.unit) => return Edit::Drop,
        Body::Engaged(engagement) => match &engagement.target {
            Target::Author(author) if is(author) => return Edit::Drop,
            Target::Item(item) if is_peer(item) => return Edit::Drop,
            Target::Item(_) | Target::Tag(_) | Target::Author(_) | Target::Category(_) | Target::Site(_) => {
                blank_props(&engagement.props, ids).map(|props| {
                    let mut engagement = engagement.clone();
                    engagement.props = props;
                    Body::Engaged(engagement)
                })
            }
        },
        Body::MemberPut(put) => blank_props(&put.traits, ids).map(|traits| {
            let mut put = put.clone();
            put.traits = traits;
            Body::MemberPut(put)
        }),
        Body::Configured(configuration) => {
            let mut blanked = configuration.clone();
            let mut changed = ids.contains(&blanked.author);
            if changed {
                blanked.author = BLANK.into();
            }
            let kind = blanked.kind.as_str();
            changed |= blanked.document.as_mut().is_some_and(|document| blank_document(kind, document, ids));
            changed.then_some(Body::Configured(blanked))
        }
        Body::Served(slate) if slate.entries.iter().any(|entry| is_peer(&entry.item)) => {
            let mut slate = slate.clone();
            slate.entries.retain(|entry| !is_peer(&entry.item));
            Some(Body::Served(slate))
        }
        Body::Exposed(exposure) => blank_props(&exposure.props, ids).map(|props| {
            let mut exposure = exposure.clone();
            exposure.props = props;
            Body::Exposed(exposure)
        }),
        Body::ItemRemoved(_)
        | Body::MemberAliased(_)
        | Body::MemberErased(_)
        | Body::Served(_)
        | Body::PreferenceSet(_)
        | Body::Message(_) => None,
    };
    replaced.map_or(Edit::Keep, |body| Edit::Replace(Box::new(Fact { body, ..fact.clone() })))
}

fn blank_item(item: &Item, ids: &[String]) -> Option<Item> {
    let (title, body) = (blank_text(&item.title, ids), blank_text(&item.body, ids));
    let props = blank_props(&item.props, ids);
    let mut audience = item.audience.clone();
    let asks = audience.as_mut().is_some_and(|audience| blank_value(audience, ids));
    if title.is_none() && body.is_none() && props.is_none() && !asks {
        return None;
    }
    let mut blanked = item.clone();
    blanked.title = title.unwrap_or(blanked.title);
    blanked.body = body.unwrap_or(blanked.body);
    blanked.props = props.unwrap_or(blanked.props);
    blanked.audience = audience;
    Some(blanked)
}

fn blank_props(props: &Props, ids: &[String]) -> Option<Props> {
    let mut blanked = props.clone();
    blank_map(&mut blanked, ids).then_some(blanked)
}

/// Every fact about a member, under every id they had.
impl Engine {
    /// Reads every fact about a member, under every id they had; how many there are. None where nobody has this id.
    pub fn export_member(&self, id: &MemberId, visit: &mut dyn FnMut(Fact)) -> Result<Option<u64>, EngineError> {
        let Some(ids) = self.ids_of(id) else { return Ok(None) };
        let mut count = 0;
        self.journal.read(0, &mut |_, fact| {
            let is = |id: &MemberId| ids.iter().any(|own| own == id.as_str());
            let authored = matches!(&fact.body, Body::ItemPut { item } if item.author.as_ref().is_some_and(is));
            if authored || fact.partition().is_some_and(is) {
                count += 1;
                visit(fact);
            }
            ControlFlow::Continue(())
        })?;
        Ok(Some(count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mentions_are_blanked_and_longer_names_are_not() {
        let ids = ["ana".to_owned()];
        assert_eq!(blank_text("thanks @ana, and @anatol", &ids).as_deref(), Some("thanks @[erased], and @anatol"));
        assert_eq!(blank_text("ana wrote to nobody", &ids), None);
        let mut value = serde_json::json!({"to": "ana", "n": [1, "hi @ana"], "item": "banana"});
        assert!(blank_value(&mut value, &ids));
        assert_eq!(value, serde_json::json!({"to": "[erased]", "n": [1, "hi @[erased]"], "item": "banana"}));
    }
}
