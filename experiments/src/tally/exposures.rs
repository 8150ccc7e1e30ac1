//! Exposures to one experiment, by unit.

use std::collections::BTreeMap;

use anklang_domain::DAY_MS;
use serde::{Deserialize, Serialize};

use super::people::Who;

/// A unit was seen in a variant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Sighting {
    /// When, in milliseconds since 1970.
    pub(super) at_ms: i64,
    /// The key of the variant, as a number.
    pub(super) variant: u32,
    /// The member, where one was named.
    pub(super) member: Option<Who>,
    /// What reported it.
    pub(super) client: u32,
    /// What else was said: (dimension, value).
    pub(super) values: Vec<(u16, u32)>,
}

/// Every unit's exposures to one experiment.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Trial {
    /// Of each unit, oldest first.
    pub(super) units: BTreeMap<Who, Vec<Sighting>>,
}

impl Trial {
    /// Notes an exposure. Of those of one day to one variant for one member, the first is kept: that is all an analysis
    /// asks for, and clients report again and again.
    pub(super) fn saw(&mut self, unit: Who, sighting: Sighting) {
        let seen = self.units.entry(unit).or_default();
        let day = |at_ms: i64| at_ms.div_euclid(DAY_MS);
        let alike = |other: &Sighting| {
            other.variant == sighting.variant
                && other.member == sighting.member
                && day(other.at_ms) == day(sighting.at_ms)
        };
        match seen.iter().position(alike) {
            Some(place) if seen[place] <= sighting => return,
            Some(place) => drop(seen.remove(place)),
            None => {}
        }
        let place = seen.partition_point(|other| *other <= sighting);
        seen.insert(place, sighting);
    }
}
