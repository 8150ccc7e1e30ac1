//! Policies: how to rank, as a named, versioned document.

use anklang_domain::{DAY_MS, UnixMillis};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::score::Part;

/// How much each part of a score counts. A part of weight 0 is off: nothing of it counts, learned or not.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Weights {
    /// Interest in the item's tags: the chance of a click on them, and what they tell of the member.
    pub tag_interest: f32,
    /// Nearness in content to what the member dealt with of late, from 0 to 1.
    pub neighbour: f32,
    /// What members of like taste deal with, from 0 to about 1, where that was learned.
    pub taste: f32,
    /// Following the item, one of its tags, its category or its author.
    pub follows: f32,
    /// New replies in a discussion the member joined, in ln(1 + replies).
    pub joined: f32,
    /// How hot the discussion is in the community.
    pub hot: f32,
    /// How fresh its last activity is, from 1 down to 0.
    pub fresh: f32,
    /// Being written in another language than the member's own; counts against.
    pub language: f32,
    /// Having been shown and not engaged with, in looks; counts against.
    pub impression: f32,
    /// How much who takes part counts: it multiplies what was learned of that.
    pub people: f32,
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            tag_interest: 2.0,
            neighbour: 1.2,
            taste: 1.0,
            follows: 1.0,
            joined: 0.8,
            hot: 0.5,
            fresh: 0.6,
            language: 1.0,
            impression: 0.8,
            people: 1.0,
        }
    }
}

/// The longest absence that may be set: a hundred years.
const ABSENCE_DAYS_MAX: f32 = 36_500.0;

/// How to rank.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Set by the journal, not by the document.
    #[serde(rename = "_version")]
    version: u32,
    /// How much each part of a score counts.
    pub weights: Weights,
    /// Whether what was learned in this community corrects the weights; where false, or as long as too little happened to
    /// learn from, they count as they stand.
    pub learned: bool,
    /// The longest absence that a list covers, in days. In a quiet community little happens within a month.
    pub absence_days_max: f32,
    /// After this many hours without activity, the freshness has halved.
    pub fresh_half_life_hours: f32,
    /// What a score must reach without its freshness, or, where it was learned, the whole of it, counted from the average
    /// candidate's, to within a factor of ten in the odds; below it an entry would only pad the list.
    pub relevance_floor: f32,
    /// The share of a list's places for something different.
    pub discovery_share: f32,
    /// How much nearness to what stands above counts against, from 0 to 1.
    pub diversity: f32,
    /// The share of a list that may be about one tag before more of it counts against.
    pub tag_share_max: f32,
    /// Looks after which an item that was never engaged with is no longer shown in the same visit.
    pub looks_max: f32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            version: 1,
            weights: Weights::default(),
            learned: true,
            absence_days_max: 30.0,
            fresh_half_life_hours: 72.0,
            relevance_floor: 0.25,
            discovery_share: 0.1,
            diversity: 0.5,
            tag_share_max: 0.4,
            looks_max: 2.0,
        }
    }
}

/// Why a document is not a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// A field is unknown or of the wrong type.
    #[error("not a policy: {0}")]
    Shape(String),
    /// A number lies outside its range.
    #[error("{field} must lie {range}")]
    Range {
        /// Which number.
        field: &'static str,
        /// Where it may lie, in words.
        range: &'static str,
    },
}

