//! The experiments' tally, kept beside the engine's views, and what is written about experiments.

mod frozen;
mod write;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anklang_domain::{Body, Fact};
use anklang_engine::{Engine, EngineError, Renewal, SideView};
use anklang_experiments::registry::Kind;
use anklang_experiments::tally::Tally;
use parking_lot::{RwLock, RwLockReadGuard};

pub(crate) use write::{Draft, WriteError, Written};

/// The tally's snapshot in the data folder.
const FILE: &str = "experiments.bin";

/// The tally, shared by the engine, which feeds it, and by requests, which ask it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trials {
    tally: Arc<RwLock<Tally>>,
    /// Whether the tally has aliases: most evaluations need to know no more of it, and so take no lock.
    aliases: Arc<AtomicBool>,
}

impl Trials {
    /// The tally as it is.
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Tally> {
        self.tally.read()
    }

    /// The tally as it is, to be looked at for as long as it takes: facts go on being folded meanwhile.
    pub(crate) fn still(&self) -> Tally {
        self.read().still()
    }

    /// Whether anybody is known under several ids.
    pub(crate) fn has_aliases(&self) -> bool {
        self.aliases.load(Ordering::Acquire)
    }

    /// Changes the tally.
    fn change(&self, change: impl FnOnce(&mut Tally)) {
        let mut tally = self.tally.write();
        change(&mut tally);
        self.aliases.store(tally.has_aliases(), Ordering::Release);
    }

    /// Folds everything anew where facts went by before what counts them was written. `progress` is told how many facts
    /// have been read, of how many.
    pub(crate) fn catch_up(&self, engine: &Engine, progress: &dyn Fn(u64, u64)) -> Result<(), EngineError> {
        if self.read().behind() {
            engine.renew(FILE, progress)?;
        }
        Ok(())
    }
}

impl SideView for Trials {
    fn file(&self) -> &'static str {
        FILE
    }

    fn load(&self, bytes: &[u8]) -> bool {
        let Some(tally) = Tally::from_bytes(bytes) else { return false };
        self.change(|old| *old = tally);
        true
    }

    fn fold(&self, facts: &[Fact]) {
        self.change(|tally| facts.iter().for_each(|fact| fold_one(tally, fact)));
    }

    fn save(&self) -> Vec<u8> {
        self.still().to_bytes()
    }

    fn knows(&self, id: &str) -> bool {
        self.read().knows(id)
    }

    fn renew(&self) -> Box<dyn Renewal> {
        let tally = self.read().anew();
        Box::new(Anew { tally, of: self.clone() })
    }
}

/// Folds a fact, and says so where it is a document that is left out.
fn fold_one(tally: &mut Tally, fact: &Fact) {
    let edition = tally.registry().edition();
    tally.apply(fact);
    if let Body::Configured(said) = &fact.body
        && Kind::named(&said.kind).is_some()
        && tally.registry().edition() == edition
    {
        let (kind, key, version) = (&said.kind, &said.key, said.version);
        tracing::warn!(kind, key, version, "a document about experiments makes no sense and is left out");
    }
}

/// A tally that is folded from the first fact on.
struct Anew {
    tally: Tally,
    of: Trials,
}

impl Renewal for Anew {
    fn fold(&mut self, fact: &Fact) {
        self.tally.apply(fact);
    }

    fn adopt(self: Box<Self>) {
        let Self { tally, of } = *self;
        of.change(|old| *old = tally);
    }
}
