//! Progress of fits and rankings, told by several threads at once.

use std::sync::Mutex;

use anklang_engine::Progress as _;

use crate::cli::terminal::Bar;

pub(in crate::cli) struct Steps {
    bar: Bar,
    what: Mutex<String>,
}

impl Steps {
    pub(in crate::cli) fn new() -> Self {
        Self { bar: Bar::new(), what: Mutex::new(String::new()) }
    }

    /// A line beside the bar, to stay.
    pub(in crate::cli) fn note(&self, line: &str) {
        self.bar.note(line);
    }

    pub(in crate::cli) fn clear(&self) {
        self.bar.clear();
    }
}

impl anklang_models::Progress for Steps {
    fn step(&self, what: &str, done: u64, total: u64) {
        let mut current = self.what.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if *current != what {
            what.clone_into(&mut current);
            self.bar.phase(what, Some(total));
        }
        self.bar.step(done);
    }
}
