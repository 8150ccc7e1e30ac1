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
    pub(crate) data: PathBuf,
    pub(crate) as_of: Option<UnixMillis>,
    pub(crate) read_only: bool,
    pub(crate) queue_facts_max: usize,
}

impl Options {
    pub(crate) fn new(data: impl Into<PathBuf>) -> Self {
        Self { data: data.into(), as_of: None, read_only: false, queue_facts_max: 100_000 }
    }
    pub(crate) fn in_memory() -> Self {
        Self::new("")
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
pub(crate) enum SubmitError {
    #[error(transparent)]
    Journal(#[from] JournalError),
}

#[derive(Debug)]
pub(crate) struct Busy {
    pub(crate) retry_after_s: u64,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ListError {
    #[error("there is no item {0}")]
    UnknownItem(ItemId),
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Receipt {
    pub(crate) accepted: u64,
    pub(crate) duplicates: u64,
}

#[derive(Debug, Default, Clone, Serialize)]
pub(crate) struct Stats {
    pub(crate) facts: u64,
}

#[derive(Debug, Serialize)]
pub(crate) struct Erased {
    pub(crate) facts: u64,
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

    pub(crate) fn submit(
        &self,
        facts: Vec<Fact>,
        done: Box<dyn FnOnce(Result<Receipt, SubmitError>) + Send>,
    ) -> Result<(), Busy> {
        if facts.len() > self.options.queue_facts_max {
            return Err(Busy { retry_after_s: 1 });
        }
        done(self.submit_wait(facts));
        Ok(())
    }

    pub(crate) fn submit_wait(&self, facts: Vec<Fact>) -> Result<Receipt, SubmitError> {
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
            return Err(ListError::UnknownItem(item.clone()));
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
        let known = self.export_member(id, &mut |_| {}).unwrap_or(0);
        (known > 0).then(|| MemberExplanation { member: id.clone(), known })
    }

    pub(crate) fn explain_member(&self, id: &MemberId, _now: UnixMillis, _lang: Lang) -> Option<MemberExplanation> {
        self.member(id)
    }

    pub(crate) fn export_member(&self, id: &MemberId, visit: &mut dyn FnMut(Fact)) -> Result<u64, EngineError> {
        let facts: Vec<Fact> = self.state().facts.iter().filter(|f| f.partition() == Some(id)).cloned().collect();
        let count = facts.len() as u64;
        facts.into_iter().for_each(visit);
        Ok(count)
    }

    pub(crate) fn export(&self, visit: &mut dyn FnMut(Seq, Fact) -> ControlFlow<()>) -> Result<(), EngineError> {
        for (seq, fact) in self.state().facts.iter().enumerate() {
            if visit(seq as Seq, fact.clone()).is_break() {
                break;
            }
        }
        Ok(())
    }

    pub(crate) fn erase(&self, id: &MemberId, _now: UnixMillis) -> Result<Erased, EngineError> {
        let mut state = self.state();
        let before = state.facts.len();
        state.facts.retain(|fact| fact.partition() != Some(id));
        Ok(Erased { facts: (before - state.facts.len()) as u64 })
    }

    pub(crate) fn backup(&self, _to: &Path) -> Result<u64, EngineError> {
        Ok(self.state().facts.len() as u64)
    }

    pub(crate) fn snapshot(&self) -> Result<(), EngineError> {
        Ok(())
    }

    pub(crate) fn shutdown(&self) {}

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
