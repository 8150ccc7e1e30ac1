//! The last of each member's events.

use std::sync::Arc;

use anklang_models::{ItemIx, Log};
use serde::{Deserialize, Serialize};

use super::source::{Source, case};
use super::{Candidates, Case, Fold, SplitError};
use crate::dataset::{DataSet, Timed};

const NAME: &str = "leave_last_out";
/// Fewer events than this are trained on and not asked for: one to know, one to validate by, one to test on.
const EVENTS_MIN: usize = 3;

/// Each member's last event is asked for, with all before it known; the one before the last is for validation: the split of
/// SASRec, TIGER and others on sequences. What others did later is known, so it says less of serving than a timeline does.
///
/// A member whose last item was dealt with before is not asked: the item could not be listed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LeaveLastOut {
    /// Whether the last training is on the validation's events too. Papers on sequences do not: the event is known when
    /// the question is asked, and was not trained on.
    pub train_on_validation: bool,
}

impl LeaveLastOut {
    pub(super) fn folds(&self, source: &Source<'_>) -> Result<Vec<Fold>, SplitError> {
        if source.timed() == Timed::No {
            let data = source.data.name.clone();
            return Err(SplitError::Lacks { split: NAME, needs: "the order of events", data });
        }
        let ends = Ends::of(source);
        let asked = before(source, &ends.test)?;
        let train = match self.train_on_validation {
            true => Arc::clone(&asked),
            false => before(source, &ends.validation)?,
        };
        Ok(vec![fold(train, asked, ends.cases(source, &ends.test))])
    }

    /// Trained on what comes before the last two, asked for the one before the last.
    pub(super) fn validation(&self, data: &DataSet) -> Result<Vec<Fold>, SplitError> {
        let source = Source::whole(data);
        let ends = Ends::of(&source);
        let train = before(&source, &ends.validation)?;
        Ok(vec![fold(Arc::clone(&train), train, ends.cases(&source, &ends.validation))])
    }
}

fn fold(train: Arc<Log>, asked: Arc<Log>, cases: Vec<Case>) -> Fold {
    let candidates = Candidates::Unseen;
    Fold { name: NAME.to_owned(), train, train_before: i64::MAX, asked, cases, candidates }
}

/// Of each member, the places of the events asked for; none where there are too few.
struct Ends {
    test: Vec<Option<usize>>,
    validation: Vec<Option<usize>>,
}

impl Ends {
    fn of(source: &Source<'_>) -> Self {
        let mut ends = Self { test: Vec::new(), validation: Vec::new() };
        for mut places in source.places() {
            places.retain(|place| source.is_target(&source.events[*place]));
            let from_end = |back: usize| (places.len() >= EVENTS_MIN).then(|| places[places.len() - back]);
            ends.test.push(from_end(1));
            ends.validation.push(from_end(2));
        }
        ends
    }

    fn cases(&self, source: &Source<'_>, ends: &[Option<usize>]) -> Vec<Case> {
        let mut seen: Vec<Vec<ItemIx>> = vec![Vec::new(); ends.len()];
        for (place, event) in source.events.iter().enumerate() {
            if ends[event.member.ix()].is_some_and(|end| place < end) {
                seen[event.member.ix()].push(event.item);
            }
        }
        let of_member = |(member, end): (usize, &Option<usize>)| {
            let item = source.events[(*end)?].item;
            case(member, if seen[member].contains(&item) { Vec::new() } else { vec![item] })
        };
        ends.iter().enumerate().filter_map(of_member).collect()
    }
}

/// What lies before its member's end; members without an end keep all.
fn before(source: &Source<'_>, ends: &[Option<usize>]) -> Result<Arc<Log>, SplitError> {
    let known = |place: usize| ends[source.events[place].member.ix()].is_none_or(|end| place < end);
    Ok(source.kept(known)?)
}
