//! Every model's row on Gowalla beside the published one, or, to choose parameters, on a part of train held out:
//!
//! ```text
//! cargo run --release -p anklang-models --example gowalla [-- --validate] [--sample N] [--memory-gb N] [SPECS.jsonl]
//! ```
//!
//! All items are ranked, what a member has in train is masked, Recall is divided by |T|, the ideal of NDCG is that of
//! min(|T|, 20) hits; equal scores stay in the order of items.
#![expect(clippy::print_stdout, reason = "it prints a table")]

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use anklang_models::{Context, Event, ItemFacts, ItemIx, Log, MemberIx, Model, Request, Spec};
use anklang_models::{ease, graph_filter};
use rand::{RngExt, SeedableRng};
use rayon::prelude::*;

const TOP: usize = 20;
/// How many members one thread scores at a time.
const BATCH: usize = 32;
/// The share of each member's items held out of train to choose parameters by.
const HELD_OUT: f64 = 0.2;
const SEED: u64 = 7;

type Pairs = Vec<(u32, u32)>;

fn read(name: &str) -> Result<Pairs, Box<dyn Error>> {
    let data = std::env::var_os("ANKLANG_DATA").map_or_else(|| PathBuf::from("../shared/data"), PathBuf::from);
    let mut pairs = Pairs::new();
    for line in std::fs::read_to_string(data.join("gowalla").join(name))?.lines() {
        let mut numbers = line.split_whitespace().map(str::parse::<u32>);
        let Some(member) = numbers.next().transpose()? else { continue };
        for item in numbers {
            pairs.push((member, item?));
        }
    }
    Ok(pairs)
}

/// Keeps the rounded share of each member's items apart.
fn hold_out(train: &Pairs) -> (Pairs, Pairs) {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(SEED);
    let (mut kept, mut held) = (Pairs::new(), Pairs::new());
    for own in train.chunk_by(|a, b| a.0 == b.0) {
        let mut own = own.to_vec();
        let count = (own.len() as f64 * HELD_OUT).round() as usize;
        for place in 0..count {
            let chosen = rng.random_range(place..own.len());
            own.swap(place, chosen);
        }
        held.extend_from_slice(&own[..count]);
        kept.extend_from_slice(&own[count..]);
    }
    (kept, held)
}

fn log(pairs: &Pairs, members: usize, items: usize) -> Result<Log, Box<dyn Error>> {
    let event =
        |(member, item): &(u32, u32)| Event { at: 0, member: MemberIx(*member), item: ItemIx(*item), weight: 1.0 };
    Ok(Log::new(members, items, pairs.iter().map(event).collect(), ItemFacts::default())?)
}

fn top(scores: &[f32]) -> Vec<usize> {
    let mut best: Vec<(f32, usize)> = Vec::with_capacity(TOP + 1);
    for (item, score) in scores.iter().enumerate() {
        if best.len() == TOP && best[TOP - 1].0 >= *score {
            continue;
        }
        best.insert(best.partition_point(|(other, _)| other >= score), (*score, item));
        best.truncate(TOP);
    }
    best.into_iter().map(|(_, item)| item).collect()
}

fn measure(scores: &mut [f32], train: &[u32], targets: &[u32]) -> (f64, f64) {
    train.iter().for_each(|item| scores[*item as usize] = f32::NEG_INFINITY);
    let gain = |place: usize| ((place + 2) as f64).log2().recip();
    let listed = top(scores);
    let places = listed.iter().enumerate().filter(|(_, item)| targets.contains(&(**item as u32)));
    let hits: Vec<usize> = places.map(|(place, _)| place).collect();
    let ideal: f64 = (0..targets.len().min(TOP)).map(gain).sum();
    (hits.len() as f64 / targets.len() as f64, hits.into_iter().map(gain).sum::<f64>() / ideal)
}

