//! What is shown and kept of an evaluation: all that is the same every time, and nothing that is not.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::outcome::{Asked, Column, Evaluation, Outcome, Targets};
use super::paired::{Difference, adjust, difference};
use crate::dataset::DataSet;
use crate::load;
use crate::measure::Measure;
use crate::measure::coverage::coverage;
use crate::measure::gini::gini;
use crate::split::{Fold, Split};

/// The shape of reports; another one is refused by name.
pub const FORMAT: u32 = 1;
/// The code that made a report.
pub const CODE: &str = concat!("anklang ", env!("CARGO_PKG_VERSION"));
/// Histories are told apart by how many items they hold: up to each of these, and beyond.
pub const HISTORIES: [u32; 7] = [0, 2, 5, 10, 20, 50, 100];

/// An evaluation's results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// [`FORMAT`].
    pub format: u32,
    /// [`CODE`].
    pub code: String,
    /// On which data.
    pub data: DataName,
    /// How it was divided, as text.
    pub split: String,
    /// Where chance came from.
    pub seed: u64,
    /// The cutoffs, ascending.
    pub at: Vec<usize>,
    /// The memory that one model was allowed.
    pub memory_bytes_max: u64,
    /// The chance of a false alarm that was taken in comparisons.
    pub alpha: f64,
    /// The model that the others are compared with.
    pub compare_with: String,
    /// What was asked.
    pub folds: Vec<FoldLine>,
    /// How many items could have been listed.
    pub catalogue: usize,
    /// Every model's results.
    pub models: Vec<ModelReport>,
}

/// Which data it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataName {
    /// What it is called.
    pub name: String,
    /// The checksum over its files.
    pub checksum: String,
    /// How the files were read, where that was said.
    #[serde(default)]
    pub read_as: load::Options,
}

/// What a fold asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoldLine {
    /// Its name.
    pub name: String,
    /// Events to train on.
    pub train_events: usize,
    /// Questions.
    pub cases: usize,
    /// Members who ask.
    pub members: usize,
}

/// One model's results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelReport {
    /// What it is called.
    pub name: String,
    /// What it is, so that it can be made again.
    pub document: Value,
    /// Means over members.
    pub means: Vec<Mean>,
    /// Of all lists together, by cutoff.
    pub together: Vec<Together>,
    /// Means over some of the members or items.
    pub slices: Vec<Slice>,
    /// Differences to the model compared with; none for itself.
    pub differences: Vec<Compared>,
}

/// A mean over members, each of whom counts alike however many questions they have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mean {
    /// Of what.
    pub of: Column,
    /// The mean; none where no member has a value.
    pub mean: Option<f64>,
    /// Over how many members.
    pub members: usize,
}

/// What is measured of all lists together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Together {
    /// Of how many places.
    pub k: usize,
    /// [`coverage`].
    pub coverage: f64,
    /// [`gini`].
    pub gini: f64,
}

/// A mean over some.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slice {
    /// By what they are told apart.
    pub by: By,
    /// Which of them, as `cold` or `3–5`.
    pub which: String,
    /// The mean.
    pub mean: Mean,
}

/// By what members or items are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// Whether the member had done anything when the training ended.
    Members,
    /// Whether anybody had dealt with the target when the training ended.
    Items,
    /// How many items the member had dealt with when they asked.
    History,
}

/// A difference, of what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compared {
    /// Of what.
    pub of: Column,
    /// The difference to the model compared with.
    pub difference: Difference,
}

/// What a report is made for.
#[derive(Debug, Clone)]
pub struct About<'a> {
    /// The data.
    pub data: &'a DataSet,
    /// How its files were read, where that was said.
    pub read_as: &'a load::Options,
    /// Its division.
    pub split: &'a Split,
    /// The folds of it.
    pub folds: &'a [Fold],
    /// The seed of folds, models, ties and flips.
    pub seed: u64,
    /// The memory that one model was allowed.
    pub memory_bytes_max: u64,
    /// The chance of a false alarm.
    pub alpha: f64,
    /// The model to compare with; an unknown name compares nothing.
    pub compare_with: &'a str,
}

/// The columns that are compared and sliced: at the largest cutoff.
#[must_use]
pub fn headlines(at: &[usize]) -> Vec<Column> {
    at.last().into_iter().flat_map(|k| [Measure::Recall, Measure::Ndcg].map(|it| Column::of_all(it, *k))).collect()
}

