//! Experiments, made ready.

use anklang_domain::Condition;
use anklang_domain::javascript::to_text;
use serde_json::{Map, Value};

use super::bandit::Bandit;
use super::feature::Prerequisite;
use super::fields::{self, Object};
use super::groups::Groups;
use super::{AddressTarget, PayloadError};
use crate::assign::{HashVersion, Range, bucket_ranges};

/// The attribute that units are told apart by, where none is named.
pub(super) const DEFAULT_ATTRIBUTE: &str = "id";

/// An experiment, made ready: an inline one, one on pages, or one behind a feature's rule.
#[derive(Debug)]
pub struct Experiment {
    pub(in crate::assign) key: String,
    pub(in crate::assign) variations: Vec<Variation>,
    pub(in crate::assign) ranges: Vec<Range>,
    /// Whether the ranges stand in the document, so that no weights count.
    pub(in crate::assign) has_fixed_ranges: bool,
    pub(in crate::assign) seed: String,
    /// None where the document names a hash that does not exist.
    pub(in crate::assign) hash_version: Option<HashVersion>,
    pub(in crate::assign) hash_attribute: String,
    pub(in crate::assign) fallback_attribute: Option<String>,
    pub(in crate::assign) filters: Option<Vec<Filter>>,
    pub(in crate::assign) namespace: Option<Namespace>,
    pub(in crate::assign) condition: Option<Condition>,
    pub(in crate::assign) prerequisites: Vec<Prerequisite>,
    pub(in crate::assign) targets: Option<Vec<AddressTarget>>,
    /// The variation for everybody who is in; `Some(None)` is one that does not exist.
    pub(in crate::assign) force: Option<Option<usize>>,
    pub(in crate::assign) active: bool,
    pub(in crate::assign) status: Status,
    pub(in crate::assign) sticky: bool,
    pub(in crate::assign) bucket_version: u64,
    pub(in crate::assign) min_bucket_version: u64,
    pub(in crate::assign) bandit: Option<Bandit>,
    pub(in crate::assign) change: Change,
    pub(in crate::assign) definition: Object,
}

/// One of an experiment's variations.
#[derive(Debug)]
pub(in crate::assign) struct Variation {
    pub(in crate::assign) value: Value,
    /// As results name it: the key in `meta`, or its index.
    pub(in crate::assign) key: String,
    /// Sticky documents are held against keys in `meta` alone.
    pub(in crate::assign) has_own_key: bool,
    pub(in crate::assign) name: Option<String>,
    pub(in crate::assign) passthrough: bool,
}

/// How far an experiment has got. Older documents say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::assign) enum Status {
    Draft,
    Running,
    Stopped,
}

/// What an experiment on pages changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::assign) enum Change {
    Redirect {
        keeps_query: bool,
    },
    Visual,
    /// Nothing that could be done without somebody asking.
    Nothing,
}

/// A stretch of a namespace.
#[derive(Debug)]
pub(in crate::assign) struct Namespace {
    pub(in crate::assign) seed: String,
    pub(in crate::assign) range: Range,
}

/// Units are in where their hash falls into one of the ranges.
#[derive(Debug)]
pub(in crate::assign) struct Filter {
    pub(in crate::assign) attribute: String,
    pub(in crate::assign) seed: String,
    pub(in crate::assign) hash_version: Option<HashVersion>,
    pub(in crate::assign) ranges: Vec<Range>,
}

/// What stands around an experiment's document.
#[derive(Clone, Copy)]
pub(super) struct Surroundings<'a> {
    pub(super) groups: &'a Groups,
    pub(super) bandits: &'a Object,
}

/// The fields of a rule that its experiment takes over where they count as true.
const TAKEN_WHERE_TRUE: [&str; 13] = [
    "weights",
    "hashAttribute",
    "fallbackAttribute",
    "disableStickyBucketing",
    "namespace",
    "meta",
    "ranges",
    "name",
    "phase",
    "seed",
    "hashVersion",
    "filters",
    "condition",
];
/// And those that it takes over whatever they are.
const TAKEN_WHERE_THERE: [&str; 3] = ["coverage", "bucketVersion", "minBucketVersion"];

impl Experiment {
    /// Makes an inline experiment ready. References to saved conditions need a payload: [`super::Payload::experiment`].
    pub fn parse(source: &Value) -> Result<Self, PayloadError> {
        let around = Surroundings { groups: &Groups::default(), bandits: &Map::new() };
        Self::inline(source, around)
    }

    /// Its key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Its document; of a feature's rule, the experiment that the rule stands for.
    #[must_use]
    pub const fn definition(&self) -> &Map<String, Value> {
        &self.definition
    }

    pub(super) fn inline(source: &Value, around: Surroundings<'_>) -> Result<Self, PayloadError> {
        let definition = source.as_object().ok_or(PayloadError::Experiment("an object"))?;
        let key = definition.get("key").ok_or(PayloadError::Experiment("a key"))?;
        let list = fields::list(definition, "variations").ok_or(PayloadError::Experiment("a list of variations"))?;
        Ok(Self::new(to_text(key).into_owned(), list, definition.clone(), around.groups))
    }

