//! One experiment as it is at a moment: who was seen where, and what each unit counts for.

use std::collections::HashMap;

use anklang_domain::{DAY_MS, UnixMillis};

use super::exposures::Sighting;
use super::people::Who;
use super::{CLIENT, Tally};
use crate::assign::{self, HashVersion, Range};
use crate::design::experiment::{AssignedBy, LayerPart};
use crate::design::{Design, Experiment};
use crate::health::exposure::{Example, Exposures, Oddity};
use crate::metrics::definition::STEPS_MAX;
use crate::metrics::log::Log;
use crate::metrics::value::{Unit, UnitValue, value};
use crate::metrics::{Kind, Metric};
use crate::registry::seed;

/// Examples kept of each kind of stray exposure.
pub const EXAMPLES_MAX: usize = 5;
/// The dimension that is made from the moment of exposure: its day, in UTC.
pub const DAY: &str = "day";

/// The place of a variant in its design.
pub type Arm = usize;

/// A unit that was seen in one arm.
#[derive(Debug, Clone, PartialEq)]
pub struct Subject {
    /// Its arm.
    pub arm: Arm,
    /// When it was first exposed.
    pub exposed_ms: i64,
    /// The id by which it is called.
    unit: Who,
    /// Whose events count for it.
    people: Vec<Who>,
    /// Its first exposure's dimensions.
    client: u32,
    values: Vec<(u16, u32)>,
}

/// A metric, and under which numbers its events are logged.
#[derive(Debug)]
pub struct Reader<'m> {
    metric: &'m Metric,
    events: Vec<Option<u16>>,
}

/// A dimension, by what it is read from.
#[derive(Debug, Clone, Copy)]
pub enum Dimension {
    /// The moment of exposure.
    Day,
    /// What reported it.
    Client,
    /// What was sent, or a member's traits.
    Other(u16),
}

/// Units that are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// How many.
    pub count: u64,
    /// The first of them.
    pub examples: Vec<String>,
}

impl LeftOut {
    fn add(&mut self, unit: &str) {
        self.count += 1;
        // The first in the alphabet, in whatever order they come.
        let place = self.examples.partition_point(|other| other.as_str() <= unit);
        if place < EXAMPLES_MAX {
            self.examples.insert(place, unit.to_owned());
            self.examples.truncate(EXAMPLES_MAX);
        }
    }
}

/// One experiment at a moment.
#[derive(Debug)]
pub struct Observed<'a> {
    tally: &'a Tally,
    /// The experiment's key.
    pub key: &'a str,
    /// The experiment.
    pub experiment: &'a Experiment,
    /// Since when units are assigned.
    pub started_ms: i64,
    /// Until when units were looked at.
    pub until_ms: i64,
    /// Units that were seen in one arm, in the order of their first exposure.
    pub subjects: Vec<Subject>,
    /// Units that were seen in several arms.
    pub several: LeftOut,
    /// What is odd about exposures: outside the experiment's time, of unknown variants (both left out), and where the
    /// assignment does not put the unit (which is counted where it was seen).
    pub exposures: Exposures,
}

impl Tally {
    /// An experiment at a moment; none where there is none of this key, or it was never started.
    #[must_use]
    pub fn observe<'a>(&'a self, key: &'a str, now: UnixMillis) -> Option<Observed<'a>> {
        let mut observed = self.glance(key, now, true)?;
        let name = |subject: &Subject| self.names.name(subject.unit);
        observed.subjects.sort_by(|a, b| a.exposed_ms.cmp(&b.exposed_ms).then_with(|| name(a).cmp(name(b))));
        Some(observed)
    }

