//! Erasing a member: the journal is rewritten without them, and everything derived from it is made anew.
//!
//! What goes: every fact about them; the discussions they opened, which leave only their id; their id wherever else it
//! stands by itself or as a mention. What stays: that others acted, and aggregates.

use std::fs::{self, File};
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use anklang_domain::{Body, Fact, FactId, Item, ItemRemoved, MemberErased, MemberId, Props, Target, UnixMillis};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::open::{fold, forget_derived, remove};
use super::{Engine, EngineError, NoProgress, Shared};
use crate::index::{IndexError, Mark, TextIndex};
use crate::journal::{Edit, Journal, Rewritten};
use crate::views::{Views, snapshot};

/// Names who is being erased, until they are: a crash in between must not leave half of them.
const PENDING: &str = "erasing.json";
/// What stands in another's text where the member was mentioned.
const BLANK: &str = "[erased]";
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

#[derive(Debug, Serialize, Deserialize)]
struct Pending {
    ids: Vec<String>,
}

impl Engine {
    /// Erases a member under every id they had. Returns when no byte of them is left in the data folder; facts that
    /// arrive meanwhile wait, lists go on. None where nobody has this id.
    pub fn erase(&self, id: &MemberId, now: UnixMillis) -> Result<Option<Erased>, EngineError> {
        let Some(ids) = self.ids_of(id) else { return Ok(None) };
        // From here on no list is logged under these ids; lists under way are logged before this lock is had.
        self.shared.gone.write().extend(ids.iter().cloned());
        let erased = self.erase_ids(ids.clone(), now);
        self.shared.gone.write().retain(|gone| !ids.contains(gone));
        erased.map(Some)
    }

