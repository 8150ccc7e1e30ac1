use std::path::PathBuf;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// The public cases of GrowthBook's SDK specification; none where the test data is not there.
fn cases(section: &str) -> Option<Vec<Value>> {
    let data = std::env::var_os("ANKLANG_DATA")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")), PathBuf::from);
    let path = data.join("../conformance/growthbook-cases.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("NOT RUN: no cases at {}; set ANKLANG_DATA", path.display());
        return None;
    };
    let cases: Value = serde_json::from_str(&text).unwrap();
    Some(cases[section].as_array().unwrap().clone())
}

#[test]
fn growthbook_agrees() {
    let Some(cases) = cases("evalCondition") else { return };
    let wrong: Vec<&str> = cases.iter().filter(|case| !agrees(case)).filter_map(|case| case[0].as_str()).collect();
    assert!(wrong.is_empty(), "{} of {}: {wrong:#?}", wrong.len(), cases.len());
    assert!(cases.len() > 100);
}

/// Whether a case comes out as it must; taken leniently, and where it can be written here, strictly too.
fn agrees(case: &Value) -> bool {
    let groups = case[4].as_object().map(SavedGroups::from).unwrap_or_default();
    let wanted = case[3].as_bool().unwrap();
    let strict = Condition::parse(&case[1]);
    Condition::lenient(&case[1]).eval(&case[2], &groups) == wanted
        && strict.is_ok_and(|strict| strict.eval(&case[2], &groups) == wanted)
            | case[0].as_str().unwrap().contains("invalid")
            | case[0].as_str().unwrap().contains("not array")
}

fn holds(condition: Value, attributes: Value) -> bool {
    Condition::lenient(&condition).eval(&attributes, &SavedGroups::new())
}

/// Worked out from ECMA-262 by hand.
#[test]
fn types_are_coerced_as_in_javascript() {
    assert!(holds(json!({"n": 0}), json!({})), "null counts as 0");
    assert!(holds(json!({"n": {"$lt": 5}}), json!({})));
    assert!(!holds(json!({"n": {"$lt": "5"}}), json!({"n": "abc"})), "text against text");
    assert!(!holds(json!({"n": {"$lt": 5}}), json!({"n": "abc"})), "not a number compares with nothing");
    assert!(!holds(json!({"n": {"$gte": 5}}), json!({"n": "abc"})));
    assert!(holds(json!({"n": 26}), json!({"n": " 0x1A "})));
    assert!(!holds(json!({"n": 1}), json!({"n": "inf"})));
    assert!(holds(json!({"n": "1e+21"}), json!({"n": 1e21})));
    assert!(holds(json!({"n": "0.5"}), json!({"n": 0.5})));
    assert!(holds(json!({"n": "1,,2"}), json!({"n": [1, null, 2]})));
    assert!(holds(json!({"n": "[object Object]"}), json!({"n": {}})));
    assert!(holds(json!({"n": "null"}), json!({})));
    assert!(holds(json!({"n": true}), json!({"n": "yes"})));
    assert!(!holds(json!({"n": {"$eq": 1}}), json!({"n": "1"})));
    assert!(holds(json!({"n": {"$eq": 1.0}}), json!({"n": 1})));
    assert!(!holds(json!({"n": {"$in": [[1]]}}), json!({"n": [[1]]})), "two lists are two things");
    assert!(holds(json!({"n": {"$gt": "Z"}}), json!({"n": "a"})));
    assert!(holds(json!({"n": {"$gt": "\u{ffff}"}}), json!({"n": "\u{ffff}a"})));
    assert!(holds(json!({"n": {"$lt": "\u{ffff}"}}), json!({"n": "😀"})), "by UTF-16 code units");
}

#[test]
fn paths_go_into_lists_and_objects() {
    let attributes = json!({"a": [{"b": 1}, {"b": 2}], "c": {"d.e": 3}});
    assert!(holds(json!({"a.1.b": 2}), attributes.clone()));
    assert!(holds(json!({"a.length": 2}), attributes.clone()));
    assert!(holds(json!({"a.01.b": null, "a.7": null, "c.d.e": null}), attributes));
}

#[test]
fn patterns_are_javascripts() {
    let matches = |pattern: &str, text: &str| holds(json!({"t": {"$regex": pattern}}), json!({"t": text}));
    assert!(matches(r"^[\w.+-]+@example\.com$", "a.b+c@example.com"));
    assert!(!matches(r"^\d$", "٣"), "digits are ASCII");
    assert!(matches(r"https?:\/\/x/y", "http://x/y") && matches("[[&~]", "["));
    assert!(matches("^null$", "null") && holds(json!({"t": {"$regex": "^null$"}}), json!({})));
    assert!(holds(json!({"t": {"$not": {"$regexi": "^A"}}}), json!({"t": "b"})));
    assert!(!holds(json!({"t": {"$regex": "["}}), json!({"t": "b"})));
}

/// With Node 20.20.
#[test]
fn patterns_are_read_as_in_javascript() {
    let holds = [
        ("a{", "a{"),
        ("a{2", "a{2"),
        ("[^]", "\n"),
        ("\\e\\@\\_", "e@_"),
        ("\\p{L}", "p{L}"),
        ("^\\s$", "\u{feff}"),
        ("\\Bo", "foo"),
        ("\\u0041\\x41", "AA"),
        ("[\\d-z]", "-"),
        ("[a~~b]", "~"),
        ("(?<n>a)", "a"),
        ("a{2,1}|b", ""),
        ("[]|]", "]"),
    ];
    for (pattern, text) in holds {
        let found = pattern::regex(pattern, false).map(|regex| regex.is_match(text));
        assert!(found == Ok(true) || text.is_empty() && found.is_err(), "{pattern} {text} {found:?}");
    }
    for pattern in
        ["a**", "+a", "(?i)a", "(?s).", "(?P<n>a)", "[z-a]", "(?=a)", "(?<!x)a", "(a)\\1", "(", "[a--b]", "\\"]
    {
        assert!(pattern::regex(pattern, false).is_err(), "{pattern}");
    }
    for text in ["\r", "\n", "\u{2028}"] {
        assert!(!pattern::regex(".", false).unwrap().is_match(text), "a dot is no line's end");
    }
}

