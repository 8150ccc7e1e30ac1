//! What an evaluation says, member by member.

use std::fmt;
use std::str::FromStr;

use anklang_models::{ItemIx, MemberIx};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::K_MAX;
use crate::measure::Measure;

/// Of which targets a measure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Targets {
    /// All.
    All,
    /// Items that somebody had dealt with when the training ended.
    Warm,
    /// Items that nobody had.
    Cold,
}

/// A measure at a cutoff, of some targets; as text `ndcg@20`, `ndcg@20/cold`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Column {
    /// What is measured.
    pub measure: Measure,
    /// Of how many places.
    pub k: usize,
    /// Of which targets.
    pub of: Targets,
}

impl Column {
    /// A measure of all targets.
    #[must_use]
    pub const fn of_all(measure: Measure, k: usize) -> Self {
        Self { measure, k, of: Targets::All }
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.measure.name(), self.k)?;
        match self.of {
            Targets::All => Ok(()),
            Targets::Warm => f.write_str("/warm"),
            Targets::Cold => f.write_str("/cold"),
        }
    }
}

impl From<Column> for String {
    fn from(column: Column) -> Self {
        column.to_string()
    }
}

/// A text is no column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a measure; write ndcg@20 or recall@10, with one of {}", names())]
pub struct ColumnError {
    /// The text.
    pub text: String,
}

fn names() -> String {
    Measure::all().map(Measure::name).collect::<Vec<_>>().join(", ")
}

impl FromStr for Column {
    type Err = ColumnError;

    fn from_str(text: &str) -> Result<Self, ColumnError> {
        let parse = || {
            let (name, rest) = text.split_once('@')?;
            let (k, of) = match rest.split_once('/') {
                None => (rest, Targets::All),
                Some((k, "warm")) => (k, Targets::Warm),
                Some((k, "cold")) => (k, Targets::Cold),
                Some(_) => return None,
            };
            let k = k.parse().ok().filter(|k| (1..=K_MAX).contains(k))?;
            Some(Self { measure: Measure::named(name)?, k, of })
        };
        parse().ok_or_else(|| ColumnError { text: text.to_owned() })
    }
}

impl TryFrom<String> for Column {
    type Error = ColumnError;

    fn try_from(text: String) -> Result<Self, ColumnError> {
        text.parse()
    }
}

/// A question that was asked of every model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Which fold, from 0.
    pub fold: usize,
    /// Who asked.
    pub member: MemberIx,
    /// When.
    pub at: i64,
    /// How many items the member had dealt with before.
    pub history: u32,
    /// Whether the member had dealt with nothing when the training ended.
    pub cold: bool,
    /// How many items would have been right.
    pub targets: u32,
}

/// What a training and its answers cost. Times and memory differ from run to run: they are kept apart from what does not.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Costs {
    /// Fitting, all folds together.
    pub fit_seconds: f64,
    /// Scoring, ranking and measuring, all folds together.
    pub rank_seconds: f64,
    /// The most memory that the process took during a fit, the data included; none where the system does not tell.
    pub fit_peak_bytes: Option<u64>,
    /// How much of it the fit added to what was there.
    pub fit_added_bytes: Option<u64>,
}

/// What one contender did.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Its name.
    pub name: String,
    /// What it is, as a document.
    pub document: Value,
    /// Column by column, the value of every case; none where there is nothing to measure.
    pub values: Vec<Vec<Option<f64>>>,
    /// Of every case, the list, the best first.
    pub lists: Vec<Vec<ItemIx>>,
    /// What it cost.
    pub costs: Costs,
}

/// An evaluation: the same questions, put to every contender.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// What is measured.
    pub columns: Vec<Column>,
    /// The cutoffs, ascending.
    pub at: Vec<usize>,
    /// Who was asked what, fold after fold.
    pub asked: Vec<Asked>,
    /// Which items could have been listed in some case.
    pub catalogue: Vec<bool>,
    /// Each contender's.
    pub outcomes: Vec<Outcome>,
}

impl Evaluation {
    /// Where a column is.
    #[must_use]
    pub fn column(&self, column: Column) -> Option<usize> {
        self.columns.iter().position(|other| *other == column)
    }

    /// Each member's mean over their cases that pass, for those with a value, by member.
    #[must_use]
    pub fn by_member(&self, outcome: &Outcome, column: usize, passes: impl Fn(&Asked) -> bool) -> Vec<(MemberIx, f64)> {
        let mut cases: Vec<(MemberIx, f64)> = self
            .asked
            .iter()
            .zip(&outcome.values[column])
            .filter(|(asked, _)| passes(asked))
            .filter_map(|(asked, value)| Some((asked.member, (*value)?)))
            .collect();
        // Stable: a member's cases stay in order.
        cases.sort_by_key(|(member, _)| *member);
        let mean = |cases: &[(MemberIx, f64)]| cases.iter().map(|(_, value)| value).sum::<f64>() / cases.len() as f64;
        cases.chunk_by(|a, b| a.0 == b.0).map(|cases| (cases[0].0, mean(cases))).collect()
    }

    /// The mean over members, and how many there are; none without any.
    #[must_use]
    pub fn mean(&self, outcome: &Outcome, column: usize, passes: impl Fn(&Asked) -> bool) -> Option<(f64, usize)> {
        let members = self.by_member(outcome, column, passes);
        let sum: f64 = members.iter().map(|(_, value)| value).sum();
        (!members.is_empty()).then(|| (sum / members.len() as f64, members.len()))
    }

    /// In how many lists of k each item of the catalogue was.
    #[must_use]
    pub fn exposures(&self, outcome: &Outcome, k: usize) -> Vec<u64> {
        let mut counts = vec![0; self.catalogue.len()];
        for item in outcome.lists.iter().flat_map(|list| list.iter().take(k)) {
            counts[item.ix()] += 1;
        }
        counts.into_iter().zip(&self.catalogue).filter(|(_, there)| **there).map(|(count, _)| count).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_text_and_back() {
        let column = Column { measure: Measure::RecallCapped, k: 5, of: Targets::Cold };
        assert_eq!(column.to_string(), "recall_capped@5/cold");
        assert_eq!("recall_capped@5/cold".parse(), Ok(column));
        for wrong in ["ndcg", "ndcg@", "ndcg@0", "ndcg@20/hot", "dcg@20", "ndcg@100000", ""] {
            assert!(wrong.parse::<Column>().is_err(), "{wrong}");
        }
    }
}