    /// The experiment behind a feature's rule.
    pub(super) fn of_rule(feature: &str, rule: &Object, around: Surroundings<'_>) -> Option<Self> {
        let variations = fields::given(rule, "contextualVariations").or_else(|| fields::given(rule, "variations"))?;
        let key = fields::given(rule, "key").map_or(feature.into(), to_text);
        let mut definition = Map::new();
        definition.insert("variations".to_owned(), variations.clone());
        definition.insert("key".to_owned(), key.as_ref().into());
        let mut take = |name: &str, value: Option<&Value>| {
            value.map(|value| definition.insert(name.to_owned(), value.clone()));
        };
        TAKEN_WHERE_TRUE.iter().for_each(|name| take(name, fields::given(rule, name)));
        TAKEN_WHERE_THERE.iter().for_each(|name| take(name, rule.get(*name)));
        let list = variations.as_array()?;
        let mut experiment = Self::new(key.into_owned(), list, definition, around.groups);
        let bandit = fields::text(rule, "contextualBanditRef").and_then(|name| around.bandits.get(name)?.as_object());
        experiment.bandit = bandit
            .map(|source| Bandit::parse(source, around.groups, rule, list.len(), coverage(&experiment.definition)));
        Some(experiment)
    }

    fn new(key: String, list: &[Value], definition: Object, groups: &Groups) -> Self {
        let source = &definition;
        let given = fields::list(source, "ranges").map(fields::ranges);
        let weights = fields::list(source, "weights").map(fields::weights);
        let has_fixed_ranges = given.is_some();
        let ranges = given.unwrap_or_else(|| bucket_ranges(list.len(), coverage(source), weights.as_deref()));
        let meta = fields::list(source, "meta").unwrap_or_default();
        Self {
            variations: list.iter().enumerate().map(|(at, value)| Variation::new(at, value, meta.get(at))).collect(),
            ranges,
            has_fixed_ranges,
            seed: fields::given(source, "seed").map_or_else(|| key.clone(), |seed| to_text(seed).into_owned()),
            hash_version: fields::hash_version(source, HashVersion::V1),
            hash_attribute: fields::text(source, "hashAttribute").unwrap_or(DEFAULT_ATTRIBUTE).to_owned(),
            fallback_attribute: fields::text(source, "fallbackAttribute").map(str::to_owned),
            filters: filters(source),
            namespace: Namespace::parse(source),
            condition: groups.condition(source.get("condition")),
            prerequisites: Prerequisite::parse_all(source, groups),
            targets: fields::list(source, "urlPatterns")
                .map(|patterns| patterns.iter().map(AddressTarget::parse).collect()),
            force: source.get("force").map(|force| variation_index(force, list.len())),
            active: source.get("active") != Some(&Value::Bool(false)),
            status: Status::parse(source),
            sticky: !fields::flag(source, "disableStickyBucketing"),
            bucket_version: fields::version(source, "bucketVersion"),
            min_bucket_version: fields::version(source, "minBucketVersion"),
            bandit: None,
            change: Change::parse(source, list),
            key,
            definition,
        }
    }
}

/// An index into so many variations; none where it names none of them.
pub(in crate::assign) fn variation_index(value: &Value, variations: usize) -> Option<usize> {
    let number = value.as_f64()?;
    let index = number as usize;
    (index < variations && index as f64 == number).then_some(index)
}

fn coverage(source: &Object) -> f64 {
    fields::number(source, "coverage").unwrap_or(1.0)
}

/// The filters, where there are any.
pub(super) fn filters(source: &Object) -> Option<Vec<Filter>> {
    fields::list(source, "filters").map(|list| list.iter().map(Filter::parse).collect())
}

impl Filter {
    /// What is no filter lets nobody in.
    fn parse(source: &Value) -> Self {
        let empty = Map::new();
        let source = source.as_object().unwrap_or(&empty);
        Self {
            attribute: fields::text(source, "attribute").unwrap_or(DEFAULT_ATTRIBUTE).to_owned(),
            seed: source.get("seed").map_or_else(|| "undefined".to_owned(), |seed| to_text(seed).into_owned()),
            hash_version: fields::hash_version(source, HashVersion::V2),
            ranges: fields::list(source, "ranges").map(fields::ranges).unwrap_or_default(),
        }
    }
}

impl Namespace {
    fn parse(source: &Object) -> Option<Self> {
        let tuple = fields::list(source, "namespace")?;
        let range = fields::range(&tuple.get(1..).unwrap_or_default().into());
        Some(Self {
            seed: format!("__{}", tuple.first().map_or_else(|| "undefined".into(), to_text)),
            range: range.unwrap_or(Range { start: f64::NAN, end: f64::NAN }),
        })
    }
}

impl Variation {
    fn new(at: usize, value: &Value, meta: Option<&Value>) -> Self {
        let meta = meta.and_then(Value::as_object);
        let key = meta.and_then(|meta| fields::text(meta, "key"));
        Self {
            value: value.clone(),
            key: key.map_or_else(|| at.to_string(), str::to_owned),
            has_own_key: key.is_some(),
            name: meta.and_then(|meta| fields::text(meta, "name")).map(str::to_owned),
            passthrough: meta.is_some_and(|meta| fields::flag(meta, "passthrough")),
        }
    }
}

impl Status {
    fn parse(source: &Object) -> Self {
        match fields::text(source, "status") {
            Some("draft") => Self::Draft,
            Some("stopped") => Self::Stopped,
            Some(_) | None => Self::Running,
        }
    }
}

impl Change {
    fn parse(source: &Object, variations: &[Value]) -> Self {
        let has = |names: &[&str]| {
            let mut objects = variations.iter().filter_map(Value::as_object);
            objects.any(|variation| names.iter().any(|name| variation.contains_key(*name)))
        };
        let manual = fields::flag(source, "manual");
        if !manual && fields::given(source, "urlPatterns").is_some() && has(&["urlRedirect"]) {
            Self::Redirect { keeps_query: fields::flag(source, "persistQueryString") }
        } else if !manual && has(&["domMutations", "css", "js"]) {
            Self::Visual
        } else {
            Self::Nothing
        }
    }
}
