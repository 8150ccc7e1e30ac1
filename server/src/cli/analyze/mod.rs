//! `anklang analyze`: a table of anybody's experiment, analysed as the server analyses its own.

mod arms;
mod collect;
pub(super) mod html;
mod metrics;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use anklang_datasets::table::{Table, TableError, Wanted};
use anklang_experiments::design::plan::{self, MethodName};
use anklang_experiments::report::{Analysis, analyse, words};
use clap::{Args, ValueEnum};
use serde::Serialize;

pub(super) use self::arms::shares_of_one;

use self::arms::Arms;
use self::metrics::Metrics;
use super::failure::Failure;
use super::terminal::say;
use crate::nearest::nearest;

/// Analyses anybody's experiment from a file: health first, then what moved.
///
/// A row says of a unit in which arm it was and what it did. A unit may have several rows: its numbers are added up, and
/// of `true` and `false` one `true` is enough. Empty cells, NA, NaN and infinite numbers are missing: they are counted,
/// never taken for 0. A metric whose units all have 0 or 1 is a proportion, any other is a mean per unit.
#[derive(Debug, Args)]
pub(crate) struct Analyze {
    /// A table: Parquet, or CSV with a header (comma, semicolon or tab; plain or gzip); - is CSV on standard input
    file: PathBuf,
    /// The column that says which arm
    #[arg(long, value_name = "COL")]
    variant: String,
    /// The column that says who [default: every row is a unit]
    #[arg(long, value_name = "COL")]
    unit: Option<String>,
    #[command(flatten)]
    metrics: metrics::MetricArgs,
    #[command(flatten)]
    arms: arms::ArmArgs,
    /// A column by which effects are told apart, to explore; may be repeated
    #[arg(long = "segment", value_name = "COL")]
    segments: Vec<String>,
    /// The column that says when: a date, a time (RFC 3339) or a Unix time; a unit counts for its first day
    #[arg(long, value_name = "COL")]
    date: Option<String>,
    /// How intervals are made
    #[arg(long, value_enum, default_value_t)]
    method: Method,
    /// The chance of a false alarm that is taken
    #[arg(long, default_value_t = plan::Analysis::default().alpha)]
    alpha: f64,
    /// Looks that were planned (group-sequential)
    #[arg(long, value_name = "N")]
    looks: Option<u32>,
    /// Units that were planned in all (group-sequential)
    #[arg(long, value_name = "N")]
    units_planned: Option<u64>,
    /// What the report is called [default: the file's name]
    #[arg(long)]
    title: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Write a report to read in a browser: one file, nothing else needed
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// How intervals are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Method {
    /// A confidence sequence: valid at any look
    #[default]
    Sequential,
    /// Welch's interval: valid at one look, planned before
    Fixed,
    /// Valid at the looks that were planned: needs --looks and --units-planned
    GroupSequential,
    /// A normal posterior
    Bayesian,
}

/// An analysis, and what was read for it.
#[derive(Debug, Serialize)]
struct Outcome {
    file: String,
    rows: u64,
    rows_without_unit: u64,
    rows_without_variant: u64,
    units: u64,
    units_in_several_arms: u64,
    control: String,
    /// What was taken for granted, and how to say otherwise.
    notes: Vec<String>,
    analysis: Analysis,
}

