//! Every document about experiments, folded from the journal: the newest of each, its history, and what follows from all
//! of them together: which references hold, and what clients are served ([`Registry::payload`]).

mod links;
mod payload;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use anklang_domain::{Configuration, UnixMillis};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::design::{DesignError, Experiment, Feature, Holdout, Layer, Segment, check_key};
use crate::metrics::Metric;

pub use self::payload::forced_variant;

/// Documents of one kind.
pub const DOCUMENTS_MAX: usize = 2_000;

/// The kinds of documents about experiments, by the name under which they are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An experiment.
    Experiment,
    /// A feature.
    Feature,
    /// A metric.
    Metric,
    /// A holdout.
    Holdout,
    /// A layer.
    Layer,
    /// A segment.
    Segment,
    /// The record of what was decided about an experiment, under the experiment's key and phase. Never changed.
    Decision,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Experiment, Self::Feature, Self::Metric, Self::Holdout, Self::Layer, Self::Segment, Self::Decision];

    /// Its name, as in [`Configuration::kind`].
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Experiment => "experiment",
            Self::Feature => "feature",
            Self::Metric => "metric",
            Self::Holdout => "holdout",
            Self::Layer => "layer",
            Self::Segment => "segment",
            Self::Decision => "decision",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// One version of a document.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Version {
    /// Counts up from 1.
    pub version: u32,
    /// When it was written.
    pub at: UnixMillis,
    /// By whom.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub author: String,
    /// What it said; none where it was removed.
    pub document: Option<Value>,
}

/// Every document, and what it means.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    /// Counts the documents that were folded in.
    edition: u64,
    history: BTreeMap<(Kind, String), Vec<Version>>,
    experiments: BTreeMap<String, Experiment>,
    features: BTreeMap<String, Feature>,
    metrics: BTreeMap<String, Metric>,
    holdouts: BTreeMap<String, Holdout>,
    layers: BTreeMap<String, Layer>,
    segments: BTreeMap<String, Segment>,
}

/// A document that was read and checked by itself.
#[derive(Debug, Clone)]
enum Parsed {
    Experiment(Box<Experiment>),
    Feature(Feature),
    Metric(Box<Metric>),
    Holdout(Holdout),
    Layer(Layer),
    Segment(Segment),
    Decision,
}

fn parse(kind: Kind, document: &Value) -> Result<Parsed, DesignError> {
    Ok(match kind {
        Kind::Experiment => Parsed::Experiment(Box::new(Experiment::parse(document)?)),
        Kind::Feature => Parsed::Feature(Feature::parse(document)?),
        Kind::Metric => Parsed::Metric(Box::new(Metric::parse(document)?)),
        Kind::Holdout => Parsed::Holdout(Holdout::parse(document)?),
        Kind::Layer => Parsed::Layer(Layer::parse(document)?),
        Kind::Segment => Parsed::Segment(Segment::parse(document)?),
        Kind::Decision => Parsed::Decision,
    })
}

impl Registry {
    /// Folds in a document. What is not about experiments, or makes no sense, changes nothing; says whether it did.
    pub fn apply(&mut self, at: UnixMillis, configuration: &Configuration) -> bool {
        let Some(kind) = Kind::named(&configuration.kind) else { return false };
        let parsed = configuration.document.as_ref().map(|document| parse(kind, document));
        let key = configuration.key.clone();
        if kind == Kind::Decision && !self.history(kind, &key).is_empty() {
            return false; // what was decided stays as it was
        }
        match parsed {
            Some(Err(_)) => return false,
            Some(Ok(parsed)) => self.insert(key, parsed),
            None => self.remove(kind, &key),
        }
        self.edition += 1;
        self.history.entry((kind, configuration.key.clone())).or_default().push(Version {
            version: configuration.version,
            at,
            author: configuration.author.clone(),
            document: configuration.document.clone(),
        });
        true
    }

    fn insert(&mut self, key: String, parsed: Parsed) {
        match parsed {
            Parsed::Experiment(experiment) => drop(self.experiments.insert(key, *experiment)),
            Parsed::Feature(feature) => drop(self.features.insert(key, feature)),
            Parsed::Metric(metric) => drop(self.metrics.insert(key, *metric)),
            Parsed::Holdout(holdout) => drop(self.holdouts.insert(key, holdout)),
            Parsed::Layer(layer) => drop(self.layers.insert(key, layer)),
            Parsed::Segment(segment) => drop(self.segments.insert(key, segment)),
            Parsed::Decision => {}
        }
    }

