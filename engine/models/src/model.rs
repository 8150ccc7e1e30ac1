//! What a model is.

use crate::log::{Event, MemberIx, View};

/// Somebody asks for a ranking.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Who.
    pub member: MemberIx,
    /// All that was known before they asked. It may hold more than the model was fitted on: a model that can, folds the
    /// member's later events in.
    pub view: View<'a>,
}

impl<'a> Request<'a> {
    /// What the member did before asking, oldest first.
    pub fn history(&self) -> impl DoubleEndedIterator<Item = &'a Event> + use<'a> {
        self.view.history(self.member)
    }
}

/// What can be asked how much it is for whom.
pub trait Model: Send + Sync {
    /// Scores every item for every request: `out` is requests × items, row after row. No score is NaN; −∞ means that the
    /// model has nothing to say for the item. What a member dealt with already is scored like anything else: whether it
    /// may be listed is for the caller to say. Called from several threads with different requests.
    fn score(&self, requests: &[Request<'_>], out: &mut [f32]);
}

/// Why a model could not be fitted.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FitError {
    /// A parameter lies outside its range.
    #[error("{model}: {field} must be {want}")]
    Parameter {
        /// The model's name.
        model: &'static str,
        /// The parameter.
        field: &'static str,
        /// What would be right.
        want: &'static str,
    },
    /// It would take more memory than allowed.
    #[error("{model} needs {needs_bytes} bytes for {what}, more than the {bytes_max} allowed")]
    Memory {
        /// The model's name.
        model: &'static str,
        /// What the memory is for.
        what: &'static str,
        /// How much it takes.
        needs_bytes: u64,
        /// How much is allowed.
        bytes_max: u64,
    },
    /// What the model learns from is not there.
    #[error("{model} has nothing to learn from: {what}")]
    Nothing {
        /// The model's name.
        model: &'static str,
        /// What is missing.
        what: &'static str,
    },
    /// The numbers do not allow it, as a matrix that is not positive definite.
    #[error("{model}: {what}")]
    Numbers {
        /// The model's name.
        model: &'static str,
        /// What went wrong, and what helps.
        what: &'static str,
    },
    /// What the model stands on failed.
    #[error("{model}: {what}")]
    Elsewhere {
        /// The model's name.
        model: &'static str,
        /// What went wrong, as it said itself.
        what: String,
    },
}

/// Who wants to know how far a fit is.
pub trait Progress: Send + Sync {
    /// `done` of `total` steps of `what` are done.
    fn step(&self, what: &str, done: u64, total: u64);
}

/// Nobody wants to know.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quiet;

impl Progress for Quiet {
    fn step(&self, _what: &str, _done: u64, _total: u64) {}
}

/// The memory that one model may take unless more is allowed: Gowalla's 40,981 items as one dense matrix of `f32` fit.
pub const MEMORY_BYTES_MAX: u64 = 8 << 30;

/// What a fit is given beside its data.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Where chance comes from.
    pub seed: u64,
    /// The memory the model may take, in bytes.
    pub memory_bytes_max: u64,
    /// Who wants to know how far it is.
    pub progress: &'a dyn Progress,
}

impl Context<'_> {
    /// A fit that nobody watches.
    #[must_use]
    pub const fn quiet(seed: u64) -> Self {
        Context { seed, memory_bytes_max: MEMORY_BYTES_MAX, progress: &Quiet }
    }

    /// Refuses what would take more memory than allowed.
    pub const fn allow(&self, model: &'static str, what: &'static str, needs_bytes: u64) -> Result<(), FitError> {
        let bytes_max = self.memory_bytes_max;
        if needs_bytes > bytes_max {
            return Err(FitError::Memory { model, what, needs_bytes, bytes_max });
        }
        Ok(())
    }
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("seed", &self.seed).finish_non_exhaustive()
    }
}
