//! After an erasure nothing of the member is left, nothing of anybody else is lost, whatever comes in between.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;

use super::alike::copy;
use super::*;
use crate::index::traces;

/// Ids that stand nowhere by chance, traits and texts.
const HER: [&str; 2] = ["nadja-7f3a9", "anon-c41d8e"];
const SECRETS: [&str; 5] = ["Kassiopeia", "Xylophonistin", "Quittengelee", "Vollmondnacht", "Zwetschgenmus"];
/// Terms as the index would hold them.
const STEMS: [&str; 6] = ["7f3a9", "c41d8", "kassiop", "xylophon", "quittengel", "zwetschg"];

pub(super) fn fact(id: &str, minute: i64, body: Body) -> Fact {
    let at = BEGAN.plus_ms(minute * 60_000);
    Fact { id: FactId::parse(id).unwrap(), at, received_at: None, source: "test".into(), body }
}

fn put(id: &str, author: &str, title: &str, body: &str) -> Body {
    let mut item = Item::bare(item_id(id));
    (item.title, item.body, item.author) = (title.into(), body.into(), Some(member_id(author)));
    item.tags = vec!["roses".into()];
    Body::ItemPut { item: Box::new(item) }
}

pub(super) fn does(member: &str, verb: &str, target: Target, props: Value) -> Body {
    let props = props.as_object().cloned().unwrap_or_default();
    Body::Engaged(Engagement { member: member_id(member), verb: Verb::named(verb), target, value: None, props })
}

pub(super) fn on(item: &str) -> Target {
    Target::Item(item_id(item))
}

/// Bob opens a discussion.
pub(super) fn opened(id: &str, minute: i64) -> Fact {
    fact(&format!("opened:{id}"), minute, put(id, "bob", "Old roses", ""))
}

pub(super) fn visit(member: &str, minute: i64) -> Fact {
    fact(&format!("visit:{member}:{minute}"), minute, does(member, "viewed", Target::SITE, json!({})))
}

/// A village in which one member left traces wherever one can.
pub(super) fn village() -> Vec<Fact> {
    let [her, anonymous] = HER;
    let [name, job, text, title, comment] = SECRETS;
    let traits = json!({"interests": ["bees"], "job": job, "name": name}).as_object().cloned().unwrap_or_default();
    let mut peer = Item::bare(item_id(her));
    (peer.kind, peer.title) = (Kind::Peer, name.into());
    let aliased = MemberAliased { from: member_id(anonymous), to: member_id(her) };
    let slate = |member: Option<&str>, items: &[&str]| Slate {
        member: member.map(member_id),
        slate: "s".into(),
        list: ListKind::Missed,
        policy: "default@1".into(),
        entries: (items.iter())
            .map(|id| SlateEntry { item: item_id(id), propensity: Propensity::CERTAIN, discovery: false })
            .collect(),
    };
    let exposed = |member: Option<&str>, unit: &str, props: Value| Exposure {
        member: member.map(member_id),
        unit: unit.into(),
        experiment: "e".into(),
        variant: "b".into(),
        props: props.as_object().cloned().unwrap_or_default(),
    };
    let configured = Configuration {
        kind: "segment".into(),
        key: "friends".into(),
        version: 1,
        document: Some(json!({"id": {"$in": ["bob", her]}, her: true})),
        author: her.into(),
    };
    let greeting = format!("Thanks @{her}, and @{anonymous} too, for roses");
    let bodies = vec![
        put("i0", "bob", "Old roses", "Which roses are old?"),
        Body::MemberPut(MemberPut { member: member_id(her), traits }),
        does(anonymous, "viewed", on("i0"), json!({})),
        Body::MemberAliased(aliased),
        put("i1", her, title, text),
        put("i2", "bob", "First by bob", "hive"),
        put("i2", her, title, text),
        put("i3", her, title, text),
        put("i3", "bob", "Now bob's", "dough"),
        put("i4", "bob", "To a friend", &greeting),
        does(her, "replied", on("i0"), json!({"text": comment})),
        does("bob", "replied", on("i1"), json!({"text": greeting.clone(), "to": her, "deep": [{"a": anonymous}]})),
        does("bob", "followed", Target::Author(member_id(her)), json!({})),
        does("a/b", "replied", on("i4"), json!({"text": "fine"})),
        Body::ItemPut { item: Box::new(peer) },
        does("bob", "viewed", on(her), json!({})),
        Body::Served(slate(Some(her), &["i0"])),
        Body::Served(slate(Some("bob"), &["i4", her, "i1"])),
        Body::Served(slate(None, &["i0"])),
        Body::Exposed(exposed(Some(her), her, json!({}))),
        Body::Exposed(exposed(None, anonymous, json!({}))),
        Body::Exposed(exposed(Some("bob"), "bob", json!({"invited_by": her}))),
        Body::Configured(configured),
        does("bob", "viewed", Target::SITE, json!({})),
    ];
    let mut facts: Vec<Fact> = (0..).zip(bodies).map(|(n, body)| fact(&format!("f{n}"), n, body)).collect();
    // Ids of other members' facts that name her.
    facts[13].id = FactId::parse(&format!("reply:{her}:a/b")).unwrap();
    facts[18].id = FactId::parse(&format!("served:{anonymous}")).unwrap();
    facts
}

