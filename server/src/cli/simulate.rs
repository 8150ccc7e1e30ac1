//! `anklang simulate`.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use anklang_datasets::community::{Community, Params, ValidParams};
use anklang_domain::{Body, Fact, UnixMillis};
use anklang_engine::{Engine, Progress};
use clap::Args;

use super::export;
use super::failure::Failure;
use super::import::{FACTS_PER_COMMIT, Taken, commit};
use super::open;
use super::serve::moment;
use super::terminal::{Bar, say};
use crate::config::Config;

/// Facts between two words of progress.
const STEP: u64 = 1_000;

/// Makes up a community of any size: the same numbers and seed give the same facts.
#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// How many people
    #[arg(long, default_value_t = Params::default().members)]
    members: u32,
    /// How many discussions
    #[arg(long, default_value_t = Params::default().discussions)]
    discussions: u32,
    /// How many engagements, about
    #[arg(long, default_value_t = Params::default().engagements)]
    engagements: u64,
    /// How many days it all takes
    #[arg(long, default_value_t = Params::default().days)]
    days: u32,
    /// Another seed is another community
    #[arg(long, default_value_t = Params::default().seed)]
    seed: u64,
    /// When it begins
    #[arg(long, value_name = "TIME", value_parser = moment, default_value_t = Params::default().start)]
    start: UnixMillis,
    /// Write NDJSON to this file, - for standard output, instead of into the data folder
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Simulate {
    pub(crate) fn run(self, config: &Config) -> Result<(), Failure> {
        let params = Params {
            members: self.members,
            discussions: self.discussions,
            engagements: self.engagements,
            days: self.days,
            seed: self.seed,
            start: self.start,
            ..Params::default()
        };
        let params = params.check().map_err(|error| Failure::Use(error.to_string()))?;
        match self.out {
            Some(path) if path.as_os_str() == "-" => {
                write(params, self.engagements, &mut io::stdout().lock(), "standard output")
            }
            Some(path) => {
                let place = path.display().to_string();
                let file = File::create(&path).map_err(|error| Failure::File { place: place.clone(), error })?;
                write(params, self.engagements, &mut BufWriter::new(file), &place)
            }
            None => {
                open::may_make(config)?;
                let engine = open::engine(config, None)?;
                let taken = bring_in(&engine, params, self.engagements);
                engine.shutdown()?;
                let taken = taken?;
                say(format_args!("{} new facts, {} known before", taken.accepted, taken.duplicates));
                Ok(())
            }
        }
    }
}

/// A bar that counts engagements.
struct Watch {
    bar: Bar,
    engaged: u64,
}

impl Watch {
    fn new(engagements: u64) -> Self {
        let bar = Bar::new();
        bar.phase("simulating", Some(engagements));
        Self { bar, engaged: 0 }
    }

    fn count(&mut self, fact: &Fact) {
        self.engaged += u64::from(matches!(fact.body, Body::Engaged(_)));
        if self.engaged.is_multiple_of(STEP) {
            self.bar.step(self.engaged);
        }
    }
}

/// Simulates a community straight into an engine.
pub(crate) fn bring_in(engine: &Engine, params: ValidParams, engagements: u64) -> Result<Taken, Failure> {
    let mut watch = Watch::new(engagements);
    let mut taken = Taken::default();
    let mut waiting = Vec::with_capacity(FACTS_PER_COMMIT);
    for fact in Community::new(params).facts() {
        watch.count(&fact);
        waiting.push(fact);
        if waiting.len() >= FACTS_PER_COMMIT {
            commit(engine, std::mem::take(&mut waiting), &mut taken)?;
        }
    }
    commit(engine, waiting, &mut taken)?;
    watch.bar.clear();
    Ok(taken)
}

fn write(params: ValidParams, engagements: u64, out: &mut dyn Write, place: &str) -> Result<(), Failure> {
    let mut watch = Watch::new(engagements);
    let mut out = BufWriter::new(out);
    let mut result = Ok(());
    for fact in Community::new(params).facts() {
        watch.count(&fact);
        result = export::line(&mut out, &fact);
        if result.is_err() {
            break;
        }
    }
    watch.bar.clear();
    match result.and_then(|()| out.flush()) {
        // Whoever reads, such as head, has enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|error| Failure::File { place: place.to_owned(), error }),
    }
}
