//! Experiments at size: members, metrics and exposures are folded into a tally, and the tally is asked.
//!
//! `cargo bench -p anklang-benches --bench experiments -- [--quick] [--members 200000] [--events 5000000]`
//!
//! Says: facts folded a second, first and anew; the memory held; bytes and seconds of the snapshot; how long the results of
//! one experiment take, whole and by country; and how long a batch of events waits to be folded while results are made.
#![expect(clippy::print_stdout, reason = "a measurement prints its figures")]

use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use anklang_benches::{argument, flag, memory_of};
use anklang_domain::{
    Body, Configuration, DAY_MS, Engagement, Exposure, Fact, FactId, HOUR_MS, ItemId, MemberId, MemberPut, Props,
    Stream, Target, UnixMillis, Verb,
};
use anklang_experiments::assign::assign;
use anklang_experiments::collect::{Ask, collect};
use anklang_experiments::report::analyse;
use anklang_experiments::tally::Tally;
use serde_json::{Value, json};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Outcome<T> = Result<T, Box<dyn Error>>;

const BEGAN_MS: i64 = 1_500_000_000_000;
const EXPERIMENTS: usize = 5;
const DAYS: i64 = 28;
/// Facts made at once, outside of what is timed.
const CHUNK: usize = 100_000;
/// Events of one request.
const BATCH: usize = 500;
const COUNTRIES: [&str; 12] = ["US", "DE", "GB", "FR", "IN", "BR", "ES", "IT", "NL", "PL", "SE", "AT"];
const VERBS: [Verb; 10] = [
    Verb::Viewed,
    Verb::Clicked,
    Verb::Replied,
    Verb::Liked,
    Verb::Bookmarked,
    Verb::Followed,
    Verb::Shared,
    Verb::Helpful,
    Verb::Rsvp,
    Verb::Answered,
];

fn main() -> Outcome<()> {
    let quick = flag("quick") || flag("test");
    let number = |name: &str, full: usize, small: usize| {
        argument(name).map_or(Ok(if quick { small } else { full }), |text| text.parse::<usize>())
    };
    let members = number("members", 200_000, 2_000)?;
    let mut world = World { chance: Stream::new(7), members, count: 0 };
    let before = memory_of("self", "VmRSS:")?;
    let mut tally = Tally::default();
    let (facts, seconds) = fold(&mut tally, &mut world, number("events", 5_000_000, 50_000)?)?;
    println!("folded     {facts} facts, {:.0} a second", facts as f64 / seconds);
    println!("memory     {} MB", memory_of("self", "VmRSS:")?.saturating_sub(before));
    snapshot(&tally)?;
    let now = UnixMillis::new(BEGAN_MS + DAYS * DAY_MS)?;
    results(&tally, now);
    waiting(tally, &mut world, now)
}

/// Facts without end.
struct World {
    chance: Stream,
    members: usize,
    count: u64,
}

impl World {
    fn fact(&mut self, at_ms: i64, body: Body) -> Outcome<Fact> {
        self.count += 1;
        let at = UnixMillis::new(at_ms)?;
        let id = FactId::parse(&format!("f{}", self.count))?;
        Ok(Fact { id, at, received_at: Some(at), source: "bench".to_owned(), body })
    }

    fn configured(&mut self, kind: &str, key: &str, document: Value) -> Outcome<Fact> {
        let (kind, key) = (kind.to_owned(), key.to_owned());
        let configuration = Configuration { kind, key, version: 1, document: Some(document), author: String::new() };
        self.fact(BEGAN_MS, Body::Configured(configuration))
    }

    fn put(&mut self, number: usize) -> Outcome<Fact> {
        let mut traits = Props::new();
        traits.insert("country".to_owned(), COUNTRIES[self.chance.below(COUNTRIES.len())].into());
        let member = member(number)?;
        self.fact(
            BEGAN_MS,
            Body::MemberPut(serde_json::from_value::<MemberPut>(json!({ "member": member, "traits": traits }))?),
        )
    }

