//! `anklang restore`.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use super::backup::place;
use super::failure::Failure;
use super::terminal::{Bar, say};
use crate::config::Config;
use anklang_engine::doctor;

/// Puts a backup in the data folder's place, which must be empty or not there yet.
#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The folder that anklang backup wrote
    from: PathBuf,
}

impl Restore {
    pub(crate) fn run(self, config: &Config) -> Result<(), Failure> {
        let data = &config.data;
        if !self.from.is_dir() {
            return Err(Failure::Use(format!("there is no backup at {}", self.from.display())));
        }
        if data.exists() && fs::read_dir(data).map_err(|error| place(data, error))?.next().is_some() {
            let data = data.display();
            return Err(Failure::Use(format!("{data} is not empty; move it away, or name another folder with --data")));
        }
        // Copied beside and moved into place: half a restore is never taken for a whole one.
        let beside = data.with_extension("restoring");
        if beside.exists() {
            fs::remove_dir_all(&beside).map_err(|error| place(&beside, error))?;
        }
        copy(&self.from, &beside)?;
        let bar = Bar::new();
        let report = doctor(&beside, &bar)?;
        bar.clear();
        if !report.is_healthy() {
            let sick = report.findings.iter().find(|finding| !finding.ok).map_or("", |finding| finding.says.as_str());
            let _ = fs::remove_dir_all(&beside);
            return Err(Failure::Other(format!("this backup is not in order: {sick}")));
        }
        if data.exists() {
            fs::remove_dir(data).map_err(|error| place(data, error))?;
        }
        fs::rename(&beside, data).map_err(|error| place(data, error))?;
        say(format_args!("{} facts are back in {}", report.facts, data.display()));
        Ok(())
    }
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::create_dir_all(to).map_err(|error| place(to, error))?;
    for entry in fs::read_dir(from).map_err(|error| place(from, error))? {
        let entry = entry.map_err(|error| place(from, error))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().map_err(|error| place(&source, error))?;
        if kind.is_dir() {
            copy(&source, &target)?;
        } else if kind.is_file() {
            fs::copy(&source, &target).map_err(|error| place(&target, error))?;
            fs::File::open(&target).and_then(|file| file.sync_all()).map_err(|error| place(&target, error))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_something_in_it_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let (from, data) = (folder.path().join("backup"), folder.path().join("data"));
        for path in [&from, &data] {
            fs::create_dir_all(path.join("journal")).expect("made");
            fs::write(path.join("journal/x"), "1").expect("written");
        }
        let config = Config { data: data.clone(), ..Config::default() };
        let refused = Restore { from: from.clone() }.run(&config).expect_err("not empty");
        assert!(matches!(refused, Failure::Use(_)));
        let copied = folder.path().join("copied");
        copy(&from, &copied).expect("copied");
        assert_eq!(fs::read_to_string(copied.join("journal/x")).expect("there"), "1");
    }
}