    /// The same with its units in any order, and without a look at whether each was seen where it was drawn, unless
    /// `drawn` asks for it: enough for who was in which arm.
    pub(crate) fn glance<'a>(&'a self, key: &'a str, now: UnixMillis, drawn: bool) -> Option<Observed<'a>> {
        let experiment = self.registry.experiment(key)?;
        let (started, stopped) = experiment.stage.period()?;
        // What happens at this very moment has happened.
        let until = stopped.map_or(now.plus_ms(1), |stopped| stopped.min(now));
        let mut observed = Observed {
            tally: self,
            key,
            experiment,
            started_ms: started.ms(),
            until_ms: until.ms(),
            subjects: Vec::new(),
            several: LeftOut::default(),
            exposures: Exposures::default(),
        };
        let ends = [stopped, experiment.design.ends_at].into_iter().flatten().min();
        let before = ends.map_or(i64::MAX, UnixMillis::ms).min(now.ms().saturating_add(1));
        let checked = drawn && experiment.design.assigned_by == AssignedBy::Anklang;
        let draw = checked.then(|| Draw::new(key, experiment));
        let mut sightings: Vec<(Who, &Sighting)> = Vec::new();
        for units in self.by_head(key, experiment).chunk_by(|a, b| a.0 == b.0) {
            sightings.clear();
            sightings.extend(units.iter().flat_map(|(_, unit, seen)| seen.iter().map(|sighting| (*unit, sighting))));
            if units.len() > 1 {
                let name = |who| self.names.name(who);
                sightings.sort_by(|a, b| self.spelt().order(a.1, b.1).then_with(|| name(a.0).cmp(name(b.0))));
            }
            observed.take(units[0].0, &sightings, before, draw.as_ref());
        }
        Some(observed)
    }

    /// Everybody who did something that is counted in `from <= moment < until`, as if all of them had been exposed to an
    /// experiment's first arm when that time began.
    #[must_use]
    pub fn active<'a>(
        &'a self,
        key: &'a str,
        experiment: &'a Experiment,
        from: UnixMillis,
        until: UnixMillis,
    ) -> Observed<'a> {
        let (from, until) = (from.ms(), until.ms());
        let did = |who: &Who| {
            let logs = self.logs.get(*who as usize).into_iter().flatten();
            logs.into_iter().any(|(_, log)| !log.between(from, until).is_empty())
        };
        let heads = (0..self.logs.len() as Who).filter(|who| self.aliases.head(*who) == *who);
        let active = heads.filter(|head| self.aliases.ids(head).iter().any(did));
        let mut subjects: Vec<Subject> = active
            .map(|head| Subject {
                arm: 0,
                exposed_ms: from,
                unit: self.called(head, true),
                people: self.aliases.ids(&head).to_vec(),
                client: 0,
                values: Vec::new(),
            })
            .collect();
        subjects.sort_unstable_by(|a, b| self.names.name(a.unit).cmp(self.names.name(b.unit)));
        Observed {
            tally: self,
            key,
            experiment,
            started_ms: from,
            until_ms: until,
            subjects,
            several: LeftOut::default(),
            exposures: Exposures::default(),
        }
    }

    /// The exposures of each id, oldest first, those of one unit together: (what stands for the unit, the id, exposures).
    fn by_head(&self, key: &str, experiment: &Experiment) -> Vec<(Who, Who, &[Sighting])> {
        let Some(trial) = self.trials.get(key) else { return Vec::new() };
        let by_member = experiment.design.by_member();
        let head = |unit: Who| if by_member { self.aliases.head(unit) } else { unit };
        let mut all: Vec<_> = trial.units.iter().map(|(unit, seen)| (head(*unit), *unit, seen.as_slice())).collect();
        all.sort_unstable_by_key(|(head, unit, _)| (*head, *unit));
        all
    }

    /// The id by which a unit is called: of a member's, the first in the alphabet.
    fn called(&self, head: Who, by_member: bool) -> Who {
        if !by_member {
            return head;
        }
        let ids = self.aliases.ids(&head).iter().copied();
        ids.min_by(|a, b| self.names.name(*a).cmp(self.names.name(*b))).unwrap_or(head)
    }

    /// Whose events count for a unit.
    fn people(&self, by_member: bool, sightings: &[(Who, &Sighting)]) -> Vec<Who> {
        if by_member {
            let heads = sightings.iter().take(1).map(|(unit, _)| self.aliases.head(*unit));
            return heads.flat_map(|head| self.aliases.ids(&head).to_vec()).collect();
        }
        let members = sightings.iter().filter_map(|(_, sighting)| sighting.member);
        let mut people: Vec<Who> =
            members.flat_map(|member| self.aliases.ids(&self.aliases.head(member)).to_vec()).collect();
        people.sort_unstable();
        people.dedup();
        people
    }

    fn log(&self, who: Who, event: u16) -> Option<&Log> {
        let logs = self.logs.get(who as usize)?;
        logs.iter().find(|(number, _)| *number == event).map(|(_, log)| log)
    }
}