    /// A member's exposure, at a moment of the first fortnight.
    fn exposed(&mut self, number: usize, experiment: &str) -> Outcome<Fact> {
        let member = member(number)?;
        let arm = assign(experiment, &[0.5; 2], 1.0, member.as_str()).unwrap_or(0);
        let exposure = Exposure {
            unit: member.to_string(),
            member: Some(member),
            experiment: experiment.to_owned(),
            variant: ["a", "b"][arm].to_owned(),
            props: Props::new(),
        };
        let at_ms = BEGAN_MS + (self.chance.unit() * 14.0 * DAY_MS as f64) as i64;
        self.fact(at_ms, Body::Exposed(exposure))
    }

    fn engaged(&mut self, at_ms: i64) -> Outcome<Fact> {
        // Some do much more than others.
        let number = (self.chance.unit().powi(2) * self.members as f64) as usize;
        let engagement = Engagement {
            member: member(number)?,
            verb: VERBS[self.chance.below(VERBS.len())].clone(),
            target: Target::Item(ItemId::parse(&format!("discussion-{}", self.chance.below(100_000)))?),
            value: Some((self.chance.unit() * 100.0).floor()),
            props: Props::new(),
        };
        self.fact(at_ms, Body::Engaged(engagement))
    }
}

fn member(number: usize) -> Outcome<MemberId> {
    Ok(MemberId::parse(&format!("member-{number}"))?)
}

fn experiment(number: usize) -> String {
    format!("experiment-{number}")
}

/// Twenty metrics of every kind but the quantile of events.
fn metrics() -> Vec<(String, Value)> {
    let event = |at: usize| json!({ "verb": VERBS[at % VERBS.len()].as_str() });
    let metric = |at: usize| match at {
        0..=5 => json!({ "kind": "mean", "event": event(at) }),
        6 | 7 => json!({ "kind": "mean", "of": "sum", "event": event(at), "cap": { "quantile": 0.99 } }),
        8..=11 => json!({ "kind": "proportion", "event": event(at), "window_days": 7 }),
        12..=14 => {
            json!({ "kind": "ratio", "numerator": { "event": event(at) }, "denominator": { "event": event(at + 3) } })
        }
        15 | 16 => json!({ "kind": "retention", "event": event(at), "day": 7, "retained": "rolling" }),
        17 => json!({ "kind": "funnel", "steps": [event(0), event(1), event(2)] }),
        18 => json!({ "kind": "time_to_event", "event": event(3), "horizon_days": 7 }),
        _ => json!({ "kind": "quantile", "q": 0.9, "per": "unit", "event": event(4) }),
    };
    (0..20).map(|at| (format!("metric-{at}"), metric(at))).collect()
}

fn documents(world: &mut World) -> Outcome<Vec<Fact>> {
    let metrics = metrics();
    let mut facts = Vec::new();
    for (key, document) in &metrics {
        facts.push(world.configured("metric", key, document.clone())?);
    }
    let keys: Vec<&String> = metrics.iter().map(|(key, _)| key).collect();
    for number in 0..EXPERIMENTS {
        let design = json!({
            "variants": [{ "key": "a", "weight": 0.5 }, { "key": "b", "weight": 0.5 }],
            "metrics": { "goals": keys },
            "dimensions": ["country"],
            "stage": "running", "phase": 1, "started_at": UnixMillis::new(BEGAN_MS)?,
        });
        facts.push(world.configured("experiment", &experiment(number), design)?);
    }
    Ok(facts)
}

