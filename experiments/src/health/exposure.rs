//! Exposures that have no assignment, or come at the wrong time.

use std::collections::BTreeMap;

use anklang_domain::UnixMillis;
use serde::Serialize;

use super::severity::Severity;
use super::{Check, Code, Details, words};

/// How many cases of each kind are kept.
pub const EXAMPLES_MAX: usize = 5;
/// Above this share of exposures (or of units, for engagements) it is an alarm.
pub const ALARM_SHARE: f64 = 0.01;
/// Above this share it is suspicious.
pub const SUSPICIOUS_SHARE: f64 = 0.001;
/// Above this share of units that had engaged before their exposure it is suspicious; never an alarm, as members of a
/// community are about their business before they see anything new.
pub const ENGAGED_SUSPICIOUS_SHARE: f64 = 0.05;

/// What is odd about an exposure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Oddity {
    /// It names a variant that the experiment does not have.
    UnknownVariant,
    /// It names another variant than the assignment gives, and no override does.
    OtherVariant,
    /// The unit is outside the coverage or the targeting, and gets no variant at all.
    OutsideCoverage,
    /// The experiment was not running.
    NotRunning,
    /// It lies before the start of the experiment.
    BeforeStart,
    /// What the metric counts happened after the start but before the unit's first exposure. It is not counted.
    EngagedBefore,
}

impl Oddity {
    const ALL: [Self; 6] = [
        Self::UnknownVariant,
        Self::OtherVariant,
        Self::OutsideCoverage,
        Self::NotRunning,
        Self::BeforeStart,
        Self::EngagedBefore,
    ];

    fn severity(self, share: f64) -> Severity {
        match self {
            Self::UnknownVariant | Self::OtherVariant | Self::OutsideCoverage | Self::BeforeStart => {
                Severity::of_share(share, SUSPICIOUS_SHARE, ALARM_SHARE)
            }
            // They are left out, and come in for as long as some client remembers an experiment that is over: what was
            // found while it ran does not become less true by it.
            Self::NotRunning => Severity::of_share(share, SUSPICIOUS_SHARE, f64::INFINITY),
            Self::EngagedBefore => Severity::of_share(share, ENGAGED_SUSPICIOUS_SHARE, f64::INFINITY),
        }
    }

    /// What it is, and what it usually comes from.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::UnknownVariant => (
                "name a variant that the experiment does not have",
                "A client sends a name of its own, or has an old version of the experiment.",
            ),
            Self::OtherVariant => (
                "name another variant than the assignment gives",
                "A client assigns by another key, seed, weights or hash version, or an override is not declared.",
            ),
            Self::OutsideCoverage => (
                "are of units that get no variant",
                "A client ignores the coverage or the targeting, or an attribute changed.",
            ),
            Self::NotRunning => ("came while the experiment was not running", "A client holds on to an old payload."),
            Self::BeforeStart => {
                ("lie before the start of the experiment", "A client's clock is wrong, or it was started by hand.")
            }
            Self::EngagedBefore => (
                "had engaged after the start but before their exposure was logged",
                "Exposures may be logged late; what happened before is not counted.",
            ),
        }
    }
}

/// One case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Example {
    /// When.
    pub at: UnixMillis,
    /// Whose.
    pub unit: String,
    /// The variant it names.
    pub variant: String,
}

/// All cases of one kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Odd {
    /// What they have in common.
    pub oddity: Oddity,
    /// How many.
    pub count: u64,
    /// Out of so many exposures; for [`Oddity::EngagedBefore`], units.
    pub of: u64,
    /// The earliest of them.
    pub examples: Vec<Example>,
}

/// A fold over exposures. Merging is associative and commutative.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Exposures {
    /// Exposures, odd ones included.
    pub exposures: u64,
    /// Units with an exposure that counts.
    pub units: u64,
    odd: BTreeMap<Oddity, (u64, Vec<Example>)>,
}

impl Exposures {
    /// Takes note of an oddity. An exposure with several is noted under the first that applies, in the order of
    /// [`Oddity`].
    pub fn note(&mut self, oddity: Oddity, example: Example) {
        let (count, examples) = self.odd.entry(oddity).or_default();
        *count = count.saturating_add(1);
        keep(examples, example);
    }

