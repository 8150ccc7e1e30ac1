//! SIGKILL at random moments: what was acknowledged is there afterwards, and no half of a batch.
//!
//! 25 rounds by default. `ANKLANG_CRASH_ROUNDS=500 cargo test -p anklang-server --test end_to_end crash` runs more,
//! `ANKLANG_CRASH_SEED` draws other moments.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anklang_domain::Stream;
use serde_json::{Value, json};

use crate::site::{Server, client, folder, kill, send, spawn, succeed};

const ROUNDS_DEFAULT: u64 = 25;
/// After so many rounds a new data folder, so that looking everything over stays quick.
const ROUNDS_PER_FOLDER: u64 = 25;
const CLIENTS: u64 = 8;
/// A client has said enough for a round after so many batches.
const BATCHES_MAX: u64 = 60;
/// The latest moment of a kill, after the first request.
const KILL_MS_MAX: usize = 400;

/// What is going on when the server is killed.
#[derive(Debug, Clone, Copy)]
enum Moment {
    Load,
    Erasure,
    Snapshot,
    StartUp,
}

/// Events sent together; each names its batch and how many there are, so that a half can be told from a whole.
#[derive(Debug, Clone)]
struct Batch {
    name: String,
    events: u64,
    /// Characters of text in each event.
    text: usize,
}

impl Batch {
    fn body(&self, member: &str) -> Value {
        let text = "x".repeat(self.text);
        let event = |n: u64| {
            json!({"type": "track", "event": "Reply Posted", "userId": member, "messageId": format!("{}/{n}", self.name),
                "properties": {"discussion_id": n % 50, "text": text}})
        };
        json!({ "batch": (0..self.events).map(event).collect::<Vec<_>>() })
    }
}

/// What the clients know after a round: what was acknowledged, and what was not answered.
#[derive(Debug, Default)]
struct Known {
    acknowledged: Vec<Batch>,
    unanswered: Vec<(String, Batch)>,
}

/// One client: batch after batch, until the server is gone.
fn talk(address: &str, round: u64, client_number: u64, seed: u64, gone: &AtomicBool) -> Known {
    let agent = client();
    let mut chance = Stream::named(seed, &format!("client {round} {client_number}"));
    let member = format!("member-{client_number}");
    let mut known = Known::default();
    for number in 0..BATCHES_MAX {
        let large = chance.below(20) == 0;
        let (events, text) = if large { (300, 800) } else { (1 + chance.below(20) as u64, chance.below(200)) };
        let batch = Batch { name: format!("{round}-{client_number}-{number}"), events, text };
        match send(&agent, "POST", &format!("{address}/v1/batch"), Some(&batch.body(&member))) {
            Ok(answer) if answer.status == 200 => known.acknowledged.push(batch),
            // Refused, or on its way down, or cut off: it may be in or not, but whole.
            Ok(answer) if matches!(answer.status, 429 | 503) => known.unanswered.push((member.clone(), batch)),
            Err(_) => {
                known.unanswered.push((member, batch));
                return known;
            }
            Ok(answer) => panic!("round {round}: {} {}", answer.status, answer.text),
        }
        if gone.load(Ordering::Relaxed) {
            break;
        }
    }
    known
}

/// Whom the round erases, and what is known of them.
struct Doomed {
    batch: Batch,
    erased: bool,
}

impl Doomed {
    fn path(round: u64) -> String {
        format!("/v1/members/doomed-{round}")
    }

    fn introduce(server: &Server, round: u64) -> Self {
        let batch = Batch { name: format!("{round}-doomed-0"), events: 30, text: 300 };
        server.post("/v1/batch", &batch.body(&format!("doomed-{round}"))).ok();
        Self { batch, erased: false }
    }
}

/// Load, the moment, the kill.
fn round_of_load(data: &Path, moment: Moment, round: u64, seed: u64) -> (Known, Option<Doomed>) {
    let mut chance = Stream::named(seed, &format!("round {round}"));
    let server = Server::start(data, &[]);
    let mut doomed = matches!(moment, Moment::Erasure).then(|| Doomed::introduce(&server, round));
    let (address, gone) = (server.address.clone(), AtomicBool::new(false));
    let known = std::thread::scope(|threads| {
        let (address, gone) = (&address, &gone);
        let clients: Vec<_> =
            (0..CLIENTS).map(|c| threads.spawn(move || talk(address, round, c, seed, gone))).collect();
        sleep_ms(chance.below(KILL_MS_MAX));
        let erasing = doomed.is_some().then(|| {
            threads.spawn(move || send(&client(), "DELETE", &format!("{address}{}", Doomed::path(round)), None))
        });
        match moment {
            Moment::Load => {}
            Moment::Erasure => sleep_ms(chance.below(KILL_MS_MAX)),
            Moment::Snapshot => {
                server.ask_to_stop();
                sleep_ms(chance.below(KILL_MS_MAX / 4));
            }
            Moment::StartUp => unreachable!("has no load"),
        }
        server.kill();
        gone.store(true, Ordering::Relaxed);
        let answer = erasing.map(|thread| thread.join().expect("no panic"));
        if let (Some(doomed), Some(Ok(answer))) = (&mut doomed, answer) {
            doomed.erased = answer.status == 200;
        }
        let mut all = Known::default();
        for client in clients {
            let known = client.join().expect("a client");
            all.acknowledged.extend(known.acknowledged);
            all.unanswered.extend(known.unanswered);
        }
        all
    });
    (known, doomed)
}

