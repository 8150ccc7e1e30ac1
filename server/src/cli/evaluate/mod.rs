//! `anklang evaluate`: models on offline data, with the code that serves.

pub(super) mod data;
mod html;
pub(super) mod models;
mod replay;
pub(super) mod steps;
pub(super) mod table;

use std::path::PathBuf;

use anklang_datasets::dataset::DataSet;
use anklang_datasets::evaluate::report::{About, Report};
use anklang_datasets::evaluate::run::{Run, RunError, Surroundings, members_bytes, save};
use anklang_datasets::evaluate::{Contender, EvaluateError, Evaluation, Options, evaluate, paired, tags};
use anklang_datasets::load;
use anklang_datasets::split::{Fold, Split};
use anklang_datasets::summary::{fold_summary, summary};
use anklang_models::FitError;
use clap::Args;
use serde::Serialize;

use self::data::DataArgs;
use self::models::ModelArgs;
use self::steps::Steps;
use super::failure::Failure;
use super::terminal::{note, say};

/// Fits models to the past of a data set, asks them what came next, and says how right they were.
///
/// All candidates are ranked, never a sample. Values are means over members, each counting alike. Every other model is
/// compared with the first one named, member by member.
#[derive(Debug, Args)]
pub(crate) struct Evaluate {
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    models: ModelArgs,
    /// How many places of a list count; several make several columns
    #[arg(long, value_name = "K,…", value_delimiter = ',', default_values_t = Options::default().at)]
    at: Vec<usize>,
    /// The model that the others are compared with [default: the first]
    #[arg(long, value_name = "NAME")]
    compare_with: Option<String>,
    /// The chance of a false alarm that is taken, over all models together
    #[arg(long, default_value_t = paired::ALPHA)]
    alpha: f64,
    /// The memory that one model may take, in GiB
    #[arg(long, value_name = "GIB", default_value_t = (Options::default().memory_bytes_max >> 30) as f64)]
    memory: f64,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Write a report to read in a browser: one file, nothing else needed
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Keep the run in this folder: results, every member's values as Parquet, times and memory
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,
    /// Run a saved run again, and see whether it gives the same bytes; DATA where the data lie elsewhere now
    #[arg(long, value_name = "RUN", conflicts_with_all = ["models", "specs", "at", "compare_with", "alpha", "memory", "split", "seed", "name", "format", "weights", "member_column", "item_column", "time_column", "weight_column", "time_unit"])]
    replay: Option<PathBuf>,
}

/// What is to be evaluated.
struct Plan {
    data: DataSet,
    read_as: load::Options,
    split: Split,
    folds: Vec<Fold>,
    options: Options,
    alpha: f64,
    compare_with: String,
}

/// What came out.
struct Done {
    report: Report,
    surroundings: Surroundings,
    members: Vec<u8>,
}

/// A report and what it cost, as JSON.
#[derive(Serialize)]
struct Printed<'a> {
    #[serde(flatten)]
    report: &'a Report,
    surroundings: &'a Surroundings,
}

impl Evaluate {
    pub(crate) fn run(self) -> Result<(), Failure> {
        if let Some(run) = &self.replay {
            let run = Run::open(run).map_err(|error| of_run(&error))?;
            let done = replay::again(&run, &self.data)?;
            self.show(&done)?;
            return replay::same(&run, &done);
        }
        let data = self.data.load()?;
        note(&summary(&data));
        let contenders = self.models.contenders(&data)?;
        let plan = self.plan(data, &contenders)?;
        let done = plan.carry_out(&contenders, self.data.place()?)?;
        self.show(&done)
    }

