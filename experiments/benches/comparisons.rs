//! 2,000 comparisons from moments: 50 metrics, 20 segments, 2 treatments against a control.
//!
//! `cargo bench -p anklang-experiments --bench comparisons -- [--quick]`
//!
//! With `ANKLANG_GBSTATS_PYTHON` naming a Python that has gbstats, GrowthBook's engine does the same in the same run.
#![expect(clippy::print_stdout, reason = "a measurement prints its figures")]

use std::error::Error;
use std::fmt::Write as _;
use std::hint::black_box;
use std::process::{Command, Stdio};
use std::time::Instant;

use anklang_domain::Stream;
use anklang_experiments::infer::bayesian::Prior;
use anklang_experiments::infer::effect::Scale;
use anklang_experiments::infer::sequential::group::{Looks, Spending};
use anklang_experiments::{Finding, Joint, Method, Moments, Question, Summary};

const METRICS: usize = 50;
const SEGMENTS: usize = 20;
const ARMS: usize = 2;

fn main() -> Result<(), Box<dyn Error>> {
    let rounds = if std::env::args().any(|argument| argument == "--quick") { 5 } else { 200 };
    let mut chance = Stream::named(1, "comparisons");
    let cells: Vec<(Moments, Moments)> =
        (0..METRICS * SEGMENTS * ARMS).map(|_| (arm(&mut chance), arm(&mut chance))).collect();
    println!("{} comparisons, median of {rounds} rounds", cells.len());
    let looks = Looks::even(5, Spending::OBrienFleming);
    let mut fastest_like_for_like = 0.0;
    for method in [
        Method::default(),
        Method::FixedHorizon,
        Method::GroupSequential { looks, look: 3 },
        Method::Bayesian { prior: Prior::default() },
    ] {
        let label = method.label();
        let took = time(rounds, &cells, method, |moments| Summary::Mean(*moments))?;
        println!("  {:>8.3} ms  {label}", took * 1e3);
        if label == Method::default().label() {
            fastest_like_for_like = took;
        }
    }
    let adjusted = |moments: &Moments| Summary::AdjustedMean(joint(moments));
    println!("  {:>8.3} ms  with CUPED", time(rounds, &cells, Method::default(), adjusted)? * 1e3);
    if let Some(python) = std::env::var_os("ANKLANG_GBSTATS_PYTHON") {
        let seconds = gbstats(&python, &cells)?;
        println!(
            "  {:>8.0} ms  gbstats, sequential: {:.0} times as long",
            seconds * 1e3,
            seconds / fastest_like_for_like
        );
    }
    Ok(())
}

/// The middle of some numbers.
fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

fn arm(chance: &mut Stream) -> Moments {
    let n = 500 + chance.below(50_000) as u64;
    let mean = 1.0 + chance.unit();
    Moments { n, mean, m2: (0.5 + chance.unit()) * (n - 1) as f64 }
}

/// The same outcome with a covariate that explains a quarter of it.
fn joint(moments: &Moments) -> Joint<2> {
    let half = moments.m2 / 2.0;
    Joint { n: moments.n, mean: [moments.mean, 1.0], co: [[moments.m2, half], [half, moments.m2]] }
}

fn time(
    rounds: usize,
    cells: &[(Moments, Moments)],
    method: Method,
    summary: impl Fn(&Moments) -> Summary,
) -> Result<f64, Box<dyn Error>> {
    let question = Question { scale: Scale::Relative, method, ..Question::default() };
    let cells: Vec<(Summary, Summary)> = cells.iter().map(|(c, t)| (summary(c), summary(t))).collect();
    let mut took = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        let start = Instant::now();
        // Preparing is part of the work.
        let prepared = black_box(&question).prepare().map_err(|why| why.to_string())?;
        let measured = cells.iter().filter(|(c, t)| matches!(prepared.compare(c, t), Finding::Measured(_))).count();
        took.push(start.elapsed().as_secs_f64());
        if measured != cells.len() {
            return Err("not every comparison was measured".into());
        }
    }
    Ok(median(took))
}

/// What GrowthBook's engine takes, by its own clock: imports and reading do not count.
fn gbstats(python: &std::ffi::OsStr, cells: &[(Moments, Moments)]) -> Result<f64, Box<dyn Error>> {
    let mut program = String::from(
        "import sys, time\n\
         from gbstats.models.statistics import SampleMeanStatistic as S\n\
         from gbstats.frequentist.tests import SequentialTwoSidedTTest as T, SequentialConfig as C\n\
         config = C(difference_type='relative', traffic_proportion_b=.5, phase_length_days=1)\n\
         rows = [\n",
    );
    for (c, t) in cells {
        let of = |m: &Moments| {
            let sum = m.mean * m.n as f64;
            format!("{}, {}, {}", m.n, sum, m.m2 + sum * m.mean)
        };
        writeln!(program, "({}, {}),", of(c), of(t))?;
    }
    program.push_str(
        "]\n\
         start = time.perf_counter()\n\
         for (a, b, c, d, e, f) in rows:\n    \
             T(S(n=a, sum=b, sum_squares=c), S(n=d, sum=e, sum_squares=f), config).compute_result()\n\
         print(time.perf_counter() - start)\n",
    );
    let mut child = Command::new(python).arg("-").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    std::io::Write::write_all(&mut child.stdin.take().ok_or("no way to write to Python")?, program.as_bytes())?;
    let said = child.wait_with_output()?;
    if !said.status.success() {
        return Err("gbstats did not run".into());
    }
    Ok(String::from_utf8(said.stdout)?.trim().parse()?)
}
