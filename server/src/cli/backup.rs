//! `anklang backup`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::failure::Failure;
use super::open::{self, Held};
use super::terminal::say;
use crate::config::Config;
use crate::keys::KEYS_FILE;
use anklang_engine::Engine;

/// Writes a copy of the data folder, from which it can be restored; a server may go on meanwhile.
#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// The folder to write to; it must be empty, or not there yet
    to: PathBuf,
}

impl Backup {
    pub(crate) fn run(self, config: &Config) -> Result<(), Failure> {
        open::must_exist(config)?;
        // A server has a working folder of its own.
        let to = std::path::absolute(&self.to).map_err(|error| place(&self.to, error))?;
        let facts = match open::open(config, None)? {
            Held::Here(engine) => write(&engine, &config.data, &to)?,
            Held::There(server) => {
                let order = serde_json::json!({ "to": to }).to_string();
                let answer = server.ask_whole("POST", "/v1/control/backup", order)?;
                serde_json::from_str::<serde_json::Value>(&answer)
                    .ok()
                    .and_then(|doc| doc["facts"].as_u64())
                    .unwrap_or(0)
            }
        };
        say(format_args!("{facts} facts are in {}", to.display()));
        Ok(())
    }
}

/// Copies the journal and the hashes of the keys; all else is made anew from them.
pub(crate) fn write(engine: &Engine, data: &Path, to: &Path) -> Result<u64, Failure> {
    let failed = |error| place(to, error);
    let inside = std::path::absolute(data).is_ok_and(|data| to.starts_with(data));
    if inside {
        return Err(Failure::Use(
            "a backup inside the data folder would keep what is erased there; name another".into(),
        ));
    }
    std::fs::create_dir_all(to).map_err(failed)?;
    if std::fs::read_dir(to).map_err(failed)?.next().is_some() {
        return Err(Failure::Use(format!("{} is not empty", to.display())));
    }
    let facts = engine.backup(to)?;
    let keys = data.join(KEYS_FILE);
    if keys.is_file() {
        std::fs::copy(&keys, to.join(KEYS_FILE)).map_err(failed)?;
    }
    Ok(facts)
}

pub(crate) fn place(path: &Path, error: std::io::Error) -> Failure {
    Failure::File { place: path.display().to_string(), error }
}
