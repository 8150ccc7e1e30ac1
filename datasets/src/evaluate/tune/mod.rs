//! The search for a model's parameters, on a validation slice inside the training part: what the test asks for is never
//! seen. Every model that is compared deserves the same budget.

mod journal;
mod propose;
mod space;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anklang_models::{Progress, Spec};

pub use self::journal::{FORMAT, Header, Journal, Trial};

use self::propose::propose;
use self::space::Space;
use super::outcome::Column;
use super::{EvaluateError, Named, Options, evaluate};
use crate::split::Fold;

/// The trials of a model unless another number is named.
pub const TRIALS: usize = 30;
/// A spec that was tried already is proposed anew so often; then the search has seen all there is.
const AGAIN_MAX: u64 = 16;

/// What is searched, and for how long.
#[derive(Debug, Clone)]
pub struct Search<'a> {
    /// The validation folds.
    pub folds: &'a [Fold],
    /// By what trials are judged; more is better.
    pub of: Column,
    /// Seed and memory; the cutoff is that of the measure.
    pub options: Options,
    /// The most trials, those of the journal included.
    pub trials: usize,
    /// No trial begins after this.
    pub time: Option<Duration>,
}

/// Why a search cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum TuneError {
    /// The journal cannot be read or written.
    #[error("{}: {error}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The journal is not one of this search.
    #[error("{}:{line}: {what}", path.display())]
    Journal {
        /// Which.
        path: PathBuf,
        /// Where.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// A spec cannot be made; this is ours to mend.
    #[error("{model}: {what}")]
    Spec {
        /// Of which model.
        model: &'static str,
        /// What is wrong.
        what: String,
    },
    /// The validation slice cannot be evaluated.
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
    /// No trial was worth anything.
    #[error("all {trials} trials failed, the last: {error}")]
    AllFailed {
        /// How many.
        trials: usize,
        /// Why the last did.
        error: String,
    },
}

/// Tries specs from `start` on until the budget is spent, and returns the best trial. `watch` is told every trial, with
/// the best so far.
pub fn tune(
    search: &Search<'_>,
    start: &Spec,
    journal: &mut Journal,
    progress: &dyn Progress,
    watch: &mut dyn FnMut(&Trial, Option<&Trial>),
) -> Result<Trial, TuneError> {
    let space = Space::of(start);
    let began = Instant::now();
    while journal.trials().len() < search.trials && search.time.is_none_or(|time| began.elapsed() < time) {
        let Some(spec) = next(&space, start, journal.trials(), search.options.seed)? else { break };
        let trial = attempt(search, journal.trials().len(), spec, progress)?;
        journal.push(trial.clone())?;
        watch(&trial, best(journal.trials()));
    }
    best(journal.trials()).cloned().ok_or_else(|| TuneError::AllFailed {
        trials: journal.trials().len(),
        error: journal
            .trials()
            .last()
            .and_then(|trial| trial.error.clone())
            .unwrap_or_else(|| "there was none".to_owned()),
    })
}

/// The trial that was worth most; of equals, the earlier.
#[must_use]
pub fn best(trials: &[Trial]) -> Option<&Trial> {
    let worth = |trial: &Trial| trial.value.unwrap_or(f64::NEG_INFINITY);
    let better = |best: Option<&'_ Trial>, trial: &Trial| best.is_none_or(|best| worth(trial) > worth(best));
    trials
        .iter()
        .filter(|trial| trial.value.is_some())
        .fold(None, |best, trial| if better(best, trial) { Some(trial) } else { best })
}

/// The spec to try; none where nothing new is left.
fn next(space: &Space, start: &Spec, trials: &[Trial], seed: u64) -> Result<Option<Spec>, TuneError> {
    if trials.is_empty() {
        return Ok(Some(start.clone()));
    }
    let before: Vec<(Vec<f64>, Option<f64>)> =
        trials.iter().map(|trial| (space.point(&trial.spec), trial.value)).collect();
    let first = space.point(start);
    for again in 0..AGAIN_MAX {
        let point = propose(space, &first, &before, seed.wrapping_add(again << 32));
        let spec =
            space.at(&point).map_err(|error| TuneError::Spec { model: start.name(), what: error.to_string() })?;
        if trials.iter().all(|trial| trial.spec != spec) {
            return Ok(Some(spec));
        }
    }
    Ok(None)
}

/// What a model cannot do with these parameters is a failed trial; what the harness cannot do ends the search.
fn attempt(search: &Search<'_>, number: usize, spec: Spec, progress: &dyn Progress) -> Result<Trial, TuneError> {
    let began = Instant::now();
    let named = Named::from(spec.clone());
    let options = Options { at: vec![search.of.k], ..search.options.clone() };
    let (value, error) = match evaluate(search.folds, &[&named], &options, progress) {
        Ok(evaluation) => {
            let column = evaluation.column(search.of);
            let mean = column
                .zip(evaluation.outcomes.first())
                .and_then(|(column, outcome)| evaluation.mean(outcome, column, |_| true));
            (mean.map(|(mean, _)| mean), mean.is_none().then(|| format!("no member has {}", search.of)))
        }
        Err(error @ (EvaluateError::Fit { .. } | EvaluateError::NotANumber { .. })) => (None, Some(error.to_string())),
        Err(error @ (EvaluateError::Cutoffs | EvaluateError::NoCases | EvaluateError::TwiceNamed { .. })) => {
            return Err(error.into());
        }
    };
    Ok(Trial { trial: number, spec, value, error, seconds: began.elapsed().as_secs_f64() })
}
