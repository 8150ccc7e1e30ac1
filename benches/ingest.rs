//! How fast facts become durable: the journal against the plainest thing that could work (the same bytes, `write` and
//! `fdatasync`) and against PostgreSQL, in the same run, in the same batches.
//!
//! `cargo bench -p anklang-benches --bench ingest [-- --quick] [--dir FOLDER]`
#![expect(clippy::print_stdout, reason = "a measurement prints its table")]

use std::error::Error;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anklang_benches::postgres::{Postgres, installed};
use anklang_benches::{Supply, argument, flag, median};
use anklang_domain::Fact;
use anklang_engine::journal::wire::{Block, Gather};
use anklang_engine::journal::{Committer, DiskJournal, Journal, Limits};

const BATCHES: [usize; 3] = [1, 100, 1000];
/// Clients of the group commit, each waiting for its batch before it sends the next.
const CLIENTS: usize = 16;

struct Plan {
    rounds: usize,
    round: Duration,
    /// Batches written in a round at most, so that memory and disk stay small.
    batches_max: usize,
}

/// A batch in the forms the contestants take.
struct Batch {
    facts: Vec<Fact>,
    rows: Vec<(String, Vec<u8>)>,
    raw: Vec<u8>,
    block: Vec<u8>,
}

type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let plan = if flag("quick") {
        Plan { rounds: 5, round: Duration::from_millis(80), batches_max: 400 }
    } else {
        Plan { rounds: 9, round: Duration::from_millis(600), batches_max: 4000 }
    };
    let folder = tempfile::tempdir_in(argument("dir").map_or_else(std::env::temp_dir, PathBuf::from))?;
    let mut supply = Supply::new(1);
    let mut postgres = match installed().map(|bin| Postgres::start(&bin, folder.path())) {
        Some(Ok(server)) => Some(server),
        Some(Err(error)) => {
            println!("PostgreSQL SKIPPED: it would not start: {error}");
            None
        }
        None => {
            println!("PostgreSQL SKIPPED: it is not installed");
            None
        }
    };
    let sample = batch(&mut supply, 1000)?;
    println!(
        "facts of {} bytes, {} in a block of 1000; {} rounds of {} ms; medians, facts/s",
        sample.raw.len() / 1000,
        sample.block.len() / 1000,
        plan.rounds,
        plan.round.as_millis()
    );
    println!(
        "batch     raw write  raw, packed      journal   PostgreSQL   of raw  of packed  × PostgreSQL    {CLIENTS} clients   of raw"
    );
    for size in BATCHES {
        let journal = DiskJournal::open(&folder.path().join(format!("journal-{size}")))?;
        let mut raw = File::create(folder.path().join(format!("raw-{size}")))?;
        let mut packed = File::create(folder.path().join(format!("packed-{size}")))?;
        let mut rates: [Vec<f64>; 4] = Default::default();
        for _ in 0..plan.rounds {
            rates[0].push(round(&plan, &mut supply, size, |batch| write(&mut raw, &batch.raw))?);
            rates[1].push(round(&plan, &mut supply, size, |batch| write(&mut packed, &batch.block))?);
            rates[2].push(round(&plan, &mut supply, size, |batch| append(&journal, &batch.facts))?);
            if let Some(server) = &mut postgres {
                rates[3].push(round(&plan, &mut supply, size, |batch| Ok(server.insert(&batch.rows)?))?);
            }
        }
        let [raw, packed, ours, theirs] = rates.map(median);
        let grouped = clients(&folder.path().join(format!("grouped-{size}")), &plan, &mut supply, size)?;
        println!(
            "{size:5} {raw:13.0} {packed:12.0} {ours:12.0} {theirs:12.0} {:7.0}% {:9.0}% {:13.1} {grouped:13.0} {:7.0}%",
            ours / raw * 100.0,
            ours / packed * 100.0,
            ours / theirs,
            grouped / raw * 100.0
        );
    }
    Ok(())
}

fn batch(supply: &mut Supply, size: usize) -> Result<Batch, Failure> {
    let facts = supply.take(size)?;
    let mut gather = Gather::default();
    for fact in &facts {
        gather.push(fact)?;
    }
    let block = gather.seal(0, 0)?;
    let open = Block::read(0, &block)?;
    let rows = open.facts().map(|fact| fact.map(|(fact, bytes)| (fact.id.to_string(), bytes.to_vec())));
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    let raw = rows.iter().flat_map(|(_, bytes)| bytes.iter().copied()).collect();
    Ok(Batch { facts, rows, raw, block })
}

/// Facts per second; making the batches does not count.
fn round(
    plan: &Plan,
    supply: &mut Supply,
    size: usize,
    mut store: impl FnMut(&Batch) -> Result<(), Failure>,
) -> Result<f64, Failure> {
    let (mut spent, mut batches) = (Duration::ZERO, 0);
    while spent < plan.round && batches < plan.batches_max {
        let batch = batch(supply, size)?;
        let start = Instant::now();
        store(&batch)?;
        spent += start.elapsed();
        batches += 1;
    }
    Ok((batches * size) as f64 / spent.as_secs_f64())
}

fn write(file: &mut File, bytes: &[u8]) -> Result<(), Failure> {
    file.write_all(bytes)?;
    Ok(file.sync_data()?)
}

fn append(journal: &DiskJournal, facts: &[Fact]) -> Result<(), Failure> {
    journal.append(facts)?;
    Ok(())
}

/// Facts per second through the group commit, by several clients at once: the median of the rounds.
fn clients(folder: &Path, plan: &Plan, supply: &mut Supply, size: usize) -> Result<f64, Failure> {
    let journal = Arc::new(DiskJournal::open(folder)?);
    let committer = Committer::start(journal, |_, _| {}, Limits::default())?;
    let each = (plan.round.as_millis() as usize * 1000 / CLIENTS / size.max(20)).clamp(2, plan.batches_max);
    let mut rates = Vec::new();
    for _ in 0..plan.rounds {
        let share = |_| (0..each).map(|_| supply.take(size)).collect::<Result<Vec<_>, _>>();
        let shares = (0..CLIENTS).map(share).collect::<Result<Vec<_>, _>>()?;
        let committer = &committer;
        let start = Instant::now();
        let failed: usize = std::thread::scope(|scope| {
            let send = |share: Vec<Vec<Fact>>| share.into_iter().map(|facts| committer.submit_wait(facts));
            let threads: Vec<_> = shares
                .into_iter()
                .map(|share| scope.spawn(move || send(share).filter(Result::is_err).count()))
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap_or(1)).sum()
        });
        if failed > 0 {
            return Err(format!("{failed} batches failed").into());
        }
        rates.push((CLIENTS * each * size) as f64 / start.elapsed().as_secs_f64());
    }
    Ok(median(rates))
}
