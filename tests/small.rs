//! A small community, made from a seed: facts as lines of JSON, in the ten days before a moment.

use std::path::Path;

use anklang_domain::{Stream, UnixMillis};
use serde_json::{Value, json};

use crate::site::succeed;

pub(crate) const MEMBERS: usize = 12;
pub(crate) const ITEMS: usize = 80;
const ENGAGEMENTS: usize = 600;
pub(crate) const DAY_MS: i64 = 24 * 3_600_000;

/// Subjects and the words they are written about with.
const SUBJECTS: &[(&str, &[&str])] = &[
    ("gardening", &["tomato", "soil", "compost", "seedling", "mulch", "harvest"]),
    ("cycling", &["chain", "saddle", "brake", "climb", "tyre", "route"]),
    ("baking", &["dough", "oven", "crust", "yeast", "rye", "starter"]),
    ("astronomy", &["lens", "comet", "orbit", "mirror", "eclipse", "nebula"]),
    ("chess", &["opening", "gambit", "endgame", "rook", "clock", "blunder"]),
    ("sailing", &["keel", "knot", "harbour", "wind", "mast", "tide"]),
];

fn title(chance: &mut Stream, words: &[&str]) -> String {
    (0..4).map(|_| words[chance.below(words.len())]).collect::<Vec<_>>().join(" ")
}

/// The community's facts.
pub(crate) fn facts(end: UnixMillis, seed: u64) -> Vec<Value> {
    let mut chance = Stream::new(seed);
    let moment = |chance: &mut Stream| end.plus_ms(-(chance.unit() * 10.0 * DAY_MS as f64) as i64 - 1);
    let mut facts = Vec::new();
    for m in 0..MEMBERS {
        let at = end.plus_ms(-11 * DAY_MS);
        facts.push(json!({"id": format!("m{m}"), "at": at, "received_at": at, "source": "small", "type": "member_put",
            "member": format!("member{m}"), "traits": {"interests": [SUBJECTS[m % SUBJECTS.len()].0]}}));
    }
    for i in 0..ITEMS {
        let (subject, words) = SUBJECTS[i % SUBJECTS.len()];
        let other = SUBJECTS[chance.below(SUBJECTS.len())].0;
        let at = moment(&mut chance);
        facts.push(json!({"id": format!("i{i}"), "at": at, "received_at": at, "source": "small", "type": "item_put",
            "item": {"id": format!("{i}"), "title": title(&mut chance, words), "body": title(&mut chance, words),
                "tags": [subject, other], "author": format!("member{}", chance.below(MEMBERS)), "created_at": at}}));
    }
    for e in 0..ENGAGEMENTS {
        let m = chance.below(MEMBERS);
        // Mostly about the member's subject.
        let i = if chance.below(4) == 0 { chance.below(ITEMS) } else { m % 6 + 6 * chance.below(ITEMS / 6) };
        let verb = ["viewed", "viewed", "replied", "liked"][chance.below(4)];
        let at = moment(&mut chance);
        facts.push(json!({"id": format!("e{e}"), "at": at, "received_at": at, "source": "small", "type": "engaged",
            "member": format!("member{m}"), "verb": verb, "item": format!("{i}")}));
    }
    facts
}

/// Imports facts by the command line.
pub(crate) fn import(data: &Path, facts: &[Value]) {
    let file = data.with_extension("ndjson");
    let lines: String = facts.iter().map(|fact| format!("{fact}\n")).collect();
    std::fs::write(&file, lines).expect("written");
    succeed(data, &["import", "ndjson", file.to_str().expect("UTF-8")]);
}

/// A moment some days after the small community's end, in the past.
pub(crate) fn then() -> UnixMillis {
    UnixMillis::parse("2018-08-15T09:00:00Z").expect("a time")
}

/// This moment.
#[expect(clippy::disallowed_methods, reason = "a server without --as-of takes the system's time, and so must its data")]
pub(crate) fn now() -> UnixMillis {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    UnixMillis::saturating(i64::try_from(since.as_millis()).expect("before the end of time"))
}