/// Folds it all; says how many facts, and the seconds of folding alone.
fn fold(tally: &mut Tally, world: &mut World, events: usize) -> Outcome<(usize, f64)> {
    let (mut count, mut seconds) = (0, 0.0);
    let mut apply = |facts: Vec<Fact>| {
        let begun = Instant::now();
        facts.iter().for_each(|fact| tally.apply(fact));
        seconds += begun.elapsed().as_secs_f64();
        count += facts.len();
    };
    apply(documents(world)?);
    for from in (0..world.members).step_by(CHUNK) {
        let some = from..(from + CHUNK).min(world.members);
        apply(some.clone().map(|number| world.put(number)).collect::<Outcome<_>>()?);
        for experiment in (0..EXPERIMENTS).map(experiment) {
            apply(some.clone().map(|number| world.exposed(number, &experiment)).collect::<Outcome<_>>()?);
        }
    }
    for from in (0..events).step_by(CHUNK) {
        let some = from..(from + CHUNK).min(events);
        let at = |number: usize| BEGAN_MS + (number as f64 / events as f64 * (DAYS * DAY_MS) as f64) as i64;
        apply(some.map(|number| world.engaged(at(number))).collect::<Outcome<_>>()?);
    }
    Ok((count, seconds))
}

fn snapshot(tally: &Tally) -> Outcome<()> {
    let begun = Instant::now();
    let bytes = tally.to_bytes();
    let written = begun.elapsed();
    let begun = Instant::now();
    let read = Tally::from_bytes(&bytes).ok_or("the snapshot does not read back")?;
    println!("snapshot   {} MB, written in {written:.2?}, read in {:.2?}", bytes.len() >> 20, begun.elapsed());
    if read.to_bytes() != bytes {
        return Err("the snapshot reads back as something else".into());
    }
    Ok(())
}

fn results(tally: &Tally, now: UnixMillis) {
    for by in [&[][..], &["country"][..]] {
        let ask = Ask { by: by.iter().map(|name| (*name).to_owned()).collect() };
        let (begun, cpu) = (Instant::now(), on_cpu());
        let collected = collect(tally, &experiment(0), now, &ask);
        let (collecting, cpu) = (begun.elapsed(), on_cpu().saturating_sub(cpu));
        let begun = Instant::now();
        let analysis = collected.map(|collected| analyse(&collected.input));
        let metrics = analysis.map_or(0, |analysis| analysis.metrics.len());
        println!(
            "results    {metrics} metrics by {by:?}: collected in {collecting:.2?} ({cpu:.2?} of a core), analysed in {:.2?}",
            begun.elapsed()
        );
    }
}

/// How long this thread has been on a core: on a machine that is shared, the clock on the wall says little.
fn on_cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0))
}

/// How long a batch of events waits and is folded, while nobody asks and while results are made all the time.
fn waiting(tally: Tally, world: &mut World, now: UnixMillis) -> Outcome<()> {
    let (tally, stop) = (Arc::new(RwLock::new(tally)), Arc::new(AtomicBool::new(false)));
    let lock = || std::io::Error::other("a thread died with the tally in its hands");
    for asked in [false, true] {
        stop.store(!asked, Ordering::Relaxed);
        let (shared, until) = (Arc::clone(&tally), Arc::clone(&stop));
        let asking = std::thread::spawn(move || {
            let mut made = 0_u32;
            while !until.load(Ordering::Relaxed) {
                let Ok(still) = shared.read().map(|tally| tally.still()) else { break };
                drop(collect(&still, &experiment(0), now, &Ask::default()).map(|found| analyse(&found.input)));
                made += 1;
            }
            made
        });
        let mut waited = Vec::new();
        for _ in 0..300 {
            let facts: Vec<Fact> = (0..BATCH).map(|_| world.engaged(now.ms() - HOUR_MS)).collect::<Outcome<_>>()?;
            let begun = Instant::now();
            let mut tally = tally.write().map_err(|_| lock())?;
            facts.iter().for_each(|fact| tally.apply(fact));
            drop(tally);
            waited.push(begun.elapsed());
            std::thread::sleep(Duration::from_millis(10));
        }
        stop.store(true, Ordering::Relaxed);
        let made = asking.join().map_err(|_| lock())?;
        waited.sort_unstable();
        let at = |share: f64| waited[((waited.len() - 1) as f64 * share) as usize];
        println!(
            "ingest     {BATCH} events, {made} results meanwhile: median {:.2?}, p99 {:.2?}, longest {:.2?}",
            at(0.5),
            at(0.99),
            at(1.0)
        );
    }
    Ok(())
}
