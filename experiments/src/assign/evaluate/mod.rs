//! The evaluation of features, as GrowthBook's "Build your own SDK" describes it and its JavaScript SDK does it.

mod redirect;
mod run;

use anklang_domain::Condition;
use serde_json::{Value, json};

pub use redirect::{PageChange, merge_queries};

use super::context::Context;
use super::definition::{Action, Experiment, Filter, Payload, Prerequisite, Rollout, Rule, Share};
use super::hash;
use super::result::{Effects, ExperimentResult, Exposure, FeatureResult, Run, Source};

/// How deep features may depend on one another; what depends deeper counts as cyclic.
pub const PREREQUISITE_DEPTH_MAX: usize = 100;
/// How many features one question may evaluate in all: diamonds of prerequisites double at each level.
pub const PREREQUISITE_EVALUATIONS_MAX: usize = 10_000;

static NULL: Value = Value::Null;

/// Asks one payload on behalf of one context, and collects what is to be done about it. For many features at once: a
/// unit put into an experiment by one question is found there by the next.
#[derive(Debug)]
pub struct Evaluator<'a> {
    payload: &'a Payload,
    context: Context<'a>,
    effects: Effects<'a>,
    /// How many evaluations the question at hand has left.
    left: usize,
}

/// The features being evaluated, the innermost first.
struct Path<'p> {
    feature: &'p str,
    depth: usize,
    above: Option<&'p Path<'p>>,
}

/// How a feature's prerequisites came out.
enum Held {
    Up,
    Off,
    Gated,
    Cyclic,
}

impl Payload {
    /// A feature's value, and what is to be done about it.
    #[must_use]
    pub fn evaluate<'a>(&'a self, feature: &str, context: &Context<'a>) -> (FeatureResult<'a>, Effects<'a>) {
        let mut evaluator = Evaluator::new(self, context);
        let result = evaluator.feature(feature);
        (result, evaluator.into_effects())
    }

    /// An inline experiment's outcome, and what is to be done about it.
    #[must_use]
    pub fn run<'a>(&'a self, experiment: &'a Experiment, context: &Context<'a>) -> (ExperimentResult<'a>, Effects<'a>) {
        let mut evaluator = Evaluator::new(self, context);
        let result = evaluator.experiment(experiment);
        (result, evaluator.into_effects())
    }
}

impl<'a> Evaluator<'a> {
    /// Ready to be asked.
    #[must_use]
    pub fn new(payload: &'a Payload, context: &Context<'a>) -> Self {
        Self { payload, context: *context, effects: Effects::default(), left: 0 }
    }

