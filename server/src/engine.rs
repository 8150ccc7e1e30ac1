//! A stand-in of the engine's facade, kept only until the facade is there. Not for use.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anklang_domain::{Body, Fact, Item, ItemId, MemberId, Propensity, Target, UnixMillis};
use anklang_engine::journal::{JournalError, Seq};
use anklang_engine::list::{Lang, List, ListItem, ListRequest, SlateRef};
use serde::Serialize;

#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) data: Option<PathBuf>,
    pub(crate) as_of: Option<UnixMillis>,
    pub(crate) limits: Limits,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) queue_facts_max: usize,
}

impl Options {
    pub(crate) fn new(data: impl Into<PathBuf>) -> Self {
        Self { data: Some(data.into()), as_of: None, limits: Limits { queue_facts_max: 100_000 } }
    }
    pub(crate) fn in_memory() -> Self {
        Self { data: None, as_of: None, limits: Limits { queue_facts_max: 100_000 } }
    }
}

pub(crate) trait Progress: Sync {
    fn phase(&self, name: &str, total: Option<u64>);
    fn step(&self, done: u64);
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum EngineError {
    #[error(transparent)]
    Journal(#[from] JournalError),
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum CommitError {
    #[error(transparent)]
    Busy(#[from] Busy),
    #[error(transparent)]
    Journal(std::sync::Arc<JournalError>),
    #[error("closed")]
    Closed,
}

pub(crate) type Done = Box<dyn FnOnce(Result<Receipt, CommitError>) + Send>;

#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("too many facts are waiting to be written")]
pub(crate) struct Busy {
    pub(crate) retry_after_ms: u64,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ListError {
    #[error("there is no item {0}")]
    UnknownItem(String),
    #[error("{field}: {what}")]
    Field { field: &'static str, what: &'static str },
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Receipt {
    pub(crate) accepted: usize,
    pub(crate) duplicates: usize,
}

#[derive(Debug, Default, Clone, Serialize)]
pub(crate) struct Stats {
    pub(crate) facts: u64,
}

#[derive(Debug, Serialize)]
pub(crate) struct Erased {
    pub(crate) facts_removed: u64,
}

#[derive(Debug, Serialize)]
pub(crate) struct MemberExplanation {
    pub(crate) member: MemberId,
    pub(crate) known: u64,
}

#[derive(Debug, Default)]
struct State {
    ids: HashSet<String>,
    facts: Vec<Fact>,
}

pub(crate) struct Engine {
    state: Mutex<State>,
    options: Options,
}

impl Engine {
    pub(crate) fn open(options: Options, _progress: &dyn Progress) -> Result<Self, EngineError> {
        Ok(Self { state: Mutex::default(), options })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn submit(&self, facts: Vec<Fact>, now: UnixMillis, done: Done) -> Result<(), Busy> {
        if facts.len() > self.options.limits.queue_facts_max {
            return Err(Busy { retry_after_ms: 1000 });
        }
        done(self.submit_wait(facts, now));
        Ok(())
    }

    pub(crate) fn submit_wait(&self, facts: Vec<Fact>, _now: UnixMillis) -> Result<Receipt, CommitError> {
        let mut state = self.state();
        let mut receipt = Receipt { accepted: 0, duplicates: 0 };
        for fact in facts {
            if state.ids.insert(fact.id.to_string()) {
                state.facts.push(fact);
                receipt.accepted += 1;
            } else {
                receipt.duplicates += 1;
            }
        }
        Ok(receipt)
    }

    pub(crate) fn item(&self, id: &ItemId) -> Option<Item> {
        let mut found = None;
        for fact in &self.state().facts {
            match &fact.body {
                Body::ItemPut { item } if item.id == *id => found = Some(item.as_ref().clone()),
                Body::ItemRemoved(removed) if removed.item == *id => found = None,
                _ => {}
            }
        }
        found
    }

    pub(crate) fn list(&self, request: &ListRequest) -> Result<List, ListError> {
        if let Some(item) = &request.item
            && self.item(item).is_none()
        {
            return Err(ListError::UnknownItem(item.to_string()));
        }
        let ids: Vec<ItemId> = {
            let state = self.state();
            let seen = |id: &ItemId| {
                state.facts.iter().any(|fact| match &fact.body {
                    Body::Engaged(e) => {
                        Some(&e.member) == request.member.as_ref() && e.target == Target::Item(id.clone())
                    }
                    _ => false,
                })
            };
            let items = state.facts.iter().filter_map(|fact| match &fact.body {
                Body::ItemPut { item } => Some(item.id.clone()),
                _ => None,
            });
            let mut ids: Vec<ItemId> = Vec::new();
            for id in items.filter(|id| !seen(id)) {
                if !ids.contains(&id) {
                    ids.push(id);
                }
            }
            ids
        };
        let entries = ids.iter().filter_map(|id| self.item(id)).skip(request.offset);
        let mut items: Vec<ListItem> = entries.enumerate().map(|(ix, item)| entry(ix, item, request.now)).collect();
        let more = items.len() > request.limit;
        items.truncate(request.limit);
        Ok(List {
            member: request.member.clone(),
            since: request.since,
            at: request.now,
            slate: SlateRef { id: "s".to_owned(), policy: "default@1".to_owned() },
            items,
            more,
        })
    }

    pub(crate) fn member(&self, id: &MemberId) -> Option<MemberExplanation> {
        let known = self.export_member(id, &mut |_| {}).ok().flatten().unwrap_or(0);
        (known > 0).then(|| MemberExplanation { member: id.clone(), known })
    }

    pub(crate) fn explain_member(
        &self,
        id: &MemberId,
        _now: UnixMillis,
        _lang: Option<Lang>,
    ) -> Option<MemberExplanation> {
        self.member(id)
    }

    pub(crate) fn export_member(&self, id: &MemberId, visit: &mut dyn FnMut(Fact)) -> Result<Option<u64>, EngineError> {
        let facts: Vec<Fact> = self.state().facts.iter().filter(|f| f.partition() == Some(id)).cloned().collect();
        let count = facts.len() as u64;
        facts.into_iter().for_each(visit);
        Ok((count > 0).then_some(count))
    }

    pub(crate) fn export(&self, visit: &mut dyn FnMut(Seq, Fact) -> ControlFlow<()>) -> Result<(), EngineError> {
        for (seq, fact) in self.state().facts.iter().enumerate() {
            if visit(seq as Seq, fact.clone()).is_break() {
                break;
            }
        }
        Ok(())
    }

    pub(crate) fn erase(&self, id: &MemberId, _now: UnixMillis) -> Result<Option<Erased>, EngineError> {
        let mut state = self.state();
        let before = state.facts.len();
        state.facts.retain(|fact| fact.partition() != Some(id));
        let facts_removed = (before - state.facts.len()) as u64;
        Ok((facts_removed > 0).then_some(Erased { facts_removed }))
    }

    pub(crate) fn backup(&self, _to: &Path) -> Result<u64, EngineError> {
        Ok(self.state().facts.len() as u64)
    }

    pub(crate) fn snapshot(&self) -> Result<(), EngineError> {
        Ok(())
    }

    pub(crate) fn shutdown(&self) -> Result<(), EngineError> {
        Ok(())
    }

    pub(crate) fn rebuild(options: Options, progress: &dyn Progress) -> Result<Self, EngineError> {
        Self::open(options, progress)
    }

    pub(crate) fn stats(&self) -> Stats {
        Stats { facts: self.state().facts.len() as u64 }
    }
}

fn entry(ix: usize, item: Item, now: UnixMillis) -> ListItem {
    ListItem {
        id: item.id,
        kind: item.kind,
        title: item.title,
        tags: item.tags,
        author: item.author.map(String::from),
        category: item.category,
        url: item.url,
        position: ix + 1,
        score: 1.0,
        propensity: Propensity::CERTAIN,
        discovery: false,
        last_activity_at: now,
        new_replies: 0,
        reasons: Vec::new(),
        ledger: None,
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct DoctorReport {
    pub(crate) facts: u64,
    pub(crate) journal_bytes: u64,
    pub(crate) findings: Vec<Finding>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Finding {
    pub(crate) what: &'static str,
    pub(crate) ok: bool,
    pub(crate) says: String,
}

impl DoctorReport {
    pub(crate) fn is_healthy(&self) -> bool {
        self.findings.iter().all(|finding| finding.ok)
    }
}

pub(crate) fn doctor(_data: &Path, _progress: &dyn Progress) -> Result<DoctorReport, EngineError> {
    Ok(DoctorReport { facts: 0, journal_bytes: 0, findings: Vec::new() })
}
