//! From an analysis to a decision, by the rule that was declared before the first look.

mod rule;
#[cfg(test)]
mod tests;

use std::fmt;

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

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.call {
            Call::Ship { variant } => write!(f, "ship {variant}.")?,
            Call::Stop => f.write_str("stop it.")?,
            Call::KeepRunning => f.write_str("keep it running.")?,
            Call::Mend => f.write_str("find out what is wrong with it first.")?,
        }
        self.reasons.iter().try_for_each(|reason| write!(f, " {reason}"))
    }
}
