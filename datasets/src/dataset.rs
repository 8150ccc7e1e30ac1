//! A data set, as models and evaluation see it: who dealt with what and when, by number, and the names behind the numbers.

use anklang_domain::Fact;
use anklang_models::{Log, MemberIx};
use serde::{Deserialize, Serialize};

/// An event of at least this weight is something to predict, such as a reply; less, such as a bookmark, only speaks of
/// what a member cares for.
pub const TARGET_WEIGHT_MIN: f32 = 1.0;

/// What a data set knows of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Timed {
    /// Moments of one clock: a global timeline can be drawn.
    Moments,
    /// Only the order of each member's own events.
    Order,
    /// Nothing.
    No,
}

/// A data set in memory.
#[derive(Debug, Clone)]
pub struct DataSet {
    /// What it is called.
    pub name: String,
    /// Under which licence it is given, where that is known.
    pub licence: Option<&'static str>,
    /// A checksum over the bytes of its files, in the order they were read.
    pub checksum: String,
    /// What it knows of time.
    pub timed: Timed,
    /// What happened. Where the data set brings its own split, the part to train on.
    pub log: Log,
    /// The part to test on, where the data set brings its own split; the same members and items.
    pub given: Option<Log>,
    /// The members' names in the files.
    pub members: Vec<String>,
    /// The items' names in the files.
    pub items: Vec<String>,
    /// What the columns of the items' content are: `tag:simulation`, `word:turing`, or a number where the files give no
    /// more. Empty where there is no content.
    pub features: Vec<String>,
    /// Members that stand for somebody who cannot be followed, as a deleted user's name within one question: their
    /// events count, but nothing is asked for them. Ascending.
    pub nobodies: Vec<MemberIx>,
    /// The facts of a whole community, by time, for what serves to be evaluated on; empty for others.
    pub facts: Vec<Fact>,
}
