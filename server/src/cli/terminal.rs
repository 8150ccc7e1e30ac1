//! What a command shows: results, progress, the log.

use std::io::{IsTerminal, Write};
use std::sync::Mutex;

use indicatif::{ProgressBar, ProgressStyle};
use tracing_subscriber::EnvFilter;

use super::failure::Failure;
use crate::config::{Config, LOG_DEFAULT};
use anklang_engine::Progress;

/// Writes one line of the result. False where nobody reads any more, such as `head`.
pub(crate) fn say(line: impl std::fmt::Display) -> bool {
    writeln!(std::io::stdout(), "{line}").is_ok()
}

/// Writes to standard error what is good to know on the way.
pub(crate) fn note(text: &impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Writes to standard error why the command failed.
pub(crate) fn complain(failure: &Failure) {
    let _ = writeln!(std::io::stderr(), "anklang: {failure}");
}

/// Sends the log to standard error.
pub(crate) fn log_to_stderr(config: &Config) {
    let filter = EnvFilter::try_new(&config.log).unwrap_or_else(|_| EnvFilter::new(LOG_DEFAULT));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    // A second logger, as in tests, is no reason to stop.
    let _ = if config.log_json { log.json().try_init() } else { log.with_target(false).try_init() };
}

/// Shows how far long work is, where somebody is watching.
pub(crate) struct Bar {
    bar: Mutex<ProgressBar>,
    watched: bool,
}

impl Bar {
    pub(crate) fn new() -> Self {
        Self { bar: Mutex::new(ProgressBar::hidden()), watched: std::io::stderr().is_terminal() }
    }

    /// Writes a line to standard error that stays, above the bar where there is one.
    pub(crate) fn note(&self, line: &str) {
        self.with(|bar| {
            bar.suspend(|| {
                let _ = writeln!(std::io::stderr(), "{line}");
            });
        });
    }

    /// The work is done; the bar goes.
    pub(crate) fn clear(&self) {
        self.with(|bar| bar.finish_and_clear());
    }

    fn with(&self, act: impl FnOnce(&mut ProgressBar)) {
        act(&mut self.bar.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    }
}

impl Progress for Bar {
    fn phase(&self, name: &str, total: Option<u64>) {
        if !self.watched {
            tracing::debug!(total, "{name}");
            return;
        }
        let fresh = total.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
        let form = if total.is_some() {
            "{msg} {wide_bar} {human_pos}/{human_len} {eta}"
        } else {
            "{spinner} {msg} {human_pos}"
        };
        if let Ok(style) = ProgressStyle::with_template(form) {
            fresh.set_style(style);
        }
        fresh.set_message(name.to_owned());
        self.with(|bar| {
            bar.finish_and_clear();
            *bar = fresh;
        });
    }

    fn step(&self, done: u64) {
        self.with(|bar| bar.set_position(done));
    }
}
