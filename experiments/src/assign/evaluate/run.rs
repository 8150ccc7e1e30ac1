//! Running an experiment.

use super::{Evaluator, Held};
use crate::assign::context::Unit;
use crate::assign::definition::{Experiment, Leaf, Status, is_targeted, variation_index};
use crate::assign::result::{ExperimentResult, Exposure, Run};
use crate::assign::sticky::{Memory, Remembered, StickyDocuments, sticky_key};
use crate::assign::{HashVersion, bucket};
use crate::assign::{choose_variation, hash, query_string_override};

/// An experiment about to be run for a unit.
#[derive(Clone, Copy)]
struct Trial<'a> {
    experiment: &'a Experiment,
    feature: Option<&'a str>,
    unit: Unit<'a>,
    leaf: Option<&'a Leaf>,
    /// The documents at hand, where this experiment is sticky.
    stored: Option<&'a StickyDocuments>,
}

impl<'a> Evaluator<'a> {
    pub(super) fn run(&mut self, experiment: &'a Experiment, feature: Option<&'a str>) -> ExperimentResult<'a> {
        let stored = self.context.sticky.filter(|_| experiment.sticky);
        let fallback = experiment.fallback_attribute.as_deref().filter(|_| stored.is_some());
        let unit = self.context.unit(&experiment.hash_attribute, fallback);
        let bandit = experiment.bandit.as_ref();
        let leaf = bandit.map(|bandit| bandit.leaf(self.context.attributes, self.payload.groups()));
        let trial = Trial { experiment, feature, unit, leaf, stored };
        if !self.may_run(experiment) {
            return trial.outside();
        }
        if let Some(chosen) = self.by_hand(experiment) {
            return trial.chosen(chosen);
        }
        if experiment.status == Status::Draft || !experiment.active {
            return trial.outside();
        }
        let Some(text) = unit.text() else { return trial.outside() };
        self.by_chance(&trial, &text)
    }

    fn may_run(&self, experiment: &Experiment) -> bool {
        let targeted = |targets: &Vec<_>| is_targeted(self.context.url, targets);
        experiment.variations.len() >= 2 && self.context.enabled && experiment.targets.as_ref().is_none_or(targeted)
    }

    /// The variation that the address or the context asks for; `Some(None)` where it asks for one that does not exist.
    fn by_hand(&self, experiment: &Experiment) -> Option<Option<usize>> {
        let count = experiment.variations.len();
        let in_address = query_string_override(&experiment.key, self.context.url, count);
        let forced = || self.context.forced_variations?.get(&experiment.key);
        in_address.map(Some).or_else(|| forced().map(|value| variation_index(value, count)))
    }

    fn by_chance(&mut self, trial: &Trial<'a>, unit: &str) -> ExperimentResult<'a> {
        let experiment = trial.experiment;
        let remembered = self.recall(trial);
        let sticky = matches!(remembered, Remembered::Variation(_));
        if !sticky && !self.lets_in(experiment, unit) {
            return trial.outside();
        }
        let Some(version) = experiment.hash_version else { return trial.outside() };
        let place = hash(&experiment.seed, unit, version);
        let variation = match remembered {
            Remembered::Variation(variation) => Some(variation),
            Remembered::Blocked => return trial.result(None, false, None, true),
            Remembered::Nothing => choose_variation(place, trial.ranges()),
        };
        let Some(variation) = variation else { return trial.outside() };
        if let Some(force) = experiment.force {
            return trial.chosen(force);
        }
        if self.context.qa_mode || experiment.status == Status::Stopped {
            return trial.outside();
        }
        let result = trial.result(Some(variation), true, Some(place), sticky);
        self.note(trial, &result);
        self.expose(Exposure::Run(Run { experiment, result }));
        result
    }

    /// Filters go before a namespace; then come condition and prerequisites.
    fn lets_in(&mut self, experiment: &'a Experiment, unit: &str) -> bool {
        let in_stretch = match (&experiment.filters, &experiment.namespace) {
            (Some(filters), _) => !self.is_filtered_out(filters),
            (None, Some(namespace)) => {
                bucket::Range::contains(namespace.range, hash(&namespace.seed, unit, HashVersion::V1))
            }
            (None, None) => true,
        };
        in_stretch
            && self.holds(experiment.condition.as_ref())
            && matches!(self.held(&experiment.prerequisites, None), Held::Up)
    }

    fn memory<'m>(&'m self, stored: &'m StickyDocuments) -> Memory<'m> {
        Memory { changed: &self.effects.documents, stored }
    }

    fn recall(&self, trial: &Trial<'a>) -> Remembered {
        let Some(stored) = trial.stored else { return Remembered::Nothing };
        let experiment = trial.experiment;
        let own = self.context.unit(&experiment.hash_attribute, None);
        let fallback = self.context.unit(experiment.fallback_attribute.as_deref().unwrap_or("id"), None);
        self.memory(stored).recall(experiment, &own, &fallback)
    }

    fn note(&mut self, trial: &Trial<'a>, result: &ExperimentResult<'a>) {
        let Some(stored) = trial.stored else { return };
        if let Some(document) = self.memory(stored).noted(trial.experiment, &trial.unit, result.key) {
            let key = sticky_key(&document.attribute_name, &document.attribute_value);
            self.effects.documents.insert(key, document);
        }
    }
}

impl<'a> Trial<'a> {
    fn ranges(&self) -> &'a [bucket::Range] {
        match self.leaf {
            Some(leaf) if !self.experiment.has_fixed_ranges => &leaf.ranges,
            Some(_) | None => &self.experiment.ranges,
        }
    }

    /// The unit does not take part.
    fn outside(&self) -> ExperimentResult<'a> {
        self.result(None, false, None, false)
    }

    /// Somebody chose.
    fn chosen(&self, variation: Option<usize>) -> ExperimentResult<'a> {
        self.result(variation, false, None, false)
    }

    fn result(
        &self,
        variation: Option<usize>,
        hash_used: bool,
        bucket: Option<f64>,
        sticky_bucket_used: bool,
    ) -> ExperimentResult<'a> {
        let found = variation.and_then(|at| Some((at, self.experiment.variations.get(at)?)));
        let first = self.experiment.variations.first();
        let variation = found.map(|(_, variation)| variation).or(first);
        ExperimentResult {
            key: variation.map_or("0", |variation| &variation.key),
            name: variation.and_then(|variation| variation.name.as_deref()),
            variation: found.map_or(0, |(at, _)| at),
            value: variation.map(|variation| &variation.value),
            in_experiment: found.is_some(),
            hash_used,
            sticky_bucket_used,
            hash_attribute: self.unit.attribute,
            hash_value: self.unit.value,
            bucket,
            passthrough: variation.is_some_and(|variation| variation.passthrough),
            feature: self.feature,
            leaf: self.leaf,
        }
    }
}
