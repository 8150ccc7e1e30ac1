//! The tally: what experiments need of the journal, folded fact by fact.
//!
//! It keeps the documents ([`Registry`]), every unit's exposures, and of each member a log of the events that some metric
//! counts. Nothing is added up before somebody asks, so the order in which facts arrive does not matter, and an answer
//! is as new as the last fact. A metric may be written after what it counts has happened: then the tally says that it
//! [`is behind`](Tally::behind) and has to be folded anew, beginning with [`Tally::anew`].

mod exposures;
mod observe;
mod people;
mod shelf;
mod stored;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use anklang_domain::{Body, Exposure, Fact, MemberPut, UnixMillis};
use serde_json::Value;

use self::exposures::{Sighting, Spelt, Trial};
use self::people::{Aliases, Names, Who};
use self::shelf::Shelf;
use crate::metrics::Event;
use crate::metrics::log::Log;
use crate::registry::Registry;

pub use self::observe::{Arm, DAY, Dimension, EXAMPLES_MAX, LeftOut, Observed, Reader, Subject};

/// The dimension that every exposure has: what reported it.
pub const CLIENT: &str = "client";
/// How long a dimension's value may be, in bytes; the rest is cut off.
const VALUE_BYTES_MAX: usize = 100;

/// Everything that experiments need of the journal.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    registry: Arc<Registry>,
    names: Names,
    aliases: Arc<Aliases>,
    /// The events that some metric counts, each once.
    events: Vec<Event>,
    /// The dimensions that some experiment looks at.
    dimensions: Vec<String>,
    /// Values of dimensions and keys of variants.
    values: Names,
    /// Of each id, what was logged of each event: (index into `events`, log).
    logs: Shelf<Vec<(u16, Log)>>,
    /// Of each id, its traits among the dimensions: (index into `dimensions`, since, value).
    traits: Shelf<Vec<(u16, i64, u32)>>,
    /// By the experiment's key.
    trials: BTreeMap<String, Arc<Trial>>,
    /// Whether something happened before all that is counted now was.
    behind: bool,
    /// Whether anything happened at all.
    begun: bool,
}

impl Tally {
    /// The documents.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Whether facts went by that a metric or dimension written later would have counted: everything must be folded anew.
    #[must_use]
    pub const fn behind(&self) -> bool {
        self.behind
    }

    /// The tally as it is, to be looked at while facts go on being folded: made in a moment, and shares what does not change.
    /// It answers [`Tally::observe`], [`Tally::active`] and what is asked of documents; it finds no unit by its id.
    #[must_use]
    pub fn still(&self) -> Self {
        Self {
            registry: Arc::clone(&self.registry),
            names: self.names.still(),
            aliases: Arc::clone(&self.aliases),
            events: self.events.clone(),
            dimensions: self.dimensions.clone(),
            values: self.values.still(),
            logs: self.logs.clone(),
            traits: self.traits.clone(),
            trials: self.trials.clone(),
            behind: self.behind,
            begun: self.begun,
        }
    }

    /// An empty tally that knows from the first fact on what will be counted.
    #[must_use]
    pub fn anew(&self) -> Self {
        let mut tally = Self::default();
        for (_, metric) in self.registry.metrics() {
            tally.count(&metric.events());
        }
        for (_, experiment) in self.registry.experiments() {
            tally.look_at(&experiment.design);
        }
        tally
    }

    /// The variant in which a unit, or an id that turned out to be the same person, was seen first in this phase of an
    /// experiment: whoever was seen in a variant stays there.
    #[must_use]
    pub fn seen_in(&self, key: &str, unit: &str) -> Option<&str> {
        let experiment = self.registry.experiment(key).filter(|experiment| experiment.design.sticky)?;
        let (started, _) = experiment.stage.period()?;
        let trial = self.trials.get(key)?;
        let unit = self.names.find(unit)?;
        let head = if experiment.design.by_member() { self.aliases.head(unit) } else { unit };
        let ids = if experiment.design.by_member() { self.aliases.ids(&head) } else { std::slice::from_ref(&head) };
        let sightings = ids.iter().filter_map(|id| trial.units.get(id)).flatten();
        let inside = sightings.filter(|sighting| sighting.at_ms >= started.ms());
        let first = inside.min_by(|a, b| self.spelt().order(a, b))?;
        Some(self.values.name(first.variant))
    }

    /// Whether anybody is known under several ids. While nobody is, [`Self::given`] has nothing to tell of any unit.
    #[must_use]
    pub fn has_aliases(&self) -> bool {
        !self.aliases.is_empty()
    }

    /// Whether a member or a unit of this id was ever met.
    #[must_use]
    pub fn knows(&self, id: &str) -> bool {
        self.names.find(id).is_some()
    }

    /// Exposures to experiments that there are none of: their keys, and units seen. A key misspelt in a client, mostly.
    pub fn unclaimed(&self) -> impl Iterator<Item = (&str, usize)> {
        let known = |key: &&String| self.registry.experiment(key).is_some();
        self.trials.iter().filter(move |(key, _)| !known(key)).map(|(key, trial)| (key.as_str(), trial.units.len()))
    }