    fn plan(&self, data: DataSet, contenders: &[Box<dyn Contender>]) -> Result<Plan, Failure> {
        if !(self.alpha > 0.0 && self.alpha <= 0.5) {
            return Err(Failure::Use(format!("--alpha is above 0 and at most 0.5; this is {}", self.alpha)));
        }
        let first = contenders.first().map(|contender| contender.name().to_owned()).unwrap_or_default();
        let compare_with = self.compare_with.clone().unwrap_or(first);
        if !contenders.iter().any(|contender| contender.name() == compare_with) {
            let names: Vec<&str> = contenders.iter().map(|contender| contender.name()).collect();
            return Err(Failure::Use(format!("--compare-with {compare_with:?} is none of {}", names.join(", "))));
        }
        let memory_bytes_max = bytes(self.memory)?;
        let options = Options { at: self.at.clone(), seed: self.data.seed, memory_bytes_max, tags: tags(&data) };
        let split = self.data.split(&data)?;
        let folds = data::folds(&data, &split, options.seed)?;
        for fold in &folds {
            note(&fold_summary(fold));
        }
        let read_as = self.data.read_as()?;
        Ok(Plan { data, read_as, split, folds, options, alpha: self.alpha, compare_with })
    }

    fn show(&self, done: &Done) -> Result<(), Failure> {
        if let Some(dir) = &self.save {
            save(dir, &done.report, &done.members, &done.surroundings).map_err(|error| of_run(&error))?;
        }
        if let Some(path) = &self.html {
            let page = html::page(&done.report, &done.surroundings.costs).into_string();
            std::fs::write(path, page).map_err(|error| Failure::File { place: path.display().to_string(), error })?;
        }
        if self.json {
            let printed = Printed { report: &done.report, surroundings: &done.surroundings };
            say(serde_json::to_string_pretty(&printed).map_err(|error| Failure::Other(error.to_string()))?);
            return Ok(());
        }
        table::lines(&done.report, &done.surroundings.costs, table::Ink::of_terminal()).iter().all(say);
        if let Some(path) = &self.html {
            say(format_args!("\nThe report is in {}.", path.display()));
        }
        if let Some(dir) = &self.save {
            say(format_args!("\nThe run is in {}: anklang evaluate --replay {0}", dir.display()));
        }
        Ok(())
    }
}

impl Plan {
    fn carry_out(&self, contenders: &[Box<dyn Contender>], place: PathBuf) -> Result<Done, Failure> {
        let contenders: Vec<&dyn Contender> = contenders.iter().map(AsRef::as_ref).collect();
        let steps = Steps::new();
        let evaluated = evaluate(&self.folds, &contenders, &self.options, &steps);
        steps.clear();
        let evaluation = evaluated.map_err(|error| of_evaluate(&error))?;
        let report = Report::of(&evaluation, &self.about());
        let members = members_bytes(&evaluation, &report, &self.data.members).map_err(|error| of_run(&error))?;
        let surroundings =
            Surroundings { data: place, threads: rayon::current_num_threads(), costs: costs(&evaluation) };
        Ok(Done { report, surroundings, members })
    }

    fn about(&self) -> About<'_> {
        About {
            data: &self.data,
            read_as: &self.read_as,
            split: &self.split,
            folds: &self.folds,
            seed: self.options.seed,
            memory_bytes_max: self.options.memory_bytes_max,
            alpha: self.alpha,
            compare_with: &self.compare_with,
        }
    }
}

/// GiB as bytes.
pub(super) fn bytes(memory_gib: f64) -> Result<u64, Failure> {
    if memory_gib > 0.0 && memory_gib <= 1e6 {
        Ok((memory_gib * (1_u64 << 30) as f64) as u64)
    } else {
        Err(Failure::Use(format!("--memory is in GiB, above 0; this is {memory_gib}")))
    }
}

fn costs(evaluation: &Evaluation) -> Vec<anklang_datasets::evaluate::Costs> {
    evaluation.outcomes.iter().map(|outcome| outcome.costs).collect()
}

fn of_run(error: &RunError) -> Failure {
    Failure::Other(error.to_string())
}

/// Whoever typed the command must act where they chose wrongly.
fn of_evaluate(error: &EvaluateError) -> Failure {
    match error {
        EvaluateError::Cutoffs
        | EvaluateError::TwiceNamed { .. }
        | EvaluateError::Fit { error: FitError::Parameter { .. }, .. } => Failure::Use(error.to_string()),
        EvaluateError::Fit { error: FitError::Memory { .. }, .. } => {
            Failure::Other(format!("{error}; --memory allows more"))
        }
        EvaluateError::NoCases | EvaluateError::Fit { .. } | EvaluateError::NotANumber { .. } => {
            Failure::Other(error.to_string())
        }
    }
}
