//! What is learned beside the lists.

use super::super::learning;
use super::erasing::{does, fact, on};
use super::*;

/// Forty members in two circles that never meet: gardeners and bakers.
fn town() -> Vec<Fact> {
    circles([("roses", "roses and soil and bees"), ("baking", "dough and oven and flour")])
}

/// Two circles, and the tag and the words of what each deals with.
fn circles(about: [(&str, &str); 2]) -> Vec<Fact> {
    let mut facts = Vec::new();
    for item in 0..12_usize {
        let (tag, word) = about[item % 2];
        let mut put = Item::bare(item_id(&format!("t{item}")));
        (put.tags, put.title) = (vec![tag.to_owned()], format!("{word} {item}"));
        facts.push(fact(&format!("put{item}"), item as i64, Body::ItemPut { item: Box::new(put) }));
    }
    for member in 0..40_usize {
        for step in 0..6_usize {
            let item = format!("t{}", 2 * step + member % 2);
            let minute = (100 + 10 * member + step) as i64;
            let body = does(&format!("m{member}"), "replied", on(&item), json!({}));
            facts.push(fact(&format!("r{member}-{step}"), minute, body));
        }
    }
    facts
}

fn cluster(engine: &Engine, member: &str) -> Option<String> {
    engine.explain_member(&member_id(member), NOW, None).unwrap().interest_cluster
}

#[test]
fn circles_are_found_and_named() {
    let engine = in_memory(&town());
    assert!(engine.learning_is_due());
    assert_eq!(cluster(&engine, "m0"), None);
    engine.learn(NOW).unwrap();
    assert_eq!(cluster(&engine, "m0").as_deref(), Some("roses"));
    assert_eq!(cluster(&engine, "m1").as_deref(), Some("baking"));
    let learned = engine.learned();
    assert_eq!(learned.circles.iter().map(|circle| circle.share).sum::<f32>(), 1.0);
    assert_eq!(learned.engagements, 240);
    assert!(!engine.learning_is_due(), "nothing has happened since");
}

/// What the circles deal with cannot be told apart by tags or words: only by who deals with it.
#[test]
fn taste_tells_what_content_does_not() {
    let mut facts = circles([("cooking", "what do you think"), ("cooking", "what do you think")]);
    for (n, item) in ["t0", "t2"].into_iter().enumerate() {
        facts.push(fact(&format!("new{n}"), 2000 + n as i64, does("newcomer", "replied", on(item), json!({}))));
    }
    let engine = in_memory(&facts);
    let now = BEGAN.plus_ms(2010 * 60_000);
    let parts = |item: &str| {
        let asked = ListRequest { limit: 20, explain: true, ..request(ListKind::Feed, Some("newcomer"), now) };
        let list = engine.list(&asked).unwrap();
        let found = list.items.iter().find(|listed| listed.id.as_str() == item);
        let ledger = found.and_then(|listed| listed.ledger.clone()).unwrap_or_default();
        ledger.iter().find(|part| part.part == "taste").map_or(0.0, |part| part.value)
    };
    assert_eq!(parts("t4"), 0.0);
    engine.learn(NOW).unwrap();
    // Of what they did not deal with yet, that of their circle is to their taste, and the other's is not.
    let (own, other) = (parts("t4"), parts("t5"));
    assert!(own > 0.1 && own > 20.0 * other, "{own} {other}");
}

#[test]
fn a_condition_may_ask_for_the_circle() {
    let mut facts = town();
    let mut put = Item::bare(item_id("for-bakers"));
    (put.title, put.audience) = ("Flour from Friday on".into(), Some(json!({"interest_cluster": "baking"})));
    facts.push(fact("put-for-bakers", 2000, Body::ItemPut { item: Box::new(put) }));
    let engine = in_memory(&facts);
    let lists = |member| {
        let request =
            ListRequest { limit: 20, ..request(ListKind::Missed, Some(member), BEGAN.plus_ms(3000 * 60_000)) };
        engine.list(&request).unwrap().items.iter().any(|item| item.id.as_str() == "for-bakers")
    };
    assert!(!lists("m1"));
    engine.learn(NOW).unwrap();
    assert!(lists("m1") && !lists("m0"));
}

#[test]
fn what_was_learned_survives_and_can_be_learned_again() {
    let dir = tempfile::tempdir().unwrap();
    let engine = on_disk(dir.path());
    submit(&engine, &town());
    engine.learn(NOW).unwrap();
    let (learned, lists) = (engine.learned(), answers(&engine));
    submit(&engine, &[fact("later", 5000, does("m0", "replied", on("t1"), json!({})))]);
    engine.shutdown().unwrap();
    drop(engine);
    let bytes = std::fs::read(dir.path().join(learning::LEARNED)).unwrap();
    assert_eq!(on_disk(dir.path()).learned(), learned, "from its file");

    let rebuilt = Engine::rebuild(Options::new(dir.path()), &NoProgress).unwrap();
    assert_eq!(rebuilt.learned().engagements, 0, "a rebuild throws it away");
    assert!(rebuilt.learn_again().unwrap());
    assert_eq!(rebuilt.learned(), learned);
    assert_eq!(std::fs::read(dir.path().join(learning::LEARNED)).unwrap(), bytes, "to the byte");
    assert!(!lists.is_empty());
}

#[test]
fn the_past_is_learned_from_the_past_and_left_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let engine = on_disk(dir.path());
    submit(&engine, &town());
    engine.learn(NOW).unwrap();
    let facts = engine.stats().facts;
    engine.shutdown().unwrap();
    drop(engine);
    // Half of the members had not come by then.
    let as_of = BEGAN.plus_ms(310 * 60_000);
    let past = opened(&Options { as_of: Some(as_of), ..Options::new(dir.path()) });
    assert_eq!(past.learned().engagements, 0);
    past.learn(as_of).unwrap();
    assert!(past.learned().engagements < 130);
    past.shutdown().unwrap();
    drop(past);
    let engine = on_disk(dir.path());
    assert_eq!((engine.stats().facts, engine.learned().engagements), (facts, 240));
}

#[test]
fn an_erasure_lets_go_of_what_was_learned() {
    let dir = tempfile::tempdir().unwrap();
    let engine = on_disk(dir.path());
    submit(&engine, &town());
    engine.learn(NOW).unwrap();
    engine.erase(&member_id("m3"), NOW).unwrap();
    assert_eq!(engine.learned().engagements, 0);
    assert!(!dir.path().join(learning::LEARNED).exists());
    assert!(!engine.learn_again().unwrap(), "the journal was rewritten");
    engine.learn(NOW).unwrap();
    assert_eq!(engine.learned().engagements, 234);
}
