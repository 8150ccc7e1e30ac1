//! The experiments' tally, kept beside the engine's views, and what is written about experiments.

mod write;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anklang_domain::{Body, Fact};
use anklang_engine::{Engine, EngineError, Renewal, SideView};
use anklang_experiments::tally::Tally;
use parking_lot::{RwLock, RwLockReadGuard};

pub(crate) use write::{Draft, WriteError, Written};

/// The tally's snapshot in the data folder.
const FILE: &str = "experiments.bin";

/// The tally, shared by the engine, which feeds it, and by requests, which ask it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trials {
    tally: Arc<RwLock<Tally>>,
    /// Counts what was written about experiments.
    written: Arc<AtomicU64>,
}

impl Trials {
    /// The tally as it is.
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Tally> {
        self.tally.read()
    }

    /// Another number whenever something was written about experiments.
    pub(crate) fn written(&self) -> u64 {
        self.written.load(Ordering::Acquire)
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
        *self.tally.write() = tally;
        self.written.fetch_add(1, Ordering::Release);
        true
    }

    fn fold(&self, facts: &[Fact]) {
        let mut tally = self.tally.write();
        facts.iter().for_each(|fact| tally.apply(fact));
        drop(tally);
        if facts.iter().any(|fact| matches!(fact.body, Body::Configured(_))) {
            self.written.fetch_add(1, Ordering::Release);
        }
    }

    fn save(&self) -> Vec<u8> {
        self.read().to_bytes()
    }

    fn renew(&self) -> Box<dyn Renewal> {
        let tally = self.read().anew();
        Box::new(Anew { tally, of: self.clone() })
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
        *self.of.tally.write() = self.tally;
        self.of.written.fetch_add(1, Ordering::Release);
    }
}
