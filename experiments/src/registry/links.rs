//! References between documents.

use super::{Kind, Parsed, Registry};
use crate::design::experiment::{Design, Prerequisite};
use crate::design::{DesignError, Experiment, Feature, Stage};

/// Checks that what a document refers to is there, and that it does not get into the way of others.
pub(super) fn check(registry: &Registry, key: &str, parsed: &Parsed) -> Result<(), DesignError> {
    match parsed {
        Parsed::Experiment(experiment) => check_experiment(registry, key, experiment),
        Parsed::Feature(feature) => check_feature(registry, key, feature),
        Parsed::Metric(_) | Parsed::Holdout(_) | Parsed::Layer(_) | Parsed::Segment(_) | Parsed::Decision => Ok(()),
    }
}

fn missing(field: String, what: &str, key: &str) -> DesignError {
    DesignError::at(field, format!("there is no {what} {key:?}"))
}

fn check_experiment(registry: &Registry, key: &str, experiment: &Experiment) -> Result<(), DesignError> {
    let design = &experiment.design;
    if let Some(feature) = registry.features.get(key)
        && !feature.rules.iter().any(|rule| rule.experiment.as_deref() == Some(key))
        && registry.experiment(key).is_none()
    {
        let what =
            format!("there is a feature {key:?} already: choose another key, and name the experiment in its rules");
        return Err(DesignError::at("key", what));
    }
    for (metric, _) in design.metrics.all() {
        if registry.metric(metric).is_none() {
            return Err(missing("metrics".into(), "metric", metric));
        }
    }
    for (at, holdout) in design.holdouts.iter().enumerate() {
        if !registry.holdouts.contains_key(holdout) {
            return Err(missing(format!("holdouts[{at}]"), "holdout", holdout));
        }
    }
    check_segments(registry, &design.segments)?;
    check_prerequisites(registry, key, &design.prerequisites)?;
    check_layer(registry, key, design)
}

/// Two experiments that may run at the same time must not take the same part of a layer.
fn check_layer(registry: &Registry, key: &str, design: &Design) -> Result<(), DesignError> {
    let Some(part) = &design.layer else { return Ok(()) };
    if !registry.layers.contains_key(&part.key) {
        return Err(missing("layer.key".into(), "layer", &part.key));
    }
    let others = registry.experiments().filter(|(other, experiment)| {
        *other != key && matches!(experiment.stage, Stage::Draft { .. } | Stage::Running { .. })
    });
    for (other, experiment) in others {
        let Some(taken) = experiment.design.layer.as_ref().filter(|taken| taken.key == part.key) else { continue };
        if part.from < taken.to && taken.from < part.to {
            let what = format!("{other:?} has {} to {} of layer {:?} already", taken.from, taken.to, part.key);
            return Err(DesignError::at("layer", what));
        }
    }
    Ok(())
}

fn check_segments(registry: &Registry, segments: &[String]) -> Result<(), DesignError> {
    match segments.iter().enumerate().find(|(_, segment)| !registry.segments.contains_key(*segment)) {
        Some((at, segment)) => Err(missing(format!("segments[{at}]"), "segment", segment)),
        None => Ok(()),
    }
}

fn check_prerequisites(registry: &Registry, key: &str, all: &[Prerequisite]) -> Result<(), DesignError> {
    for (at, prerequisite) in all.iter().enumerate() {
        let wanted = prerequisite.feature.as_str();
        let field = format!("prerequisites[{at}].feature");
        if !registry.features.contains_key(wanted) && !registry.experiments.contains_key(wanted) {
            return Err(missing(field, "feature", wanted));
        }
        if wanted == key || needs(registry, wanted, key, &mut Vec::new()) {
            return Err(DesignError::at(field, format!("{wanted:?} needs {key:?} itself: a circle")));
        }
    }
    Ok(())
}

/// Whether a feature needs another, through any number of steps.
fn needs<'a>(registry: &'a Registry, feature: &'a str, wanted: &str, seen: &mut Vec<&'a str>) -> bool {
    if seen.contains(&feature) {
        return false;
    }
    seen.push(feature);
    let own = registry.experiments.get(feature).into_iter().flat_map(|experiment| &experiment.design.prerequisites);
    let rules = registry.features.get(feature).into_iter().flat_map(|feature| &feature.rules);
    let experiments = rules.clone().filter_map(|rule| registry.experiments.get(rule.experiment.as_ref()?));
    let through = experiments.flat_map(|experiment| &experiment.design.prerequisites);
    let all: Vec<&Prerequisite> = own.chain(through).chain(rules.flat_map(|rule| &rule.prerequisites)).collect();
    all.iter().any(|needed| needed.feature == wanted || needs(registry, &needed.feature, wanted, seen))
}

fn check_feature(registry: &Registry, key: &str, feature: &Feature) -> Result<(), DesignError> {
    // A feature takes the place of the one that an experiment has by itself.
    let leads_there = feature.rules.iter().any(|rule| rule.experiment.as_deref() == Some(key));
    if registry.experiment(key).is_some() && !leads_there {
        let what =
            format!("there is an experiment {key:?}, which nobody would be assigned to any more: name it in a rule");
        return Err(DesignError::at("rules", what));
    }
    for (at, rule) in feature.rules.iter().enumerate() {
        let within = |error: DesignError| DesignError::at(format!("rules[{at}].{}", error.field), error.what);
        check_segments(registry, &rule.segments).map_err(within)?;
        check_prerequisites(registry, key, &rule.prerequisites).map_err(within)?;
        if let Some(experiment) = &rule.experiment
            && registry.experiment(experiment).is_none()
        {
            return Err(missing(format!("rules[{at}].experiment"), "experiment", experiment));
        }
    }
    Ok(())
}

/// Who refers to a document.
pub(super) fn used_by(registry: &Registry, kind: Kind, key: &str) -> Vec<String> {
    let prerequisite = |all: &[Prerequisite]| all.iter().any(|needed| needed.feature == key);
    let mut users = Vec::new();
    for (name, experiment) in registry.experiments() {
        let design = &experiment.design;
        let uses = match kind {
            Kind::Metric => design.metrics.all().any(|(metric, _)| metric == key),
            Kind::Holdout => design.holdouts.iter().any(|holdout| holdout == key),
            Kind::Layer => design.layer.as_ref().is_some_and(|part| part.key == key),
            Kind::Segment => design.segments.iter().any(|segment| segment == key),
            Kind::Feature | Kind::Experiment => prerequisite(&design.prerequisites),
            Kind::Decision => false,
        };
        if uses {
            users.push(format!("experiment {name}"));
        }
    }
    for (name, feature) in &registry.features {
        let uses = feature.rules.iter().any(|rule| match kind {
            Kind::Experiment => rule.experiment.as_deref() == Some(key) || prerequisite(&rule.prerequisites),
            Kind::Segment => rule.segments.iter().any(|segment| segment == key),
            Kind::Feature => prerequisite(&rule.prerequisites),
            Kind::Metric | Kind::Holdout | Kind::Layer | Kind::Decision => false,
        });
        if uses {
            users.push(format!("feature {name}"));
        }
    }
    users
}
