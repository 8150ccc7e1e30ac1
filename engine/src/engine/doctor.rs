//! Looking a data folder over: what is in it, and what is wrong.

use std::ops::ControlFlow;
use std::path::Path;

use serde::Serialize;

use super::open::{JOURNAL, TEXT, VIEWS};
use super::{EngineError, Progress};
use crate::index::TextIndex;
use crate::journal::{DiskJournal, Journal, JournalError};
use crate::views::snapshot;

/// What a look at a data folder found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DoctorReport {
    /// Facts that could be read.
    pub facts: u64,
    /// Bytes of the journal.
    pub journal_bytes: u64,
    /// One line for each thing looked at.
    pub findings: Vec<Finding>,
}

/// What was found of one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub what: &'static str,
    /// Whether it is in order; what is not, but mends itself at the next start, is.
    pub ok: bool,
    /// In words, with what to do.
    pub says: String,
}

impl DoctorReport {
    /// Whether everything is in order.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.findings.iter().all(|finding| finding.ok)
    }

    fn note(&mut self, what: &'static str, ok: bool, says: impl Into<String>) {
        self.findings.push(Finding { what, ok, says: says.into() });
    }
}

/// Reads a data folder through, checking every block of the journal. Changes nothing that a start would not.
pub fn doctor(data: &Path, progress: &dyn Progress) -> Result<DoctorReport, EngineError> {
    let mut report = DoctorReport { facts: 0, journal_bytes: 0, findings: Vec::new() };
    if !data.join(JOURNAL).is_dir() {
        report.note("journal", false, format!("{} holds no journal: is it a data folder?", data.display()));
        return Ok(report);
    }
    let journal = match DiskJournal::open(&data.join(JOURNAL)) {
        Ok(journal) => journal,
        Err(error @ JournalError::Locked(_)) => return Err(error.into()),
        Err(error) => {
            report.note("journal", false, format!("{error}. {}", what_to_do(&error)));
            return Ok(report);
        }
    };
    read_through(&journal, &mut report, progress);
    let pending = data.join("erasing.json").exists();
    let says = if pending { "one was cut short; the next start finishes it" } else { "none under way" };
    report.note("erasure", true, says);
    match snapshot::read(&data.join(VIEWS), journal.generation()).map_err(EngineError::file(data))? {
        snapshot::Found::Views(views) => {
            let behind = journal.next_seq().saturating_sub(views.next);
            report.note("snapshot", views.next <= journal.next_seq(), format!("{behind} facts behind the journal"));
        }
        snapshot::Found::None(why) => report.note("snapshot", true, format!("{why}; the next start makes it anew")),
    }
    text(data, &journal, &mut report);
    Ok(report)
}

fn read_through(journal: &DiskJournal, report: &mut DoctorReport, progress: &dyn Progress) {
    progress.phase("reading the journal", Some(journal.next_seq()));
    let mut facts = 0;
    let read = journal.read(0, &mut |_, _| {
        facts += 1;
        if facts % 10_000 == 0 {
            progress.step(facts);
        }
        ControlFlow::Continue(())
    });
    (report.facts, report.journal_bytes) = (facts, journal.bytes());
    match read {
        Ok(()) if facts == journal.next_seq() => {
            report.note("journal", true, format!("{facts} facts, every block as it was written"));
        }
        Ok(()) => report.note("journal", false, format!("{facts} facts where {} are expected", journal.next_seq())),
        Err(error) => {
            report.note(
                "journal",
                false,
                format!("{error}; {facts} facts before it are sound. {}", what_to_do(&error)),
            );
        }
    }
}

fn what_to_do(error: &JournalError) -> &'static str {
    match error {
        JournalError::Storage(_) => {
            "Nothing is known to be damaged: look at the folder's permissions and the room on the disk"
        }
        JournalError::Corrupt { .. } => "Restore the last backup",
        JournalError::Version { .. } => "Use a newer anklang",
        JournalError::Locked(_) => "Stop whatever uses the folder",
        JournalError::Refused { .. } => "Report this",
    }
}

fn text(data: &Path, journal: &DiskJournal, report: &mut DoctorReport) {
    if !data.join(TEXT).is_dir() {
        report.note("text index", true, "there is none; the next start makes it");
        return;
    }
    match TextIndex::open(&data.join(TEXT)) {
        Ok(index) => {
            match index.damaged() {
                Ok(damaged) if damaged.is_empty() => {}
                Ok(damaged) => {
                    let files = damaged.join(", ");
                    report.note("text index", false, format!("damaged: {files}. Run anklang rebuild: nothing is lost"));
                    return;
                }
                Err(error) => {
                    report.note("text index", false, format!("{error}. Run anklang rebuild: nothing is lost"));
                    return;
                }
            }
            let mark = index.mark().filter(|mark| mark.generation == journal.generation());
            let says = match mark {
                Some(mark) => format!("{} facts behind the journal", journal.next_seq().saturating_sub(mark.folded)),
                None => "of another writing of the journal; the next start makes it anew".into(),
            };
            report.note("text index", mark.is_none_or(|mark| mark.folded <= journal.next_seq()), says);
        }
        Err(error) => report.note("text index", false, error.to_string()),
    }
}
