//! One flag for one unit: its value, why it is so, and what must be noted of it.

use anklang_domain::javascript::to_text;
use anklang_experiments::assign::{Context, Effects, Exposure, FeatureResult, Run, Source};
use serde_json::Value;

use super::Served;
use super::about::{Kind, own_id};
use crate::exposures::Assignment;

/// Why a flag has its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// No rule applied.
    Default,
    /// A rule for everybody.
    Forced,
    /// A rule for whoever meets a condition.
    Targeted,
    /// A rule for a share of the units.
    RolledOut,
    /// An experiment.
    Assigned,
    /// The flag is switched off.
    Disabled,
    /// Another flag holds it back.
    Blocked,
    /// It depends on itself.
    Cycle,
    /// Chosen by hand, or there is no such flag.
    Unknown,
}

/// A flag, evaluated.
#[derive(Debug)]
pub(crate) struct Decision<'a> {
    pub(crate) cause: Cause,
    result: Option<FeatureResult<'a>>,
    effects: Effects<'a>,
}

static NOTHING: Value = Value::Null;

impl<'a> Decision<'a> {
    /// Of a flag that is switched off.
    pub(crate) fn disabled() -> Self {
        Self { cause: Cause::Disabled, result: None, effects: Effects::default() }
    }

    /// The value; null where the default in the client's code holds.
    pub(crate) fn value(&self) -> &'a Value {
        self.result.map_or(&NOTHING, |result| result.value)
    }

    /// The rule that applied, by its id; empty where none did, or where it has none.
    pub(crate) fn rule(&self) -> &'a str {
        self.result.map_or("", |result| own_id(result.rule_id))
    }

    /// The experiment that decided, and the variant's key.
    pub(crate) fn assigned(&self) -> Option<(&'a str, &'a str)> {
        let run = self.result?.experiment?;
        Some((run.experiment.key(), run.result.key))
    }

    /// Every variant that the unit was given on the way: those of holdouts and prerequisites count too.
    pub(crate) fn exposures(&self) -> &[Exposure<'a>] {
        &self.effects.exposures
    }

    fn runs(&self) -> impl Iterator<Item = &Run<'a>> {
        self.exposures().iter().filter_map(|exposure| match exposure {
            Exposure::Run(run) => Some(run),
            // Decided elsewhere, and noted there.
            Exposure::Given(_) => None,
        })
    }
}

impl Served {
    /// Evaluates a flag for these attributes.
    pub(crate) fn decide<'a>(&'a self, key: &str, context: &Context<'a>) -> Decision<'a> {
        let (result, effects) = self.payload.evaluate(key, context);
        let cause = match result.source {
            Source::DefaultValue => Cause::Default,
            Source::Experiment => Cause::Assigned,
            Source::Prerequisite => Cause::Blocked,
            Source::CyclicPrerequisite => Cause::Cycle,
            Source::Override | Source::UnknownFeature => Cause::Unknown,
            Source::Force => match self.about(key).and_then(|about| about.rules.get(result.rule_id)) {
                Some(Kind::Targeted) => Cause::Targeted,
                Some(Kind::Share) => Cause::RolledOut,
                Some(Kind::All) | None => Cause::Forced,
            },
        };
        Decision { cause, result: Some(result), effects }
    }

    /// What is to be noted of a decision: every experiment that put the unit into a variant.
    pub(crate) fn assignments(&self, decision: &Decision<'_>, mut note: impl FnMut(&Assignment<'_>)) {
        for run in decision.runs() {
            let Some(unit) = run.result.hash_value.map(to_text) else { continue };
            let experiment = run.experiment.key();
            note(&Assignment {
                experiment,
                phase: self.phase(experiment),
                variant: run.result.key,
                attribute: run.result.hash_attribute,
                unit: &unit,
            });
        }
    }
}
