//! Which data, and how they are divided.

use std::path::{Path, PathBuf};

use anklang_datasets::dataset::{DataSet, Timed};
use anklang_datasets::evaluate::Options;
use anklang_datasets::load::{self, Format, SetColumns, Unit, Weights, load};
use anklang_datasets::split::{Fold, Split, SplitError};
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cli::failure::Failure;

#[derive(Debug, Args)]
pub(in crate::cli) struct DataArgs {
    /// The data set: a folder or a file
    #[arg(value_name = "DATA", required_unless_present = "replay")]
    dataset: Option<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) read_as: ReadAs,
    /// What reports call it [default: the folder's name]
    #[arg(long)]
    name: Option<String>,
    /// How to divide past and future, as timeline:days=7 or leave_last_out [default: as the data bring along, else a
    /// timeline, else leave_last_out where there are no times]
    #[arg(long)]
    split: Option<String>,
    /// Where chance comes from: splits, models, ties, tests
    #[arg(long, default_value_t = Options::default().seed)]
    pub(in crate::cli) seed: u64,
}

/// How files are to be read, where they do not tell; part of what a run names.
#[derive(Debug, Clone, PartialEq, Default, Args, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::cli) struct ReadAs {
    /// What the data look like, where the files do not tell
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<String>,
    /// What becomes of weights such as ratings: as_written, ignored, or at_least:4 for an event like any other
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    weights: Option<String>,
    /// The column that says who, of CSV, NDJSON and Parquet
    #[arg(long, value_name = "COL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    member_column: Option<String>,
    /// The column that says with what
    #[arg(long, value_name = "COL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    item_column: Option<String>,
    /// The column that says when
    #[arg(long, value_name = "COL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    time_column: Option<String>,
    /// The column that says how much
    #[arg(long, value_name = "COL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    weight_column: Option<String>,
    /// What numbers are that stand for moments: s, ms, us or ns since 1970 [default: what they look like]
    #[arg(long, value_name = "UNIT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    time_unit: Option<String>,
}

impl ReadAs {
    pub(in crate::cli) fn document(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    pub(super) fn of_document(document: &Value) -> Result<Self, serde_json::Error> {
        Self::deserialize(document)
    }

    pub(super) fn read(&self, path: &Path, name: Option<String>) -> Result<DataSet, Failure> {
        let columns = SetColumns {
            member: self.member_column.clone(),
            item: self.item_column.clone(),
            at: self.time_column.clone(),
            weight: self.weight_column.clone(),
        };
        let options = load::Options {
            name,
            format: self.format.as_deref().map(format).transpose()?,
            weights: self.weights.as_deref().map(weights).transpose()?,
            columns,
            unit: self.time_unit.as_deref().map(unit).transpose()?,
        };
        Ok(load(path, &options)?)
    }
}

fn format(text: &str) -> Result<Format, Failure> {
    Format::parse(text).ok_or_else(|| {
        Failure::Use(format!("--format {text:?} is none of {}", Format::ALL.map(Format::as_str).join(", ")))
    })
}

fn weights(text: &str) -> Result<Weights, Failure> {
    let at_least = |text: &str| text.strip_prefix("at_least:")?.parse().ok().filter(|least: &f64| least.is_finite());
    match text {
        "as_written" => Ok(Weights::AsWritten),
        "ignored" => Ok(Weights::Ignored),
        other => at_least(other)
            .map(Weights::AtLeast)
            .ok_or_else(|| Failure::Use(format!("--weights {text:?} is none of as_written, ignored, at_least:4"))),
    }
}

fn unit(text: &str) -> Result<Unit, Failure> {
    match text {
        "s" => Ok(Unit::Seconds),
        "ms" => Ok(Unit::Millis),
        "us" => Ok(Unit::Micros),
        "ns" => Ok(Unit::Nanos),
        _ => Err(Failure::Use(format!("--time-unit {text:?} is none of s, ms, us, ns"))),
    }
}

impl DataArgs {
    pub(super) fn given(&self) -> Option<&PathBuf> {
        self.dataset.as_ref()
    }

    pub(in crate::cli) fn place(&self) -> Result<PathBuf, Failure> {
        self.dataset.clone().ok_or_else(|| Failure::Use("which DATA? a folder or a file".to_owned()))
    }

    pub(in crate::cli) fn load(&self) -> Result<DataSet, Failure> {
        self.read_as.read(&self.place()?, self.name.clone())
    }

    pub(in crate::cli) fn split(&self, data: &DataSet) -> Result<Split, Failure> {
        let text = match (&self.split, data.given.is_some(), data.timed) {
            (Some(text), _, _) => text,
            (None, true, _) => "given",
            (None, false, Timed::Moments) => "timeline",
            (None, false, Timed::Order | Timed::No) => "leave_last_out",
        };
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