/// Every place in the folder where something of hers is left.
fn left_of_her(data: &Path) -> Vec<String> {
    let mut left = Vec::new();
    let mut folders = vec![data.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
                continue;
            }
            let bytes = std::fs::read(entry.path()).unwrap();
            for word in HER.into_iter().chain(SECRETS) {
                if bytes.windows(word.len()).any(|window| window == word.as_bytes()) {
                    left.push(format!("{word} in {}", entry.path().display()));
                }
            }
        }
    }
    let (terms, strange) = traces(&data.join(open::TEXT));
    left.extend(terms.into_iter().filter(|term| STEMS.iter().any(|stem| term.contains(stem))));
    left.extend(strange.into_iter().filter(|name| name != "meta.json"));
    left
}

/// What may never be told again, told by the journal, which is compressed on disk.
fn exported(engine: &Engine) -> Vec<Fact> {
    let mut facts = Vec::new();
    engine
        .export(&mut |_, fact| {
            facts.push(fact);
            ControlFlow::Continue(())
        })
        .unwrap();
    let text = serde_json::to_string(&facts).unwrap();
    for word in HER.into_iter().chain(SECRETS) {
        assert!(!text.contains(word), "{word} is exported");
    }
    facts
}

fn check_gone(engine: &Engine, data: &Path) {
    let lived = answers(engine);
    let facts = exported(engine);
    assert_eq!(left_of_her(data), Vec::<String>::new());
    assert!(lived.iter().all(|answer| HER.iter().chain(&SECRETS).all(|word| !answer.contains(word))));
    assert!(HER.iter().all(|id| engine.member(&member_id(id)).is_none()));
    let again = Engine::open(Options::in_memory(), &NoProgress).unwrap();
    submit(&again, &facts);
    same(&lived, &answers(&again), "folded from what is left");
}

#[test]
fn nothing_of_her_is_left_and_nothing_of_others_lost() {
    let dir = tempfile::tempdir().unwrap();
    let engine = on_disk(dir.path());
    submit(&engine, &village()[..12]);
    engine.snapshot().unwrap();
    submit(&engine, &village()[12..]);
    for id in HER {
        engine.list(&ListRequest { log: true, ..request(ListKind::Missed, Some(id), NOW) }).unwrap();
    }
    engine.snapshot().unwrap();
    assert!(left_of_her(dir.path()).iter().any(|term| term.contains("xylophon") || term.contains("views.bin")));
    let erased = engine.erase(&member_id(HER[1]), NOW).unwrap().unwrap();
    assert!(erased.facts_removed >= 8 && erased.facts_blanked >= 6, "{erased:?}");
    check_gone(&engine, dir.path());
    let copied = tempfile::tempdir().unwrap();
    copy(dir.path(), copied.path());
    let looked = doctor(copied.path(), &NoProgress).unwrap();
    assert!(looked.is_healthy(), "{looked:?}");
    let threads = ["i0", "i1", "i2", "i3", "i4"].map(|id| engine.item(&item_id(id)).map(|item| item.title));
    let title = |text: &str| Some(text.to_owned());
    assert_eq!(threads, [title("Old roses"), None, None, title("Now bob's"), title("To a friend")]);
    assert!(engine.erase(&member_id(HER[0]), NOW).unwrap().is_none());
    // Facts under other ids by now are known all the same.
    assert_eq!(submit(&engine, &village()[13..14]).accepted, 0);
    let new = ["n1", "n2", "n3"].map(|id| fact(id, 50, put(id, "bob", "Sonnenblume", "")));
    engine.settle().unwrap();
    submit(&engine, &new);
    check_gone(&engine, dir.path());
    let lived = answers(&engine);
    drop(engine);
    let again = on_disk(dir.path());
    same(&lived, &answers(&again), "reopened");
    let found = ListRequest { query: Some("sonnenblume".into()), ..request(ListKind::Search, None, NOW) };
    assert_eq!(again.list(&found).unwrap().items.len(), 3);
    drop(again);
    assert!(doctor(dir.path(), &NoProgress).unwrap().is_healthy());
}

