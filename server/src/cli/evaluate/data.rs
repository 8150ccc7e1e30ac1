//! Which data, and how they are divided.

use std::path::PathBuf;

use anklang_datasets::dataset::DataSet;
use anklang_datasets::evaluate::Options;
use anklang_datasets::load::{self, SetColumns, load};
use anklang_datasets::split::{Fold, Split, SplitError};
use clap::Args;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::cli::failure::Failure;

#[derive(Debug, Args)]
pub(in crate::cli) struct DataArgs {
    /// The data set: a folder or a file
    #[arg(value_name = "DATA")]
    dataset: Option<PathBuf>,
    #[command(flatten)]
    read: ReadArgs,
    /// What reports call it [default: the folder's name]
    #[arg(long)]
    name: Option<String>,
    /// How to divide past and future, as timeline:days=7 or leave_last_out [default: as the data bring along, else a
    /// timeline, else leave_last_out, else at random]
    #[arg(long)]
    split: Option<String>,
    /// Where chance comes from: splits, models, ties, tests
    #[arg(long, default_value_t = Options::default().seed)]
    pub(in crate::cli) seed: u64,
}

/// How files are to be read, where they do not tell.
#[derive(Debug, Args)]
struct ReadArgs {
    /// What the data look like, where the files do not tell
    #[arg(long)]
    format: Option<String>,
    /// What becomes of weights such as ratings: as_written, ignored, or at_least:4 for an event like any other
    #[arg(long)]
    weights: Option<String>,
    /// The column that says who, of CSV, NDJSON and Parquet
    #[arg(long, value_name = "COL")]
    member_column: Option<String>,
    /// The column that says with what
    #[arg(long, value_name = "COL")]
    item_column: Option<String>,
    /// The column that says when
    #[arg(long, value_name = "COL")]
    time_column: Option<String>,
    /// The column that says how much
    #[arg(long, value_name = "COL")]
    weight_column: Option<String>,
    /// What numbers are that stand for moments since 1970: seconds, millis, micros or nanos [default: what they look like]
    #[arg(long, value_name = "UNIT")]
    time_unit: Option<String>,
}

impl ReadArgs {
    fn options(&self, name: Option<String>) -> Result<load::Options, Failure> {
        let weights = self.weights.as_deref().map(|text| match text.split_once(':') {
            Some((name, least)) => json!({ name: least.parse::<f64>().map_or_else(|_| least.into(), Value::from) }),
            None => text.into(),
        });
        let plain = |text: &Option<String>| text.as_deref().map(Value::from);
        Ok(load::Options {
            name,
            format: word("--format", &self.format, plain(&self.format))?,
            weights: word("--weights", &self.weights, weights)?,
            columns: SetColumns {
                member: self.member_column.clone(),
                item: self.item_column.clone(),
                at: self.time_column.clone(),
                weight: self.weight_column.clone(),
            },
            unit: word("--time-unit", &self.time_unit, plain(&self.time_unit))?,
        })
    }
}

/// A flag by the name that documents have for it; the error lists what there is.
fn word<T: DeserializeOwned>(flag: &str, typed: &Option<String>, given: Option<Value>) -> Result<Option<T>, Failure> {
    let typed = typed.as_deref().unwrap_or_default();
    given.map(serde_json::from_value).transpose().map_err(|error| Failure::Use(format!("{flag} {typed}: {error}")))
}

impl DataArgs {
    pub(super) fn given(&self) -> Option<&PathBuf> {
        self.dataset.as_ref()
    }

    pub(in crate::cli) fn place(&self) -> Result<PathBuf, Failure> {
        self.dataset.clone().ok_or_else(|| Failure::Use("which DATA? a folder or a file".to_owned()))
    }

    /// How the files are read.
    pub(in crate::cli) fn read_as(&self) -> Result<load::Options, Failure> {
        self.read.options(self.name.clone())
    }

    pub(in crate::cli) fn load(&self) -> Result<DataSet, Failure> {
        Ok(load(&self.place()?, &self.read_as()?)?)
    }

    pub(in crate::cli) fn split(&self, data: &DataSet) -> Result<Split, Failure> {
        let Some(text) = &self.split else { return Ok(Split::suiting(data)) };
        text.parse().map_err(|error: SplitError| Failure::Use(format!("--split: {error}")))
    }
}

pub(in crate::cli) fn folds(data: &DataSet, split: &Split, seed: u64) -> Result<Vec<Fold>, Failure> {
    split.folds(data, seed).map_err(|error| refused(data, &error))
}

/// Why data cannot be divided so.
pub(in crate::cli) fn refused(data: &DataSet, error: &SplitError) -> Failure {
    match error {
        SplitError::Text { .. } | SplitError::Setting { .. } | SplitError::Lacks { .. } => {
            Failure::Use(format!("--split: {error}"))
        }
        SplitError::Nothing | SplitError::Log(_) => Failure::Other(format!("{}: {error}", data.name)),
    }
}
