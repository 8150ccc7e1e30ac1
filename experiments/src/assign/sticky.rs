//! Sticky bucketing: what a unit was given stays, whatever happens to weights, targeting and log-in.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::context::{Context, Unit};
use super::definition::{Experiment, Payload};

/// What one unit was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StickyDocument {
    /// The attribute that the unit is told apart by.
    pub attribute_name: String,
    /// Its value.
    pub attribute_value: String,
    /// `experiment__bucketVersion` → the variation's key.
    pub assignments: BTreeMap<String, String>,
}

/// Documents by [`sticky_key`].
pub type StickyDocuments = BTreeMap<String, StickyDocument>;

/// The key of a unit's document: `attribute||value`.
#[must_use]
pub fn sticky_key(attribute: &str, value: &str) -> String {
    format!("{attribute}||{value}")
}

/// The key of an assignment: `experiment__bucketVersion`.
#[must_use]
pub fn assignment_key(experiment: &str, bucket_version: u64) -> String {
    format!("{experiment}__{bucket_version}")
}

impl Payload {
    /// The keys of the documents that these attributes may need: look them up, and hand them to [`Context::sticky`].
    #[must_use]
    pub fn sticky_keys(&self, context: &Context<'_>) -> BTreeSet<String> {
        let key = |name: &String| Some(sticky_key(name, &context.unit(name, None).document_value()?));
        self.sticky_attributes.iter().filter_map(key).collect()
    }
}

/// What a unit's documents say about an experiment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remembered {
    Nothing,
    Variation(usize),
    /// The unit was given a variation of a version that is to be excluded.
    Blocked,
}

/// The documents there are and those changed since, which go first.
pub(super) struct Memory<'m> {
    pub(super) changed: &'m StickyDocuments,
    pub(super) stored: &'m StickyDocuments,
}

impl Memory<'_> {
    fn get(&self, unit: &Unit<'_>) -> Option<&StickyDocument> {
        let key = sticky_key(unit.attribute, &unit.document_value()?);
        self.changed.get(&key).or_else(|| self.stored.get(&key))
    }

    /// The unit's own document goes before that of the fallback.
    pub(super) fn recall(&self, experiment: &Experiment, unit: &Unit<'_>, fallback: &Unit<'_>) -> Remembered {
        let documents = [self.get(unit), self.get(fallback)];
        let documents = || documents.iter().copied().flatten();
        let before = |key: &String| is_before(key, &experiment.key, experiment.min_bucket_version);
        if documents().any(|document| document.assignments.keys().any(before)) {
            return Remembered::Blocked;
        }
        let key = assignment_key(&experiment.key, experiment.bucket_version);
        let Some(given) = documents().find_map(|document| document.assignments.get(&key)) else {
            return Remembered::Nothing;
        };
        let mut variations = experiment.variations.iter();
        let found = variations.position(|variation| variation.has_own_key && variation.key == *given);
        found.map_or(Remembered::Nothing, Remembered::Variation)
    }

    /// The unit's document with one more assignment; none where it stands there already.
    pub(super) fn noted(&self, experiment: &Experiment, unit: &Unit<'_>, variation: &str) -> Option<StickyDocument> {
        let key = assignment_key(&experiment.key, experiment.bucket_version);
        let stored = self.get(unit);
        if stored.is_some_and(|document| document.assignments.get(&key).is_some_and(|given| given == variation)) {
            return None;
        }
        let mut assignments = stored.map(|document| document.assignments.clone()).unwrap_or_default();
        assignments.insert(key, variation.to_owned());
        Some(StickyDocument {
            attribute_name: unit.attribute.to_owned(),
            attribute_value: unit.document_value()?.into_owned(),
            assignments,
        })
    }
}

/// Whether an assignment is of an experiment's version below the least that counts.
fn is_before(key: &str, experiment: &str, least: u64) -> bool {
    let version = key.strip_prefix(experiment).and_then(|rest| rest.strip_prefix("__"));
    version.is_some_and(|text| text.parse().is_ok_and(|version: u64| version < least && version.to_string() == text))
}
