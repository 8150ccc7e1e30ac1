//! The tally as bytes, for a fast restart.

use std::collections::BTreeMap;
use std::sync::Arc;

use anklang_domain::{Configuration, UnixMillis};
use serde::{Deserialize, Serialize};

use super::Tally;
use super::exposures::Trial;
use super::people::{Aliases, Names};
use super::shelf::Shelf;
use crate::metrics::Event;
use crate::metrics::log::Log;
use crate::registry::Registry;

/// Changes whenever the stored form does, or what is folded.
const FORMAT: u32 = 2;

/// What is written; read as [`Stored`].
#[derive(Serialize)]
struct Kept<'a> {
    format: u32,
    /// Documents, as JSON: (moment, configuration).
    documents: Vec<(i64, String)>,
    names: &'a Names,
    aliases: &'a Aliases,
    /// As JSON.
    events: Vec<String>,
    dimensions: &'a [String],
    values: &'a Names,
    logs: &'a Shelf<Vec<(u16, Log)>>,
    traits: &'a Shelf<Vec<(u16, i64, u32)>>,
    trials: BTreeMap<&'a str, &'a Trial>,
    behind: bool,
    begun: bool,
}

#[derive(Deserialize)]
struct Stored {
    format: u32,
    documents: Vec<(i64, String)>,
    names: Names,
    aliases: Aliases,
    events: Vec<String>,
    dimensions: Vec<String>,
    values: Names,
    logs: Shelf<Vec<(u16, Log)>>,
    traits: Shelf<Vec<(u16, i64, u32)>>,
    trials: BTreeMap<String, Trial>,
    behind: bool,
    begun: bool,
}

impl Tally {
    /// Everything, as bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let json = |configuration: &Configuration| serde_json::to_string(configuration).unwrap_or_default();
        let documents = self.registry.stored().into_iter().map(|(at, document)| (at.ms(), json(&document))).collect();
        let kept = Kept {
            format: FORMAT,
            documents,
            names: &self.names,
            aliases: &self.aliases,
            events: self.events.iter().map(|event| serde_json::to_string(event).unwrap_or_default()).collect(),
            dimensions: &self.dimensions,
            values: &self.values,
            logs: &self.logs,
            traits: &self.traits,
            trials: self.trials.iter().map(|(key, trial)| (key.as_str(), trial.as_ref())).collect(),
            behind: self.behind,
            begun: self.begun,
        };
        postcard::to_allocvec(&kept).unwrap_or_default()
    }

    /// What [`Tally::to_bytes`] wrote; none where it was another version, or is damaged.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let stored: Stored = postcard::from_bytes(bytes).ok().filter(|stored: &Stored| stored.format == FORMAT)?;
        let mut registry = Registry::default();
        for (at, document) in &stored.documents {
            registry.apply(UnixMillis::saturating(*at), &serde_json::from_str(document).ok()?);
        }
        let events = stored.events.iter().map(|event| serde_json::from_str::<Event>(event).ok());
        Some(Self {
            registry: Arc::new(registry),
            names: stored.names,
            aliases: Arc::new(stored.aliases),
            events: events.collect::<Option<_>>()?,
            dimensions: stored.dimensions,
            values: stored.values,
            logs: stored.logs,
            traits: stored.traits,
            trials: stored.trials.into_iter().map(|(key, trial)| (key, Arc::new(trial))).collect(),
            behind: stored.behind,
            begun: stored.begun,
        })
    }
}
