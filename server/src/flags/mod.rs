//! What flags are served: one payload of configuration, compiled for evaluation here and written out for SDKs that
//! evaluate themselves. A change replaces it whole and wakes every open stream.

mod about;
mod decision;
mod remembered;
mod served;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anklang_domain::UnixMillis;
use anklang_experiments::assign::PayloadError;
use serde_json::Value;
use tokio::sync::watch;

pub(crate) use decision::{Cause, Decision};
pub(crate) use remembered::{context, remembered};
pub(crate) use served::{KEY_ATTRIBUTE, Served, quoted};

/// What streams watch.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) served: Arc<Served>,
    /// False from the moment the server is told to stop: streams end then.
    pub(crate) open: bool,
}

/// The flags of this server.
#[derive(Debug)]
pub(crate) struct Flags {
    state: watch::Sender<State>,
    streams: Arc<AtomicUsize>,
    streams_max: usize,
}

/// An open stream: a place among those there may be, and what it watches. The place is free again when it is dropped.
#[derive(Debug)]
pub(crate) struct Subscription {
    pub(crate) changes: watch::Receiver<State>,
    streams: Arc<AtomicUsize>,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.streams.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Flags {
    /// No flags at all, for at most this many streams.
    pub(crate) fn new(streams_max: usize) -> Self {
        let served = Arc::new(Served::nothing());
        let (state, _) = watch::channel(State { served, open: true });
        Self { state, streams: Arc::default(), streams_max }
    }

    /// What is served now.
    pub(crate) fn current(&self) -> Arc<Served> {
        Arc::clone(&self.state.borrow().served)
    }

    /// Serves another payload from now on: an object with `features` and, where there are any, `savedGroups` and
    /// `experiments`, as GrowthBook's SDKs read it. A feature with `"enabled": false` is kept from them, and answered as
    /// disabled over OFREP. `changed` is the moment of the change, so that a restart tells the same one. False where
    /// nothing is different.
    pub(crate) fn publish(&self, payload: Value, changed: UnixMillis) -> Result<bool, PayloadError> {
        let mut served = Served::of(payload, changed)?;
        Ok(self.state.send_if_modified(|state| {
            if state.served.etag == served.etag {
                return false;
            }
            // SDKs tell versions apart by this moment: two changes within a millisecond must not look like one.
            served.advance(state.served.updated_at);
            state.served = Arc::new(served.clone());
            true
        }))
    }

    /// Takes a place for a stream; none where there are as many as may be, or the server is on its way down.
    pub(crate) fn subscribe(&self) -> Option<Subscription> {
        let subscription = Subscription { changes: self.state.subscribe(), streams: Arc::clone(&self.streams) };
        let before = self.streams.fetch_add(1, Ordering::Relaxed);
        (before < self.streams_max && self.state.borrow().open).then_some(subscription)
    }

    /// How many streams are open.
    pub(crate) fn streams(&self) -> usize {
        self.streams.load(Ordering::Relaxed)
    }

    /// Ends every stream, and takes no new one.
    pub(crate) fn close(&self) {
        self.state.send_modify(|state| state.open = false);
    }
}
