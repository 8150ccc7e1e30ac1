//! From a model to lists and what they are worth, in batches on all threads. The answer does not depend on how many there
//! are: batches are cut by size alone, and put together in order.

use std::sync::atomic::{AtomicU64, Ordering};

use anklang_models::{Csr, ItemIx, Model, Progress, Request, View};
use rayon::prelude::*;

use super::background::Background;
use super::barred::Barred;
use super::outcome::{Column, Targets};
use super::top_k::{NotANumber, Ties, top_k};
use crate::measure::intra_list_distance::Features;
use crate::measure::{self, Measure};
use crate::split::{Case, Fold};

/// About so many bytes of scores are made at a time by a thread: enough requests for products of matrices, little enough
/// to lie in a cache.
const BATCH_BYTES: usize = 16 << 20;
/// The most requests at a time.
const BATCH_MAX: usize = 256;

/// What every contender's lists are held against.
pub(super) struct Court<'a> {
    pub(super) fold: &'a Fold,
    pub(super) ties: &'a Ties,
    pub(super) background: &'a Background,
    pub(super) columns: &'a [Column],
    pub(super) k_max: usize,
    /// Items × tags, where not all of the content is tags.
    tags: Option<Csr>,
}

/// A list and its values, one a column.
pub(super) struct Ranked {
    pub(super) list: Vec<ItemIx>,
    pub(super) values: Vec<Option<f64>>,
}

/// What a thread keeps from batch to batch.
struct Scratch {
    scores: Vec<f32>,
    barred: Barred,
    keys: Vec<u64>,
    best: Vec<ItemIx>,
}

/// Which place of a list is what.
struct Judged {
    right: Vec<bool>,
    right_warm: Vec<bool>,
    right_cold: Vec<bool>,
    obvious: Vec<bool>,
}

impl<'a> Court<'a> {
    pub(super) fn new(
        fold: &'a Fold,
        ties: &'a Ties,
        background: &'a Background,
        columns: &'a [Column],
        k_max: usize,
        tags: &[bool],
    ) -> Self {
        Self { fold, ties, background, columns, k_max, tags: only_tags(&fold.asked.facts().content, tags) }
    }

    /// The lists of all cases.
    pub(super) fn rank(
        &self,
        model: &dyn Model,
        what: &str,
        progress: &dyn Progress,
    ) -> Result<Vec<Ranked>, NotANumber> {
        let items = self.fold.asked.items();
        let batch = (BATCH_BYTES / (items.max(1) * size_of::<f32>())).clamp(1, BATCH_MAX);
        let (done, total) = (AtomicU64::new(0), self.fold.cases.len() as u64);
        let scratch = || Scratch {
            scores: vec![0.0; batch * items],
            barred: Barred::new(items),
            keys: Vec::new(),
            best: Vec::new(),
        };
        let batches: Vec<Result<Vec<Ranked>, NotANumber>> = self
            .fold
            .cases
            .par_chunks(batch)
            .map_init(scratch, |scratch, cases| {
                let ranked = self.batch(model, cases, scratch);
                let before = done.fetch_add(cases.len() as u64, Ordering::Relaxed);
                progress.step(what, before + cases.len() as u64, total);
                ranked
            })
            .collect();
        let mut all = Vec::with_capacity(self.fold.cases.len());
        for ranked in batches {
            all.extend(ranked?);
        }
        Ok(all)
    }

    fn batch(&self, model: &dyn Model, cases: &[Case], scratch: &mut Scratch) -> Result<Vec<Ranked>, NotANumber> {
        let items = self.fold.asked.items();
        let ask = |case: &Case| Request { member: case.member, view: self.fold.asked.before(case.at) };
        let requests: Vec<Request<'_>> = cases.iter().map(ask).collect();
        let scores = &mut scratch.scores[..cases.len() * items];
        model.score(&requests, scores);
        let mut ranked = Vec::with_capacity(cases.len());
        for (place, (case, request)) in cases.iter().zip(&requests).enumerate() {
            let row = &mut scores[place * items..(place + 1) * items];
            scratch.barred.set(self.fold, case, &request.view);
            scratch.barred.silence(row);
            top_k(row, self.ties, self.k_max, &mut scratch.best, &mut scratch.keys)?;
            ranked.push(self.measure(case, &request.view, &scratch.best, &scratch.barred));
        }
        Ok(ranked)
    }

