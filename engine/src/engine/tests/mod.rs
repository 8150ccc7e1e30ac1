//! Tests that try to break the engine: strange histories, and what must hold of every answer whatever happened.

mod alike;
mod beside;
mod erasing;
mod learning;
mod lists;
mod snapshots;
mod together;

use std::path::Path;

use anklang_domain::{
    Body, Configuration, DAY_MS, Engagement, Exposure, Fact, FactId, Item, ItemId, ItemRemoved, Kind, ListKind,
    MemberAliased, MemberId, MemberPut, MessageEvent, Preference, Propensity, Props, Slate, SlateEntry, Target,
    UnixMillis, Verb,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::list::LIMIT_MAX;

/// Where histories begin; they last forty days.
const BEGAN: UnixMillis = UnixMillis::saturating(1_500_000_000_000);
/// When everything is received and asked for.
const NOW: UnixMillis = UnixMillis::saturating(BEGAN.ms() + 41 * DAY_MS);

const MEMBERS: [&str; 6] = ["ana", "bob", "a/b", "👩‍🌾", "anon-1", "anonymous"];
const ITEMS: [&str; 12] = ["i0", "i1", "i2", "i3", "i4", "i5", "i6", "i7", "x/y", "🍅", "42", "Größe"];
const TAGS: [&str; 7] = ["roses", "Soil", "bees", "", "c++", "größe", "baking"];
const WORDS: [&str; 8] = ["old", "roses", "flat", "dough", "größer", "🍅", "@ana", "hive"];
const VERBS: [&str; 18] = [
    "viewed",
    "clicked",
    "replied",
    "replied",
    "replied",
    "liked",
    "bookmarked",
    "followed",
    "unfollowed",
    "muted",
    "unmuted",
    "dismissed",
    "more_like_this",
    "less_like_this",
    "shared",
    "rsvp",
    "answered",
    "waved",
];

fn member_id(text: &str) -> MemberId {
    MemberId::parse(text).unwrap()
}

fn item_id(text: &str) -> ItemId {
    ItemId::parse(text).unwrap()
}

fn some(of: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(of)
}

fn texts(of: &'static [&'static str], most: usize) -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(some(of).prop_map(str::to_owned), 0..=most)
}

/// Mostly within the forty days; now and then a clock that is wrong by ages.
fn moment() -> impl Strategy<Value = UnixMillis> {
    let days = 0..40 * 24 * 60_i64;
    prop_oneof![
        30 => days.prop_map(|minute| BEGAN.plus_ms(minute * 60_000)),
        1 => Just(UnixMillis::saturating(i64::MIN)),
        1 => Just(UnixMillis::saturating(i64::MAX)),
    ]
}

fn item() -> impl Strategy<Value = Body> {
    let rest = (
        prop::option::weighted(0.8, some(&MEMBERS)),
        prop::option::weighted(0.5, moment()),
        prop::option::weighted(0.1, moment()),
        prop::option::weighted(0.3, some(&["Growing", "Kitchen"])),
        prop_oneof![9 => Just(Kind::Discussion), 1 => Just(Kind::Event)],
        prop::option::weighted(0.1, Just(json!({"plan": "pro"}))),
    );
    (some(&ITEMS), texts(&TAGS, 4), texts(&WORDS, 5), texts(&WORDS, 12), rest).prop_map(
        |(id, tags, title, body, (author, created_at, ends_at, category, kind, audience))| {
            let mut item = Item::bare(item_id(id));
            (item.tags, item.title, item.body) = (tags, title.join(" "), body.join(" "));
            item.author = author.map(member_id);
            item.category = category.map(str::to_owned);
            (item.created_at, item.ends_at, item.kind, item.audience) = (created_at, ends_at, kind, audience);
            Body::ItemPut { item: Box::new(item) }
        },
    )
}