    fn remove(&mut self, kind: Kind, key: &str) {
        match kind {
            Kind::Experiment => drop(self.experiments.remove(key)),
            Kind::Feature => drop(self.features.remove(key)),
            Kind::Metric => drop(self.metrics.remove(key)),
            Kind::Holdout => drop(self.holdouts.remove(key)),
            Kind::Layer => drop(self.layers.remove(key)),
            Kind::Segment => drop(self.segments.remove(key)),
            Kind::Decision => {}
        }
    }

    /// Checks a document that is to be written: by itself, its key, and against the others.
    pub fn check(&self, kind: Kind, key: &str, document: &Value) -> Result<(), DesignError> {
        check_key(key)?;
        let parsed = parse(kind, document)?;
        let new = !self.history.contains_key(&(kind, key.to_owned()));
        if new && self.history.keys().filter(|(other, _)| *other == kind).count() >= DOCUMENTS_MAX {
            return Err(DesignError::at("", format!("at most {DOCUMENTS_MAX} documents of kind {}", kind.name())));
        }
        links::check(self, key, &parsed)
    }

    /// Who refers to a document, so that it must not be removed.
    #[must_use]
    pub fn used_by(&self, kind: Kind, key: &str) -> Vec<String> {
        links::used_by(self, kind, key)
    }

    /// The newest version of a document, unless it was removed.
    #[must_use]
    pub fn latest(&self, kind: Kind, key: &str) -> Option<&Version> {
        self.history(kind, key).last().filter(|version| version.document.is_some())
    }

    /// Every version of a document, oldest first.
    #[must_use]
    pub fn history(&self, kind: Kind, key: &str) -> &[Version] {
        self.history.get(&(kind, key.to_owned())).map_or(&[], Vec::as_slice)
    }

    /// The documents of a kind that are not removed, by key.
    pub fn all(&self, kind: Kind) -> impl Iterator<Item = (&str, &Version)> {
        self.history
            .range((kind, String::new())..)
            .take_while(move |((other, _), _)| *other == kind)
            .filter_map(|((_, key), versions)| Some((key.as_str(), versions.last()?)))
            .filter(|(_, version)| version.document.is_some())
    }

    /// The experiments, by key.
    pub fn experiments(&self) -> impl Iterator<Item = (&str, &Experiment)> {
        self.experiments.iter().map(|(key, experiment)| (key.as_str(), experiment))
    }

    /// An experiment.
    #[must_use]
    pub fn experiment(&self, key: &str) -> Option<&Experiment> {
        self.experiments.get(key)
    }

    /// The metrics, by key.
    pub fn metrics(&self) -> impl Iterator<Item = (&str, &Metric)> {
        self.metrics.iter().map(|(key, metric)| (key.as_str(), metric))
    }

    /// A metric.
    #[must_use]
    pub fn metric(&self, key: &str) -> Option<&Metric> {
        self.metrics.get(key)
    }

    /// What clients are served at this moment: GrowthBook's payload, `{features, experiments, savedGroups}`.
    #[must_use]
    pub fn payload(&self, now: UnixMillis) -> Value {
        payload::payload(self, now)
    }

    /// Another number after every document.
    #[must_use]
    pub const fn edition(&self) -> u64 {
        self.edition
    }

    /// When [`Registry::payload`] last changed at or before this moment: by a document, or because an experiment began or
    /// ended.
    #[must_use]
    pub fn changed_at(&self, now: UnixMillis) -> UnixMillis {
        let written = self.history.values().filter_map(|versions| versions.last()).map(|version| version.at);
        let turned = self.experiments.values().flat_map(Experiment::turns);
        written.chain(turned).filter(|at| *at <= now).max().unwrap_or_default()
    }

    /// Everything that was folded in, to be stored.
    pub(crate) fn stored(&self) -> Vec<(UnixMillis, Configuration)> {
        let configuration = |(kind, key): &(Kind, String), version: &Version| Configuration {
            kind: kind.name().to_owned(),
            key: key.clone(),
            version: version.version,
            document: version.document.clone(),
            author: version.author.clone(),
        };
        self.history
            .iter()
            .flat_map(|(key, versions)| versions.iter().map(move |version| (version.at, configuration(key, version))))
            .collect()
    }
}

/// The seed by which an experiment draws: another in each phase, so that a start anew does not inherit who was where.
#[must_use]
pub fn seed(key: &str, experiment: &Experiment) -> String {
    match experiment.phase {
        0 | 1 => key.to_owned(),
        phase => format!("{key}@{phase}"),
    }
}