impl Report {
    /// The report of an evaluation.
    #[must_use]
    pub fn of(evaluation: &Evaluation, about: &About<'_>) -> Self {
        let mut models: Vec<ModelReport> =
            evaluation.outcomes.iter().map(|outcome| model(evaluation, outcome)).collect();
        compare(evaluation, about, &mut models);
        Self {
            format: FORMAT,
            code: CODE.to_owned(),
            data: DataName {
                name: about.data.name.clone(),
                checksum: about.data.checksum.clone(),
                read_as: about.read_as.clone(),
            },
            split: about.split.to_string(),
            seed: about.seed,
            at: evaluation.at.clone(),
            memory_bytes_max: about.memory_bytes_max,
            alpha: about.alpha,
            compare_with: about.compare_with.to_owned(),
            folds: about.folds.iter().map(fold_line).collect(),
            catalogue: evaluation.catalogue.iter().filter(|there| **there).count(),
            models,
        }
    }

    /// The bytes of the report, the same every time.
    pub fn bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// The model of this name.
    #[must_use]
    pub fn model(&self, name: &str) -> Option<&ModelReport> {
        self.models.iter().find(|model| model.name == name)
    }
}

impl ModelReport {
    /// The mean of a column, where there is one.
    #[must_use]
    pub fn mean(&self, of: Column) -> Option<f64> {
        self.means.iter().find(|mean| mean.of == of)?.mean
    }

    /// The difference of a column.
    #[must_use]
    pub fn difference(&self, of: Column) -> Option<&Difference> {
        self.differences.iter().find(|compared| compared.of == of).map(|compared| &compared.difference)
    }
}

fn fold_line(fold: &Fold) -> FoldLine {
    let mut members: Vec<_> = fold.cases.iter().map(|case| case.member).collect();
    members.sort_unstable();
    members.dedup();
    FoldLine {
        name: fold.name.clone(),
        train_events: fold.train.before(fold.train_before).events().len(),
        cases: fold.cases.len(),
        members: members.len(),
    }
}

fn model(evaluation: &Evaluation, outcome: &Outcome) -> ModelReport {
    let means = evaluation
        .columns
        .iter()
        .filter(|column| column.of == Targets::All)
        .map(|column| mean(evaluation, outcome, *column, |_| true));
    let together = evaluation.at.iter().map(|k| {
        let exposures = evaluation.exposures(outcome, *k);
        Together { k: *k, coverage: coverage(&exposures), gini: gini(&exposures) }
    });
    ModelReport {
        name: outcome.name.clone(),
        document: outcome.document.clone(),
        means: means.collect(),
        together: together.collect(),
        slices: slices(evaluation, outcome),
        differences: Vec::new(),
    }
}

fn mean(evaluation: &Evaluation, outcome: &Outcome, of: Column, passes: impl Fn(&Asked) -> bool) -> Mean {
    let found = evaluation.column(of).and_then(|column| evaluation.mean(outcome, column, passes));
    Mean { of, mean: found.map(|(mean, _)| mean), members: found.map_or(0, |(_, members)| members) }
}

/// Slices that nobody is in are left out.
fn slices(evaluation: &Evaluation, outcome: &Outcome) -> Vec<Slice> {
    let mut slices = Vec::new();
    for of in headlines(&evaluation.at) {
        let mut add = |by, which: &str, mean: Mean| {
            if mean.members > 0 {
                slices.push(Slice { by, which: which.to_owned(), mean });
            }
        };
        for (which, cold) in [("warm", false), ("cold", true)] {
            add(By::Members, which, mean(evaluation, outcome, of, |asked| asked.cold == cold));
        }
        for (which, targets) in [("warm", Targets::Warm), ("cold", Targets::Cold)] {
            add(By::Items, which, mean(evaluation, outcome, Column { of: targets, ..of }, |_| true));
        }
        let mut from = 0;
        for to in HISTORIES.into_iter().chain([u32::MAX]) {
            let which = match (from, to) {
                (from, u32::MAX) => format!("{from}+"),
                (from, to) if from == to => from.to_string(),
                (from, to) => format!("{from}–{to}"),
            };
            let within = |asked: &Asked| (from..=to).contains(&asked.history);
            add(By::History, &which, mean(evaluation, outcome, of, within));
            from = to.saturating_add(1);
        }
    }
    slices
}

/// Every model against the one compared with, adjusted over the models of each column.
fn compare(evaluation: &Evaluation, about: &About<'_>, models: &mut [ModelReport]) {
    let Some(baseline) = evaluation.outcomes.iter().find(|outcome| outcome.name == about.compare_with) else { return };
    for of in headlines(&evaluation.at) {
        let Some(column) = evaluation.column(of) else { continue };
        let by_member = |outcome| evaluation.by_member(outcome, column, |_| true);
        let base = by_member(baseline);
        let others = || evaluation.outcomes.iter().enumerate().filter(|(_, outcome)| outcome.name != baseline.name);
        let mut table: Vec<Difference> =
            others().map(|(_, outcome)| difference(&base, &by_member(outcome), about.alpha, about.seed)).collect();
        adjust(&mut table);
        for ((place, _), difference) in others().zip(table) {
            models[place].differences.push(Compared { of, difference });
        }
    }
}
