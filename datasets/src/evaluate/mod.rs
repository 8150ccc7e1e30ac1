//! The harness: models are fitted on a fold's past, asked its questions, and held against its answers.
//!
//! Every model is put the same questions, ranks **all** candidates, and loses ties by the same seeded shuffle; values are
//! kept by member, so that comparisons are paired. The same data, models and seed give the same values to the last bit,
//! whatever the number of threads; times and memory are kept apart.

mod background;
mod barred;
pub mod hybrid;
pub mod members;
mod memory;
mod named;
mod outcome;
pub mod paired;
mod rank;
pub mod report;
pub mod run;
#[cfg(test)]
mod tests;
pub mod top_k;
pub mod tune;

use std::time::Instant;

use anklang_models::{Context, FitError, ItemIx, MemberIx, Model, Progress};
use serde_json::Value;

pub use self::named::{Named, NamedError};
pub use self::outcome::{Asked, Column, ColumnError, Costs, Evaluation, Outcome, Targets};

use self::background::Background;
use self::memory::{forget_peak, memory};
use self::rank::{Court, Ranked};
use self::top_k::Ties;
use crate::dataset::DataSet;
use crate::measure::Measure;
use crate::split::{Candidates, Fold};

/// The most places of a list.
pub const K_MAX: usize = 1_000;
/// The most cutoffs of one evaluation.
pub const CUTOFFS_MAX: usize = 10;

/// Who takes part in an evaluation: a model's [`Spec`](anklang_models::Spec), or whatever else can be fitted.
pub trait Contender: Send + Sync {
    /// What reports call it.
    fn name(&self) -> &str;

    /// What it is, so that it can be made again.
    fn document(&self) -> Value;

    /// Fits it to what the fold lets it see: its train log before its moment, and nothing else.
    fn fit(&self, fold: &Fold, context: &Context<'_>) -> Result<Box<dyn Model>, FitError>;
}

/// How to evaluate.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// The cutoffs: of how many places measures are.
    pub at: Vec<usize>,
    /// Where ties and models take their chance from.
    pub seed: u64,
    /// The memory that one model may take.
    pub memory_bytes_max: u64,
    /// Which columns of the items' content are tags, for [`Measure::Calibration`]; empty where all are.
    pub tags: Vec<bool>,
}

/// What the names of a data set's features say of which are tags: those that begin with `tag:`, or all where none does.
#[must_use]
pub fn tags(data: &DataSet) -> Vec<bool> {
    let tags: Vec<bool> = data.features.iter().map(|name| name.starts_with("tag:")).collect();
    if tags.contains(&true) { tags } else { Vec::new() }
}

impl Default for Options {
    fn default() -> Self {
        Self { at: vec![20], seed: 1, memory_bytes_max: anklang_models::model::MEMORY_BYTES_MAX, tags: Vec::new() }
    }
}

/// Why there is no evaluation.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EvaluateError {
    /// The cutoffs make no sense.
    #[error("at: up to {CUTOFFS_MAX} cutoffs from 1 to {K_MAX}")]
    Cutoffs,
    /// The folds hold no questions.
    #[error("nothing to evaluate: the split leaves no member with anything to find")]
    NoCases,
    /// Two contenders have one name.
    #[error("two models are called {name:?}: their rows could not be told apart")]
    TwiceNamed {
        /// The name.
        name: String,
    },
    /// A model cannot be fitted.
    #[error("{name}, fold {fold}: {error}")]
    Fit {
        /// Which contender.
        name: String,
        /// On which fold.
        fold: String,
        /// Why.
        error: FitError,
    },
    /// A model's score is not a number.
    #[error("{name}, fold {fold}: the score of item {} is NaN; this is a mistake in the model", item.0)]
    NotANumber {
        /// Which contender.
        name: String,
        /// On which fold.
        fold: String,
        /// For which item.
        item: ItemIx,
    },
}

/// Puts the questions of all folds to all contenders.
pub fn evaluate(
    folds: &[Fold],
    contenders: &[&dyn Contender],
    options: &Options,
    progress: &dyn Progress,
) -> Result<Evaluation, EvaluateError> {
    let mut at = options.at.clone();
    at.sort_unstable();
    at.dedup();
    if at.is_empty() || at.len() > CUTOFFS_MAX || at[0] == 0 || at.iter().any(|k| *k > K_MAX) {
        return Err(EvaluateError::Cutoffs);
    }
    if folds.iter().all(|fold| fold.cases.is_empty()) {
        return Err(EvaluateError::NoCases);
    }
    for (place, contender) in contenders.iter().enumerate() {
        if contenders[..place].iter().any(|other| other.name() == contender.name()) {
            return Err(EvaluateError::TwiceNamed { name: contender.name().to_owned() });
        }
    }
    let items = folds.iter().map(|fold| fold.asked.items()).max().unwrap_or_default();
    let ties = Ties::new(items, options.seed);
    let grounds: Vec<Background> =
        folds.iter().map(|fold| Background::of(&fold.train.before(fold.train_before), &ties)).collect();
    let mut evaluation = Evaluation {
        columns: columns(&at),
        at,
        asked: asked(folds, &grounds),
        catalogue: catalogue(folds, items),
        outcomes: Vec::new(),
    };
    let k_max = evaluation.at.last().copied().unwrap_or_default();
    let courts: Vec<Court<'_>> = folds
        .iter()
        .zip(&grounds)
        .map(|(fold, ground)| Court::new(fold, &ties, ground, &evaluation.columns, k_max, &options.tags))
        .collect();
    let outcomes: Result<Vec<Outcome>, EvaluateError> =
        contenders.iter().map(|contender| contend(*contender, &courts, options, progress)).collect();
    drop(courts);
    evaluation.outcomes = outcomes?;
    Ok(evaluation)
}

