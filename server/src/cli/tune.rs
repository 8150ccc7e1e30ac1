//! `anklang tune`: a search for parameters that never sees what the test asks for.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anklang_datasets::dataset::DataSet;
use anklang_datasets::evaluate::report::DataName;
use anklang_datasets::evaluate::tune::{FORMAT, Header, Journal, Search, TRIALS, Trial, TuneError, tune};
use anklang_datasets::evaluate::{Column, ColumnError, Named, Options};
use anklang_datasets::measure::Better;
use anklang_datasets::split::{Fold, Split};
use anklang_datasets::summary::summary;
use clap::Args;

use super::evaluate::data::{DataArgs, folds, refused};
use super::evaluate::models;
use super::evaluate::steps::Steps;
use super::failure::Failure;
use super::terminal::{note, say};

/// Searches for the parameters with which models do best, on a validation slice inside the training part.
///
/// What the test asks for is never seen. The trials of every model are as many, or take as long.
#[derive(Debug, Args)]
pub(crate) struct Tune {
    #[command(flatten)]
    data: DataArgs,
    /// A model, searched from its defaults or from what is given, as ease:l2=200; may be repeated; all: every model
    #[arg(long = "model", value_name = "NAME[:PARAMETER=VALUE,…]", required = true)]
    models: Vec<String>,
    /// By what trials are judged
    #[arg(long, value_name = "MEASURE@K", default_value = "ndcg@20", value_parser = measure)]
    measure: Column,
    /// Trials of each model, those of the journal included
    #[arg(long, value_name = "N", default_value_t = TRIALS)]
    trials: usize,
    /// No trial of a model begins after so many minutes
    #[arg(long)]
    minutes: Option<f64>,
    /// The memory that one model may take, in GiB
    #[arg(long, value_name = "GIB", default_value_t = (Options::default().memory_bytes_max >> 30) as f64)]
    memory: f64,
    /// Keep the trials in this folder, a file a model; the same command goes on where it stopped
    #[arg(long, value_name = "DIR")]
    journal: Option<PathBuf>,
    /// Write the best of every model to this file, for `anklang evaluate --specs FILE`; models of other names stay in it
    #[arg(long, value_name = "FILE")]
    specs: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn measure(text: &str) -> Result<Column, String> {
    let column: Column = text.parse().map_err(|error: ColumnError| error.to_string())?;
    match column.measure.better() {
        Better::Higher => Ok(column),
        Better::Lower | Better::Neither => Err(format!("more of {} is not better", column.measure.name())),
    }
}

impl Tune {
    pub(crate) fn run(self) -> Result<(), Failure> {
        if self.trials == 0 {
            return Err(Failure::Use("--trials must be 1 or more".to_owned()));
        }
        let memory_bytes_max = super::evaluate::bytes(self.memory)?;
        if self.minutes.is_some_and(|minutes| !(minutes > 0.0 && minutes <= 1e6)) {
            return Err(Failure::Use("--minutes must be above 0".to_owned()));
        }
        let models = models::named(&self.models)?;
        let data = self.data.load()?;
        note(&summary(&data));
        let split = self.data.split(&data)?;
        let validation = self.validation(&data, &split)?;
        let mut tuned = Vec::new();
        for model in &models {
            let best = self.search(&data, &split, &validation, (model, memory_bytes_max))?;
            self.tell(model, &best)?;
            tuned.push(Named { name: model.spec.name().to_owned(), spec: best.spec });
        }
        if let Some(path) = &self.specs {
            write(path, &tuned)?;
            if !self.json {
                say(format_args!("The models are in {}: anklang evaluate DATA --specs {0}", path.display()));
            }
        }
        Ok(())
    }

    /// Inside the training of the first fold, which ends before anything is asked.
    fn validation(&self, data: &DataSet, split: &Split) -> Result<Vec<Fold>, Failure> {
        let folds = folds(data, split, self.data.seed)?;
        let first = folds.first().ok_or_else(|| Failure::Other(format!("{}: no fold", data.name)))?;
        split.validation(data, first, self.data.seed).map_err(|error| refused(data, &error))
    }

    fn search(
        &self,
        data: &DataSet,
        split: &Split,
        folds: &[Fold],
        (model, memory_bytes_max): (&Named, u64),
    ) -> Result<Trial, Failure> {
        let header = Header {
            format: FORMAT,
            data: DataName { name: data.name.clone(), checksum: data.checksum.clone(), read_as: self.data.read_as()? },
            split: split.to_string(),
            of: self.measure,
            seed: self.data.seed,
            start: model.spec.clone(),
        };
        let mut journal = match &self.journal {
            Some(dir) => Journal::open(&dir.join(format!("{}.jsonl", model.spec.name())), &header).map_err(of_tune)?,
            None => Journal::in_memory(),
        };
        let search = Search {
            folds,
            of: self.measure,
            options: Options { at: vec![self.measure.k], seed: self.data.seed, memory_bytes_max, ..Options::default() },
            trials: self.trials,
            time: self.minutes.map(|minutes| Duration::from_secs_f64(minutes * 60.0)),
        };
        let steps = Steps::new();
        let before = journal.trials().len();
        if before > 0 {
            steps.note(&format!("{}: {before} trials are there already", model.spec.name()));
        }
        let best = tune(&search, &model.spec, &mut journal, &steps, &mut |trial, best| {
            let value = |trial: &Trial| trial.value.map_or_else(|| "failed".to_owned(), |value| format!("{value:.5}"));
            let so_far =
                best.map_or_else(String::new, |best| format!(", best {} in trial {}", value(best), best.trial));
            let why = trial.error.as_ref().map_or_else(String::new, |why| format!(": {why}"));
            let of = format!("{} {}/{}", model.spec.name(), trial.trial + 1, self.trials);
            steps.note(&format!("{of}: {}{why}{so_far} ({:.1} s)", value(trial), trial.seconds));
        });
        steps.clear();
        best.map_err(of_tune)
    }

    fn tell(&self, model: &Named, best: &Trial) -> Result<(), Failure> {
        let document = serde_json::to_string(&best.spec).map_err(|error| Failure::Other(error.to_string()))?;
        if self.json {
            say(serde_json::to_string(best).map_err(|error| Failure::Other(error.to_string()))?);
        } else {
            let value = best.value.unwrap_or_default();
            say(format_args!("{}: {} {value:.5} on validation, trial {}", model.spec.name(), self.measure, best.trial));
            say(format_args!("  {document}"));
        }
        Ok(())
    }
}

/// Whoever named the journal must act where it is another's.
fn of_tune(error: TuneError) -> Failure {
    match error {
        TuneError::Journal { .. } => Failure::Use(error.to_string()),
        TuneError::Io { .. } | TuneError::Spec { .. } | TuneError::Evaluate(_) | TuneError::AllFailed { .. } => {
            Failure::Other(error.to_string())
        }
    }
}

/// Writes the models, in place of those of the same name.
fn write(path: &Path, tuned: &[Named]) -> Result<(), Failure> {
    let mut all = if path.exists() { models::read(path)? } else { Vec::new() };
    for model in tuned {
        match all.iter_mut().find(|other| other.name == model.name) {
            Some(other) => *other = model.clone(),
            None => all.push(model.clone()),
        }
    }
    let documents: Vec<serde_json::Value> = all.iter().map(Named::document).collect();
    let mut text = serde_json::to_string_pretty(&documents).map_err(|error| Failure::Other(error.to_string()))?;
    text.push('\n');
    std::fs::write(path, text).map_err(|error| Failure::File { place: path.display().to_string(), error })
}