    fn measure(&self, case: &Case, view: &View<'_>, list: &[ItemIx], barred: &Barred) -> Ranked {
        let judged = self.judge(case, list, barred);
        let cold = case.targets.iter().filter(|item| self.background.cold(item.ix())).count();
        let value = |column: &Column| {
            let (right, targets) = match column.of {
                Targets::All => (&judged.right, case.targets.len()),
                Targets::Warm => (&judged.right_warm, case.targets.len() - cold),
                Targets::Cold => (&judged.right_cold, cold),
            };
            if targets == 0 {
                return None;
            }
            column
                .measure
                .of_hits(right, targets, column.k)
                .or_else(|| self.beyond(column, case, view, &list[..list.len().min(column.k)], &judged))
        };
        Ranked { list: list.to_vec(), values: self.columns.iter().map(value).collect() }
    }

    fn judge(&self, case: &Case, list: &[ItemIx], barred: &Barred) -> Judged {
        let right: Vec<bool> = list.iter().map(|item| case.targets.binary_search(item).is_ok()).collect();
        let cold = |place: usize| self.background.cold(list[place].ix());
        let candidates = self.background.by_popularity.iter().filter(|item| !barred.holds(**item));
        let mut popular: Vec<u32> = candidates.take(self.k_max).copied().collect();
        popular.sort_unstable();
        Judged {
            right_warm: (0..list.len()).map(|place| right[place] && !cold(place)).collect(),
            right_cold: (0..list.len()).map(|place| right[place] && cold(place)).collect(),
            obvious: list.iter().map(|item| popular.binary_search(&item.0).is_ok()).collect(),
            right,
        }
    }

    fn beyond(&self, column: &Column, case: &Case, view: &View<'_>, list: &[ItemIx], judged: &Judged) -> Option<f64> {
        let known_by = list.iter().map(|item| self.background.known_by[item.ix()]);
        match column.measure {
            Measure::Novelty => measure::novelty::novelty(known_by, self.background.people),
            Measure::AveragePopularity => measure::average_popularity::average_popularity(known_by),
            Measure::LongTail => measure::long_tail::long_tail(list.iter().map(|item| self.background.tail[item.ix()])),
            Measure::IntraListDistance => {
                let contents: Vec<Features<'_>> = list.iter().map(|item| view.content_of(*item)).collect();
                measure::intra_list_distance::intra_list_distance(&contents)
            }
            Measure::Calibration => {
                let mut history: Vec<ItemIx> = view.history(case.member).map(|event| event.item).collect();
                history.sort_unstable();
                history.dedup();
                let content = |item: &ItemIx| match &self.tags {
                    Some(tags) if view.exists(*item) => tags.row(item.ix()),
                    Some(_) | None => view.content_of(*item),
                };
                measure::calibration::calibration(history.iter().map(content), list.iter().map(content))
            }
            Measure::Serendipity => Some(measure::serendipity::serendipity(&judged.right, &judged.obvious, column.k)),
            Measure::Ndcg
            | Measure::Recall
            | Measure::RecallCapped
            | Measure::Mrr
            | Measure::Map
            | Measure::Precision
            | Measure::HitRate => None,
        }
    }
}

/// The columns of content that are tags; none where all are, or none is known to be.
fn only_tags(content: &Csr, tags: &[bool]) -> Option<Csr> {
    if content.rows() == 0 || tags.iter().all(|tag| *tag) || !tags.contains(&true) {
        return None;
    }
    let is_tag = |column: usize| tags.get(column).copied().unwrap_or(false);
    let row =
        |row| content.entries(row).filter(|(column, _)| is_tag(*column)).map(|(column, value)| (column as u32, value));
    Some(Csr::from_rows(content.cols(), (0..content.rows()).map(row)))
}
