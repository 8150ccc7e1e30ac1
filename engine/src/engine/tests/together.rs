//! Many at once: what is acknowledged is seen by whoever asks next, and nobody who reads is in the way.

use std::sync::atomic::AtomicBool;

use super::*;

const THREADS: usize = 4;
const ROUNDS: u32 = 250;

fn fact(id: String, minute: i64, body: Body) -> Fact {
    let at = BEGAN.plus_ms(minute * 60_000);
    Fact { id: FactId::parse(&id).unwrap(), at, received_at: None, source: "test".into(), body }
}

fn replied(member: &str, item: &str) -> Body {
    let (member, target) = (member_id(member), Target::Item(item_id(item)));
    Body::Engaged(Engagement { member, verb: Verb::Replied, target, value: None, props: Props::new() })
}

/// Somebody joins a discussion; each reply of another shows in their next list.
fn talk(engine: &Engine, thread: usize) {
    let (item, member) = (format!("talk{thread}"), format!("member{thread}"));
    let opened = Body::ItemPut { item: Box::new(Item::bare(item_id(&item))) };
    submit(
        engine,
        &[fact(format!("{item}:put"), 0, opened), fact(format!("{item}:joined"), 1, replied(&member, &item))],
    );
    let request = ListRequest {
        since: Some(BEGAN.plus_ms(60_000)),
        ..request(ListKind::Missed, Some(&member), BEGAN.plus_ms(DAY_MS))
    };
    for round in 1..=ROUNDS {
        submit(engine, &[fact(format!("{item}:{round}"), 2, replied("other", &item))]);
        let list = engine.list(&request).unwrap();
        let entry = list.items.iter().find(|entry| entry.id.as_str() == item);
        assert_eq!(entry.map(|entry| entry.new_replies), Some(round));
    }
}

#[test]
fn what_is_acknowledged_is_seen() {
    let engine = in_memory(&[]);
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (engine, over) = (&engine, &over);
        let talks: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || talk(engine, thread))).collect();
        scope.spawn(move || {
            while !over.load(Ordering::Relaxed) {
                for list in [ListKind::Missed, ListKind::Feed, ListKind::Trending] {
                    let list = engine.list(&request(list, Some("reader"), BEGAN.plus_ms(DAY_MS))).unwrap();
                    assert!(list.items.len() <= THREADS);
                }
                assert!(engine.member(&member_id("nobody")).is_none());
            }
        });
        let ended: Vec<_> = talks.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
        over.store(true, Ordering::Relaxed);
        assert!(ended.iter().all(Result::is_ok), "{ended:?}");
    });
    let expected = THREADS as u64 * u64::from(ROUNDS + 2);
    assert_eq!(engine.stats().facts, expected);
}