/// How units are drawn.
struct Draw {
    seed: String,
    ranges: Vec<Range>,
}

impl Draw {
    fn new(key: &str, experiment: &Experiment) -> Self {
        let (design, weights) = (&experiment.design, experiment.design.weights());
        Self {
            seed: seed(key, experiment),
            ranges: assign::bucket_ranges(weights.len(), design.coverage, Some(&weights)),
        }
    }

    fn arm(&self, design: &Design, unit: &str) -> Option<Arm> {
        let range = |part: &LayerPart| Range { start: part.from, end: part.to };
        let inside = design.layer.as_ref().is_none_or(|part| assign::in_namespace(unit, &part.key, range(part)));
        let arm = || assign::choose_variation(assign::hash(&self.seed, unit, HashVersion::V2), &self.ranges);
        inside.then(arm).flatten()
    }
}

impl<'a> Observed<'a> {
    fn take(&mut self, head: Who, sightings: &[(Who, &Sighting)], before_ms: i64, draw: Option<&Draw>) {
        let tally = self.tally;
        let design = &self.experiment.design;
        let unit = tally.called(head, design.by_member());
        let name = tally.names.name(unit);
        if sightings.iter().any(|(unit, _)| design.overrides.iter().any(|own| own.unit == tally.names.name(*unit))) {
            return; // somebody trying it out
        }
        let example = |sighting: &Sighting| Example {
            at: UnixMillis::saturating(sighting.at_ms),
            unit: name.to_owned(),
            variant: tally.values.name(sighting.variant).to_owned(),
        };
        let mut arms: Vec<Arm> = Vec::new();
        let mut first: Option<&Sighting> = None;
        // What an earlier phase has shown is not of this one, and nothing is odd about it.
        let of_this_phase = |sighting: &Sighting| self.experiment.phase <= 1 || sighting.at_ms >= self.started_ms;
        let of_this_phase: Vec<&Sighting> =
            sightings.iter().map(|(_, sighting)| *sighting).filter(|sighting| of_this_phase(sighting)).collect();
        for sighting in of_this_phase {
            self.exposures.exposures += 1;
            let variant = design.exposed_variant(tally.values.name(sighting.variant));
            match variant {
                None => self.exposures.note(Oddity::UnknownVariant, example(sighting)),
                Some(_) if sighting.at_ms < self.started_ms => {
                    self.exposures.note(Oddity::BeforeStart, example(sighting));
                }
                Some(_) if sighting.at_ms >= before_ms => self.exposures.note(Oddity::NotRunning, example(sighting)),
                Some(arm) => {
                    first = first.or(Some(sighting)); // they come in order
                    if !arms.contains(&arm) {
                        arms.push(arm);
                    }
                }
            }
        }
        let Some(first) = first else { return };
        let &[arm] = arms.as_slice() else {
            self.several.add(name);
            return;
        };
        self.exposures.units += 1;
        if let Some(draw) = draw
            && let Some(oddity) = self.misplaced(arm, sightings, draw)
        {
            self.exposures.note(oddity, example(first));
        }
        let people = tally.people(design.by_member(), sightings);
        let (client, values) = (first.client, first.values.clone());
        self.subjects.push(Subject { arm, exposed_ms: first.at_ms, unit, people, client, values });
    }