    /// A feature's value.
    pub fn feature(&mut self, key: &str) -> FeatureResult<'a> {
        self.left = PREREQUISITE_EVALUATIONS_MAX;
        self.evaluate(key, None)
    }

    /// An inline experiment's outcome.
    pub fn experiment(&mut self, experiment: &'a Experiment) -> ExperimentResult<'a> {
        self.left = PREREQUISITE_EVALUATIONS_MAX;
        self.run(experiment, None)
    }

    /// What is to be done about all that was asked.
    #[must_use]
    pub fn into_effects(self) -> Effects<'a> {
        self.effects
    }

    fn evaluate(&mut self, key: &str, above: Option<&Path<'_>>) -> FeatureResult<'a> {
        let Some(path) = self.enter(key, above) else { return plain(&NULL, Source::CyclicPrerequisite) };
        if let Some(value) = self.context.forced_features.and_then(|forced| forced.get(key)) {
            return plain(value, Source::Override);
        }
        let Some((key, feature)) = self.payload.features.get_key_value(key) else {
            return plain(&NULL, Source::UnknownFeature);
        };
        for rule in &feature.rules {
            match self.held(&rule.prerequisites, Some(&path)) {
                Held::Up => {}
                Held::Off => continue,
                Held::Gated => return plain(&NULL, Source::Prerequisite),
                Held::Cyclic => return plain(&NULL, Source::CyclicPrerequisite),
            }
            if let Some(result) = self.apply(key, rule) {
                return result;
            }
        }
        plain(&feature.default, Source::DefaultValue)
    }

    /// Goes into a feature; not into one that is being evaluated already, nor beyond the limits.
    fn enter<'p>(&mut self, feature: &'p str, above: Option<&'p Path<'p>>) -> Option<Path<'p>> {
        let depth = above.map_or(0, |path| path.depth + 1);
        self.left = self.left.checked_sub(1)?;
        let cyclic = std::iter::successors(above, |path| path.above).any(|path| path.feature == feature);
        (!cyclic && depth < PREREQUISITE_DEPTH_MAX).then_some(Path { feature, depth, above })
    }

    fn held(&mut self, prerequisites: &'a [Prerequisite], path: Option<&Path<'_>>) -> Held {
        for prerequisite in prerequisites {
            let parent = self.evaluate(&prerequisite.feature, path);
            if parent.source == Source::CyclicPrerequisite {
                return Held::Cyclic;
            }
            let holds =
                |condition: &Condition| condition.eval(&json!({ "value": parent.value }), self.payload.groups());
            if !prerequisite.condition.as_ref().is_none_or(holds) {
                return if prerequisite.gate { Held::Gated } else { Held::Off };
            }
        }
        Held::Up
    }

    /// What a rule gives; none where the feature goes on to its next.
    fn apply(&mut self, feature: &'a str, rule: &'a Rule) -> Option<FeatureResult<'a>> {
        if rule.filters.as_ref().is_some_and(|filters| self.is_filtered_out(filters)) {
            return None;
        }
        let (value, source, experiment) = match &rule.action {
            Action::Nothing => return None,
            Action::Force(rollout) => {
                if !self.rolls_out(rollout) {
                    return None;
                }
                rollout.tracks.iter().for_each(|track| self.expose(Exposure::Given(track)));
                (&rollout.value, Source::Force, None)
            }
            Action::Run(experiment) => {
                let result = self.run(experiment, Some(feature));
                if !result.in_experiment || result.passthrough {
                    return None;
                }
                (result.value.unwrap_or(&NULL), Source::Experiment, Some(Run { experiment, result }))
            }
        };
        Some(FeatureResult { value, source, rule_id: &rule.id, experiment })
    }

    fn rolls_out(&self, rollout: &'a Rollout) -> bool {
        if !self.holds(rollout.condition.as_ref()) {
            return false;
        }
        let place = || {
            let fallback = rollout.fallback_attribute.as_deref().filter(|_| self.context.sticky.is_some());
            let unit = self.context.unit(&rollout.hash_attribute, fallback).text()?;
            Some(hash(&rollout.seed, &unit, rollout.hash_version?))
        };
        match rollout.share {
            Share::All => true,
            Share::None => false,
            Share::UpTo(coverage) => place().is_some_and(|place| place <= coverage),
            Share::Within(range) => place().is_some_and(|place| range.contains(place)),
        }
    }

    fn holds(&self, condition: Option<&Condition>) -> bool {
        condition.is_none_or(|condition| condition.eval(self.context.attributes, self.payload.groups()))
    }

    fn is_filtered_out(&self, filters: &'a [Filter]) -> bool {
        let lets_in = |filter: &'a Filter| {
            let unit = self.context.unit(&filter.attribute, None).text()?;
            let place = hash(&filter.seed, &unit, filter.hash_version?);
            Some(filter.ranges.iter().any(|range| range.contains(place)))
        };
        filters.iter().any(|filter| lets_in(filter) != Some(true))
    }

    fn expose(&mut self, exposure: Exposure<'a>) {
        if !self.effects.exposures.iter().any(|other| other.is_again(&exposure)) {
            self.effects.exposures.push(exposure);
        }
    }
}

const fn plain(value: &Value, source: Source) -> FeatureResult<'_> {
    FeatureResult { value, source, rule_id: "", experiment: None }
}