fn engaged() -> impl Strategy<Value = Body> {
    let target = prop_oneof![
        20 => some(&ITEMS).prop_map(|id| Target::Item(item_id(id))),
        2 => some(&TAGS).prop_map(|tag| Target::Tag(tag.to_owned())),
        2 => some(&MEMBERS).prop_map(|id| Target::Author(member_id(id))),
        1 => some(&["Growing", "Kitchen"]).prop_map(|name| Target::Category(name.to_owned())),
        2 => Just(Target::SITE),
    ];
    (some(&MEMBERS), some(&VERBS), target, prop::bool::weighted(0.2)).prop_map(|(member, verb, target, by_day)| {
        let mut props = Props::new();
        if by_day {
            props.insert("precision".into(), "day".into());
        }
        Body::Engaged(Engagement { member: member_id(member), verb: Verb::named(verb), target, value: None, props })
    })
}

fn traits() -> impl Strategy<Value = Body> {
    let value = prop_oneof![
        texts(&TAGS, 3).prop_map(|tags| json!({"interests": tags})),
        Just(json!({"interests": "roses, bees"})),
        Just(json!({"interests": null, "plan": "pro"})),
        Just(json!({"consent_behaviour": false})),
        Just(json!({"locale": "de-AT", "score": 0.1, "deep": {"a": [1, -2, 1e300]}})),
    ];
    (some(&MEMBERS), value).prop_map(|(member, traits)| {
        let traits = traits.as_object().cloned().unwrap_or_default();
        Body::MemberPut(MemberPut { member: member_id(member), traits })
    })
}

fn served() -> impl Strategy<Value = Body> {
    let list = prop::sample::select(&[ListKind::Missed, ListKind::Missed, ListKind::Feed, ListKind::Search]);
    let entries = prop::collection::vec(some(&ITEMS), 0..6);
    (prop::option::weighted(0.9, some(&MEMBERS)), list, entries).prop_map(|(member, list, items)| {
        let entry = |id| SlateEntry { item: item_id(id), propensity: Propensity::CERTAIN, discovery: false };
        let entries = items.into_iter().map(entry).collect();
        let member = member.map(member_id);
        Body::Served(Slate { member, slate: "s".into(), list, policy: "default@1".into(), entries })
    })
}

fn policy() -> impl Strategy<Value = Body> {
    let document = prop::sample::select(vec![
        Some(json!({"weights": {"hot": 2.0, "joined": -1.0}, "discovery_share": 0.5, "relevance_floor": 0.0})),
        Some(json!({"looks_max": 0.0, "diversity": 1.0, "tag_share_max": 0.0})),
        Some(json!({"wieghts": {}})),
        Some(json!({"diversity": 7})),
        Some(json!("nonsense")),
        None,
    ]);
    (document, 1..5_u32, some(&["default", "other"])).prop_map(|(document, version, key)| {
        let (kind, key) = ("policy".into(), key.into());
        Body::Configured(Configuration { kind, key, version, document, author: "bob".into() })
    })
}

fn rest() -> impl Strategy<Value = Body> {
    (some(&MEMBERS), 0..3_u8).prop_map(|(id, which)| match which {
        0 => Body::Exposed(Exposure {
            member: Some(member_id(id)),
            unit: id.into(),
            experiment: "e".into(),
            variant: "b".into(),
            props: Props::new(),
        }),
        1 => Body::PreferenceSet(Preference {
            member: member_id(id),
            category: "digest".into(),
            channel: "mail".into(),
            choice: "off".into(),
            props: Props::new(),
        }),
        _ => Body::Message(MessageEvent {
            member: member_id(id),
            message: "m".into(),
            state: "sent".into(),
            props: Props::new(),
        }),
    })
}

fn body() -> impl Strategy<Value = Body> {
    prop_oneof![
        10 => item(),
        24 => engaged(),
        2 => some(&ITEMS).prop_map(|id| Body::ItemRemoved(ItemRemoved { item: item_id(id) })),
        2 => traits(),
        1 => (some(&MEMBERS), some(&MEMBERS))
            .prop_map(|(from, to)| Body::MemberAliased(MemberAliased { from: member_id(from), to: member_id(to) })),
        4 => served(),
        1 => policy(),
        1 => rest(),
    ]
}

