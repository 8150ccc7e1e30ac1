use anklang_domain::{Configuration, UnixMillis};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::collect::{Ask, collect};
use crate::report::analyse;
use crate::story::{BEGAN, DAY, HOUR, Story};

fn now(at: i64) -> UnixMillis {
    UnixMillis::saturating(BEGAN + at)
}

/// Everything that can be asked of an experiment, as text.
fn told(tally: &Tally) -> String {
    let ask = Ask { by: vec!["country".into(), "client".into(), "day".into()] };
    let collected = collect(tally, "e", now(20 * DAY), &ask).expect("it runs");
    format!("{} {:?}", serde_json::to_string(&analyse(&collected.input)).expect("json"), collected.input.metrics)
}

/// An experiment with a metric of every sort.
fn designed() -> Story {
    let mut story = Story::default();
    let event = json!({ "verb": "replied" });
    for (key, metric) in [
        ("mean", json!({ "kind": "mean", "event": event, "of": "sum", "cap": { "quantile": 0.9 } })),
        ("share", json!({ "kind": "proportion", "event": event, "window_days": 3 })),
        (
            "ratio",
            json!({ "kind": "ratio", "numerator": { "event": event }, "denominator": { "event": { "verb": "*" } } }),
        ),
        ("median", json!({ "kind": "quantile", "event": event, "q": 0.5 })),
        ("back", json!({ "kind": "retention", "day": 2, "retained": "unbounded" })),
        ("funnel", json!({ "kind": "funnel", "steps": [{ "verb": "viewed" }, event] })),
        ("soon", json!({ "kind": "time_to_event", "event": event, "horizon_days": 5 })),
    ] {
        story.configured(0, "metric", key, metric);
    }
    story.running(
        "e",
        json!({ "dimensions": ["country"], "metrics": {
            "goals": ["mean", "share"], "guardrails": [{ "metric": "ratio", "margin": 0.1 }],
            "secondary": ["median", "back", "funnel", "soon"],
        } }),
    );
    story
}

fn happenings() -> impl Strategy<Value = Vec<(u8, u8, i64, u8)>> {
    prop::collection::vec((0..6_u8, 0..12_u8, 0..400_i64, 0..8_u8), 0..120)
}

