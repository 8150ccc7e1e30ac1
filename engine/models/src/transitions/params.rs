//! What may be set.

use serde::{Deserialize, Serialize};

use super::NAME;
use crate::model::FitError;
use crate::spec::{Axis, Range};

/// What a search varies.
pub const AXES: &[Axis] = &[
    Axis { field: "reach", range: Range::Log(0.5, 20.0) },
    Axis { field: "backward", range: Range::Even(0.0, 1.0) },
    Axis { field: "recency", range: Range::Log(0.5, 20.0) },
    Axis { field: "source_power", range: Range::Even(0.3, 1.0) },
    Axis { field: "target_power", range: Range::Even(0.0, 0.5) },
    Axis { field: "content_weight", range: Range::Even(0.0, 1.5) },
    Axis { field: "likeness_weight", range: Range::Even(0.0, 1.0) },
];

/// Parameters, not yet checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// After how many more steps between two items of a history their transition counts e times less.
    pub reach: f64,
    /// What a transition counts in the direction opposite to that in which it happened, from 0 to 1.
    pub backward: f64,
    /// After how many later steps an item of the asking member's history counts e times less.
    pub recency: f64,
    /// How far items that much follows on are held back; 1: what follows on an item sums to 1.
    pub source_power: f64,
    /// How far items that follow on much are held back.
    pub target_power: f64,
    /// The weight of what follows on items with the same content; 0: content is not used.
    pub content_weight: f64,
    /// The weight of having the same content as the history.
    pub likeness_weight: f64,
    /// How much of an item's popularity its likeness is multiplied by.
    pub popularity_power: f64,
    /// How much more rare features tell than common ones; 0: all the same.
    pub idf_power: f64,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            reach: 6.0,
            backward: 0.3,
            recency: 1.5,
            source_power: 0.6,
            target_power: 0.05,
            content_weight: 0.9,
            likeness_weight: 0.4,
            popularity_power: 0.3,
            idf_power: 1.0,
        }
    }
}

/// Parameters that make sense.
#[derive(Debug, Clone)]
pub struct Checked(pub(super) Params);

impl Params {
    /// Checks them.
    pub fn check(&self) -> Result<Checked, FitError> {
        // NaN lies in no range.
        let steps = |value: f64| (0.01..=1e6).contains(&value);
        let up_to = |value: f64, most: f64| (0.0..=most).contains(&value);
        let wrong = [
            (steps(self.reach), "reach", "from 0.01 to 1000000 steps"),
            (up_to(self.backward, 1.0), "backward", "from 0 to 1"),
            (steps(self.recency), "recency", "from 0.01 to 1000000 steps"),
            (up_to(self.source_power, 2.0), "source_power", "from 0 to 2"),
            (up_to(self.target_power, 2.0), "target_power", "from 0 to 2"),
            (up_to(self.content_weight, 1000.0), "content_weight", "from 0 to 1000"),
            (up_to(self.likeness_weight, 1000.0), "likeness_weight", "from 0 to 1000"),
            (up_to(self.popularity_power, 2.0), "popularity_power", "from 0 to 2"),
            (up_to(self.idf_power, 4.0), "idf_power", "from 0 to 4"),
        ];
        match wrong.into_iter().find(|(right, ..)| !right) {
            Some((_, field, want)) => Err(FitError::Parameter { model: NAME, field, want }),
            None => Ok(Checked(self.clone())),
        }
    }
}
