//! `anklang doctor`.

use clap::Args;

use super::failure::Failure;
use super::open;
use super::terminal::{Bar, say};
use crate::config::Config;
use anklang_engine::doctor;

/// Looks a data folder over, every block of the journal, and says what is wrong.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Doctor {
    pub(crate) fn run(self, config: &Config) -> Result<(), Failure> {
        open::must_be_there(config)?;
        let bar = Bar::new();
        let report = doctor(&config.data, &bar)?;
        bar.clear();
        if self.json {
            say(serde_json::to_string_pretty(&report).map_err(|error| Failure::Other(error.to_string()))?);
        } else {
            say(format_args!("{}: {} facts, {} bytes", config.data.display(), report.facts, report.journal_bytes));
            for finding in &report.findings {
                say(format_args!("{}  {}: {}", if finding.ok { "ok   " } else { "WRONG" }, finding.what, finding.says));
            }
        }
        let wrong = report.findings.iter().filter(|finding| !finding.ok).count();
        if report.is_healthy() { Ok(()) } else { Err(Failure::Other(format!("{wrong} things are wrong"))) }
    }
}
