//! Exposures to one experiment, by unit.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use anklang_domain::DAY_MS;
use serde::{Deserialize, Serialize};

use super::people::{Names, Who};

/// A unit was seen in a variant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

/// What numbers stand for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spelt<'a> {
    pub(super) names: &'a Names,
    pub(super) values: &'a Names,
}

impl Spelt<'_> {
    /// The order of sightings: by time, and at the same moment by what they say. Numbers would not do: they depend on who was
    /// met first.
    pub(super) fn order(&self, a: &Sighting, b: &Sighting) -> Ordering {
        let words = |sighting: &Sighting| {
            let member = sighting.member.map(|member| self.names.name(member));
            (self.values.name(sighting.variant), self.values.name(sighting.client), member)
        };
        let said = |sighting: &Sighting| {
            let each = sighting.values.iter().map(|(dimension, value)| (*dimension, self.values.name(*value)));
            each.collect::<Vec<_>>()
        };
        a.at_ms.cmp(&b.at_ms).then_with(|| words(a).cmp(&words(b))).then_with(|| said(a).cmp(&said(b)))
    }
}

/// Every unit's exposures to one experiment.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Trial {
    /// Of each unit, oldest first.
    pub(super) units: BTreeMap<Who, Vec<Sighting>>,
}

impl Trial {
    /// Notes an exposure. Of those of one day to one variant for one member, the first and the last are kept: clients report
    /// again and again, and the first is all an analysis asks for, unless the experiment was started between the two.
    pub(super) fn saw(&mut self, unit: Who, sighting: Sighting, spelt: Spelt<'_>) {
        let seen = self.units.entry(unit).or_default();
        let day = |at_ms: i64| at_ms.div_euclid(DAY_MS);
        let alike = |other: &Sighting| {
            other.variant == sighting.variant
                && other.member == sighting.member
                && day(other.at_ms) == day(sighting.at_ms)
        };
        let kept: Vec<usize> = (0..seen.len()).filter(|place| alike(&seen[*place])).collect();
        match kept.as_slice() {
            [place] if spelt.order(&seen[*place], &sighting).is_eq() => return,
            [first, ..] if kept.len() > 1 && spelt.order(&sighting, &seen[*first]).is_le() => drop(seen.remove(*first)),
            [.., last] if kept.len() > 1 && spelt.order(&sighting, &seen[*last]).is_ge() => drop(seen.remove(*last)),
            [_, _, ..] => return,
            [] | [_] => {}
        }
        let place = seen.partition_point(|other| spelt.order(other, &sighting).is_le());
        seen.insert(place, sighting);
    }
}