/// A history in the order in which it arrives, which is not that in which it happened. Some ids come twice.
fn history(facts: usize) -> impl Strategy<Value = Vec<Fact>> {
    let fact = (0..facts * 5, moment(), prop::option::weighted(0.3, moment()), body());
    let fact = fact.prop_map(|(id, at, received_at, body)| Fact {
        id: FactId::parse(&format!("f/{id}")).unwrap(),
        at,
        received_at,
        source: "test".into(),
        body,
    });
    prop::collection::vec(fact, facts / 2..facts)
}

/// The first fact with each id.
fn once(facts: &[Fact]) -> Vec<Fact> {
    let mut known = std::collections::BTreeSet::new();
    facts.iter().filter(|fact| known.insert(fact.id.clone())).cloned().collect()
}

fn submit(engine: &Engine, facts: &[Fact]) -> Receipt {
    engine.submit_wait(facts.to_vec(), NOW).unwrap()
}

/// An engine in memory, fed with all facts at once.
fn in_memory(facts: &[Fact]) -> Engine {
    let engine = Engine::open(Options::in_memory(), &NoProgress).unwrap();
    submit(&engine, facts);
    engine.settle().unwrap();
    engine
}

fn on_disk(data: &Path) -> Engine {
    opened(&Options::new(data))
}

/// Opens what was closed a moment ago. Another test may be starting a process: until that is done, it shares our locks.
fn opened(options: &Options) -> Engine {
    for _ in 0..200 {
        match Engine::open(options.clone(), &NoProgress) {
            Err(EngineError::Journal(JournalError::Locked(_) | JournalError::Storage(_))) => {
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
            other => return other.unwrap(),
        }
    }
    Engine::open(options.clone(), &NoProgress).unwrap()
}

/// A request at a fixed moment, with its ledger, not logged.
fn request(list: ListKind, member: Option<&str>, now: UnixMillis) -> ListRequest {
    let request = ListRequest::new(list, member.map(member_id), now);
    ListRequest { explain: true, log: false, limit: LIMIT_MAX, ..request }
}

/// Everything the engine can be asked, answered: a line of JSON for each.
fn answers(engine: &Engine) -> Vec<String> {
    engine.settle().unwrap();
    let mut answers = Vec::new();
    let mut tell = |what: String, answer: Value| answers.push(format!("{what}: {answer}"));
    for now in [NOW, BEGAN.plus_ms(20 * DAY_MS)] {
        for member in MEMBERS.into_iter().map(Some).chain([None, Some("nobody")]) {
            for list in [ListKind::Missed, ListKind::Feed, ListKind::Trending, ListKind::Search] {
                let query = Some("roses größe 🍅".to_owned());
                let list = engine.list(&ListRequest { query, ..request(list, member, now) }).unwrap();
                tell(format!("{member:?}"), json!(list));
            }
            if let Some(id) = member {
                let known = (engine.member(&member_id(id)), engine.explain_member(&member_id(id), now, None));
                tell(format!("known of {id}"), json!(known));
            }
        }
        for id in ITEMS {
            let list = ListRequest { item: Some(item_id(id)), ..request(ListKind::Related, Some("ana"), now) };
            let list = engine.list(&list).map_err(|error| error.to_string());
            tell(format!("like {id}"), json!([engine.item(&item_id(id)), list.ok()]));
        }
    }
    // What is folded is counted alike; what this process did is not.
    let Stats { facts, items, members, topics, engagements, slates, erased, indexed, .. } = engine.stats();
    tell("counts".into(), json!([facts, items, members, topics, engagements, slates, erased, indexed]));
    answers
}

/// Fails at the first answer that differs.
fn same(one: &[String], other: &[String], what: &str) {
    for (one, other) in one.iter().zip(other) {
        assert_eq!(one, other, "{what}");
    }
    assert_eq!(one.len(), other.len(), "{what}");
}