    /// What is odd about a unit's arm: none where the assignment puts one of its ids there.
    fn misplaced(&self, arm: Arm, sightings: &[(Who, &Sighting)], draw: &Draw) -> Option<Oddity> {
        let design = &self.experiment.design;
        let mut units: Vec<Who> = sightings.iter().map(|(unit, _)| *unit).collect();
        if design.by_member() {
            let head = self.tally.aliases.head(units.first().copied()?);
            units.extend_from_slice(self.tally.aliases.ids(&head));
        }
        let drawn: Vec<Arm> = units.iter().filter_map(|unit| draw.arm(design, self.tally.names.name(*unit))).collect();
        match drawn.first() {
            None => Some(Oddity::OutsideCoverage),
            Some(_) => (!drawn.contains(&arm)).then_some(Oddity::OtherVariant),
        }
    }

    /// What a unit counts for by a metric. Of a cluster's share, each of its members is asked.
    #[must_use]
    pub fn value(&self, subject: &Subject, metric: &Metric) -> UnitValue {
        self.read(subject, &self.reader(metric))
    }

    /// A metric, to be read of many units.
    #[must_use]
    pub fn reader<'m>(&self, metric: &'m Metric) -> Reader<'m> {
        let number = |event| self.tally.events.iter().position(|known| known == event).map(|number| number as u16);
        Reader { metric, events: metric.events().into_iter().map(number).collect() }
    }

    /// The same as [`Observed::value`].
    #[must_use]
    pub fn read(&self, subject: &Subject, metric: &Reader<'_>) -> UnitValue {
        if self.experiment.design.by_member() {
            return self.value_of(&subject.people, subject.exposed_ms, metric);
        }
        if subject.people.is_empty() {
            return UnitValue::Nobody;
        }
        match &metric.metric.kind {
            Kind::Proportion { .. } | Kind::Retention { .. } => self.share(subject, metric),
            Kind::Mean { .. }
            | Kind::Ratio { .. }
            | Kind::Quantile { .. }
            | Kind::Funnel { .. }
            | Kind::TimeToEvent { .. } => self.value_of(&subject.people, subject.exposed_ms, metric),
        }
    }

    /// The members of a cluster that did, and all of them.
    fn share(&self, subject: &Subject, metric: &Reader<'_>) -> UnitValue {
        let (mut did, mut did_before, mut members) = (0.0, 0.0, 0.0);
        for head in self.heads(subject) {
            let one = self.value_of(self.tally.aliases.ids(head), subject.exposed_ms, metric);
            let UnitValue::Flag { after, before } = one else { return one };
            did += f64::from(u8::from(after));
            did_before += f64::from(u8::from(before));
            members += 1.0;
        }
        UnitValue::Pair { after: [did, members], before: [did_before, members] }
    }

    /// The ids that stand for a unit's people.
    fn heads<'s>(&'s self, subject: &'s Subject) -> impl Iterator<Item = &'s Who> {
        subject.people.iter().filter(|id| self.tally.aliases.head(**id) == **id)
    }

    fn value_of(&self, people: &[Who], exposed_ms: i64, reader: &Reader<'_>) -> UnitValue {
        static EMPTY: Log = Log::new();
        let until_ms = self.until_ms;
        if let &[who] = people {
            let mut logs = [&EMPTY; STEPS_MAX];
            for (log, event) in logs.iter_mut().zip(&reader.events) {
                *log = event.and_then(|event| self.tally.log(who, event)).unwrap_or(&EMPTY);
            }
            let logs = &logs[..reader.events.len().min(STEPS_MAX)];
            return value(reader.metric, &Unit { exposed_ms, until_ms, logs });
        }
        let merged: Vec<Log> = reader.events.iter().map(|event| self.merged(people, *event)).collect();
        let logs: Vec<&Log> = merged.iter().collect();
        value(reader.metric, &Unit { exposed_ms, until_ms, logs: &logs })
    }

    /// The logs of several people as one.
    fn merged(&self, people: &[Who], event: Option<u16>) -> Log {
        let logs = people.iter().filter_map(|who| self.tally.log(*who, event?));
        logs.fold(Log::new(), |all, log| all.merged(log))
    }

    /// How many members a unit has: 1 unless it is a cluster. Ids of one member are one.
    #[must_use]
    pub fn members(&self, subject: &Subject) -> usize {
        if self.experiment.design.by_member() { 1 } else { self.heads(subject).count().max(1) }
    }

    /// A unit's value of a dimension: as sent with its first exposure, else its member's trait at that moment.
    #[must_use]
    pub fn dimension(&self, subject: &Subject, name: &str) -> Option<String> {
        let dimension = self.dimension_named(name)?;
        Some(self.spell(dimension, self.coded(subject, dimension)?))
    }

    /// A dimension, to be read of many units; none where nothing is known of it.
    #[must_use]
    pub fn dimension_named(&self, name: &str) -> Option<Dimension> {
        match name {
            DAY => Some(Dimension::Day),
            CLIENT => Some(Dimension::Client),
            other => {
                let number = self.tally.dimensions.iter().position(|known| known == other)?;
                Some(Dimension::Other(number as u16))
            }
        }
    }

    /// A unit's value of a dimension as a number, the same for equal values.
    #[must_use]
    pub fn coded(&self, subject: &Subject, dimension: Dimension) -> Option<i64> {
        match dimension {
            Dimension::Day => Some(subject.exposed_ms.div_euclid(DAY_MS)),
            Dimension::Client => Some(i64::from(subject.client)),
            Dimension::Other(number) => {
                let sent = subject.values.iter().find(|(dimension, _)| *dimension == number).map(|(_, value)| *value);
                sent.or_else(|| self.trait_at(subject, number)).map(i64::from)
            }
        }
    }

    /// The value that a number stands for.
    #[must_use]
    pub fn spell(&self, dimension: Dimension, code: i64) -> String {
        match dimension {
            Dimension::Day => UnixMillis::saturating(code * DAY_MS).to_string().chars().take(10).collect(),
            Dimension::Client | Dimension::Other(_) => self.tally.values.name(code as u32).to_owned(),
        }
    }

    /// The newest trait of its people at a unit's exposure; of several of one moment, the last in the alphabet.
    fn trait_at(&self, subject: &Subject, number: u16) -> Option<u32> {
        let all = subject.people.iter().filter_map(|who| self.tally.traits.get(*who as usize)).flatten();
        let known = all.filter(|(dimension, at, _)| *dimension == number && *at <= subject.exposed_ms);
        known.max_by_key(|(_, at, value)| (*at, self.tally.values.name(*value))).map(|(_, _, value)| *value)
    }

    /// The dimensions by which this experiment can be looked at.
    #[must_use]
    pub fn dimensions(&self) -> Vec<&'a str> {
        let own = self.experiment.design.dimensions.iter().map(String::as_str);
        own.chain([CLIENT, DAY]).collect()
    }

    /// Units that were also seen in another experiment: their places among the subjects here, and their arms there.
    #[must_use]
    pub fn shared(&self, other: &Observed<'_>) -> Vec<(usize, Arm)> {
        let there: HashMap<&[Who], Arm> =
            other.subjects.iter().map(|subject| (subject.people.as_slice(), subject.arm)).collect();
        let both = |(place, subject): (usize, &Subject)| Some((place, *there.get(subject.people.as_slice())?));
        self.subjects.iter().enumerate().filter_map(both).collect()
    }
}
