//! `anklang calibrate`.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use anklang_engine::Progress;
use anklang_experiments::calibrate::{self, BROKEN, Row, Settings, Study, Tally};
use clap::Args;
use rayon::prelude::*;
use serde::Serialize;

use super::failure::Failure;
use super::terminal::{Bar, say};

/// Holds the analyses to what they promise, on simulated experiments of which the truth is known: false alarms, coverage,
/// power, alarms about the split.
#[derive(Debug, Args)]
pub(crate) struct Calibrate {
    /// With the same seed, the same figures
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Simulated experiments of each kind
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    runs: u64,
    /// How often each is looked at
    #[arg(long, default_value_t = 28, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    looks: u64,
    /// Only the studies whose name begins so
    #[arg(long, value_name = "NAME", conflicts_with = "broken")]
    only: Option<String>,
    /// An estimator that is wrong on purpose, which must fail: peeking, cancelling-variance, post-exposure-covariate,
    /// visits-as-units, split-peeking
    #[arg(long, value_name = "NAME")]
    broken: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    seed: u64,
    runs: u64,
    looks: usize,
    ok: bool,
    rows: Vec<Row>,
}

impl Calibrate {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let looks = usize::try_from(self.looks).map_err(|error| Failure::Use(error.to_string()))?;
        let studies = self.studies(Settings { seed: self.seed, looks })?;
        let bar = Bar::new();
        let mut rows = Vec::new();
        for study in &studies {
            rows.extend(self.rows(study, &bar)?);
        }
        bar.clear();
        let wrong = rows.iter().filter(|row| !row.ok).count();
        let report = Report { seed: self.seed, runs: self.runs, looks, ok: wrong == 0, rows };
        if self.json {
            say(serde_json::to_string_pretty(&report).map_err(|error| Failure::Other(error.to_string()))?);
        } else {
            say(table(&report.rows).trim_end());
        }
        if wrong == 0 { Ok(()) } else { Err(Failure::Other(format!("{wrong} of {} do not hold", report.rows.len()))) }
    }

    fn studies(&self, settings: Settings) -> Result<Vec<Study>, Failure> {
        if let Some(name) = &self.broken {
            let names = BROKEN.map(|(name, _)| name).join(", ");
            let unknown = || Failure::Use(format!("no estimator {name:?} is broken on purpose; there are {names}"));
            return Ok(vec![calibrate::broken(name, settings).ok_or_else(unknown)?]);
        }
        let mut studies = calibrate::sound(settings);
        if let Some(only) = &self.only {
            let names: Vec<&str> = studies.iter().map(Study::name).collect();
            let unknown = format!("no study begins with {only:?}; there are {}", names.join(", "));
            studies.retain(|study| study.name().starts_with(only.as_str()));
            if studies.is_empty() {
                return Err(Failure::Use(unknown));
            }
        }
        Ok(studies)
    }

    /// Runs a study on all cores. The sums are the same in any order.
    fn rows(&self, study: &Study, bar: &Bar) -> Result<Vec<Row>, Failure> {
        let ready = study.prepare().map_err(|why| Failure::Other(format!("{}: {why}", study.name())))?;
        bar.phase(study.name(), Some(self.runs));
        let done = AtomicU64::new(0);
        let tally = (0..self.runs)
            .into_par_iter()
            .map(|run| {
                let tally = ready.run(run);
                let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                if done.is_multiple_of(100) {
                    bar.step(done);
                }
                tally
            })
            .reduce(Tally::default, Tally::merge);
        Ok(study.rows(&tally))
    }
}

fn table(rows: &[Row]) -> String {
    let width = rows.iter().map(|row| row.what.chars().count()).max().unwrap_or(0);
    let mut table = format!("{:width$}  nominal  measured  tolerance\n", "what");
    for row in rows {
        let Row { what, nominal, measured, tolerance, bound, ok, .. } = row;
        let measured = measured.map_or_else(|| "–".to_owned(), |measured| format!("{measured:.5}"));
        let (sign, mark) = (bound.sign(), if *ok { "ok" } else { "FAIL" });
        // Writing to a String cannot fail.
        let _ = writeln!(table, "{what:width$}  {sign}{nominal:<6}  {measured:>8}  {tolerance:>9.5}  {mark}");
    }
    table
}

#[cfg(test)]
mod tests {
    use crate::cli::{Failure, run_line};

    #[test]
    fn sound_passes_and_broken_fails() {
        assert!(run_line(&["calibrate", "--runs", "40", "--looks", "10", "--only", "proportion-10"]).is_ok());
        let broken = run_line(&["calibrate", "--runs", "40", "--broken", "peeking", "--json"]);
        assert!(matches!(broken, Err(Failure::Other(_))), "{broken:?}");
        for wrong in [["--only", "nothing"], ["--broken", "nothing"]] {
            let refused = run_line(&["calibrate", wrong[0], wrong[1]]);
            assert!(matches!(refused, Err(Failure::Use(_))), "{refused:?}");
        }
    }
}
