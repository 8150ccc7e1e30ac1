//! Contextual bandits: weights that depend on who is asking.

use anklang_domain::{Condition, SavedGroups};
use serde_json::{Value, json};

use super::fields::{self, Object};
use super::groups::Groups;
use crate::assign::{Range, bucket_ranges, equal_weights};

/// The leaf of those whom no leaf takes.
const FALLBACK_LEAF: i64 = -1;

/// A bandit as one experiment uses it.
#[derive(Debug)]
pub(in crate::assign) struct Bandit {
    leaves: Vec<Leaf>,
    fallback: Leaf,
}

/// Some contexts, and the weights within.
#[derive(Debug)]
pub(in crate::assign) struct Leaf {
    condition: Option<Condition>,
    /// The experiment's weights while this leaf is at work; none where the leaf names none.
    pub(in crate::assign) weights: Option<Value>,
    pub(in crate::assign) ranges: Vec<Range>,
    /// `leafId`, `variationWeights` and `banditVersion`, as they stand in results.
    pub(in crate::assign) context: Object,
}

impl Bandit {
    /// Takes a definition of `contextualBandits` for an experiment with so many variations.
    pub(super) fn parse(source: &Object, groups: &Groups, rule: &Object, variations: usize, coverage: f64) -> Self {
        let version = source.get("banditVersion").cloned();
        let leaf = |source: &Value| {
            let source = source.as_object()?;
            let weights = source.get("weights").cloned();
            Some(Leaf {
                condition: groups.condition(source.get("condition")),
                ranges: leaf_ranges(weights.as_ref(), variations, coverage),
                context: context(source.get("leafId"), weights.as_ref(), version.as_ref()),
                weights,
            })
        };
        let leaves = fields::list(source, "contexts").unwrap_or_default().iter().filter_map(leaf).collect();
        let weights = fields::given(rule, "weights").cloned();
        let shown = weights.clone().unwrap_or_else(|| json!(equal_weights(variations)));
        let fallback = Leaf {
            condition: None,
            ranges: leaf_ranges(weights.as_ref(), variations, coverage),
            context: context(Some(&FALLBACK_LEAF.into()), Some(&shown), version.as_ref()),
            weights,
        };
        Self { leaves, fallback }
    }

    /// The first leaf that takes these attributes.
    pub(in crate::assign) fn leaf(&self, attributes: &Value, groups: &SavedGroups) -> &Leaf {
        let takes = |leaf: &&Leaf| leaf.condition.as_ref().is_none_or(|condition| condition.eval(attributes, groups));
        self.leaves.iter().find(takes).unwrap_or(&self.fallback)
    }
}

fn leaf_ranges(weights: Option<&Value>, variations: usize, coverage: f64) -> Vec<Range> {
    let weights = weights.and_then(Value::as_array).map(|list| fields::weights(list));
    bucket_ranges(variations, coverage, weights.as_deref())
}

fn context(leaf: Option<&Value>, weights: Option<&Value>, version: Option<&Value>) -> Object {
    let entries = [("leafId", leaf), ("variationWeights", weights), ("banditVersion", version)];
    entries.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.clone()))).collect()
}