    fn erase_ids(&self, ids: Vec<String>, now: UnixMillis) -> Result<Erased, EngineError> {
        let (shared, options) = (Arc::clone(&self.shared), self.options.clone());
        let job = move |journal: &dyn Journal| -> Result<Erased, EngineError> {
            let data = options.data.as_deref();
            if let Some(data) = data {
                write_pending(data, &Pending { ids: ids.clone() })?;
            }
            let erased = Erased::from(journal.rewrite(&|fact| redact(fact, &ids))?);
            journal.append(&[record(&erased, journal.generation(), now)])?;
            derive_anew(journal, &shared, &options, &ids)?;
            if let Some(data) = data {
                remove(&data.join(PENDING))?;
            }
            Ok(erased)
        };
        self.committer.exclusive(job).ok_or(EngineError::Closing)?
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

/// Folds fresh views beside the old ones, changes them over, and sweeps the text index and the snapshot.
fn derive_anew(
    journal: &dyn Journal,
    shared: &Arc<Shared>,
    options: &super::Options,
    ids: &[String],
) -> Result<(), EngineError> {
    let doomed: Vec<u64> = authored_keys(&shared.views.read(), ids);
    let mut nothing = TextIndex::in_memory()?;
    let mark = Mark { folded: journal.next_seq(), generation: journal.generation() };
    nothing.commit(mark)?; // the index on disk is mended below, not folded anew
    let views = fold(journal, Views::default(), &mut nothing, options.as_of, &NoProgress)?;
    if let (Some(data), Some(_)) = (&options.data, options.as_of) {
        forget_derived(data)?;
    }
    if options.keeps_views() {
        let path = options.views_path();
        remove(&path)?;
        snapshot::write(&views, mark.generation, &path).map_err(EngineError::file(&path))?;
    }
    *shared.views.write() = views;
    Ok(shared.indexer.with(move |index| sweep(index, &doomed, mark))?)
}

fn authored_keys(views: &Views, ids: &[String]) -> Vec<u64> {
    let authored = ids.iter().filter_map(|id| views.members.find(id)).flat_map(|m| &views.members.row(m).authored);
    authored.map(|item| views.catalogue.key(*item)).collect()
}

fn sweep(index: &mut TextIndex, doomed: &[u64], mark: Mark) -> Result<(), IndexError> {
    for key in doomed {
        index.remove(*key)?;
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

/// Finishes an erasure that a crash cut short, before anything is folded.
pub(super) fn finish(data: &Path, journal: &dyn Journal) -> Result<(), EngineError> {
    let path = data.join(PENDING);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(EngineError::File { path, source }),
    };
    // A note that was cut off was never followed by a rewrite: nobody was told that the member is gone.
    if let Ok(pending) = serde_json::from_str::<Pending>(&text) {
        tracing::warn!("finishing an erasure that was cut short");
        journal.rewrite(&|fact| redact(fact, &pending.ids))?;
        forget_derived(data)?;
    }
    remove(&path)
}

/// What an erasure makes of a fact.
fn redact(fact: &Fact, ids: &[String]) -> Edit {
    let is = |id: &MemberId| ids.iter().any(|gone| gone == id.as_str());
    if fact.partition().is_some_and(is) {
        return Edit::Drop;
    }
    let replaced = match &fact.body {
        Body::ItemPut { item } if item.author.as_ref().is_some_and(is) => {
            Some(Body::ItemRemoved(ItemRemoved { item: item.id.clone() }))
        }
        Body::ItemPut { item } => blank_item(item, ids).map(|item| Body::ItemPut { item: Box::new(item) }),
        Body::MemberAliased(alias) if is(&alias.from) => return Edit::Drop,
        Body::Exposed(exposure) if ids.contains(&exposure.unit) => return Edit::Drop,
        Body::Engaged(engagement) => match &engagement.target {
            Target::Author(author) if is(author) => return Edit::Drop,
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
            changed |= blanked.document.as_mut().is_some_and(|document| blank_value(document, ids));
            changed.then_some(Body::Configured(blanked))
        }
        Body::ItemRemoved(_)
        | Body::MemberAliased(_)
        | Body::MemberErased(_)
        | Body::Served(_)
        | Body::Exposed(_)
        | Body::PreferenceSet(_)
        | Body::Message(_) => None,
    };
    replaced.map_or(Edit::Keep, |body| Edit::Replace(Box::new(Fact { body, ..fact.clone() })))
}

fn blank_item(item: &Item, ids: &[String]) -> Option<Item> {
    let (title, body) = (blank_text(&item.title, ids), blank_text(&item.body, ids));
    let props = blank_props(&item.props, ids);
    if title.is_none() && body.is_none() && props.is_none() {
        return None;
    }
    let mut blanked = item.clone();
    blanked.title = title.unwrap_or(blanked.title);
    blanked.body = body.unwrap_or(blanked.body);
    blanked.props = props.unwrap_or(blanked.props);
    Some(blanked)
}

fn blank_props(props: &Props, ids: &[String]) -> Option<Props> {
    let mut blanked = props.clone();
    let changed = blanked.values_mut().fold(false, |changed, value| blank_value(value, ids) | changed);
    changed.then_some(blanked)
}

/// Blanks texts that are an id, or mention one as `@id`.
fn blank_value(value: &mut Value, ids: &[String]) -> bool {
    match value {
        Value::String(text) if ids.contains(text) => {
            *value = Value::String(BLANK.into());
            true
        }
        Value::String(text) => blank_text(text, ids).map(|blanked| *text = blanked).is_some(),
        Value::Array(list) => list.iter_mut().fold(false, |changed, value| blank_value(value, ids) | changed),
        Value::Object(map) => map.values_mut().fold(false, |changed, value| blank_value(value, ids) | changed),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn blank_text(text: &str, ids: &[String]) -> Option<String> {
    if !text.contains('@') {
        return None;
    }
    let mut blanked = String::new();
    for id in ids {
        let from: &str = if blanked.is_empty() { text } else { &blanked };
        let mention = format!("@{id}");
        let mut out = String::with_capacity(from.len());
        let mut rest = from;
        while let Some(place) = rest.find(&mention) {
            let after = &rest[place + mention.len()..];
            let whole = !after.starts_with(|c: char| c.is_alphanumeric() || c == '_');
            out.push_str(&rest[..place]);
            out.push('@');
            out.push_str(if whole { BLANK } else { id });
            rest = after;
        }
        out.push_str(rest);
        blanked = out;
    }
    (blanked != text && !blanked.is_empty()).then_some(blanked)
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
