//! A run on disk: what was found, by whom it was found, and what it cost, in a folder of three files.
//!
//! `run.json` is the [`Report`] and `members.parquet` every value behind it: made again from the same data, they are the
//! same bytes. `surroundings.json` holds what differs from run to run: where the data lay, times, memory.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::members;
use super::outcome::{Costs, Evaluation};
use super::report::{FORMAT, Report};

/// The results.
pub const REPORT_FILE: &str = "run.json";
/// The values of members.
pub const MEMBERS_FILE: &str = "members.parquet";
/// What differs from run to run.
pub const SURROUNDINGS_FILE: &str = "surroundings.json";

/// What differs from run to run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Surroundings {
    /// Where the data lay.
    pub data: PathBuf,
    /// How many threads worked.
    pub threads: usize,
    /// What each model cost, in the report's order.
    pub costs: Vec<Costs>,
}

/// A run, read back.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// The folder.
    pub dir: PathBuf,
    /// The bytes of the report.
    pub bytes: Vec<u8>,
    /// The report.
    pub report: Report,
    /// What surrounded it, where that was kept.
    pub surroundings: Option<Surroundings>,
}

/// Why a run cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A file cannot be read or written.
    #[error("{}: {error}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("{}: {what}", path.display())]
    Document {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
}

impl Run {
    /// Reads a run: its folder, or the `run.json` in it.
    pub fn open(path: &Path) -> Result<Self, RunError> {
        let dir = if path.is_dir() { path } else { path.parent().unwrap_or(path) }.to_path_buf();
        let file = if path.is_dir() { path.join(REPORT_FILE) } else { path.to_path_buf() };
        let bytes = std::fs::read(&file).map_err(|error| RunError::Io { path: file.clone(), error })?;
        let bad = |what: String| RunError::Document { path: file.clone(), what };
        let format: serde_json::Value = serde_json::from_slice(&bytes).map_err(|error| bad(error.to_string()))?;
        match format.get("format").and_then(serde_json::Value::as_u64) {
            Some(format) if format == u64::from(FORMAT) => {}
            Some(format) => return Err(bad(format!("is a run of format {format}; this program reads {FORMAT}"))),
            None => return Err(bad("is not a saved run: it has no number \"format\"".to_owned())),
        }
        let report = serde_json::from_slice(&bytes).map_err(|error| bad(error.to_string()))?;
        let surroundings = std::fs::read(dir.join(SURROUNDINGS_FILE)).ok();
        let surroundings = surroundings.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Ok(Self { dir, bytes, report, surroundings })
    }

    /// Where the values of members are.
    #[must_use]
    pub fn members(&self) -> PathBuf {
        self.dir.join(MEMBERS_FILE)
    }
}

/// The bytes of `members.parquet`.
pub fn members_bytes(evaluation: &Evaluation, report: &Report, names: &[String]) -> Result<Vec<u8>, RunError> {
    let folds: Vec<String> = report.folds.iter().map(|fold| fold.name.clone()).collect();
    let mut bytes = Vec::new();
    members::write(&mut bytes, evaluation, &folds, names)
        .map_err(|error| RunError::Document { path: MEMBERS_FILE.into(), what: error.to_string() })?;
    Ok(bytes)
}

/// Writes a run into a folder, which is made where it is missing; a run that is there is written over.
pub fn save(dir: &Path, report: &Report, members: &[u8], surroundings: &Surroundings) -> Result<(), RunError> {
    let io = |path: &Path| {
        let path = path.to_path_buf();
        move |error| RunError::Io { path, error }
    };
    let bad = |error: serde_json::Error| RunError::Document { path: dir.to_path_buf(), what: error.to_string() };
    std::fs::create_dir_all(dir).map_err(io(dir))?;
    let report = report.bytes().map_err(bad)?;
    let surroundings = serde_json::to_vec_pretty(surroundings).map_err(bad)?;
    for (name, bytes) in [(SURROUNDINGS_FILE, &surroundings[..]), (MEMBERS_FILE, members), (REPORT_FILE, &report)] {
        let path = dir.join(name);
        std::fs::write(&path, bytes).map_err(io(&path))?;
    }
    Ok(())
}
