//! Evaluates models on a split in the line format (`member item item …` in train.txt and test.txt), without the server:
//!
//! ```text
//! cargo run --release -p anklang-datasets --example evaluate -- DIR popularity:half_life_days=0 …
//! ```

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anklang_datasets::evaluate::{Column, Contender, Named, Options, evaluate};
use anklang_datasets::measure::Measure;
use anklang_datasets::split::{Candidates, Case, Fold};
use anklang_models::{Event, ItemFacts, ItemIx, Log, MemberIx, Quiet};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let dir = args.next().ok_or("which folder?")?;
    let models: Vec<Named> = args.map(|text| text.parse()).collect::<Result<_, _>>()?;
    let contenders: Vec<&dyn Contender> = models.iter().map(|model| model as &dyn Contender).collect();
    let fold = fold(Path::new(&dir))?;
    let evaluation = evaluate(&[fold], &contenders, &Options::default(), &Quiet)?;
    let mut out = std::io::stdout();
    writeln!(out, "  R@20   N@20   fit s  rank s   GiB")?;
    for outcome in &evaluation.outcomes {
        let mean = |measure| {
            let column = evaluation.column(Column::of_all(measure, 20))?;
            Some(evaluation.mean(outcome, column, |_| true)?.0)
        };
        let (recall, ndcg) = (mean(Measure::Recall).unwrap_or(0.0), mean(Measure::Ndcg).unwrap_or(0.0));
        let costs = outcome.costs;
        let gib = costs.fit_peak_bytes.unwrap_or(0) as f64 / (1_u64 << 30) as f64;
        writeln!(
            out,
            "{recall:.4}  {ndcg:.4}  {:6.1}  {:6.1}  {gib:4.1}  {}",
            costs.fit_seconds, costs.rank_seconds, outcome.name
        )?;
    }
    Ok(())
}

fn fold(dir: &Path) -> Result<Fold, Box<dyn Error>> {
    let (train, test) = (pairs(&dir.join("train.txt"))?, pairs(&dir.join("test.txt"))?);
    let count = |which: fn(&(u32, u32)) -> u32| train.iter().chain(&test).map(which).max().map_or(0, |most| most + 1);
    let (members, items) = (count(|pair| pair.0) as usize, count(|pair| pair.1) as usize);
    let event = |(at, (member, item)): (i64, &(u32, u32))| Event {
        at,
        member: MemberIx(*member),
        item: ItemIx(*item),
        weight: 1.0,
    };
    let log = Arc::new(Log::new(members, items, (0..).zip(&train).map(event).collect(), ItemFacts::default())?);
    let mut targets: BTreeMap<u32, Vec<ItemIx>> = BTreeMap::new();
    for (member, item) in test {
        targets.entry(member).or_default().push(ItemIx(item));
    }
    let case = |(member, mut targets): (u32, Vec<ItemIx>)| {
        targets.sort_unstable();
        targets.dedup();
        Case { member: MemberIx(member), at: i64::MAX, targets }
    };
    Ok(Fold {
        name: "given".to_owned(),
        train: Arc::clone(&log),
        train_before: i64::MAX,
        asked: log,
        cases: targets.into_iter().map(case).collect(),
        candidates: Candidates::Unseen,
    })
}

fn pairs(path: &Path) -> Result<Vec<(u32, u32)>, Box<dyn Error>> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut pairs = Vec::new();
    for line in text.lines() {
        let mut numbers = line.split_whitespace().map(str::parse);
        let Some(member) = numbers.next().transpose()? else { continue };
        for item in numbers {
            pairs.push((member, item?));
        }
    }
    Ok(pairs)
}
