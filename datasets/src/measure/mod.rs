//! What a list is worth: one measure a file, each with its formula and source.
//!
//! All measures are of one list; means are taken over members by [`crate::evaluate`], so that comparisons are paired. Those
//! of accuracy take which places of a list are right (`right`, the best place first), how many items would have been right
//! (`targets`, |T|, at least 1) and the cutoff (`k`). A list that is shorter than k is taken as it is: the places that are
//! not there are wrong. An item is right or not; there are no grades.
//!
//! [`coverage`] and [`gini`] are of all lists together.

pub mod average_popularity;
pub mod calibration;
pub mod coverage;
pub mod gini;
pub mod hit_rate;
pub mod intra_list_distance;
pub mod long_tail;
pub mod map;
pub mod mrr;
pub mod ndcg;
pub mod novelty;
pub mod precision;
pub mod recall;
pub mod serendipity;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

/// What is measured of a member's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// [`ndcg`].
    Ndcg,
    /// [`recall::recall`]: divided by |T|.
    Recall,
    /// [`recall::capped`]: divided by min(|T|, k).
    RecallCapped,
    /// [`mrr`].
    Mrr,
    /// [`map`].
    Map,
    /// [`precision`].
    Precision,
    /// [`hit_rate`].
    HitRate,
    /// [`novelty`].
    Novelty,
    /// [`average_popularity`].
    AveragePopularity,
    /// [`long_tail`].
    LongTail,
    /// [`intra_list_distance`].
    IntraListDistance,
    /// [`calibration`].
    Calibration,
    /// [`serendipity`].
    Serendipity,
}

/// What more of a measure means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
    /// Neither: it describes.
    Neither,
}

impl Measure {
    /// Those that ask whether a list was right.
    pub const ACCURACY: [Self; 7] =
        [Self::Ndcg, Self::Recall, Self::RecallCapped, Self::Mrr, Self::Map, Self::Precision, Self::HitRate];
    /// Those that ask what else a list is like.
    pub const BEYOND: [Self; 6] = [
        Self::Novelty,
        Self::AveragePopularity,
        Self::LongTail,
        Self::IntraListDistance,
        Self::Calibration,
        Self::Serendipity,
    ];

    /// The name in documents and on command lines.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ndcg => "ndcg",
            Self::Recall => "recall",
            Self::RecallCapped => "recall_capped",
            Self::Mrr => "mrr",
            Self::Map => "map",
            Self::Precision => "precision",
            Self::HitRate => "hit_rate",
            Self::Novelty => "novelty",
            Self::AveragePopularity => "average_popularity",
            Self::LongTail => "long_tail",
            Self::IntraListDistance => "intra_list_distance",
            Self::Calibration => "calibration",
            Self::Serendipity => "serendipity",
        }
    }

    /// The head of a column.
    #[must_use]
    pub const fn short(self) -> &'static str {
        match self {
            Self::Ndcg => "N",
            Self::Recall => "R",
            Self::RecallCapped => "R/min",
            Self::Mrr => "MRR",
            Self::Map => "MAP",
            Self::Precision => "P",
            Self::HitRate => "HR",
            Self::Novelty => "novelty",
            Self::AveragePopularity => "popularity",
            Self::LongTail => "tail",
            Self::IntraListDistance => "ILD",
            Self::Calibration => "KL",
            Self::Serendipity => "serendipity",
        }
    }

    /// What it says, in a sentence.
    #[must_use]
    pub const fn says(self) -> &'static str {
        match self {
            Self::Ndcg => "discounted gain by log2 of the place, over that of the best list of min(|T|, k)",
            Self::Recall => "the share of |T| that is in the list",
            Self::RecallCapped => "what is in the list, over min(|T|, k)",
            Self::Mrr => "1 over the first right place, 0 where none is",
            Self::Map => "precision at every right place, summed, over min(|T|, k)",
            Self::Precision => "the share of k places that is right",
            Self::HitRate => "whether anything in the list is right",
            Self::Novelty => "the mean of −log2 of the share of members who know the item",
            Self::AveragePopularity => "the mean number of members who know the item",
            Self::LongTail => "the share of the list outside the most popular items that make up 80% of engagement",
            Self::IntraListDistance => "the mean of 1 − cosine of the contents of two items of the list",
            Self::Calibration => "Kullback–Leibler divergence of the list's tags from those of the member's history",
            Self::Serendipity => "the share of k places that is right and not in the list of what is popular",
        }
    }

    /// What more of it means.
    #[must_use]
    pub const fn better(self) -> Better {
        match self {
            Self::Ndcg
            | Self::Recall
            | Self::RecallCapped
            | Self::Mrr
            | Self::Map
            | Self::Precision
            | Self::HitRate
            | Self::Serendipity => Better::Higher,
            Self::Calibration => Better::Lower,
            Self::Novelty | Self::AveragePopularity | Self::LongTail | Self::IntraListDistance => Better::Neither,
        }
    }

    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::ACCURACY.into_iter().chain(Self::BEYOND)
    }

    /// The measure of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|measure| measure.name() == name)
    }

    /// A measure of accuracy: which places are `right`, out of `targets`, at `k`. None for the other measures.
    #[must_use]
    pub fn of_hits(self, right: &[bool], targets: usize, k: usize) -> Option<f64> {
        Some(match self {
            Self::Ndcg => ndcg::ndcg(right, targets, k),
            Self::Recall => recall::recall(right, targets, k),
            Self::RecallCapped => recall::capped(right, targets, k),
            Self::Mrr => mrr::mrr(right, k),
            Self::Map => map::map(right, targets, k),
            Self::Precision => precision::precision(right, k),
            Self::HitRate => hit_rate::hit_rate(right, k),
            Self::Novelty
            | Self::AveragePopularity
            | Self::LongTail
            | Self::IntraListDistance
            | Self::Calibration
            | Self::Serendipity => return None,
        })
    }
}

/// How many of the first k places are right.
fn hits(right: &[bool], k: usize) -> usize {
    right.iter().take(k).filter(|right| **right).count()
}