fn contend(
    contender: &dyn Contender,
    courts: &[Court<'_>],
    options: &Options,
    progress: &dyn Progress,
) -> Result<Outcome, EvaluateError> {
    let mut costs = Costs::default();
    let columns = courts.first().map_or(0, |court| court.columns.len());
    let mut outcome = Outcome {
        name: contender.name().to_owned(),
        document: contender.document(),
        values: vec![Vec::new(); columns],
        lists: Vec::new(),
        costs,
    };
    for court in courts {
        let fold = court.fold;
        let (name, called) = (contender.name().to_owned(), fold.name.clone());
        let context = Context { seed: options.seed, memory_bytes_max: options.memory_bytes_max, progress };
        let model = measured(&mut costs, || contender.fit(fold, &context)).map_err(|error| EvaluateError::Fit {
            name: name.clone(),
            fold: called.clone(),
            error,
        })?;
        let began = Instant::now();
        let ranked = court
            .rank(&*model, &format!("{name}: ranking"), progress)
            .map_err(|error| EvaluateError::NotANumber { name, fold: called, item: error.0 })?;
        costs.rank_seconds += began.elapsed().as_secs_f64();
        for Ranked { list, values } in ranked {
            outcome.lists.push(list);
            outcome.values.iter_mut().zip(values).for_each(|(column, value)| column.push(value));
        }
    }
    outcome.costs = costs;
    Ok(outcome)
}

/// Does it, and notes the time and memory that it took.
fn measured<T>(costs: &mut Costs, fit: impl FnOnce() -> T) -> T {
    forget_peak();
    let before = memory();
    let began = Instant::now();
    let fitted = fit();
    costs.fit_seconds += began.elapsed().as_secs_f64();
    if let (Some(before), Some(after)) = (before, memory()) {
        let added = after.peak_bytes.saturating_sub(before.now_bytes);
        costs.fit_peak_bytes = costs.fit_peak_bytes.max(Some(after.peak_bytes));
        costs.fit_added_bytes = costs.fit_added_bytes.max(Some(added));
    }
    fitted
}

/// All measures at all cutoffs; of warm and cold items those that reports tell apart, at the largest.
fn columns(at: &[usize]) -> Vec<Column> {
    let all = at.iter().flat_map(|k| Measure::all().map(|measure| Column::of_all(measure, *k)));
    let apart = at.last().into_iter().flat_map(|k| {
        let of = |of| [Measure::Ndcg, Measure::Recall].map(|measure| Column { measure, k: *k, of });
        [Targets::Warm, Targets::Cold].into_iter().flat_map(of)
    });
    all.chain(apart).collect()
}

fn asked(folds: &[Fold], grounds: &[Background]) -> Vec<Asked> {
    let of_fold = |(number, (fold, ground)): (usize, (&Fold, &Background))| {
        let asked = fold.cases.iter().map(|case| Asked {
            fold: number,
            member: case.member,
            at: case.at,
            history: distinct(fold, case.member, case.at),
            cold: !ground.warm_members.get(case.member.ix()).copied().unwrap_or(false),
            targets: case.targets.len() as u32,
        });
        asked.collect::<Vec<_>>()
    };
    folds.iter().zip(grounds).enumerate().flat_map(of_fold).collect()
}

fn distinct(fold: &Fold, member: MemberIx, at: i64) -> u32 {
    let view = fold.asked.before(at);
    let mut items: Vec<ItemIx> = view.history(member).map(|event| event.item).collect();
    items.sort_unstable();
    items.dedup();
    items.len() as u32
}

/// What existed at the last question of some fold and may be listed there.
fn catalogue(folds: &[Fold], items: usize) -> Vec<bool> {
    let mut there = vec![false; items];
    for fold in folds {
        let Some(last) = fold.cases.iter().map(|case| case.at).max() else { continue };
        let view = fold.asked.before(last);
        let exists = |item: &ItemIx| view.exists(*item);
        match &fold.candidates {
            Candidates::Only(items) => {
                items.iter().filter(|item| exists(item)).for_each(|item| there[item.ix()] = true)
            }
            Candidates::Unseen | Candidates::All | Candidates::Missed => {
                (0..fold.asked.items() as u32).map(ItemIx).filter(exists).for_each(|item| there[item.ix()] = true);
            }
        }
    }
    there
}
