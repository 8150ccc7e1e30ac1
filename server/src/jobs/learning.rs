//! Learning in the background: one at a time, on a thread of its own, so that neither requests nor other jobs wait.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anklang_engine::LearnError;

use crate::app::App;

/// The least time between two beginnings: what a community does in a minute changes little of what is learned from years.
const PAUSE: Duration = Duration::from_secs(60);

/// Who learns, and when they began.
#[derive(Default)]
pub(super) struct Learner {
    thread: Option<JoinHandle<()>>,
    began: Option<Instant>,
}

impl Learner {
    /// Begins to learn where it is worth it and nobody does.
    pub(super) fn look(&mut self, app: &Arc<App>) {
        let resting = self.began.is_some_and(|began| began.elapsed() < PAUSE);
        let busy = self.thread.as_ref().is_some_and(|thread| !thread.is_finished());
        if resting || busy || app.stopping() || !app.engine.learning_is_due() {
            return;
        }
        self.wait();
        self.began = Some(Instant::now());
        let app = Arc::clone(app);
        let begun = thread::Builder::new().name("learning".to_owned()).spawn(move || learn(&app));
        self.thread = begun.inspect_err(|error| tracing::error!(%error, "no thread to learn on")).ok();
    }

    /// Waits for who learns.
    pub(super) fn wait(&mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn learn(app: &App) {
    let began = Instant::now();
    // After a start without the file, first what the journal says was learned: lists are then as they were.
    let again = if app.engine.learned().engagements == 0 { app.engine.learn_again() } else { Ok(false) };
    let learned = again.and_then(|again| if again { Ok(()) } else { app.engine.learn(app.clock.received()) });
    match learned {
        Ok(()) => {
            let learned = app.engine.learned();
            let seconds = began.elapsed().as_secs_f64();
            tracing::info!(learned.engagements, circles = learned.circles.len(), seconds, "lists use what was learned");
        }
        Err(LearnError::Engine(error)) => tracing::error!(%error, "nothing was learned; lists stay as they are"),
        Err(LearnError::Commit(error)) => tracing::error!(%error, "what was learned could not be noted in the journal"),
    }
}
