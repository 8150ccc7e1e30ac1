//! What must hold of any payload and anybody who asks.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::assign::{
    Context, Evaluator, Experiment, PREREQUISITE_DEPTH_MAX, Payload, Source, StickyDocuments, decrypt, merge_queries,
};

/// The words of payloads, so that arbitrary documents come near to real ones.
const WORDS: [&str; 48] = [
    "features",
    "experiments",
    "savedGroups",
    "contextualBandits",
    "defaultValue",
    "rules",
    "force",
    "variations",
    "contextualVariations",
    "contextualBanditRef",
    "contexts",
    "leafId",
    "banditVersion",
    "weights",
    "coverage",
    "condition",
    "parentConditions",
    "gate",
    "id",
    "key",
    "seed",
    "hashAttribute",
    "fallbackAttribute",
    "hashVersion",
    "namespace",
    "range",
    "ranges",
    "filters",
    "attribute",
    "meta",
    "name",
    "passthrough",
    "tracks",
    "bucketVersion",
    "minBucketVersion",
    "disableStickyBucketing",
    "urlPatterns",
    "pattern",
    "type",
    "include",
    "urlRedirect",
    "active",
    "status",
    "$savedGroup",
    "$inGroup",
    "values",
    "value",
    "a",
];

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3..4).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(WORDS.to_vec()).prop_map(Value::from),
        "\\PC{0,3}|list|condition|simple|regex|http://e.com/\\*".prop_map(Value::from),
    ];
    leaf.prop_recursive(7, 60, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(prop::sample::select(WORDS.to_vec()).prop_map(str::to_owned), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// A rule with its fields of the right or of any type.
fn any_rule() -> impl Strategy<Value = Value> {
    let fields = prop::collection::btree_map(prop::sample::select(WORDS.to_vec()), any_json(), 0..5);
    let parents = prop::collection::vec(prop::sample::select(vec!["a", "b", "c"]), 0..3);
    (fields, parents, any::<bool>()).prop_map(|(fields, parents, runs)| {
        let mut rule: Map<String, Value> = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let parents: Value =
            parents.iter().map(|id| json!({"id": id, "condition": {"value": {"$exists": true}}})).collect();
        rule.insert("parentConditions".to_owned(), parents);
        rule.entry(if runs { "variations" } else { "force" }).or_insert_with(|| json!([1, 2]));
        Value::Object(rule)
    })
}

fn any_payload() -> impl Strategy<Value = Value> {
    let rules = || prop::collection::vec(any_rule(), 0..4);
    (rules(), rules(), rules(), any_json(), any_json(), any_json()).prop_map(|(a, b, c, groups, bandits, pages)| {
        json!({
            "features": {
                "a": {"rules": a, "defaultValue": true},
                "b": {"rules": b, "defaultValue": 0},
                "c": {"rules": c},
            },
            "savedGroups": groups, "contextualBandits": {"a": bandits}, "experiments": [pages],
        })
    })
}

fn outcome(payload: &Payload, context: &Context<'_>, inline: &[Experiment]) -> Value {
    let mut evaluator = Evaluator::new(payload, context);
    let features: Vec<Value> =
        ["a", "b", "c", "nowhere"].map(|key| serde_json::to_value(evaluator.feature(key)).unwrap()).into();
    let inline: Vec<Value> =
        inline.iter().map(|one| serde_json::to_value(evaluator.experiment(one)).unwrap()).collect();
    let page = serde_json::to_value(evaluator.page()).unwrap();
    let effects = evaluator.into_effects();
    json!([features, inline, page, effects.exposures, effects.documents])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn nothing_panics_and_the_same_comes_out_again(
        source in prop_oneof![any_payload(), any_json()],
        attributes in any_json(),
        inline in any_json(),
        url in "(http://e.com/)?(\\?a=[0-9])?\\PC{0,5}",
    ) {
        let Ok(payload) = Payload::parse(&source) else { return Ok(()) };
        let attributes = json!({"id": attributes["id"], "a": attributes});
        let documents = StickyDocuments::new();
        let context = Context::new(&attributes).url(&url).sticky(&documents);
        let inline: Vec<Experiment> = payload.experiment(&inline).into_iter().collect();
        let first = outcome(&payload, &context, &inline);
        prop_assert_eq!(&first, &outcome(&payload, &context, &inline));
        prop_assert_eq!(&first, &outcome(&Payload::parse(&source).unwrap(), &context, &inline));
        let _keys = payload.sticky_keys(&context);
    }

    /// Through a whole feature: whoever is in at some coverage has the same value at any greater one.
    #[test]
    fn a_ramp_never_reshuffles(unit in "\\PC{1,8}", low in 0.0..1.0_f64, more in 0.0..1.0_f64, version in 1..3) {
        let attributes = json!({ "id": unit });
        let at = |coverage: f64| {
            let source = json!({"features": {
                "test": {"defaultValue": "none", "rules": [{
                    "coverage": coverage, "hashVersion": version, "variations": ["a", "b", "c"], "weights": [0.2, 0.3, 0.5],
                }]},
                "rollout": {"defaultValue": "none", "rules": [{"coverage": coverage, "force": "a", "hashVersion": version}]},
            }});
            let payload = Payload::parse(&source).unwrap();
            ["test", "rollout"].map(|key| payload.evaluate(key, &Context::new(&attributes)).0.value.clone())
        };
        for (before, after) in at(low).into_iter().zip(at(low.max(more))) {
            prop_assert!(before == "none" || before == after, "{before} became {after}");
        }
    }

    /// What was given stays, whatever becomes of weights and coverage; and what stays is not saved again.
    #[test]
    fn sticky_is_sticky(unit in "[a-z0-9]{1,8}", first in 0.0..1.0_f64, then in 0.0..1.0_f64) {
        let attributes = json!({ "id": unit });
        let parse = |weight: f64, coverage: f64| {
            Payload::parse(&json!({"features": {"test": {"rules": [{
                "variations": [0, 1], "weights": [weight, 1.0 - weight], "coverage": coverage,
                "meta": [{"key": "control"}, {"key": "treatment"}],
            }]}}})).unwrap()
        };
        let (before, after, none) = (parse(first, 1.0), parse(then, 0.0), StickyDocuments::new());
        let (given, effects) = before.evaluate("test", &Context::new(&attributes).sticky(&none));
        prop_assert_eq!(effects.documents.len(), 1);
        let (kept, later) = after.evaluate("test", &Context::new(&attributes).sticky(&effects.documents));
        prop_assert_eq!(given.value, kept.value);
        prop_assert!(later.documents.is_empty() && kept.experiment.unwrap().result.sticky_bucket_used);
    }

    #[test]
    fn no_text_panics(a in "\\PC*", b in "(http://e.com/)?\\PC*", c in "(https://e.com/)?\\PC*") {
        let _plain = decrypt(&a, &b);
        let _merged = merge_queries(&b, &c);
    }
}

/// A chain of features, each of which waits for the next.
fn chain(length: usize, parents: usize) -> Payload {
    let feature = |at: usize| {
        let parents: Vec<Value> = (0..parents).map(|_| json!({"id": (at + 1).to_string()})).collect();
        let rules = if at + 1 < length { json!([{ "parentConditions": parents, "force": at }]) } else { json!([]) };
        (at.to_string(), json!({"defaultValue": 1, "rules": rules}))
    };
    let features: Map<String, Value> = (0..length).map(feature).collect();
    Payload::parse(&json!({ "features": features })).unwrap()
}

#[test]
fn prerequisites_end() {
    let attributes = Value::Null;
    let source = |payload: Payload| payload.evaluate("0", &Context::new(&attributes)).0.source;
    assert_eq!(source(chain(PREREQUISITE_DEPTH_MAX, 1)), Source::Force);
    assert_eq!(source(chain(PREREQUISITE_DEPTH_MAX + 1, 1)), Source::CyclicPrerequisite);
    assert_eq!(source(chain(10, 2)), Source::Force);
    assert_eq!(source(chain(40, 2)), Source::CyclicPrerequisite, "2⁴⁰ evaluations are not made");
    let itself = json!({"features": {"0": {"rules": [{"parentConditions": [{"id": "0"}], "force": 1}]}}});
    assert_eq!(source(Payload::parse(&itself).unwrap()), Source::CyclicPrerequisite);
}

#[test]
fn a_broken_feature_leaves_the_others_alone() {
    let payload = Payload::parse(&json!({
        "features": {
            "null": null, "text": "x", "rules": {"defaultValue": 1, "rules": [null, 5, {"variations": "x"}, {"force": 2}]},
            "good": {"defaultValue": 3},
        },
        "experiments": [null, {"key": "x"}], "savedGroups": 5, "contextualBandits": [],
    }));
    let payload = payload.unwrap();
    let attributes = json!({"id": "1"});
    let value = |key: &str| payload.evaluate(key, &Context::new(&attributes)).0;
    assert_eq!(value("null").source, Source::UnknownFeature);
    assert_eq!((value("text").source, value("text").value), (Source::DefaultValue, &Value::Null));
    assert_eq!(value("rules").value, 2);
    assert_eq!(value("good").value, 3);
    assert!(Payload::parse(&json!([])).is_err() && Payload::parse(&json!({"features": []})).is_err());
}

/// With `@growthbook/growthbook` 1.8.0.
#[test]
fn saved_groups_come_in_two_shapes() {
    let groups = json!({
        "plain": ["1"],
        "list": {"type": "list", "attributeKey": "id", "values": ["1"]},
        "rule": {"type": "condition", "condition": {"$savedGroup": {"id": "list"}}},
        "itself": {"type": "condition", "condition": {"$not": {"$savedGroup": {"id": "itself"}}}},
    });
    let attributes = json!({"id": "1", "other": "2"});
    let holds = |condition: Value| {
        let feature = json!({"defaultValue": false, "rules": [{"condition": condition, "force": true}]});
        let payload = Payload::parse(&json!({"features": {"f": feature}, "savedGroups": groups})).unwrap();
        payload.evaluate("f", &Context::new(&attributes)).0.is_on()
    };
    assert!(holds(json!({"id": {"$inGroup": "list"}})) && holds(json!({"id": {"$inGroup": "plain"}})));
    assert!(holds(json!({"$savedGroup": {"id": "list"}})) && holds(json!({"$savedGroup": {"id": "rule"}})));
    assert!(!holds(json!({"$savedGroup": {"id": "list", "attributeKey": "other"}})));
    assert!(!holds(json!({"$savedGroup": {"id": "plain"}})), "a bare list has no attribute");
    assert!(holds(json!({"$savedGroup": {"id": "itself"}})), "within, it holds for nobody");
    assert!(holds(json!({"$not": {"$savedGroup": {"id": "missing"}}})));
}

#[test]
fn numbers_go_out_as_they_came_in() {
    let text = r#"{"features":{"f":{"defaultValue":0.19116606400348246}}}"#;
    let payload = Payload::parse(&serde_json::from_str(text).unwrap()).unwrap();
    let attributes = Value::Null;
    let value = payload.evaluate("f", &Context::new(&attributes)).0.value.to_string();
    assert_eq!(value, "0.19116606400348246");
}
