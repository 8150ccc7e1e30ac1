//! From an analysis to a decision, by the rule that was declared before the first look.

mod rule;
#[cfg(test)]
mod tests;

use serde::Serialize;

pub use rule::decide;

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "call", rename_all = "snake_case")]
pub enum Call {
    /// Ship this variant.
    Ship {
        /// Its key.
        variant: String,
    },
    /// Stop, and keep what was there before.
    Stop,
    /// Keep it running.
    KeepRunning,
    /// Find out first what is wrong with it.
    Mend,
}

/// What to do, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// What to do.
    #[serde(flatten)]
    pub call: Call,
    /// Why, the weightiest first.
    pub reasons: Vec<String>,
}
