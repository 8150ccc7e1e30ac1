//! What clients are served: the documents in the shape of GrowthBook's SDK payload, so that its SDKs, and
//! [`crate::assign::Payload`] on the server, come to the same answers.

use anklang_domain::{Condition, UnixMillis};
use serde_json::{Map, Value, json};

use super::{Registry, seed};
use crate::design::experiment::Prerequisite;
use crate::design::feature::Rule;
use crate::design::{Experiment, Feature, Holdout};

/// Before a holdout's key; keys of documents never begin so.
const HOLDOUT: &str = "$holdout:";
/// What a holdout's feature says of units that are not in it.
const OUTSIDE: &str = "outside";
/// Version 2 of the hash, which is not biased in nested experiments.
const HASH_VERSION: u8 = 2;

/// In the id of a rule that gives a variant without a draw: why.
const SHIPPED: &str = ":shipped:";
const OVERRIDE: &str = ":override:";

fn forced_id(experiment: &str, why: &str, variant: &str) -> String {
    format!("{experiment}{why}{variant}")
}

/// The variant that a rule of this id gives to all it applies to: shipped, or tried out by hand.
#[must_use]
pub fn forced_variant(rule: &str) -> Option<&str> {
    [SHIPPED, OVERRIDE].into_iter().find_map(|why| rule.split_once(why)).map(|(_, variant)| variant)
}

pub(super) fn payload(registry: &Registry, now: UnixMillis) -> Value {
    let mut features = Map::new();
    for (key, holdout) in &registry.holdouts {
        features.insert(format!("{HOLDOUT}{key}"), held_out(key, holdout));
    }
    // An experiment is a feature under its own key, so that the simplest case needs one document.
    for (key, experiment) in &registry.experiments {
        let control = experiment.design.variants.first().map(value_of).unwrap_or_default();
        let rules = experiment_rules(registry, key, experiment, &[], now);
        features.insert(key.clone(), json!({ "defaultValue": control, "rules": rules }));
    }
    for (key, feature) in &registry.features {
        features.insert(key.clone(), served(registry, feature, now));
    }
    json!({ "features": features, "experiments": [], "savedGroups": {} })
}

fn held_out(key: &str, holdout: &Holdout) -> Value {
    json!({
        "defaultValue": OUTSIDE,
        "rules": [{
            "id": format!("{HOLDOUT}{key}"),
            "force": "held out",
            "coverage": holdout.share,
            "hashAttribute": holdout.unit,
            "hashVersion": HASH_VERSION,
            "seed": format!("{HOLDOUT}{key}"),
        }],
    })
}

fn served(registry: &Registry, feature: &Feature, now: UnixMillis) -> Value {
    let rules: Vec<Value> = feature.rules.iter().flat_map(|rule| feature_rule(registry, rule, now)).collect();
    // SDKs never see what is switched off: whoever serves keeps it back.
    json!({ "defaultValue": feature.default, "rules": rules, "enabled": feature.enabled })
}

fn feature_rule(registry: &Registry, rule: &Rule, now: UnixMillis) -> Vec<Value> {
    let condition = both(registry, rule.condition.as_ref(), &rule.segments);
    if let Some(key) = &rule.experiment {
        let Some(experiment) = registry.experiment(key) else { return Vec::new() };
        let mut more: Vec<Value> = condition.into_iter().map(|condition| json!({ "condition": condition })).collect();
        if !rule.prerequisites.is_empty() {
            more.push(json!({ "parentConditions": parents(&rule.prerequisites) }));
        }
        return experiment_rules(registry, key, experiment, &more, now);
    }
    let mut fields = Map::new();
    fields.extend(rule.id.as_ref().map(|id| ("id".to_owned(), json!(id))));
    fields.insert("force".to_owned(), rule.value.clone().unwrap_or_default());
    fields.extend(condition.map(|condition| ("condition".to_owned(), condition)));
    if let Some(coverage) = rule.coverage {
        fields.insert("coverage".to_owned(), json!(coverage));
        fields.insert("hashAttribute".to_owned(), json!(rule.unit.as_deref().unwrap_or("id")));
        fields.insert("hashVersion".to_owned(), json!(HASH_VERSION));
    }
    if !rule.prerequisites.is_empty() {
        fields.insert("parentConditions".to_owned(), parents(&rule.prerequisites));
    }
    vec![Value::Object(fields)]
}