impl Policy {
    /// Reads a policy's document; what it does not name keeps its default.
    pub fn parse(document: &Value, version: u32) -> Result<Self, PolicyError> {
        let policy = Self::deserialize(document).map_err(|e| PolicyError::Shape(e.to_string()))?;
        let policy = Self { version, ..policy };
        let shares = [
            ("discovery_share", policy.discovery_share),
            ("diversity", policy.diversity),
            ("tag_share_max", policy.tag_share_max),
        ];
        if let Some((field, _)) = shares.iter().find(|(_, share)| !(0.0..=1.0).contains(share)) {
            return Err(PolicyError::Range { field, range: "from 0 to 1" });
        }
        let w = &policy.weights;
        let finite = [
            w.tag_interest,
            w.neighbour,
            w.taste,
            w.follows,
            w.joined,
            w.hot,
            w.fresh,
            w.language,
            w.impression,
            w.people,
        ];
        if !finite.iter().all(|weight| (-100.0..=100.0).contains(weight)) {
            return Err(PolicyError::Range { field: "weights", range: "from -100 to 100" });
        }
        if !(1.0..=ABSENCE_DAYS_MAX).contains(&policy.absence_days_max) {
            return Err(PolicyError::Range { field: "absence_days_max", range: "from 1 to 36,500" });
        }
        if !(policy.fresh_half_life_hours > 0.0 && policy.fresh_half_life_hours <= 100_000.0) {
            return Err(PolicyError::Range { field: "fresh_half_life_hours", range: "above 0, up to 100,000" });
        }
        if !policy.relevance_floor.is_finite() || !(0.0..=1000.0).contains(&policy.looks_max) {
            return Err(PolicyError::Range { field: "relevance_floor, looks_max", range: "among the finite numbers" });
        }
        Ok(policy)
    }

    /// This policy but for what the document names, as a variant of an experiment gives it.
    pub fn changed(&self, document: &Value) -> Result<Self, PolicyError> {
        let mut whole = serde_json::to_value(self).map_err(|e| PolicyError::Shape(e.to_string()))?;
        merge(&mut whole, document);
        Self::parse(&whole, self.version)
    }

    /// Whether a part of the score has the weight 0.
    pub(crate) fn is_off(&self, part: Part) -> bool {
        let w = &self.weights;
        let weight = match part {
            Part::TagInterest => w.tag_interest,
            Part::Neighbour => w.neighbour,
            Part::Taste => w.taste,
            Part::Follows => w.follows,
            Part::Joined => w.joined,
            Part::Hot => w.hot,
            Part::Fresh => w.fresh,
            Part::Language => w.language,
            Part::Impression => w.impression,
            Part::People => w.people,
            Part::Text | Part::Similar | Part::Rising | Part::Base | Part::Diversity => return false,
        };
        weight == 0.0
    }

    /// The earliest moment that a list asked for now covers.
    pub(crate) fn earliest(&self, now: UnixMillis) -> UnixMillis {
        now.plus_ms(-(f64::from(self.absence_days_max) * DAY_MS as f64) as i64)
    }

    /// `default@version`, as slates name it.
    #[must_use]
    pub fn name(&self) -> String {
        format!("default@{}", self.version)
    }
}

/// Puts what `over` names over `base`, object by object.
fn merge(base: &mut Value, over: &Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (name, value) in over {
                merge(base.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
        (base, over) => *base = over.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_names_only_what_it_changes() {
        let policy = Policy::parse(&json!({"weights": {"hot": 2.0}, "relevance_floor": 0.5}), 3).unwrap();
        assert_eq!((policy.weights.hot, policy.weights.fresh), (2.0, Weights::default().fresh));
        assert_eq!(policy.name(), "default@3");
    }

    #[test]
    fn a_variant_changes_only_what_it_names() {
        let policy = Policy::parse(&json!({"weights": {"hot": 2.0}, "diversity": 0.1}), 3).unwrap();
        let changed = policy.changed(&json!({"weights": {"fresh": 0.0}})).unwrap();
        assert_eq!((changed.weights.hot, changed.weights.fresh, changed.diversity), (2.0, 0.0, 0.1));
        assert_eq!(policy.changed(&json!({})), Ok(policy));
        assert!(policy.changed(&json!({"diversity": 2})).is_err() && policy.changed(&json!(7)).is_err());
    }

    #[test]
    fn nonsense_is_refused_with_its_field() {
        let refused = |document| Policy::parse(&document, 2).unwrap_err().to_string();
        assert!(refused(json!({"wieghts": {}})).contains("wieghts"));
        assert!(refused(json!({"diversity": 7})).contains("diversity"));
        assert!(refused(json!({"weights": {"hot": 1e9}})).contains("weights"));
    }
}