    /// What was given to the other ids of a unit's person in experiments under way: (experiment, phase, variant). Empty for
    /// who is known under one id, whom the hash puts where it did before.
    #[must_use]
    pub fn given(&self, unit: &str) -> Vec<(&str, u32, &str)> {
        let alone = |who: Who| self.aliases.ids(&self.aliases.head(who)).len() < 2;
        if self.names.find(unit).is_none_or(alone) {
            return Vec::new();
        }
        let running = self.registry.experiments().filter(|(_, experiment)| experiment.design.by_member());
        running.filter_map(|(key, experiment)| Some((key, experiment.phase, self.seen_in(key, unit)?))).collect()
    }

    const fn spelt(&self) -> Spelt<'_> {
        Spelt { names: &self.names, values: &self.values }
    }

    /// Folds in a fact.
    pub fn apply(&mut self, fact: &Fact) {
        let at = fact.effective_at();
        match &fact.body {
            Body::Configured(configuration) => self.configured(at, configuration),
            Body::Exposed(exposure) => self.exposed(at, &fact.source, exposure),
            Body::MemberAliased(alias) => {
                let (from, to) = (self.who(alias.from.as_str()), self.who(alias.to.as_str()));
                Arc::make_mut(&mut self.aliases).join(from, to);
            }
            Body::MemberPut(put) => self.put(at, put),
            Body::Engaged(_) | Body::ItemPut { .. } | Body::Served(_) => self.happened(fact),
            Body::ItemRemoved(_) | Body::MemberErased(_) | Body::PreferenceSet(_) | Body::Message(_) => {}
        }
    }

    fn configured(&mut self, at: UnixMillis, configuration: &anklang_domain::Configuration) {
        if !Arc::make_mut(&mut self.registry).apply(at, configuration) {
            return;
        }
        if let Some(metric) = self.registry.metric(&configuration.key).cloned() {
            self.behind |= self.count(&metric.events()) && self.begun;
        }
        if let Some(experiment) = self.registry.experiment(&configuration.key).cloned() {
            self.behind |= self.look_at(&experiment.design) && self.begun;
        }
    }

    /// Begins to log events; says whether some were not logged before.
    fn count(&mut self, events: &[&Event]) -> bool {
        let before = self.events.len();
        for event in events {
            if !self.events.contains(event) && self.events.len() < usize::from(u16::MAX) {
                self.events.push((*event).clone());
            }
        }
        self.events.len() > before
    }

    fn look_at(&mut self, design: &crate::design::Design) -> bool {
        let before = self.dimensions.len();
        for dimension in design.dimensions.iter().chain(&design.analysis.stratify) {
            if !self.dimensions.contains(dimension) && self.dimensions.len() < usize::from(u16::MAX) {
                self.dimensions.push(dimension.clone());
            }
        }
        self.dimensions.len() > before
    }

    fn who(&mut self, id: &str) -> Who {
        let who = self.names.intern(id);
        let wanted = who as usize + 1;
        while self.logs.len() < wanted {
            self.logs.push(Vec::new());
            self.traits.push(Vec::new());
        }
        who
    }

    fn happened(&mut self, fact: &Fact) {
        self.begun = true;
        for number in 0..self.events.len() {
            let Some(done) = self.events[number].of(fact) else { continue };
            let who = self.who(done.member.as_str()) as usize;
            let number = number as u16;
            let Some(logs) = self.logs.get_mut(who) else { continue };
            let place = match logs.iter().position(|(event, _)| *event == number) {
                Some(place) => place,
                None => {
                    logs.push((number, Log::default()));
                    logs.len() - 1
                }
            };
            logs[place].1.push(done.at.ms(), done.value);
        }
    }

    fn put(&mut self, at: UnixMillis, put: &MemberPut) {
        self.begun = true;
        for number in 0..self.dimensions.len() {
            let Some(value) = put.traits.get(&self.dimensions[number]).and_then(text) else { continue };
            let value = self.values.intern(&value);
            let who = self.who(put.member.as_str()) as usize;
            if let Some(traits) = self.traits.get_mut(who) {
                traits.push((number as u16, at.ms(), value));
            }
        }
    }

    fn exposed(&mut self, at: UnixMillis, source: &str, exposure: &Exposure) {
        self.begun = true;
        let unit = self.who(&exposure.unit);
        let member = exposure.member.as_ref().map(|member| self.who(member.as_str()));
        let client = exposure.props.get(CLIENT).and_then(text).unwrap_or_else(|| source.to_owned());
        let sent = |name: &str| {
            let nested = || exposure.props.get("attributes").and_then(|attributes| attributes.get(name));
            exposure.props.get(name).or_else(nested).and_then(text)
        };
        let mut values = Vec::new();
        for (number, dimension) in self.dimensions.iter().enumerate() {
            values.extend(sent(dimension).map(|value| (number as u16, self.values.intern(&value))));
        }
        let sighting = Sighting {
            at_ms: at.ms(),
            variant: self.values.intern(&exposure.variant),
            member,
            client: self.values.intern(&client),
            values,
        };
        let spelt = Spelt { names: &self.names, values: &self.values };
        let trial = self.trials.entry(exposure.experiment.clone()).or_default();
        Arc::make_mut(trial).saw(unit, sighting, spelt);
    }
}

/// A dimension's value as text; none for what is no single value.
fn text(value: &Value) -> Option<String> {
    let mut text = match value {
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    if text.len() > VALUE_BYTES_MAX {
        let end = (0..=VALUE_BYTES_MAX).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
    }
    (!text.is_empty()).then_some(text)
}
