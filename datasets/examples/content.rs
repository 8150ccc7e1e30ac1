//! Evaluates models, and writes the split for peers to be measured on:
//!
//! ```text
//! cargo run --release -p anklang-datasets --example content -- DIR cold_items test bm25 content_ridge
//! cargo run --release -p anklang-datasets --example content -- DIR cold_items test --write /tmp/split
//! ```
//!
//! `validation` in place of `test` asks the split's validation part instead: what parameters are chosen by. A model is
//! `name:parameter=value` or a JSON document. The files written are `train.txt`, `test.txt` (a line is `member item item …`,
//! by number) and `candidates.txt` (an item a line; empty where all may be listed).

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anklang_datasets::evaluate::{Column, Contender, Named, Options, evaluate};
use anklang_datasets::load::{self, load};
use anklang_datasets::measure::Measure;
use anklang_datasets::split::{Candidates, Fold, Split};
use anklang_models::{MemberIx, Quiet};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [dir, split, part, models @ ..] = args.as_slice() else {
        return Err("needs DIR SPLIT test|validation MODEL …".into());
    };
    let options = Options { at: vec![10, 20], ..Options::default() };
    let data = load(dir.as_ref(), &load::Options::default())?;
    let split: Split = split.parse()?;
    let mut folds = split.folds(&data, options.seed)?;
    match part.as_str() {
        "test" => {}
        "validation" => folds = split.validation(&data, &folds[0], options.seed)?,
        _ => return Err("the part is test or validation".into()),
    }
    if let [write, dir] = models
        && write == "--write"
    {
        return write_split(&folds[0], dir.as_ref());
    }
    let models: Vec<Named> = models.iter().map(|text| named(text)).collect::<Result<_, _>>()?;
    let contenders: Vec<&dyn Contender> = models.iter().map(|model| model as &dyn Contender).collect();
    let evaluation = evaluate(&folds, &contenders, &options, &Quiet)?;
    let mut out = std::io::stdout();
    writeln!(out, "HR@10   N@10   R@20   N@20   fit s  rank s   GiB")?;
    for outcome in &evaluation.outcomes {
        let mean = |measure, at| {
            let column = evaluation.column(Column::of_all(measure, at))?;
            Some(evaluation.mean(outcome, column, |_| true)?.0)
        };
        for (measure, at) in [(Measure::HitRate, 10), (Measure::Ndcg, 10), (Measure::Recall, 20), (Measure::Ndcg, 20)] {
            write!(out, "{:.4}  ", mean(measure, at).unwrap_or(0.0))?;
        }
        let costs = outcome.costs;
        let gib = costs.fit_peak_bytes.unwrap_or(0) as f64 / (1_u64 << 30) as f64;
        writeln!(out, "{:5.1}  {:6.1}  {gib:4.1}  {}", costs.fit_seconds, costs.rank_seconds, outcome.name)?;
    }
    Ok(())
}

fn named(text: &str) -> Result<Named, Box<dyn Error>> {
    if text.starts_with('{') {
        return Ok(Named::of_document(&serde_json::from_str(text)?)?);
    }
    Ok(text.parse()?)
}

fn write_split(fold: &Fold, dir: &Path) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(dir)?;
    let create = |name: &str| File::create(dir.join(name)).map(BufWriter::new);
    let (mut train, mut test) = (create("train.txt")?, create("test.txt")?);
    let view = fold.train.before(fold.train_before);
    for member in 0..view.members() as u32 {
        write!(train, "{member}")?;
        view.history(MemberIx(member)).try_for_each(|event| write!(train, " {}", event.item.0))?;
        writeln!(train)?;
    }
    for case in &fold.cases {
        write!(test, "{}", case.member.0)?;
        case.targets.iter().try_for_each(|item| write!(test, " {}", item.0))?;
        writeln!(test)?;
    }
    let mut candidates = create("candidates.txt")?;
    if let Candidates::Only(items) = &fold.candidates {
        items.iter().try_for_each(|item| writeln!(candidates, "{}", item.0))?;
    }
    Ok(())
}
