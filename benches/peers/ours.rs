//! Our side of the comparison with other libraries: see `implicit_als.py`, which runs both. Alone:
//!
//! ```text
//! cargo run --release -p anklang-models --example peers_ours -- ../shared/data/gowalla '{"model":"als","factors":64}' [SHARE]
//! ```
//!
//! Fits a model to `train.txt` (lines `user item item …`) and ranks all items for every user of `test.txt`; with SHARE, that
//! share of each user's train items, at random, takes the place of the test part: for choosing parameters. One line of
//! JSON: seconds between steps and in all, Recall@20 (÷ |T|), NDCG@20 (ideal over min(|T|, 20)), peak memory.

use std::collections::HashSet;
use std::error::Error;
use std::io::Write as _;
use std::sync::Mutex;
use std::time::Instant;

use anklang_models::{Context, Event, ItemFacts, ItemIx, Log, MemberIx, Model, Progress, Request, Spec};
use rayon::prelude::*;

type Lists = Vec<Vec<u32>>;

/// How many items a list holds.
const LIST: usize = 20;
/// Requests scored at once.
const BATCH: usize = 64;

fn read(path: &std::path::Path) -> Result<Lists, Box<dyn Error>> {
    let mut lists = Lists::new();
    for line in std::fs::read_to_string(path)?.lines() {
        let mut numbers = line.split_whitespace().map(str::parse::<u32>);
        let Some(user) = numbers.next().transpose()? else { continue };
        lists.resize((user as usize + 1).max(lists.len()), Vec::new());
        lists[user as usize] = numbers.collect::<Result<_, _>>()?;
    }
    Ok(lists)
}

/// Takes a share of each list away, by a fixed pseudo-random order.
fn part(train: &mut Lists, share: f64) -> Lists {
    let order = |user: usize, item: u32| {
        let mixed =
            (user as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ u64::from(item).wrapping_mul(0xD6E8_FEB8_6659_FD93);
        (mixed ^ (mixed >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93)
    };
    let take = |(user, list): (usize, &mut Vec<u32>)| {
        list.sort_by_key(|item| order(user, *item));
        list.split_off(list.len() - (list.len() as f64 * share) as usize)
    };
    train.iter_mut().enumerate().map(take).collect()
}

/// The moments of steps, and the processor time until then.
struct Steps(Mutex<Vec<(Instant, f64)>>);

impl Progress for Steps {
    fn step(&self, _what: &str, _done: u64, _total: u64) {
        if let Ok(mut moments) = self.0.lock() {
            moments.push((Instant::now(), cpu_s()));
        }
    }
}

/// Recall and NDCG of one user.
fn measure(scores: &mut [f32], known: &[u32], wanted: &[u32]) -> (f64, f64) {
    for item in known {
        scores[*item as usize] = f32::NEG_INFINITY;
    }
    let mut order: Vec<u32> = (0..scores.len() as u32).collect();
    let better = |a: &u32, b: &u32| scores[*b as usize].total_cmp(&scores[*a as usize]).then(a.cmp(b));
    order.select_nth_unstable_by(LIST, better);
    order.truncate(LIST);
    order.sort_by(better);
    let wanted: HashSet<u32> = wanted.iter().copied().collect();
    let gain = |place: usize| 1.0 / (place as f64 + 2.0).log2();
    let hits: Vec<usize> = (0..LIST).filter(|place| wanted.contains(&order[*place])).collect();
    let ideal: f64 = (0..wanted.len().min(LIST)).map(gain).sum();
    (hits.len() as f64 / wanted.len() as f64, hits.into_iter().map(gain).sum::<f64>() / ideal)
}

fn evaluate(model: &dyn Model, log: &Log, train: &Lists, wanted: &Lists) -> (f64, f64) {
    let users: Vec<u32> = (0..wanted.len() as u32).filter(|user| !wanted[*user as usize].is_empty()).collect();
    let batch = |users: &[u32]| -> Vec<(f64, f64)> {
        let ask = |user: &u32| Request { member: MemberIx(*user), view: log.whole() };
        let requests: Vec<Request<'_>> = users.iter().map(ask).collect();
        let mut out = vec![0.0; users.len() * log.items()];
        model.score(&requests, &mut out);
        let rows = out.chunks_mut(log.items()).zip(users);
        rows.map(|(scores, user)| measure(scores, &train[*user as usize], &wanted[*user as usize])).collect()
    };
    let values: Vec<(f64, f64)> = users.par_chunks(BATCH).flat_map_iter(batch).collect();
    let mean = |of: fn(&(f64, f64)) -> f64| values.iter().map(of).sum::<f64>() / values.len() as f64;
    (mean(|value| value.0), mean(|value| value.1))
}

/// The most memory this process ever held, in MB (Linux).
fn peak_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// Seconds of processor time so far, of all threads (Linux, whose clock ticks a hundred times a second).
fn cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [folder, spec, share @ ..] = &args[..] else { return Err("usage: FOLDER SPEC [SHARE]".into()) };
    let folder = std::path::Path::new(folder);
    let mut train = read(&folder.join("train.txt"))?;
    let test = read(&folder.join("test.txt"))?;
    let items = train.iter().chain(&test).flatten().max().map_or(0, |item| *item as usize + 1);
    let wanted = match share.first() {
        Some(share) => part(&mut train, share.parse()?),
        None => test,
    };
    let event =
        |(user, item): (usize, &u32)| Event { at: 0, member: MemberIx(user as u32), item: ItemIx(*item), weight: 1.0 };
    let events =
        train.iter().enumerate().flat_map(|(user, list)| list.iter().map(move |item| event((user, item)))).collect();
    let log = Log::new(train.len().max(wanted.len()), items, events, ItemFacts::default())?;
    train.resize(log.members(), Vec::new());

    let spec: Spec = serde_json::from_str(spec)?;
    let steps = Steps(Mutex::new(Vec::new()));
    let (start, cpu) = (Instant::now(), cpu_s());
    let model = spec.fit(&log.whole(), &Context { progress: &steps, ..Context::quiet(1) })?;
    let fit_s = start.elapsed().as_secs_f64();
    let (fit_cpu_s, fit_mb) = (cpu_s() - cpu, peak_mb());
    let moments = steps.0.into_inner()?;
    let epochs: Vec<f64> = moments.windows(2).map(|pair| (pair[1].0 - pair[0].0).as_secs_f64()).collect();
    let cpu: Vec<f64> = moments.windows(2).map(|pair| pair[1].1 - pair[0].1).collect();
    let start = Instant::now();
    let (recall, ndcg) = evaluate(&*model, &log, &train, &wanted);
    let evaluate_s = start.elapsed().as_secs_f64();
    let line = serde_json::json!({
        "spec": spec, "fit_s": fit_s, "fit_cpu_s": fit_cpu_s, "step_s": epochs, "step_cpu_s": cpu, "evaluate_s": evaluate_s, "recall": recall, "ndcg": ndcg, "fit_mb": fit_mb,
    });
    Ok(writeln!(std::io::stdout(), "{line}")?)
}