/// Kills a server that has not come up yet, a few times over.
fn round_of_starts(data: &Path, round: u64, seed: u64) {
    let mut chance = Stream::named(seed, &format!("round {round}"));
    for _ in 0..3 {
        let mut starting = spawn(data, &[]);
        sleep_ms(chance.below(KILL_MS_MAX));
        kill(&mut starting);
    }
}

fn sleep_ms(ms: usize) {
    std::thread::sleep(Duration::from_millis(ms as u64));
}

/// How many events of each batch the journal holds. An event that is there twice counts twice.
fn exported(data: &Path) -> HashMap<String, u64> {
    let mut counts = HashMap::new();
    for line in succeed(data, &["export"]).lines() {
        let fact: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        let id = fact["id"].as_str().expect("an id");
        if let Some((batch, _)) = id.strip_prefix("seg:").and_then(|id| id.rsplit_once('/')) {
            *counts.entry(batch.to_owned()).or_default() += 1;
        }
    }
    counts
}

/// Everything acknowledged is there, once; what was not answered is there whole or not at all, and whole when it is sent
/// again.
fn look_over(data: &Path, told: &str, all: &mut Vec<Batch>, known: Known, doomed: Option<Doomed>, round: u64) {
    all.extend(known.acknowledged);
    let counts = if round.is_multiple_of(2) { exported(data) } else { HashMap::new() };
    let server = Server::start(data, &[]);
    let counts = if counts.is_empty() { exported(data) } else { counts };
    for batch in all.iter() {
        assert_eq!(counts.get(&batch.name), Some(&batch.events), "{told}: acknowledged batch {}", batch.name);
    }
    for (member, batch) in known.unanswered {
        let there = counts.get(&batch.name).copied().unwrap_or(0);
        assert!(there == 0 || there == batch.events, "{told}: {there} of {} events of {}", batch.events, batch.name);
        let answer = server.post("/v1/batch", &batch.body(&member)).ok();
        assert_eq!(answer["facts"], batch.events - there, "{told}: {} sent again: {answer}", batch.name);
        all.push(batch);
    }
    if let Some(Doomed { batch, erased }) = doomed {
        let there = counts.get(&batch.name).copied().unwrap_or(0);
        let may_be = there == 0 || (!erased && there == batch.events);
        assert!(may_be, "{told}: {there} facts of a member, erasure acknowledged: {erased}");
        if there > 0 {
            server.send("DELETE", &Doomed::path(round), None).ok();
            assert_eq!(exported(data).get(&batch.name), None, "{told}: erased after the restart");
        }
    }
    server.stop();
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|e| panic!("{name}: {e}")))
}

#[test]
fn a_crash_loses_nothing_that_was_acknowledged_and_leaves_no_half() {
    let (rounds, seed) = (setting("ANKLANG_CRASH_ROUNDS", ROUNDS_DEFAULT), setting("ANKLANG_CRASH_SEED", 1));
    let moments = [Moment::Load, Moment::Load, Moment::Erasure, Moment::Snapshot, Moment::StartUp];
    let (mut acknowledged, mut unanswered) = (0, 0);
    for first in (0..rounds).step_by(ROUNDS_PER_FOLDER as usize) {
        let (_folder, data) = folder();
        let mut all = Vec::new();
        for round in first..rounds.min(first + ROUNDS_PER_FOLDER) {
            let moment = moments[(round % moments.len() as u64) as usize];
            let told = format!("seed {seed}, round {round}, {moment:?}");
            let (known, doomed) = match moment {
                Moment::StartUp => {
                    round_of_starts(&data, round, seed);
                    (Known::default(), None)
                }
                Moment::Load | Moment::Erasure | Moment::Snapshot => round_of_load(&data, moment, round, seed),
            };
            acknowledged += known.acknowledged.len();
            unanswered += known.unanswered.len();
            look_over(&data, &told, &mut all, known, doomed, round);
        }
        succeed(&data, &["doctor"]);
    }
    eprintln!(
        "{rounds} kills: {acknowledged} batches acknowledged and found, {unanswered} cut off and found whole or not"
    );
    assert!(acknowledged as u64 > rounds, "too few were acknowledged to prove anything");
}
