//! Our side of the comparison with NumPy: see `numpy_ease.py`, which runs both. Alone:
//!
//! ```text
//! cargo run --release -p anklang-models --example peers_ease -- ../shared/data/gowalla 10000 200
//! ```
//!
//! Fits EASE with this λ to the items of `train.txt` that most users have. One line of JSON: seconds from the sparse matrix
//! to the model, peak memory, and Σ|B_ij| over a hundred rows, for the other side to compare.

use std::error::Error;
use std::io::Write as _;
use std::time::Instant;

use anklang_models::{Context, Event, ItemFacts, ItemIx, Log, MemberIx, ease};

/// Every so manieth row is compared.
const COMPARED: usize = 100;

fn read(path: &std::path::Path, items: usize) -> Result<Log, Box<dyn Error>> {
    let mut events: Vec<(u32, u32)> = Vec::new();
    for line in std::fs::read_to_string(path)?.lines() {
        let mut numbers = line.split_whitespace().map(str::parse::<u32>);
        let Some(user) = numbers.next().transpose()? else { continue };
        for item in numbers {
            events.push((user, item?));
        }
    }
    let count = |of: fn(&(u32, u32)) -> u32| events.iter().map(of).max().unwrap_or(0) as usize + 1;
    let (members, all) = (count(|event| event.0), count(|event| event.1));
    let mut degrees = vec![0_usize; all];
    events.iter().for_each(|(_, item)| degrees[*item as usize] += 1);
    let mut order: Vec<usize> = (0..all).collect();
    // Stable: of equally frequent items the lower number comes first, there as here.
    order.sort_by_key(|item| std::cmp::Reverse(degrees[*item]));
    let mut place = vec![usize::MAX; all];
    order.iter().take(items).enumerate().for_each(|(at, item)| place[*item] = at);
    let kept = events.iter().filter(|(_, item)| place[*item as usize] != usize::MAX);
    let event = |(user, item): &(u32, u32)| Event {
        at: 0,
        member: MemberIx(*user),
        item: ItemIx(place[*item as usize] as u32),
        weight: 1.0,
    };
    Ok(Log::new(members, items.min(all), kept.map(event).collect(), ItemFacts::default())?)
}

fn peak_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).map_or(f64::NAN, |kb: f64| kb / 1e3)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(items), Some(l2)) = (arguments.next(), arguments.next(), arguments.next()) else {
        return Err("usage: peers_ease FOLDER ITEMS L2".into());
    };
    let log = read(&std::path::Path::new(&folder).join("train.txt"), items.parse()?)?;
    let params = ease::Params::ease(l2.parse()?).check()?;
    let started = Instant::now();
    let model = params.fit(&log.whole(), &Context::quiet(1))?;
    let seconds = started.elapsed().as_secs_f64();
    let rows = (0..log.items()).step_by(COMPARED);
    let sum: f64 = rows
        .flat_map(|i| (0..log.items()).map(move |j| (i, j)))
        .map(|(i, j)| f64::from(model.weight(i, j).abs()))
        .sum();
    let mb = peak_mb();
    writeln!(std::io::stdout(), "{{\"seconds\": {seconds:.3}, \"peak_mb\": {mb:.0}, \"sum\": {sum}}}")?;
    Ok(())
}
