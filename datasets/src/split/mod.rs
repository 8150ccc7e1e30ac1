//! From a data set to folds: what to train on, what to ask, and what would have been right.
//!
//! ```
//! use anklang_datasets::split::Split;
//!
//! let split: Split = "timeline:origins=8,days=7".parse()?;
//! assert!("timeline:orgins=8".parse::<Split>().is_err());
//! # Ok::<(), anklang_datasets::split::SplitError>(())
//! ```
//!
//! Only events of at least [`TARGET_WEIGHT_MIN`](crate::dataset::TARGET_WEIGHT_MIN) are ever asked for; lighter ones are
//! part of what is known.

mod by_member;
mod candidates;
mod cold_items;
mod given;
mod leave_last_out;
mod random;
mod source;
mod text;
mod timeline;

use std::sync::Arc;

use anklang_models::{ItemIx, Log, LogError, MemberIx};
use serde::{Deserialize, Serialize};

pub use by_member::{ColdMembers, RandomByMember};
pub use candidates::candidates;
pub use cold_items::ColdItems;
pub use given::Given;
pub use leave_last_out::LeaveLastOut;
pub use random::Random;
pub use timeline::{Listed, Timeline};

use self::source::Source;
use crate::dataset::{DataSet, Timed};

/// One training and the questions put to what was trained.
#[derive(Debug, Clone)]
pub struct Fold {
    /// What it is called in reports, as `2018-07-01`.
    pub name: String,
    /// Where the events to train on lie …
    pub train: Arc<Log>,
    /// … those before this moment.
    pub train_before: i64,
    /// Where the questions' views lie: the same as `train`, but where members or items are kept from training.
    pub asked: Arc<Log>,
    /// The questions, by time.
    pub cases: Vec<Case>,
    /// Which items may be listed.
    pub candidates: Candidates,
}

/// One question, and its answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// Who asks.
    pub member: MemberIx,
    /// When: the view holds the facts before.
    pub at: i64,
    /// What would have been right, ascending; never empty, all of them candidates.
    pub targets: Vec<ItemIx>,
}

/// Which items a list may hold. None may hold an item that does not exist yet.
#[derive(Debug, Clone, PartialEq)]
pub enum Candidates {
    /// What the member has not dealt with.
    Unseen,
    /// All.
    All,
    /// What a list of missed discussions may hold: not the member's own; not dealt with, or with news by others since.
    /// News is an event of at least [`TARGET_WEIGHT_MIN`](crate::dataset::TARGET_WEIGHT_MIN).
    Missed,
    /// Of these, what the member has not dealt with: for slices of cold items.
    Only(Arc<[ItemIx]>),
}

/// How a data set is divided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "split", rename_all = "snake_case")]
pub enum Split {
    /// What comes after a moment, as it comes: the split to believe.
    Timeline(Timeline),
    /// The last of each member's events.
    LeaveLastOut(LeaveLastOut),
    /// A share of each member's items.
    Random(Random),
    /// A share of the members, of whom a part is known.
    RandomByMember(RandomByMember),
    /// A share of the items, of which only the content is known.
    ColdItems(ColdItems),
    /// A share of the members, of whom very little is known.
    ColdMembers(ColdMembers),
    /// The parts the data set brings along.
    Given(Given),
}

impl Default for Split {
    fn default() -> Self {
        Self::Timeline(Timeline::default())
    }
}

impl Split {
    /// The split that suits what a data set knows: the one it brings along, else a timeline, else by order, else at random.
    #[must_use]
    pub fn suiting(data: &DataSet) -> Self {
        match (&data.given, data.timed) {
            (Some(_), _) => Self::Given(Given::default()),
            (None, Timed::Moments) => Self::default(),
            (None, Timed::Order) => Self::LeaveLastOut(LeaveLastOut::default()),
            (None, Timed::No) => Self::Random(Random::default()),
        }
    }

    /// The folds to judge by. The same seed gives the same folds.
    pub fn folds(&self, data: &DataSet, seed: u64) -> Result<Vec<Fold>, SplitError> {
        self.check()?;
        let source = Source::whole(data);
        checked(match self {
            Self::Timeline(params) => params.folds(&source, &Arc::new(data.log.clone())),
            Self::LeaveLastOut(params) => params.folds(&source),
            Self::Random(params) => params.folds(&source, seed),
            Self::RandomByMember(params) => params.folds(&source, seed),
            Self::ColdItems(params) => params.folds(&source, seed),
            Self::ColdMembers(params) => params.folds(&source, seed),
            Self::Given(params) => params.folds(&source),
        }?)
    }

    /// The same split again, inside what a fold of `data` trains on: folds to choose parameters by, which see nothing of
    /// what the fold asks for.
    pub fn validation(&self, data: &DataSet, fold: &Fold, seed: u64) -> Result<Vec<Fold>, SplitError> {
        self.check()?;
        let source = Source::training(data, fold);
        checked(match self {
            Self::Timeline(params) => params.folds(&source, &fold.train),
            Self::LeaveLastOut(params) => params.validation(data),
            Self::Random(params) => params.folds(&source, seed),
            Self::RandomByMember(params) => params.folds(&source, seed),
            Self::ColdItems(params) => params.folds(&source, seed),
            Self::ColdMembers(params) => params.folds(&source, seed),
            Self::Given(params) => params.validation(&source, seed),
        }?)
    }

    /// Whether the settings make sense.
    pub fn check(&self) -> Result<(), SplitError> {
        match self {
            Self::Timeline(params) => params.check(),
            Self::LeaveLastOut(_) => Ok(()),
            Self::Random(params) => params.check(),
            Self::RandomByMember(params) => params.check(),
            Self::ColdItems(params) => params.check(),
            Self::ColdMembers(params) => params.check(),
            Self::Given(params) => params.check(),
        }
    }
}

/// Folds that ask nothing are left out; some must ask something.
fn checked(mut folds: Vec<Fold>) -> Result<Vec<Fold>, SplitError> {
    folds.retain(|fold| !fold.cases.is_empty());
    if folds.is_empty() {
        return Err(SplitError::Nothing);
    }
    Ok(folds)
}

/// Why a data set cannot be divided so. Whoever chose the split must act.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SplitError {
    /// A split's text is none.
    #[error("{text:?} is not a split: {what}")]
    Text {
        /// The text.
        text: String,
        /// What is wrong with it.
        what: String,
    },
    /// A setting lies outside its range.
    #[error("{split}: {field} must be {want}")]
    Setting {
        /// The split's name.
        split: &'static str,
        /// The setting.
        field: &'static str,
        /// What would be right.
        want: &'static str,
    },
    /// The data set lacks what the split divides by.
    #[error("{split} needs {needs}, which {data} does not have")]
    Lacks {
        /// The split's name.
        split: &'static str,
        /// What it needs.
        needs: &'static str,
        /// The data set's name.
        data: String,
    },
    /// There is nothing to ask for.
    #[error("no member has enough events to ask for some and know some; choose another split, or more data")]
    Nothing,
    /// The data set's events are not a log; this is ours to mend.
    #[error(transparent)]
    Log(#[from] LogError),
}

#[cfg(test)]
pub(crate) mod tests;