#[test]
fn after_a_crash_at_any_step_it_is_finished() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let engine = on_disk(&data);
    submit(&engine, &village());
    engine.shutdown().unwrap();
    drop(engine);
    let noted = json!({"ids": HER, "peers": [HER[0]]});
    // The steps: the note is there; the journal is rewritten; the views are made anew; the index is swept.
    for step in 0..4 {
        let crashed = dir.path().join(format!("crashed{step}"));
        copy(&data, &crashed);
        std::fs::write(crashed.join("erasing.json"), noted.to_string()).unwrap();
        if step > 0 {
            let views = std::fs::read(crashed.join(open::VIEWS)).unwrap();
            let text = dir.path().join(format!("text{step}"));
            copy(&crashed.join(open::TEXT), &text);
            drop(on_disk(&crashed)); // finishes
            std::fs::write(crashed.join("erasing.json"), noted.to_string()).unwrap();
            if step < 2 {
                std::fs::write(crashed.join(open::VIEWS), views).unwrap();
            }
            if step < 3 {
                std::fs::remove_dir_all(crashed.join(open::TEXT)).unwrap();
                copy(&text, &crashed.join(open::TEXT));
            }
        }
        let engine = on_disk(&crashed);
        check_gone(&engine, &crashed);
        assert!(!crashed.join("erasing.json").exists());
    }
}

#[test]
fn a_note_cut_off_anywhere_is_no_erasure_and_no_trace() {
    let dir = tempfile::tempdir().unwrap();
    let noted = json!({"ids": HER, "peers": []}).to_string();
    let journal = crate::journal::MemoryJournal::new().unwrap();
    for end in 0..noted.len() {
        std::fs::write(dir.path().join("erasing.json"), &noted.as_bytes()[..end]).unwrap();
        erase::finish(dir.path(), &journal, &[]).unwrap();
        assert!(!dir.path().join("erasing.json").exists());
        assert_eq!(journal.generation(), 0, "cut off after {end} bytes");
    }
}

#[test]
fn an_erasure_that_failed_is_finished_by_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let engine = on_disk(dir.path());
    submit(&engine, &village());
    std::fs::write(dir.path().join("erasing.json"), json!({"ids": HER, "peers": [HER[0]]}).to_string()).unwrap();
    engine.erase(&member_id("a/b"), NOW).unwrap().unwrap();
    check_gone(&engine, dir.path());
}

#[test]
fn what_happens_meanwhile_is_kept_and_does_not_bring_her_back() {
    let dir = tempfile::tempdir().unwrap();
    let engine = on_disk(dir.path());
    submit(&engine, &village());
    let (over, engine) = (AtomicBool::new(false), &engine);
    let sent = std::thread::scope(|scope| {
        let over = &over;
        let sending: Vec<_> = (0..2)
            .map(|thread| {
                scope.spawn(move || {
                    let mut sent = Vec::new();
                    while !over.load(Ordering::Relaxed) {
                        let id = format!("new:{thread}:{}", sent.len());
                        submit(engine, &[fact(&id, 60, does("bob", "replied", on("i0"), json!({})))]);
                        sent.push(id);
                    }
                    sent
                })
            })
            .collect();
        scope.spawn(move || {
            let mut minute = 0;
            while !over.load(Ordering::Relaxed) {
                minute += 1;
                for id in HER {
                    let now = NOW.plus_ms(minute * 60_000);
                    engine.list(&ListRequest { log: true, ..request(ListKind::Missed, Some(id), now) }).unwrap();
                }
            }
        });
        std::thread::sleep(std::time::Duration::from_millis(30));
        engine.erase(&member_id(HER[0]), NOW).unwrap().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(30));
        over.store(true, Ordering::Relaxed);
        sending.into_iter().flat_map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    engine.snapshot().unwrap();
    check_gone(engine, dir.path());
    let kept: BTreeSet<String> = exported(engine).into_iter().map(|fact| fact.id.to_string()).collect();
    assert!(sent.iter().all(|id| kept.contains(id)), "of {} facts some are lost", sent.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, max_shrink_iters: 60, ..ProptestConfig::default() })]
    #[test]
    fn what_is_left_is_what_the_journal_tells(facts in history(100), who in some(&MEMBERS), after in history(40)) {
        let dir = tempfile::tempdir().unwrap();
        let engine = on_disk(dir.path());
        submit(&engine, &facts);
        engine.erase(&member_id(who), NOW).unwrap();
        engine.settle().unwrap();
        submit(&engine, &after);
        let lived = answers(&engine);
        let mut left = Vec::new();
        engine
            .export(&mut |_, fact| {
                left.push(fact);
                ControlFlow::Continue(())
            })
            .unwrap();
        same(&lived, &answers(&in_memory(&left)), "fed with what is left");
        drop(engine);
        same(&lived, &answers(&on_disk(dir.path())), "reopened");
        let rebuilt = Engine::rebuild(Options::new(dir.path()), &NoProgress).unwrap();
        same(&lived, &answers(&rebuilt), "rebuilt");
    }
}