fn tell(story: &mut Story, happenings: &[(u8, u8, i64, u8)]) {
    for (what, who, hour, how) in happenings {
        let (who, at) = (format!("m{who}"), (*hour - 48) * HOUR);
        match what {
            0 | 1 => {
                story.exposed(at, "e", &who, ["a", "b", "c", "0"][usize::from(*how % 4)], json!({ "client": "js" }))
            }
            2 => story.did(at, &who, "replied", f64::from(*how)),
            3 => story.did(at, &who, "viewed", 1.0),
            4 => story.put(at, &who, json!({ "country": (["DE", "US"][usize::from(*how % 2)]) })),
            _ => story.aliased(&who, &format!("m{}", how % 4)),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_facts_does_not_matter(happenings in happenings(), seed in any::<u64>()) {
        let mut story = designed();
        tell(&mut story, &happenings);
        let one = told(&story.tally());
        let documents = designed().facts.len();
        let mut chance = anklang_domain::Stream::named(seed, "order");
        let mut facts: Vec<_> = story.facts[documents..].to_vec();
        for last in (1..facts.len()).rev() {
            facts.swap(last, (chance.unit() * (last + 1) as f64) as usize);
        }
        story.facts.truncate(documents);
        story.facts.extend(facts);
        prop_assert_eq!(&one, &told(&story.tally()));
        // The documents last of all: everything is counted anew.
        story.facts.rotate_left(documents);
        prop_assert_eq!(&one, &told(&story.tally()));
    }

    #[test]
    fn what_is_stored_is_what_was_there(happenings in happenings()) {
        let mut story = designed();
        tell(&mut story, &happenings);
        let tally = story.tally();
        let again = Tally::from_bytes(&tally.to_bytes()).expect("it was just written");
        prop_assert_eq!(told(&tally), told(&again));
    }

    #[test]
    fn damaged_bytes_are_refused_or_read_but_never_break(cut in 0..400_usize, flip in 0..400_usize) {
        let mut story = designed();
        story.exposed(HOUR, "e", "m1", "a", json!({}));
        let mut bytes = story.tally().to_bytes();
        let place = flip % bytes.len();
        bytes[place] ^= 0x55;
        let _ = Tally::from_bytes(&bytes);
        bytes.truncate(cut % bytes.len());
        prop_assert!(Tally::from_bytes(&bytes).is_none());
    }
}

#[test]
fn who_was_seen_in_a_variant_stays_there_across_log_in() {
    let mut story = designed();
    story.exposed(HOUR, "e", "anon-1", "b", json!({}));
    assert_eq!(story.tally().seen_in("e", "anon-1"), Some("b"));
    assert_eq!(story.tally().seen_in("e", "ana"), None);
    story.aliased("anon-1", "ana");
    assert_eq!(story.tally().seen_in("e", "ana"), Some("b"));
    // Seen in the other as well: the first stays, and the unit is left out.
    story.exposed(2 * HOUR, "e", "ana", "a", json!({}));
    let tally = story.tally();
    assert_eq!(tally.seen_in("e", "ana"), Some("b"));
    let observed = tally.observe("e", now(DAY)).unwrap();
    assert_eq!((observed.several.count, observed.subjects.len()), (1, 0));
}

#[test]
fn what_is_odd_is_noted_and_not_dropped() {
    use crate::health::exposure::Oddity;
    let mut story = designed();
    story.running("drawn", json!({ "assigned_by": "anklang", "overrides": [{ "unit": "tester", "variant": "b" }] }));
    let fits = |unit: &str| ["a", "b"][crate::assign::assign("drawn", &[0.5; 2], 1.0, unit).unwrap()];
    let other = |unit: &str| if fits(unit) == "a" { "b" } else { "a" };
    story.exposed(HOUR, "drawn", "u1", fits("u1"), json!({}));
    story.exposed(HOUR, "drawn", "u2", other("u2"), json!({}));
    story.exposed(HOUR, "drawn", "u3", "z", json!({}));
    story.exposed(-HOUR, "drawn", "u4", fits("u4"), json!({}));
    story.exposed(HOUR, "drawn", "tester", other("tester"), json!({}));
    // In two arms on two days, reported twice each.
    for at in [HOUR, 2 * HOUR, 30 * HOUR] {
        story.exposed(at, "drawn", "u5", if at < DAY { "a" } else { "b" }, json!({}));
    }
    let tally = story.tally();
    let observed = tally.observe("drawn", now(2 * DAY)).unwrap();
    assert_eq!(observed.subjects.len(), 2, "u1, and u2 where it was seen");
    assert_eq!((observed.several.count, observed.several.examples.as_slice()), (1, ["u5".to_owned()].as_slice()));
    for (oddity, count) in [
        (Oddity::OtherVariant, 1),
        (Oddity::UnknownVariant, 1),
        (Oddity::BeforeStart, 1),
        (Oddity::NotRunning, 0),
        (Oddity::OutsideCoverage, 0),
    ] {
        assert_eq!(observed.exposures.count(oddity), count, "{oddity:?}");
    }
    // Stopped: what comes later is odd.
    let mut document = tally.registry().experiment("drawn").unwrap().stop(now(HOUR), None).unwrap().document();
    document["phase"] = json!(1);
    story.configured(2 * HOUR, "experiment", "drawn", document);
    let tally = story.tally();
    assert!(tally.observe("drawn", now(2 * DAY)).unwrap().exposures.count(Oddity::NotRunning) > 0);
}

#[test]
fn a_dimension_is_what_was_known_at_the_exposure() {
    let mut story = designed();
    story.put(0, "m1", json!({ "country": "DE" }));
    story.exposed(HOUR, "e", "m1", "a", json!({}));
    story.put(2 * HOUR, "m1", json!({ "country": "US" }));
    story.exposed(HOUR, "e", "m2", "a", json!({ "attributes": { "country": "FR" }, "client": "js" }));
    let tally = story.tally();
    let observed = tally.observe("e", now(DAY)).unwrap();
    let of = |name: &str| observed.subjects.iter().map(|s| observed.dimension(s, name)).collect::<Vec<_>>();
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(of("country"), [some("DE"), some("FR")]);
    assert_eq!(of("client"), [some(""), some("js")]);
    assert_eq!(of("day"), [some("2017-07-14"), some("2017-07-14")]);
    assert_eq!(of("shoe size"), [None, None]);
}

#[test]
fn a_decision_is_kept_once_and_nonsense_changes_nothing() {
    let mut tally = Tally::default();
    let mut write = |kind: &str, version: u32, document: Option<Value>| {
        let configuration =
            Configuration { kind: kind.into(), key: "k".into(), version, document, author: String::new() };
        std::sync::Arc::make_mut(&mut tally.registry).apply(now(0), &configuration)
    };
    assert!(write("decision", 1, Some(json!({ "call": "ship" }))));
    assert!(!write("decision", 2, Some(json!({ "call": "stop" }))));
    assert!(!write("decision", 3, None));
    assert!(!write("experiment", 1, Some(json!({ "variants": [] }))));
    assert!(!write("poem", 1, Some(json!({}))));
    assert_eq!(tally.registry().history(crate::registry::Kind::Decision, "k").len(), 1);
}
