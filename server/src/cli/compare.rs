//! `anklang compare`: two saved runs, member by member.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anklang_datasets::evaluate::members;
use anklang_datasets::evaluate::paired::{ALPHA, Difference, adjust, difference};
use anklang_datasets::evaluate::report::{Report, headlines};
use anklang_datasets::evaluate::run::{Run, RunError};
use anklang_datasets::evaluate::{Column, ColumnError};
use anklang_models::MemberIx;
use clap::Args;
use serde::Serialize;

use super::evaluate::table::said;
use super::failure::Failure;
use super::terminal::say;

/// Says whether the models of one saved run are better than a model of another: the same questions, member by member.
#[derive(Debug, Args)]
pub(crate) struct Compare {
    /// The run to compare with, as `anklang evaluate --save` wrote it
    baseline: PathBuf,
    /// The run that may be better; the same one to compare its own models
    run: PathBuf,
    /// The model of the first run [default: the one that it was compared with]
    #[arg(long, value_name = "NAME")]
    with: Option<String>,
    /// A model of the second run; may be repeated [default: all]
    #[arg(long = "model", value_name = "NAME")]
    models: Vec<String>,
    /// What is compared; may be repeated [default: recall and ndcg at the largest cutoff of both]
    #[arg(long = "measure", value_name = "MEASURE@K", value_parser = |text: &str| text.parse::<Column>().map_err(|error: ColumnError| error.to_string()))]
    measures: Vec<Column>,
    /// The chance of a false alarm that is taken, over all models together
    #[arg(long, default_value_t = ALPHA)]
    alpha: f64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A model's difference.
#[derive(Debug, Serialize)]
struct Line {
    of: Column,
    with: String,
    model: String,
    difference: Difference,
}

type Values = BTreeMap<String, BTreeMap<String, f64>>;

impl Compare {
    pub(crate) fn run(self) -> Result<(), Failure> {
        if !(self.alpha > 0.0 && self.alpha <= 0.5) {
            return Err(Failure::Use(format!("--alpha is above 0 and at most 0.5; this is {}", self.alpha)));
        }
        let open = |path| Run::open(path).map_err(|error: RunError| Failure::Other(error.to_string()));
        let (baseline, run) = (open(&self.baseline)?, open(&self.run)?);
        same_questions(&baseline.report, &run.report)?;
        let with = self.with.clone().unwrap_or_else(|| baseline.report.compare_with.clone());
        known(&baseline, &with, "--with")?;
        let models = self.models_of(&baseline, &run, &with)?;
        let mut lines = Vec::new();
        for of in self.columns(&baseline.report, &run.report)? {
            let values = |run: &Run| {
                members::read(&run.members(), of)
                    .map_err(|error| Failure::Other(format!("{}: {error}", run.members().display())))
            };
            let table = self.table(of, &with, &models, &values(&baseline)?, &values(&run)?, run.report.seed);
            lines.extend(table);
        }
        self.show(&lines)
    }

    fn models_of(&self, baseline: &Run, run: &Run, with: &str) -> Result<Vec<String>, Failure> {
        for name in &self.models {
            known(run, name, "--model")?;
        }
        if !self.models.is_empty() {
            return Ok(self.models.clone());
        }
        let itself = |name: &str| baseline.bytes == run.bytes && name == with;
        let models: Vec<String> =
            run.report.models.iter().map(|model| model.name.clone()).filter(|name| !itself(name)).collect();
        if models.is_empty() {
            return Err(Failure::Use("there is but one model, which cannot be compared with itself".to_owned()));
        }
        Ok(models)
    }

    fn columns(&self, baseline: &Report, run: &Report) -> Result<Vec<Column>, Failure> {
        if !self.measures.is_empty() {
            return Ok(self.measures.clone());
        }
        let both: Vec<usize> = run.at.iter().filter(|k| baseline.at.contains(k)).copied().collect();
        let columns = headlines(&both);
        if columns.is_empty() {
            return Err(Failure::Use(format!(
                "the runs have no cutoff in common: one has {:?}, the other {:?}",
                baseline.at, run.at
            )));
        }
        Ok(columns)
    }

    fn table(&self, of: Column, with: &str, models: &[String], base: &Values, run: &Values, seed: u64) -> Vec<Line> {
        let none = BTreeMap::new();
        let base = base.get(with).unwrap_or(&none);
        let of_model = |name: &String| run.get(name).unwrap_or(&none);
        let names: BTreeSet<&String> =
            base.keys().chain(models.iter().flat_map(|name| of_model(name).keys())).collect();
        let places: BTreeMap<&String, u32> = names.into_iter().zip(0..).collect();
        let numbered = |values: &BTreeMap<String, f64>| -> Vec<(MemberIx, f64)> {
            values.iter().filter_map(|(name, value)| Some((MemberIx(*places.get(name)?), *value))).collect()
        };
        let base = numbered(base);
        let mut table: Vec<Difference> =
            models.iter().map(|name| difference(&base, &numbered(of_model(name)), self.alpha, seed)).collect();
        adjust(&mut table);
        let line = |(model, difference): (&String, Difference)| Line {
            of,
            with: with.to_owned(),
            model: model.clone(),
            difference,
        };
        models.iter().zip(table).map(line).collect()
    }

    fn show(&self, lines: &[Line]) -> Result<(), Failure> {
        if self.json {
            say(serde_json::to_string_pretty(lines).map_err(|error| Failure::Other(error.to_string()))?);
            return Ok(());
        }
        let width = lines.iter().map(|line| line.model.chars().count()).max().unwrap_or(0);
        let mut before = None;
        for line in lines {
            if before != Some(line.of) {
                let level = (1.0 - self.alpha) * 100.0;
                say(format_args!("{}: difference to {} with its {level:.0}% interval", line.of, line.with));
                before = Some(line.of);
            }
            say(format_args!("  {:width$}  {}", line.model, said(&line.difference, self.alpha)));
        }
        Ok(())
    }
}

fn known(run: &Run, name: &str, flag: &str) -> Result<(), Failure> {
    if run.report.model(name).is_some() {
        return Ok(());
    }
    let names: Vec<&str> = run.report.models.iter().map(|model| model.name.as_str()).collect();
    Err(Failure::Use(format!("{flag} {name:?} is none of {}'s models: {}", run.dir.display(), names.join(", "))))
}

/// Only what answers the same questions can be compared.
fn same_questions(a: &Report, b: &Report) -> Result<(), Failure> {
    let differs = [
        ("data", a.data.checksum.clone(), b.data.checksum.clone()),
        ("split", a.split.clone(), b.split.clone()),
        ("seed", a.seed.to_string(), b.seed.to_string()),
    ]
    .into_iter()
    .find(|(_, a, b)| a != b);
    match differs {
        None => Ok(()),
        Some((what, a, b)) => Err(Failure::Other(format!(
            "the runs answer different questions: the {what} of one is {a}, of the other {b}"
        ))),
    }
}
