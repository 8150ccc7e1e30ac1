//! Which data, and how they are divided.

use std::path::PathBuf;

use anklang_datasets::dataset::{DataSet, Timed};
use anklang_datasets::evaluate::Options;
use anklang_datasets::load::{self, Format, load};
use anklang_datasets::split::{Fold, Split, SplitError};
use clap::Args;

use crate::cli::failure::Failure;

#[derive(Debug, Args)]
pub(in crate::cli) struct DataArgs {
    /// The data set: a folder or a file
    #[arg(value_name = "DATA", required_unless_present = "replay")]
    dataset: Option<PathBuf>,
    /// What it looks like, where its files do not tell
    #[arg(long)]
    format: Option<String>,
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

/// Where data lie, and as what they were read.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) path: PathBuf,
    pub(super) format: Option<String>,
}

impl DataArgs {
    pub(super) fn given(&self) -> Option<&PathBuf> {
        self.dataset.as_ref()
    }

    pub(in crate::cli) fn place(&self) -> Result<Place, Failure> {
        let path = self.dataset.clone().ok_or_else(|| Failure::Use("which DATA? a folder or a file".to_owned()))?;
        Ok(Place { path, format: self.format.clone() })
    }

    pub(in crate::cli) fn load(&self) -> Result<DataSet, Failure> {
        read(&self.place()?, self.name.clone())
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

pub(super) fn read(place: &Place, name: Option<String>) -> Result<DataSet, Failure> {
    let format = place.format.as_deref().map(|name| {
        let names = Format::ALL.map(Format::as_str).join(", ");
        Format::parse(name).ok_or_else(|| Failure::Use(format!("--format {name:?} is none of {names}")))
    });
    Ok(load(&place.path, &load::Options { name, format: format.transpose()? })?)
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
