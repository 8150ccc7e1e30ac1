//! From a data set to folds: what to train on, what to ask, and what would have been right.

use std::sync::Arc;

use anklang_models::{ItemIx, Log, MemberIx};

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
    Missed,
    /// Of these, what the member has not dealt with: for slices of cold items.
    Only(Arc<[ItemIx]>),
}