/// The rules that an experiment amounts to at this moment; `more` has conditions of a feature's rule on top of its own.
fn experiment_rules(
    registry: &Registry,
    key: &str,
    experiment: &Experiment,
    more: &[Value],
    now: UnixMillis,
) -> Vec<Value> {
    let design = &experiment.design;
    let shipped = experiment.stage.shipped().and_then(|key| design.variants.iter().find(|variant| variant.key == key));
    if shipped.is_none() && !experiment.assigns_at(now) {
        return Vec::new();
    }
    let mut limits = limits(registry, experiment, more);
    if let Some(variant) = shipped {
        let mut rule = Map::from_iter([
            ("id".to_owned(), json!(forced_id(key, SHIPPED, &variant.key))),
            ("force".to_owned(), value_of(variant)),
        ]);
        rule.append(&mut limits);
        return vec![Value::Object(rule)];
    }
    let mut rules = overrides(key, experiment);
    let mut rule = drawn(key, experiment);
    rule.append(&mut limits);
    rules.push(Value::Object(rule));
    rules
}

/// Units that see a variant whatever their hash says.
fn overrides(key: &str, experiment: &Experiment) -> Vec<Value> {
    let design = &experiment.design;
    let rule = |variant: &crate::design::Variant| {
        let units: Vec<&str> =
            design.overrides.iter().filter(|own| own.variant == variant.key).map(|own| own.unit.as_str()).collect();
        let condition = Map::from_iter([(design.unit.clone(), json!({ "$in": units }))]);
        let id = forced_id(key, OVERRIDE, &variant.key);
        (!units.is_empty()).then(|| json!({ "id": id, "force": value_of(variant), "condition": condition }))
    };
    design.variants.iter().filter_map(rule).collect()
}

fn drawn(key: &str, experiment: &Experiment) -> Map<String, Value> {
    let design = &experiment.design;
    let meta = |variant: &crate::design::Variant| {
        let name = if variant.name.is_empty() { &variant.key } else { &variant.name };
        json!({ "key": variant.key, "name": name })
    };
    let mut rule = Map::new();
    let mut put = |name: &str, value: Value| drop(rule.insert(name.to_owned(), value));
    put("id", json!(key));
    put("key", json!(key));
    put("name", json!(if design.name.is_empty() { key } else { &design.name }));
    put("phase", json!(experiment.phase.to_string()));
    put("seed", json!(seed(key, experiment)));
    put("hashAttribute", json!(design.unit));
    put("hashVersion", json!(HASH_VERSION));
    put("bucketVersion", json!(experiment.phase));
    put("coverage", json!(design.coverage));
    put("weights", json!(design.weights()));
    put("variations", design.variants.iter().map(value_of).collect());
    put("meta", design.variants.iter().map(meta).collect());
    if let Some(fallback) = &design.fallback_unit {
        put("fallbackAttribute", json!(fallback));
    }
    if !design.sticky {
        put("disableStickyBucketing", json!(true));
    }
    if let Some(part) = &design.layer {
        put("namespace", json!([part.key, part.from, part.to]));
    }
    rule
}

/// To whom an experiment applies: `condition` and `parentConditions`.
fn limits(registry: &Registry, experiment: &Experiment, more: &[Value]) -> Map<String, Value> {
    let design = &experiment.design;
    let own = both(registry, design.audience.as_ref(), &design.segments);
    let conditions: Vec<Value> =
        own.into_iter().chain(more.iter().filter_map(|m| m.get("condition").cloned())).collect();
    let mut needed = match parents(&design.prerequisites) {
        Value::Array(needed) => needed,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => Vec::new(),
    };
    for holdout in &design.holdouts {
        needed.push(json!({ "id": format!("{HOLDOUT}{holdout}"), "condition": { "value": OUTSIDE } }));
    }
    needed.extend(more.iter().filter_map(|m| m.get("parentConditions")?.as_array()).flatten().cloned());
    let mut fields = Map::new();
    fields.extend(all_of(conditions).map(|condition| ("condition".to_owned(), condition)));
    if !needed.is_empty() {
        fields.insert("parentConditions".to_owned(), Value::Array(needed));
    }
    fields
}

fn parents(prerequisites: &[Prerequisite]) -> Value {
    let parent = |needed: &Prerequisite| {
        let on = || json!({ "value": { "$nin": [null, false, 0, ""] } });
        let condition = needed.condition.as_ref().map_or_else(on, |condition| condition.source().clone());
        json!({ "id": needed.feature, "condition": condition })
    };
    prerequisites.iter().map(parent).collect()
}

/// A condition and segments, as one condition.
fn both(registry: &Registry, condition: Option<&Condition>, segments: &[String]) -> Option<Value> {
    let named = segments.iter().filter_map(|segment| registry.segments.get(segment)).map(|segment| &segment.condition);
    all_of(condition.into_iter().chain(named).map(|condition| condition.source().clone()).collect())
}

fn all_of(mut conditions: Vec<Value>) -> Option<Value> {
    match conditions.len() {
        0 => None,
        1 => conditions.pop(),
        _ => Some(json!({ "$and": conditions })),
    }
}

fn value_of(variant: &crate::design::Variant) -> Value {
    variant.value.clone().unwrap_or_else(|| json!(variant.key))
}