#[test]
fn errors_name_the_place_and_what_would_be_right() {
    let error = |condition: Value| Condition::parse(&condition).unwrap_err().to_string();
    assert_eq!(
        error(json!({"$and": [{"age": {"$gtt": 1}}]})),
        "at $and.0.age: there is no operator $gtt; did you mean $gt?"
    );
    assert_eq!(error(json!({"$an": []})), "at the top: there is no operator $an; did you mean $and?");
    assert_eq!(
        error(json!({"$gt": 1})),
        "at the top: there must be an attribute, $and, $or, $nor or $not, not the operator $gt"
    );
    assert_eq!(error(json!({"a": {"$in": 1}})), "at a.$in: there must be a list, not 1");
    assert_eq!(error(json!([])), "at the top: there must be an object of attributes and connectives, not []");
    assert!(error(json!({"a": {"$regex": "(?=x)"}})).starts_with("at a.$regex: the pattern cannot be used"));
    assert!(error(json!({"a": {"$gt": 1, "b": 2}})).starts_with("at a: there must be either operators or"));
    assert_eq!(error(json!({"a": {"$in": vec![1; 10_001]}})), "at a.$in: at most 10000 entries in a list");
    let mut deep = json!({"a": 1});
    for _ in 0..50 {
        deep = json!({"$not": deep});
    }
    assert!(error(deep.clone()).contains("at most 24 levels of nesting"));
    assert!(!holds(deep, json!({"a": 1})));
    assert!(error(json!({"$or": vec![json!({"a": 1}); 600]})).contains("at most 1000 comparisons"));
}

#[test]
fn conditions_travel_as_json() {
    let text = r#"{"tags":{"$in":["rust"]}}"#;
    let condition: Condition = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&condition).unwrap(), text);
    assert!(serde_json::from_str::<Condition>(r#"{"tags":{"$inn":[]}}"#).is_err());
}

#[test]
fn groups_hold_what_lists_hold() {
    let groups = json!({"g": ["1", 2, -0.0, 1e300, true, null, [3], {"a": 4}], "h": 5});
    let groups = SavedGroups::from(groups.as_object().unwrap());
    let is_in = |value: Value| Condition::lenient(&json!({"a": {"$inGroup": "g"}})).eval(&json!({"a": value}), &groups);
    for value in [json!("1"), json!(2.0), json!(0), json!(1e300), json!(true), json!(null), json!([7, 2])] {
        assert!(is_in(value.clone()), "{value}");
    }
    for value in [json!(1), json!("2"), json!(false), json!([3]), json!([[3]]), json!({"a": 4}), json!([])] {
        assert!(!is_in(value.clone()), "{value}");
    }
    assert!(groups.contains("g") && !groups.contains("h"));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-c1-3.v\\[(*]{0,4}|\\PC{0,3}".prop_map(Value::from),
    ];
    let keys = prop_oneof![
        prop::sample::select(vec![
            "$eq",
            "$ne",
            "$lt",
            "$lte",
            "$gt",
            "$gte",
            "$in",
            "$nin",
            "$ini",
            "$nini",
            "$all",
            "$alli",
            "$elemMatch",
            "$size",
            "$type",
            "$exists",
            "$regex",
            "$regexi",
            "$notRegex",
            "$not",
            "$and",
            "$or",
            "$nor",
            "$inGroup",
            "$notInGroup",
            "$veq",
            "$vlt",
            "$groups",
            "$what",
            "a",
            "b",
            "a.b",
            "a.0",
            ""
        ])
        .prop_map(str::to_owned),
        "[a-c]",
    ];
    leaf.prop_recursive(5, 40, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(keys.clone(), inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]
    #[test]
    fn any_text_may_stand_as_a_pattern(text in "[a-c\\\\dwsbBxu0-9(){}\\[\\]^$.*+?|,<>:=!-]{0,12}|\\PC*", folded in any::<bool>()) {
        if let Ok(regex) = pattern::regex(&text, folded) {
            let _found = regex.is_match("abc");
        }
    }

    #[test]
    fn what_means_itself_finds_itself(text in "[a-z0-9 @#&~%/_-]{1,12}") {
        prop_assert!(pattern::regex(&text, false).unwrap().is_match(&text));
    }

    #[test]
    fn nothing_panics_and_two_nots_cancel(condition in any_json(), attributes in any_json(), groups in any_json()) {
        let groups = groups.as_object().map(SavedGroups::from).unwrap_or_default();
        let lenient = Condition::lenient(&condition);
        let holds = lenient.eval(&attributes, &groups);
        prop_assert_eq!(lenient.negated().eval(&attributes, &groups), !holds);
        prop_assert_eq!(lenient.negated().negated().eval(&attributes, &groups), holds);
        if let Ok(strict) = Condition::parse(&condition) {
            prop_assert_eq!(strict.eval(&attributes, &groups), holds);
            let twice = serde_json::json!({"$not": {"$not": condition}});
            prop_assert_eq!(Condition::lenient(&twice).eval(&attributes, &groups), holds);
        }
    }
}
