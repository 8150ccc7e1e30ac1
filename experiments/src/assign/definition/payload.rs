//! What an SDK downloads, made ready.

use std::collections::{BTreeSet, HashMap};

use anklang_domain::SavedGroups;
use serde_json::{Map, Value};

use super::experiment::Surroundings;
use super::fields::{self, Object};
use super::groups::Groups;
use super::{Action, Experiment, Feature};

/// Why a document is not a payload, or not an experiment: whoever wrote it must act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// Not a payload at all.
    #[error("a payload must be an object with an object of features")]
    Payload,
    /// A part that the key does not open.
    #[error("{0} cannot be decrypted with this key, or is not JSON")]
    Encrypted(&'static str),
    /// Not an experiment.
    #[error("an experiment must have {0}")]
    Experiment(&'static str),
}

/// Features, experiments on pages, saved groups and bandits, made ready once so that asking is cheap.
///
/// Evaluation takes only a shared reference: keep it in an `Arc`, and put a new one in its place when it changes.
#[derive(Debug, Default)]
pub struct Payload {
    pub(in crate::assign) features: HashMap<String, Feature>,
    pub(in crate::assign) experiments: Vec<Experiment>,
    /// The attributes that sticky documents may go by.
    pub(in crate::assign) sticky_attributes: BTreeSet<String>,
    groups: Groups,
    bandits: Object,
}

impl Payload {
    /// Takes `{features, experiments?, savedGroups?, contextualBandits?}`. A feature that is broken behaves as in the
    /// SDKs, and the others as if it were not there.
    pub fn parse(source: &Value) -> Result<Self, PayloadError> {
        let source = source.as_object().ok_or(PayloadError::Payload)?;
        let none = Map::new();
        let features = match source.get("features") {
            None => &none,
            Some(features) => features.as_object().ok_or(PayloadError::Payload)?,
        };
        let groups = Groups::parse(source.get("savedGroups"));
        let bandits = source.get("contextualBandits").and_then(Value::as_object).cloned().unwrap_or_default();
        let around = Surroundings { groups: &groups, bandits: &bandits };
        let feature = |(key, feature): (&String, &Value)| Some((key.clone(), Feature::parse(key, feature, around)?));
        let experiments = fields::list(source, "experiments").unwrap_or_default().iter();
        let features: HashMap<String, Feature> = features.iter().filter_map(feature).collect();
        let experiments: Vec<Experiment> =
            experiments.filter_map(|source| Experiment::inline(source, around).ok()).collect();
        let sticky_attributes = sticky_attributes(&features, &experiments);
        Ok(Self { features, experiments, sticky_attributes, groups, bandits })
    }

    /// Makes an inline experiment ready that may refer to this payload's saved groups.
    pub fn experiment(&self, source: &Value) -> Result<Experiment, PayloadError> {
        Experiment::inline(source, Surroundings { groups: &self.groups, bandits: &self.bandits })
    }

    /// The keys of all features, in no order.
    pub fn feature_keys(&self) -> impl Iterator<Item = &str> {
        self.features.keys().map(String::as_str)
    }

    pub(in crate::assign) const fn groups(&self) -> &SavedGroups {
        &self.groups.lists
    }
}

fn sticky_attributes(features: &HashMap<String, Feature>, experiments: &[Experiment]) -> BTreeSet<String> {
    let of_rules = features.values().flat_map(|feature| &feature.rules).filter_map(|rule| match &rule.action {
        Action::Run(experiment) => Some(&**experiment),
        Action::Force(_) | Action::Nothing => None,
    });
    let attributes = of_rules
        .chain(experiments)
        .flat_map(|experiment| [Some(&experiment.hash_attribute), experiment.fallback_attribute.as_ref()]);
    attributes.flatten().cloned().collect()
}
