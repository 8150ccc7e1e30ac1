//! The trials of a search as lines of JSON, so that it can be interrupted at any moment and goes on later.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anklang_models::Spec;
use serde::{Deserialize, Serialize};

use super::TuneError;
use crate::evaluate::outcome::Column;
use crate::evaluate::report::DataName;

/// The first line: what the trials are of. A journal of anything else is refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The shape of the journal.
    pub format: u32,
    /// On which data.
    pub data: DataName,
    /// How it was divided; trials are judged by the validation inside the first fold's training.
    pub split: String,
    /// By what trials are judged.
    pub of: Column,
    /// Where chance comes from.
    pub seed: u64,
    /// The spec that the search starts from.
    pub start: Spec,
}

/// The shape of journals.
pub const FORMAT: u32 = 1;

/// One trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// Its number, from 0.
    pub trial: usize,
    /// What was tried.
    pub spec: Spec,
    /// What it was worth; none where it failed.
    pub value: Option<f64>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How long it took.
    pub seconds: f64,
}

/// Trials, kept in a file or only in memory.
#[derive(Debug)]
pub struct Journal {
    file: Option<(PathBuf, File)>,
    trials: Vec<Trial>,
}

impl Journal {
    /// A journal that is forgotten.
    #[must_use]
    pub const fn in_memory() -> Self {
        Self { file: None, trials: Vec::new() }
    }

    /// Opens the journal at a path, or begins it. A last line that was cut off is written again; anything else that is not
    /// a trial of this header is refused.
    pub fn open(path: &Path, header: &Header) -> Result<Self, TuneError> {
        let io = |error| TuneError::Io { path: path.to_path_buf(), error };
        if let Some(dir) = path.parent() {
            std::fs::create_dir_all(dir).map_err(io)?;
        }
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(io)?;
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(io)?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let trials = parse(path, &text[..whole], header)?;
        file.set_len(whole as u64).map_err(io)?;
        file.seek(SeekFrom::End(0)).map_err(io)?;
        let mut journal = Self { file: Some((path.to_path_buf(), file)), trials };
        if whole == 0 {
            journal.write(header)?;
        }
        Ok(journal)
    }

    /// The trials so far.
    #[must_use]
    pub fn trials(&self) -> &[Trial] {
        &self.trials
    }

    /// Keeps one more.
    pub fn push(&mut self, trial: Trial) -> Result<(), TuneError> {
        self.write(&trial)?;
        self.trials.push(trial);
        Ok(())
    }

    fn write(&mut self, line: &impl Serialize) -> Result<(), TuneError> {
        let Some((path, file)) = &mut self.file else { return Ok(()) };
        let io = |error| TuneError::Io { path: path.clone(), error };
        let mut text = serde_json::to_string(line).map_err(|error| io(error.into()))?;
        text.push('\n');
        file.write_all(text.as_bytes()).and_then(|()| file.sync_data()).map_err(io)
    }
}

fn parse(path: &Path, text: &str, header: &Header) -> Result<Vec<Trial>, TuneError> {
    let mut trials = Vec::new();
    for (line, number) in text.lines().zip(1_usize..) {
        let bad = |what: String| TuneError::Journal { path: path.to_path_buf(), line: number, what };
        if number == 1 {
            let found: Header = serde_json::from_str(line).map_err(|error| bad(error.to_string()))?;
            if let Some(what) = apart(&found, header) {
                return Err(bad(format!("{what}; name another journal, or delete this one")));
            }
            continue;
        }
        let trial: Trial = serde_json::from_str(line).map_err(|error| bad(error.to_string()))?;
        if trial.trial != trials.len() {
            return Err(bad(format!("trial {} where {} is next", trial.trial, trials.len())));
        }
        trials.push(trial);
    }
    Ok(trials)
}

/// What is not the same.
fn apart(found: &Header, wanted: &Header) -> Option<String> {
    let fields = [
        ("format", found.format.to_string(), wanted.format.to_string()),
        ("data checksum", found.data.checksum.clone(), wanted.data.checksum.clone()),
        ("way of reading", format!("{:?}", found.data.read_as), format!("{:?}", wanted.data.read_as)),
        ("split", found.split.clone(), wanted.split.clone()),
        ("measure", found.of.to_string(), wanted.of.to_string()),
        ("seed", found.seed.to_string(), wanted.seed.to_string()),
        ("start", format!("{:?}", found.start), format!("{:?}", wanted.start)),
    ];
    let differs = fields.into_iter().find(|(_, found, wanted)| found != wanted);
    differs.map(|(field, found, wanted)| format!("is of another search: its {field} is {found}, this one's {wanted}"))
}
