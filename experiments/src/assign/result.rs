//! What comes out of an evaluation, in Rust and as the SDKs' JSON.

use anklang_domain::javascript::truthy;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use super::definition::{Experiment, Leaf};
use super::sticky::StickyDocuments;

/// Why a feature has its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Source {
    /// There is no such feature.
    UnknownFeature,
    /// No rule applied.
    DefaultValue,
    /// A rule gave a value to some or all.
    Force,
    /// Chosen by hand.
    Override,
    /// A rule ran an experiment.
    Experiment,
    /// Another feature holds this one back.
    Prerequisite,
    /// It depends on itself, or on more than the limits allow.
    CyclicPrerequisite,
}

/// A feature's value for one context.
#[derive(Debug, Clone, Copy)]
pub struct FeatureResult<'a> {
    /// The value.
    pub value: &'a Value,
    /// Why it is so.
    pub source: Source,
    /// The rule that applied; empty where none did, or where it has no id.
    pub rule_id: &'a str,
    /// The experiment that decided.
    pub experiment: Option<Run<'a>>,
}

impl FeatureResult<'_> {
    /// Whether the value counts as true.
    #[must_use]
    pub fn is_on(&self) -> bool {
        truthy(self.value)
    }
}

/// An experiment, run.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// Which.
    pub experiment: &'a Experiment,
    /// With what outcome.
    pub result: ExperimentResult<'a>,
}

/// An experiment's outcome for one context.
#[derive(Debug, Clone, Copy)]
pub struct ExperimentResult<'a> {
    /// The variation's key: that of its description, or its index.
    pub key: &'a str,
    /// The variation's name.
    pub name: Option<&'a str>,
    /// The index of the variation.
    pub variation: usize,
    /// The variation's value; none of an experiment without variations.
    pub value: Option<&'a Value>,
    /// Whether the unit takes part. Outside it has the value of the first variation.
    pub in_experiment: bool,
    /// Whether chance chose, or what chance chose earlier.
    pub hash_used: bool,
    /// Whether the variation comes from a sticky document.
    pub sticky_bucket_used: bool,
    /// The attribute that the unit is told apart by.
    pub hash_attribute: &'a str,
    /// The unit; none where it has no such attribute.
    pub hash_value: Option<&'a Value>,
    /// The unit's place in [0, 1).
    pub bucket: Option<f64>,
    /// Whether the feature goes on to its next rule.
    pub passthrough: bool,
    /// The feature that it was run for.
    pub feature: Option<&'a str>,
    /// Where a bandit's weights come from.
    pub(super) leaf: Option<&'a Leaf>,
}

/// What an evaluation wants done; it does nothing itself.
#[derive(Debug, Default)]
pub struct Effects<'a> {
    /// Exposures to report, each once, in the order in which they came about.
    pub exposures: Vec<Exposure<'a>>,
    /// Sticky documents to save, by key.
    pub documents: StickyDocuments,
}

/// Somebody saw a variation. As JSON `{experiment, result}`.
#[derive(Debug, Clone, Copy)]
pub enum Exposure<'a> {
    /// Decided here.
    Run(Run<'a>),
    /// Decided elsewhere, and part of the payload: `{experiment, result}`.
    Given(&'a Value),
}

impl ExperimentResult<'_> {
    /// The leaf at work: where somebody chose by hand, there is none.
    fn routed(&self) -> Option<&Leaf> {
        self.leaf.filter(|_| self.hash_used)
    }
}

impl<'a> Exposure<'a> {
    /// What makes it the same exposure as another: attribute, unit, experiment and variation.
    pub(super) fn identity(&self) -> [Option<String>; 4] {
        let text = |value: Option<&Value>| value.map(Value::to_string);
        match self {
            Self::Run(Run { experiment, result }) => [
                text(Some(&result.hash_attribute.into())),
                text(result.hash_value),
                text(Some(&experiment.key.as_str().into())),
                text(Some(&result.variation.into())),
            ],
            Self::Given(track) => {
                ["/result/hashAttribute", "/result/hashValue", "/experiment/key", "/result/variationId"]
                    .map(|path| text(track.pointer(path)))
            }
        }
    }

    /// Whether two are the same.
    pub(super) fn is_again(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Run(a), Self::Run(b)) => {
                a.result.variation == b.result.variation
                    && a.experiment.key == b.experiment.key
                    && a.result.hash_attribute == b.result.hash_attribute
                    && a.result.hash_value == b.result.hash_value
            }
            (Self::Given(_), _) | (_, Self::Given(_)) => self.identity() == other.identity(),
        }
    }
}

impl Serialize for FeatureResult<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("value", self.value)?;
        map.serialize_entry("on", &self.is_on())?;
        map.serialize_entry("off", &!self.is_on())?;
        map.serialize_entry("source", &self.source)?;
        map.serialize_entry("ruleId", self.rule_id)?;
        if let Some(run) = &self.experiment {
            map.serialize_entry("experiment", &Described(run))?;
            map.serialize_entry("experimentResult", &run.result)?;
        }
        map.end()
    }
}

impl Serialize for ExperimentResult<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("key", self.key)?;
        map.serialize_entry("featureId", &self.feature)?;
        map.serialize_entry("inExperiment", &self.in_experiment)?;
        map.serialize_entry("hashUsed", &self.hash_used)?;
        map.serialize_entry("variationId", &self.variation)?;
        if let Some(value) = self.value {
            map.serialize_entry("value", value)?;
        }
        map.serialize_entry("hashAttribute", self.hash_attribute)?;
        match self.hash_value {
            Some(value) => map.serialize_entry("hashValue", value)?,
            None => map.serialize_entry("hashValue", "")?,
        }
        map.serialize_entry("stickyBucketUsed", &self.sticky_bucket_used)?;
        if let Some(name) = self.name {
            map.serialize_entry("name", name)?;
        }
        if let Some(bucket) = self.bucket {
            map.serialize_entry("bucket", &bucket)?;
        }
        if self.passthrough {
            map.serialize_entry("passthrough", &true)?;
        }
        let routed = self.routed().filter(|_| self.in_experiment);
        for (name, value) in routed.into_iter().flat_map(|leaf| &leaf.context) {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl Serialize for Exposure<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Given(track) => track.serialize(serializer),
            Self::Run(run) => run.serialize(serializer),
        }
    }
}

impl Serialize for Run<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("experiment", &Described(self))?;
        map.serialize_entry("result", &self.result)?;
        map.end()
    }
}

/// The experiment as it was run: its document, with the weights of the bandit's leaf.
struct Described<'r, 'a>(&'r Run<'a>);

impl Serialize for Described<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Run { experiment, result } = self.0;
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in &experiment.definition {
            if name != "weights" || result.leaf.is_none() {
                map.serialize_entry(name, value)?;
            }
        }
        if let Some(weights) = result.leaf.and_then(|leaf| leaf.weights.as_ref()) {
            map.serialize_entry("weights", weights)?;
        }
        if let Some(leaf) = result.routed() {
            map.serialize_entry("contextualBandit", &leaf.context)?;
        }
        map.end()
    }
}