impl Analyze {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let (json, html) = (self.json, self.html.clone());
        let outcome = self.outcome()?;
        if let Some(path) = &html {
            let page = html::page(&outcome.analysis, &outcome.notes).into_string();
            std::fs::write(path, page).map_err(|error| Failure::File { place: path.display().to_string(), error })?;
        }
        if json {
            let text = serde_json::to_string_pretty(&outcome).map_err(|error| Failure::Other(error.to_string()))?;
            say(text);
            return Ok(());
        }
        for note in &outcome.notes {
            say(note);
        }
        // The table says itself how its intervals are made.
        say(format_args!("\n{}", outcome.analysis.to_string().trim_end()));
        if let Some(path) = html {
            say(format_args!("\nThe report is in {}.", path.display()));
        }
        Ok(())
    }

    fn outcome(&self) -> Result<Outcome, Failure> {
        let plan = self.plan()?;
        let metrics = Metrics::of(&self.metrics)?;
        let wanted = Wanted {
            unit: self.unit.clone(),
            variant: self.variant.clone(),
            numbers: metrics.columns.clone(),
            labels: self.segments.clone(),
            days: self.date.iter().cloned().collect(),
            only_moments: metrics.only_moments(),
        };
        let table = self.read(&wanted)?;
        let arms = Arms::of(&table.arms, &self.arms)?;
        let title = self.title.clone().unwrap_or_else(|| name(&self.file));
        let asked = collect::Asked { wanted: &wanted, metrics: &metrics, arms: &arms, plan, title };
        let (input, mut notes) = collect::collect(&table, asked);
        notes.insert(0, summary(&table, &self.file, &arms, self.unit.is_some()));
        notes.insert(1, arms.note.clone());
        Ok(Outcome {
            file: self.file.display().to_string(),
            rows: table.rows,
            rows_without_unit: table.rows_without_unit,
            rows_without_variant: table.rows_without_variant,
            units: table.units() as u64,
            units_in_several_arms: table.units_in_several_arms,
            control: arms.keys.first().cloned().unwrap_or_default(),
            notes,
            analysis: analyse(&input),
        })
    }

    fn read(&self, wanted: &Wanted) -> Result<Table, Failure> {
        let read = if self.file.as_os_str() == "-" {
            Table::of("standard input", std::io::stdin(), wanted)
        } else {
            Table::open(&self.file, wanted)
        };
        read.map_err(|error| match &error {
            TableError::NoColumn { name, columns, .. } => {
                let hint = nearest(name, columns.iter().map(String::as_str))
                    .map_or_else(String::new, |near| format!("; did you mean {near:?}?"));
                let headless = if columns.iter().any(|name| name.parse::<f64>().is_ok()) {
                    "; the first line looks like data: is the header missing?"
                } else {
                    ""
                };
                Failure::Use(format!("{error}{hint}{headless}"))
            }
            TableError::TwiceColumn { .. } => Failure::Use(error.to_string()),
            TableError::Io { .. }
            | TableError::NotATable { .. }
            | TableError::Row { .. }
            | TableError::TooMany { .. } => Failure::Table(error),
        })
    }

    fn plan(&self) -> Result<plan::Analysis, Failure> {
        if !(self.alpha > 0.0 && self.alpha <= 0.5) {
            return Err(Failure::Use(format!("--alpha is above 0 and at most 0.5; this is {}", self.alpha)));
        }
        let method = match self.method {
            Method::Sequential => MethodName::Sequential,
            Method::Fixed => MethodName::FixedHorizon,
            Method::GroupSequential => MethodName::GroupSequential,
            Method::Bayesian => MethodName::Bayesian,
        };
        let planned = self.looks.is_some_and(|looks| (1..=plan::LOOKS_MAX).contains(&looks))
            && self.units_planned.is_some_and(|units| units >= 2);
        if method == MethodName::GroupSequential && !planned {
            let what = format!("needs --looks, from 1 to {}, and --units-planned", plan::LOOKS_MAX);
            return Err(Failure::Use(format!("--method group-sequential {what}")));
        }
        Ok(plan::Analysis {
            method,
            alpha: self.alpha,
            looks: self.looks,
            units_planned: self.units_planned,
            ..plan::Analysis::default()
        })
    }
}

fn name(file: &Path) -> String {
    file.file_name().map_or_else(|| "experiment".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// What was read.
fn summary(table: &Table, file: &Path, arms: &Arms, of_units: bool) -> String {
    let mut text = format!("{}: {} rows", name(file), words::count(table.rows));
    if of_units {
        text += &format!(", {} units", words::count(table.units() as u64 + table.units_in_several_arms));
        if table.rows > table.units() as u64 + table.units_in_several_arms {
            text += " (the rows of a unit are added up)";
        }
    } else {
        text += ", each a unit (name its column with --unit if one may have several)";
    }
    text += match arms.keys.len() {
        1 => ", 1 arm: there is nothing to compare it with.".to_owned(),
        arms => format!(", {arms} arms."),
    }
    .as_str();
    for (rows, what) in [(table.rows_without_unit, "unit"), (table.rows_without_variant, "variant")] {
        if rows > 0 {
            text += &format!(" {} rows name no {what} and are left out.", words::count(rows));
        }
    }
    text
}
