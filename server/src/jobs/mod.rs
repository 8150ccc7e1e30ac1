//! What happens beside the requests: keys are read again when their file changes, snapshots are taken so that the next
//! start is quick, and lists are made better by what can be learned from all that happened.

mod learning;

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use self::learning::Learner;
use crate::app::App;

/// How often the file of keys is looked at: a key that is removed is refused this soon.
const KEYS_SECONDS: u64 = 2;

/// The thread that does it.
pub(crate) struct Jobs {
    stop: mpsc::Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl Jobs {
    /// Ends the thread and waits for what it is doing.
    pub(crate) fn stop(mut self) {
        let _ = self.stop.send(());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Starts the jobs.
pub(crate) fn start(app: Arc<App>) -> Jobs {
    let (stop, stopped) = mpsc::channel();
    let thread = std::thread::Builder::new().name("jobs".to_owned()).spawn(move || run(&app, &stopped));
    Jobs { stop, thread: thread.inspect_err(|error| tracing::error!(%error, "no thread for the jobs")).ok() }
}

fn run(app: &Arc<App>, stopped: &mpsc::Receiver<()>) {
    let mut keys_changed = modified(app.keys.path());
    let mut snapshot_at = Instant::now();
    let mut snapshot_facts = app.engine.stats().facts;
    let mut learner = Learner::default();
    while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(Duration::from_secs(KEYS_SECONDS)) {
        let now_changed = modified(app.keys.path());
        if now_changed != keys_changed {
            keys_changed = now_changed;
            if let Err(error) = app.keys.reload() {
                tracing::error!(%error, "the keys are kept as they were");
            }
        }
        if let Err(error) = app.trials.catch_up(&app.engine, &|_, _| {}) {
            tracing::error!(%error, "the experiments are behind");
        }
        app.publish(); // experiments begin and end by the clock
        learner.look(app);
        let facts = app.engine.stats().facts;
        let due = snapshot_at.elapsed() >= Duration::from_secs(app.limits.snapshot_minutes.saturating_mul(60));
        if app.limits.snapshot_minutes > 0 && due && facts != snapshot_facts {
            if let Err(error) = app.engine.snapshot() {
                tracing::error!(%error, "no snapshot was taken; the next start takes longer");
            }
            (snapshot_at, snapshot_facts) = (Instant::now(), facts);
        }
    }
    learner.wait();
}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|about| about.modified()).ok()
}
