//! Features and their rules, made ready.

use anklang_domain::Condition;
use anklang_domain::javascript::to_text;
use serde_json::Value;

use super::Experiment;
use super::experiment::{DEFAULT_ATTRIBUTE, Filter, Surroundings, filters};
use super::fields::{self, Object};
use super::groups::Groups;
use crate::assign::{HashVersion, Range};

/// A feature: its default, and the rules that come before it.
#[derive(Debug)]
pub(in crate::assign) struct Feature {
    pub(in crate::assign) default: Value,
    pub(in crate::assign) rules: Vec<Rule>,
}

/// Applies where its prerequisites hold and its filters let the unit in.
#[derive(Debug)]
pub(in crate::assign) struct Rule {
    pub(in crate::assign) id: String,
    pub(in crate::assign) prerequisites: Vec<Prerequisite>,
    pub(in crate::assign) filters: Option<Vec<Filter>>,
    pub(in crate::assign) action: Action,
}

/// What a rule does.
#[derive(Debug)]
pub(in crate::assign) enum Action {
    Force(Box<Rollout>),
    Run(Box<Experiment>),
    /// A rule of prerequisites alone.
    Nothing,
}

/// A value for some or all.
#[derive(Debug)]
pub(in crate::assign) struct Rollout {
    pub(in crate::assign) value: Value,
    pub(in crate::assign) condition: Option<Condition>,
    pub(in crate::assign) seed: String,
    pub(in crate::assign) hash_version: Option<HashVersion>,
    pub(in crate::assign) hash_attribute: String,
    pub(in crate::assign) fallback_attribute: Option<String>,
    pub(in crate::assign) share: Share,
    /// Exposures to report when the value is given, from an evaluation elsewhere.
    pub(in crate::assign) tracks: Vec<Value>,
}

/// Of which units a rollout is.
#[derive(Debug, Clone, Copy)]
pub(in crate::assign) enum Share {
    All,
    None,
    /// The hash is at most this.
    UpTo(f64),
    Within(Range),
}

/// What must hold of another feature's value.
#[derive(Debug)]
pub(in crate::assign) struct Prerequisite {
    pub(in crate::assign) feature: String,
    /// On `{"value": …}`; none holds always.
    pub(in crate::assign) condition: Option<Condition>,
    /// Whether the whole feature falls with it, not this rule alone.
    pub(in crate::assign) gate: bool,
}

impl Feature {
    /// Takes a feature's document; none where the SDKs see no feature.
    pub(super) fn parse(key: &str, source: &Value, around: Surroundings<'_>) -> Option<Self> {
        if !anklang_domain::javascript::truthy(source) {
            return None;
        }
        let Some(source) = source.as_object() else { return Some(Self { default: Value::Null, rules: Vec::new() }) };
        let rules = fields::list(source, "rules").unwrap_or_default().iter().filter_map(Value::as_object);
        Some(Self {
            default: source.get("defaultValue").cloned().unwrap_or_default(),
            rules: rules.map(|rule| Rule::parse(key, rule, around)).collect(),
        })
    }
}

impl Rule {
    fn parse(feature: &str, source: &Object, around: Surroundings<'_>) -> Self {
        let action = match source.get("force") {
            Some(value) => Action::Force(Box::new(Rollout::parse(feature, source, value, around.groups))),
            None => Experiment::of_rule(feature, source, around)
                .map_or(Action::Nothing, |experiment| Action::Run(Box::new(experiment))),
        };
        Self {
            id: fields::given(source, "id").map_or_else(String::new, |id| to_text(id).into_owned()),
            prerequisites: Prerequisite::parse_all(source, around.groups),
            filters: filters(source),
            action,
        }
    }
}

impl Rollout {
    fn parse(feature: &str, source: &Object, value: &Value, groups: &Groups) -> Self {
        let sticky = !fields::flag(source, "disableStickyBucketing");
        Self {
            value: value.clone(),
            condition: groups.condition(source.get("condition")),
            seed: fields::given(source, "seed").map_or(feature.into(), to_text).into_owned(),
            hash_version: fields::hash_version(source, HashVersion::V1),
            hash_attribute: fields::text(source, "hashAttribute").unwrap_or(DEFAULT_ATTRIBUTE).to_owned(),
            fallback_attribute: fields::text(source, "fallbackAttribute").filter(|_| sticky).map(str::to_owned),
            share: Share::parse(source),
            tracks: fields::list(source, "tracks").unwrap_or_default().to_vec(),
        }
    }
}

impl Share {
    /// A range goes before the coverage.
    fn parse(source: &Object) -> Self {
        if let Some(range) = fields::given(source, "range") {
            return fields::range(range).map_or(Self::None, Self::Within);
        }
        match source.get("coverage") {
            None => Self::All,
            Some(Value::Number(zero)) if zero.as_f64() == Some(0.0) => Self::None,
            Some(coverage) => Self::UpTo(anklang_domain::javascript::to_number(coverage)),
        }
    }
}

impl Prerequisite {
    /// The `parentConditions` of a rule or experiment.
    pub(super) fn parse_all(source: &Object, groups: &Groups) -> Vec<Self> {
        let list = fields::list(source, "parentConditions").unwrap_or_default();
        let parse = |source: &Value| {
            let source = source.as_object()?;
            Some(Self {
                feature: source.get("id").map_or("undefined".into(), to_text).into_owned(),
                condition: groups.condition(source.get("condition")),
                gate: fields::flag(source, "gate"),
            })
        };
        list.iter().filter_map(parse).collect()
    }
}
