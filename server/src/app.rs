//! The use cases: what the server can do, without a word of HTTP.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use anklang_domain::{Body, Fact, FactId, IdError, UnixMillis};
use parking_lot::Mutex;
use serde_json::Value;
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::config::{Config, Limits};
use crate::exposures::{Assignment, Remembered};
use crate::flags::{Decision, Flags, Served};
use crate::keys::{KeyError, Keys, random_text, sha256_hex};
use crate::metrics::Metrics;
use crate::trials::Trials;
use anklang_engine::Engine;
use anklang_engine::journal::{CommitError, Receipt};

/// Everything a request may need. One for the whole process, shared by its threads.
pub(crate) struct App {
    pub(crate) engine: Arc<Engine>,
    pub(crate) trials: Trials,
    pub(crate) data: PathBuf,
    pub(crate) clock: Clock,
    pub(crate) keys: Keys,
    pub(crate) limits: Limits,
    pub(crate) metrics: Metrics,
    /// What a command on the same machine shows to a running server; in a file of the data folder.
    pub(crate) control: String,
    pub(crate) control_sha256: String,
    pub(crate) flags: Arc<Flags>,
    /// What a client that was let in shows to a stream, where it cannot send its key.
    pub(crate) stream_token: String,
    remembered: Remembered,
    /// What of the documents is served: their edition, and when it last changed.
    published: Mutex<Option<(u64, UnixMillis)>>,
    in_flight: AtomicUsize,
    stopping: AtomicBool,
}

/// A request that is being answered; counts until it is dropped.
pub(crate) struct InFlight<'a>(&'a AtomicUsize);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl App {
    /// Puts the parts together.
    pub(crate) fn new(engine: Arc<Engine>, trials: Trials, keys: Keys, config: &Config) -> Result<Self, KeyError> {
        let control = random_text()?;
        Ok(Self {
            engine,
            trials,
            data: config.data.clone(),
            clock: Clock::of(config.as_of),
            keys,
            limits: config.limits.clone(),
            metrics: Metrics::default(),
            control_sha256: sha256_hex(control.as_bytes()),
            control,
            flags: Arc::new(Flags::new(config.limits.streams_max)),
            stream_token: random_text()?,
            remembered: Remembered::default(),
            published: Mutex::default(),
            in_flight: AtomicUsize::new(0),
            stopping: AtomicBool::new(false),
        })
    }

    /// Appends facts. When it returns they are durable, and the next list knows of them.
    pub(crate) async fn ingest(&self, facts: Vec<Fact>) -> Result<Receipt, CommitError> {
        if facts.is_empty() {
            return Ok(Receipt { accepted: 0, duplicates: 0 });
        }
        let (sender, receiver) = oneshot::channel();
        let done = Box::new(move |result| {
            // Whoever asked may have gone away; the facts are in all the same.
            let _ = sender.send(result);
        });
        let submitted = self.engine.submit(facts, self.clock.received(), done);
        let result = match submitted {
            Ok(()) => receiver.await.map_err(|_| CommitError::Closed)?,
            Err(busy) => Err(busy),
        };
        match &result {
            Ok(receipt) => self.metrics.ingested(receipt.accepted as u64, receipt.duplicates as u64),
            Err(CommitError::Busy(_)) => self.metrics.refused_busy(),
            Err(CommitError::Journal(_) | CommitError::Closed) => {}
        }
        result
    }

    /// Serves what was written about experiments, if it is another thing than before.
    pub(crate) fn publish(&self) {
        let now = self.clock.received();
        let mut published = self.published.lock();
        let (payload, changed) = {
            let tally = self.trials.read();
            let registry = tally.registry();
            let edition = (registry.edition(), registry.changed_at(now));
            if *published == Some(edition) {
                return;
            }
            *published = Some(edition);
            (registry.payload(now), edition.1)
        };
        if let Err(error) = self.flags.publish(payload, changed) {
            tracing::error!(%error, "the flags are kept as they were");
        }
    }

    /// Notes every experiment that put a unit into a variant, without making anybody wait. `client` says who evaluated.
    pub(crate) fn expose(&self, served: &Served, decision: &Decision<'_>, client: &str, attributes: &Value) {
        served.assignments(decision, |assignment| self.note(assignment, client, attributes));
    }

    fn note(&self, assignment: &Assignment<'_>, client: &str, attributes: &Value) {
        let Some(fresh) = self.remembered.fresh(assignment) else { return };
        let body = assignment.body(client, attributes);
        if self.engine.note(self.fact(assignment.fact_id(), None, client, body)) {
            fresh.remember();
        }
    }

    /// A fact that a request brings, stamped with the moment of its arrival.
    pub(crate) fn fact(&self, id: FactId, at: Option<anklang_domain::UnixMillis>, source: &str, body: Body) -> Fact {
        let received = self.clock.received();
        Fact { id, at: at.unwrap_or(received), received_at: Some(received), source: source.to_owned(), body }
    }

    /// Counts a request in; none where there are as many as may be.
    pub(crate) fn enter(&self) -> Option<InFlight<'_>> {
        let before = self.in_flight.fetch_add(1, Ordering::Relaxed);
        let entered = InFlight(&self.in_flight);
        (before < self.limits.requests_in_flight_max).then_some(entered)
    }

    /// How many requests are being answered.
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Whether the server is on its way down.
    pub(crate) fn stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Says that the server is on its way down: readiness and open streams end at once, answers go on.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.flags.close();
    }
}

/// An id that nobody else has.
pub(crate) fn unique_id(prefix: &str) -> Result<FactId, UniqueError> {
    Ok(FactId::parse(&format!("{prefix}{}", random_text()?))?)
}

/// Why no unique id could be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UniqueError {
    #[error(transparent)]
    Random(#[from] KeyError),
    #[error(transparent)]
    Id(#[from] IdError),
}
