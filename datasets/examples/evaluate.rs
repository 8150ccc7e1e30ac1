//! Evaluates models on a data set and split, without the server:
//!
//! ```text
//! cargo run --release -p anklang-datasets --example evaluate -- DIR given popularity:half_life_days=0 …
//! ```

use std::error::Error;
use std::io::Write;

use anklang_datasets::evaluate::{Column, Contender, Named, Options, evaluate};
use anklang_datasets::load::{self, load};
use anklang_datasets::measure::Measure;
use anklang_datasets::split::Split;
use anklang_models::Quiet;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let dir = args.next().ok_or("which folder?")?;
    let split = args.next().ok_or("which split?")?;
    let models: Vec<Named> = args.map(|text| text.parse()).collect::<Result<_, _>>()?;
    let contenders: Vec<&dyn Contender> = models.iter().map(|model| model as &dyn Contender).collect();
    let options = Options::default();
    let data = load(dir.as_ref(), &load::Options::default())?;
    let folds = split.parse::<Split>()?.folds(&data, options.seed)?;
    let evaluation = evaluate(&folds, &contenders, &options, &Quiet)?;
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