/// Recall and NDCG, averaged over those who have targets.
fn evaluate(model: &dyn Model, train: &Log, test: &Log, sample: usize) -> (f64, f64) {
    let (seen, targets) = (train.whole().matrix(), test.whole().matrix());
    let mut asked: Vec<u32> = (0..train.members() as u32).filter(|m| !targets.row(*m as usize).0.is_empty()).collect();
    let step = asked.len().div_ceil(sample.max(1)).max(1);
    asked = asked.into_iter().step_by(step).collect();
    let measured: Vec<(f64, f64)> = asked
        .par_chunks(BATCH)
        .flat_map_iter(|batch| {
            let requests: Vec<Request<'_>> =
                batch.iter().map(|member| Request { member: MemberIx(*member), view: train.whole() }).collect();
            let mut out = vec![0.0; batch.len() * train.items()];
            model.score(&requests, &mut out);
            let rows = out.chunks_mut(train.items()).zip(batch);
            rows.map(|(row, m)| measure(row, seen.row(*m as usize).0, targets.row(*m as usize).0)).collect::<Vec<_>>()
        })
        .collect();
    let mean = |value: fn(&(f64, f64)) -> f64| measured.iter().map(value).sum::<f64>() / measured.len() as f64;
    (mean(|m| m.0), mean(|m| m.1))
}

/// The most memory the process ever held, in GB, where the system tells.
fn peak_gb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).map_or(f64::NAN, |kb: f64| kb / 1e6)
}

fn published() -> Vec<(&'static str, Spec)> {
    vec![
        ("GF-CF .1849/.1518", Spec::GraphFilter(graph_filter::Params::gf_cf())),
        ("ChebyCF .1941/.1616", Spec::GraphFilter(graph_filter::Params::cheby_cf())),
        ("ours", Spec::GraphFilter(graph_filter::Params::default())),
        ("EASE .1765/.1467", Spec::Ease(ease::Params::default())),
    ]
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let after = |name: &str| arguments.iter().position(|a| a == name).and_then(|at| arguments.get(at + 1));
    let sample: usize = after("--sample").map_or(Ok(usize::MAX), |text| text.parse())?;
    let memory: u64 = after("--memory-gb").map_or(Ok(8), |text| text.parse())?;
    let (mut train, mut test) = (read("train.txt")?, read("test.txt")?);
    let count = |of: fn(&(u32, u32)) -> u32| train.iter().chain(&test).map(of).max().unwrap_or(0) as usize + 1;
    let (members, items) = (count(|p| p.0), count(|p| p.1));
    if arguments.iter().any(|argument| argument == "--validate") {
        (train, test) = hold_out(&train);
    }
    let (train, test) = (log(&train, members, items)?, log(&test, members, items)?);
    let specs = match arguments.iter().find(|argument| argument.ends_with(".jsonl")) {
        None => published(),
        Some(path) => {
            let text = std::fs::read_to_string(path)?;
            let parse = |line| Ok(("", serde_json::from_str(line)?));
            text.lines().filter(|line| !line.trim().is_empty()).map(parse).collect::<Result<_, serde_json::Error>>()?
        }
    };
    println!("{:>9} {:>9} {:>8} {:>8} {:>8}  model", "Recall@20", "NDCG@20", "fit s", "rank s", "peak GB");
    for (row, spec) in specs {
        let started = Instant::now();
        let context = Context { memory_bytes_max: memory << 30, ..Context::quiet(SEED) };
        let model = spec.fit(&train.whole(), &context)?;
        let fit = started.elapsed().as_secs_f64();
        let (recall, ndcg) = evaluate(&*model, &train, &test, sample);
        let rank = started.elapsed().as_secs_f64() - fit;
        println!(
            "{recall:9.5} {ndcg:9.5} {fit:8.1} {rank:8.1} {:8.2}  {row} {}",
            peak_gb(),
            serde_json::to_string(&spec)?
        );
    }
    Ok(())
}