    /// Both lots together.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.exposures = self.exposures.saturating_add(other.exposures);
        self.units = self.units.saturating_add(other.units);
        for (oddity, (more, others)) in other.odd {
            let (count, examples) = self.odd.entry(oddity).or_default();
            *count = count.saturating_add(more);
            others.into_iter().for_each(|example| keep(examples, example));
        }
        self
    }

    /// How many of one kind.
    #[must_use]
    pub fn count(&self, oddity: Oddity) -> u64 {
        self.odd.get(&oddity).map_or(0, |(count, _)| *count)
    }

    /// Does every exposure have its assignment, in its time? One answer for each oddity that there is, or one for none.
    #[must_use]
    pub fn checks(&self) -> Vec<Check> {
        let checks: Vec<Check> = Oddity::ALL
            .into_iter()
            .filter_map(|oddity| self.odd.get(&oddity).map(|(count, examples)| (oddity, *count, examples)))
            .map(|(oddity, count, examples)| self.check(oddity, count, examples))
            .collect();
        if !checks.is_empty() {
            return checks;
        }
        let says = match self.exposures {
            0 => "There are no exposures yet.".to_owned(),
            n => format!("All of {} exposures have their assignment, in its time.", words::count(n)),
        };
        vec![Check { code: Code::Exposure, severity: Severity::Ok, subject: None, says, why: None, details: None }]
    }

    fn check(&self, oddity: Oddity, count: u64, examples: &[Example]) -> Check {
        let (of, whose) = match oddity {
            Oddity::EngagedBefore => (self.units, "units"),
            Oddity::UnknownVariant
            | Oddity::OtherVariant
            | Oddity::OutsideCoverage
            | Oddity::NotRunning
            | Oddity::BeforeStart => (self.exposures, "exposures"),
        };
        let of = of.max(count);
        let share = count as f64 / of.max(1) as f64;
        let (what, cause) = oddity.words();
        let first = examples.first().map_or_else(String::new, |example| {
            format!(" First: {} in {:?} at {}.", example.unit, example.variant, example.at)
        });
        let says = format!(
            "{} of {} {whose} ({}) {what}.{first} {cause}",
            words::count(count),
            words::count(of),
            words::percent(share),
        );
        let odd = Odd { oddity, count, of, examples: examples.to_vec() };
        Check::new(Code::Exposure, oddity.severity(share), says, Details::Exposure(odd))
    }
}

/// Keeps the earliest few in order, so that it does not matter in which order they are met.
fn keep(examples: &mut Vec<Example>, example: Example) {
    let at = examples.partition_point(|other| *other <= example);
    if at < EXAMPLES_MAX {
        examples.insert(at, example);
        examples.truncate(EXAMPLES_MAX);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn example(at: i64, unit: &str) -> Example {
        Example { at: UnixMillis::saturating(at), unit: unit.to_owned(), variant: "b".to_owned() }
    }

    #[test]
    fn odd_exposures_are_counted_and_shown() {
        let mut seen = Exposures { exposures: 1_000, units: 900, ..Exposures::default() };
        assert_eq!(seen.checks()[0].says, "All of 1,000 exposures have their assignment, in its time.");
        (0..20).rev().for_each(|at| seen.note(Oddity::OtherVariant, example(at * 1_000, "ana")));
        seen.note(Oddity::EngagedBefore, example(0, "ben"));
        let checks = seen.checks();
        assert_eq!([checks[0].severity, checks[1].severity], [Severity::Alarm, Severity::Ok]);
        assert_eq!(
            checks[0].says,
            "20 of 1,000 exposures (2%) name another variant than the assignment gives. First: ana in \"b\" at \
             1970-01-01T00:00:00Z. A client assigns by another key, seed, weights or hash version, or an override is not \
             declared."
        );
        let Some(Details::Exposure(odd)) = &checks[0].details else { panic!("no details") };
        assert_eq!(odd.examples.len(), EXAMPLES_MAX);
    }

    proptest! {
        #[test]
        fn the_order_does_not_matter(
            notes in prop::collection::vec((0..6_usize, 0..50_i64), 0..60),
            cut in 0..60_usize,
        ) {
            let of = |notes: &[(usize, i64)]| {
                let mut seen = Exposures { exposures: notes.len() as u64, ..Exposures::default() };
                notes.iter().for_each(|(kind, at)| seen.note(Oddity::ALL[*kind], example(*at, "u")));
                seen
            };
            let cut = cut.min(notes.len());
            let whole = of(&notes);
            prop_assert_eq!(&of(&notes[cut..]).merge(of(&notes[..cut])), &whole);
            prop_assert!(whole.checks().iter().all(|check| !check.says.contains("NaN")));
        }
    }
}
