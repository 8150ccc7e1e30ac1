//! When is learned, and how what was learned comes into use.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use anklang_domain::{Body, Configuration, Fact, FactId, UnixMillis};
use serde::Serialize;

use super::{Engine, EngineError, Options};
use crate::journal::{CommitError, Journal, Seq};
use crate::learn::gather::{Gathered, gather};
use crate::learn::ranker::Replay;
use crate::learn::taste::Taste;
use crate::learn::{DOCUMENT, Learned, Note, learn};
use crate::views::{Views, snapshot};

/// The file in the data folder.
pub(super) const LEARNED: &str = "learned.bin";
/// Where chance in learning comes from: one number, so that the same journal teaches the same.
const SEED: u64 = 0x616e_6b6c;

/// What was learned, in short.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Learning {
    /// How many facts the journal held.
    pub facts: u64,
    /// Engagements that were learned from; 0: nothing was learned yet.
    pub engagements: u64,
    /// Items with a factor of their own.
    pub items: usize,
    /// Circles of members with like interests, the largest first.
    pub circles: Vec<Circle>,
}

/// A circle of members with like interests.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Circle {
    /// Its telling tag.
    pub name: String,
    /// Its share of the members who did something of late.
    pub share: f32,
}

/// Why nothing was learned.
#[derive(Debug, thiserror::Error)]
pub enum LearnError {
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The note of it could not be written.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

impl Options {
    fn learned_path(&self) -> PathBuf {
        self.data.clone().unwrap_or_default().join(LEARNED)
    }
}

/// What was learned before, as its file has it; nothing where there is none for this journal.
pub(super) fn load(options: &Options, journal: &dyn Journal) -> Result<Learned, EngineError> {
    if !options.keeps_views() {
        return Ok(Learned::default());
    }
    let path = options.learned_path();
    let found = snapshot::read_value::<Learned>(&path, journal.generation()).map_err(EngineError::file(&path))?;
    Ok(found.ok().filter(|learned| learned.through <= journal.next_seq()).unwrap_or_default())
}

/// What there is to learn from these views, where it is enough.
pub(super) fn at_once(views: &Views, journal: &dyn Journal, as_of: Option<UnixMillis>) -> Result<Learned, EngineError> {
    if !Learned::default().is_stale(views.tally.engagements) {
        return Ok(Learned::default());
    }
    let gathered = gather(views);
    let replay = replay(journal, &gathered, as_of)?;
    Ok(learn(&gathered, replay, SEED))
}

/// Folds the journal once more as far as it was gathered, for the ranker.
fn replay(journal: &dyn Journal, gathered: &Gathered, as_of: Option<UnixMillis>) -> Result<Replay, EngineError> {
    let mut replay = Replay::new(gathered.plan.clone(), gathered.policy);
    if gathered.plan.is_empty() {
        return Ok(replay);
    }
    journal.read(0, &mut |seq, fact| {
        if seq >= gathered.through {
            return ControlFlow::Break(());
        }
        if as_of.is_none_or(|moment| fact.effective_at() < moment) {
            replay.fold(seq, &fact);
        }
        ControlFlow::Continue(())
    })?;
    Ok(replay)
}

impl Engine {
    /// What lists are made with now, of what was learned.
    #[must_use]
    pub fn learned(&self) -> Learning {
        let learned = self.shared.learned();
        let circle = |(name, share): (&str, f32)| Circle { name: name.to_owned(), share };
        let circles = learned.groups.as_ref().map(|groups| groups.all().map(circle).collect());
        Learning {
            facts: learned.through,
            engagements: learned.engagements,
            items: learned.taste.as_ref().map_or(0, Taste::items),
            circles: circles.unwrap_or_default(),
        }
    }

    /// Whether so much has happened since the last time that it is worth learning anew.
    #[must_use]
    pub fn learning_is_due(&self) -> bool {
        let engagements = self.shared.views.read().tally.engagements;
        self.shared.learned().is_stale(engagements)
    }

    /// Learns from all that happened so far, while everything else goes on; lists use it from the moment this returns.
    pub fn learn(&self, now: UnixMillis) -> Result<(), LearnError> {
        let shared = Arc::clone(&self.shared);
        // No fact comes in between, so that the place noted is the place learned from.
        let gathered = self.committer.exclusive(move |journal| (gather(&shared.views.read()), journal.generation()));
        let (gathered, generation) = gathered.ok_or(EngineError::Closing)?;
        let learned = learn(&gathered, replay(&*self.journal, &gathered, None)?, SEED);
        if self.journal.generation() != generation {
            return Ok(()); // somebody was erased meanwhile: what was learned with them is let go
        }
        if self.options.as_of.is_none() {
            self.write(&learned, generation)?;
            let note = Note { through: learned.through, generation, seed: SEED };
            self.submit_wait(vec![note_fact(&note, now)], now)?;
        }
        self.shared.adopt(learned);
        Ok(())
    }

    /// Learns again what the journal says was learned, where the file of it is lost. A journal that was rewritten since,
    /// or that knows of none, is left to [`Engine::learn`].
    pub fn learn_again(&self) -> Result<bool, LearnError> {
        let Some(note) = self.note_of_learning() else { return Ok(false) };
        if self.options.as_of.is_some() || self.journal.generation() != note.generation {
            return Ok(false);
        }
        if self.shared.learned().through == note.through {
            return Ok(true);
        }
        let gathered = self.gather_again(note.through)?;
        let learned = learn(&gathered, replay(&*self.journal, &gathered, None)?, note.seed);
        if self.journal.generation() != note.generation {
            return Ok(false);
        }
        self.write(&learned, note.generation)?;
        self.shared.adopt(learned);
        Ok(true)
    }

    fn note_of_learning(&self) -> Option<Note> {
        let views = self.shared.views.read();
        views.document(DOCUMENT).and_then(|document| serde_json::from_str(document).ok())
    }

    /// Folds the journal up to a place once more, beside what is served.
    fn gather_again(&self, through: Seq) -> Result<Gathered, EngineError> {
        let mut views = Views::default();
        self.journal.read(0, &mut |seq, fact| {
            if seq >= through {
                return ControlFlow::Break(());
            }
            views.apply(seq, &fact);
            ControlFlow::Continue(())
        })?;
        views.next = through;
        Ok(gather(&views))
    }

    fn write(&self, learned: &Learned, generation: u64) -> Result<(), EngineError> {
        if !self.options.keeps_views() {
            return Ok(());
        }
        let path = self.options.learned_path();
        snapshot::write_value(learned, generation, &path).map_err(EngineError::file(&path))
    }
}

fn note_fact(note: &Note, now: UnixMillis) -> Fact {
    let configuration = Configuration {
        kind: DOCUMENT.0.to_owned(),
        key: DOCUMENT.1.to_owned(),
        version: u32::try_from(note.through).unwrap_or(u32::MAX),
        document: serde_json::to_value(note).ok(),
        author: "anklang".to_owned(),
    };
    Fact {
        id: FactId::numbered("learned", note.through),
        at: now,
        received_at: Some(now),
        source: "learned".to_owned(),
        body: Body::Configured(configuration),
    }
}
