//! `anklang import`.

use std::path::PathBuf;

use anklang_datasets::load::stackexchange::StackExchange;
use anklang_datasets::load::{Csv, Load, Ndjson, OnBad};
use anklang_domain::{Fact, UnixMillis};
use clap::{Args, Subcommand};

use super::failure::Failure;
use super::open;
use super::serve::moment;
use super::terminal::{Bar, say};
use crate::clock::Clock;
use crate::config::Config;
use anklang_engine::{Engine, Progress as _};

/// Facts that become durable together.
pub(crate) const FACTS_PER_COMMIT: usize = 5_000;
/// How many mistakes are told word for word; all are counted.
const MISTAKES_TOLD_MAX: usize = 20;

/// Brings a community in. What was there before is not there twice.
#[derive(Debug, Args)]
pub(crate) struct Import {
    #[command(subcommand)]
    from: From,
}

#[derive(Debug, Subcommand)]
enum From {
    /// A Stack Exchange dump: a folder with Posts.xml, Users.xml, Comments.xml …
    Stackexchange {
        /// The folder
        dir: PathBuf,
        /// The site's name, from which addresses are made [default: the folder's, if it looks like one]
        #[arg(long, value_name = "HOST")]
        site: Option<String>,
    },
    /// Facts, one JSON object a line, as anklang export writes them
    Ndjson {
        /// The file; - is standard input
        file: PathBuf,
        /// Go on after a bad line
        #[arg(long)]
        keep_going: bool,
    },
    /// A table with a header: of items where it has a title, else of engagements
    Csv {
        /// The file; - is standard input
        file: PathBuf,
        /// Go on after a bad row
        #[arg(long)]
        keep_going: bool,
        /// When it happened, for rows that do not say
        #[arg(long, value_name = "TIME", value_parser = moment)]
        at: Option<UnixMillis>,
    },
}

impl From {
    fn open(self) -> Result<Box<dyn Load>, Failure> {
        let on_bad = |keep_going| if keep_going { OnBad::GoOn } else { OnBad::Stop };
        Ok(match self {
            Self::Stackexchange { dir, site } => {
                let dump = StackExchange::open(&dir)?;
                Box::new(match site {
                    Some(host) => dump.site(&host),
                    None => dump,
                })
            }
            Self::Ndjson { file, keep_going } => {
                let lines = if file.as_os_str() == "-" {
                    Ndjson::of("standard input", std::io::stdin())?
                } else {
                    Ndjson::open(&file)?
                };
                Box::new(lines.on_bad(on_bad(keep_going)))
            }
            Self::Csv { file, keep_going, at } => {
                let table = if file.as_os_str() == "-" {
                    Csv::of("standard input", std::io::stdin())?
                } else {
                    Csv::open(&file)?
                };
                let table = table.on_bad(on_bad(keep_going));
                Box::new(match at {
                    Some(moment) => table.at(moment),
                    None => table,
                })
            }
        })
    }
}

impl Import {
    pub(crate) fn run(self, config: &Config) -> Result<(), Failure> {
        open::may_make(config)?;
        let mut source = self.from.open()?;
        let engine = open::engine(config, None)?;
        let taken = take(&engine, source.as_mut());
        engine.shutdown()?;
        let taken = taken?;
        tell(&taken, source.as_ref());
        match source.report().errors_total {
            0 => Ok(()),
            1 => Err(Failure::Other("one place could not be read, as told above; what was read is in".into())),
            wrong => {
                Err(Failure::Other(format!("{wrong} places could not be read, as told above; what was read is in")))
            }
        }
    }
}

/// What became of a community's facts.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) accepted: usize,
    pub(crate) duplicates: usize,
}

/// Takes every fact that can be read; a mistake costs its own place only.
pub(crate) fn take(engine: &Engine, source: &mut dyn Load) -> Result<Taken, Failure> {
    let bar = Bar::new();
    let total = source.progress().bytes_total;
    bar.phase("importing", (total > 0).then_some(total));
    let mut taken = Taken::default();
    let mut told = 0;
    let mut waiting = Vec::with_capacity(FACTS_PER_COMMIT);
    while let Some(fact) = source.next() {
        match fact {
            Ok(fact) => waiting.push(fact),
            Err(error) => {
                told += 1;
                if told <= MISTAKES_TOLD_MAX {
                    tracing::warn!("{error}");
                }
            }
        }
        if waiting.len() >= FACTS_PER_COMMIT {
            commit(engine, std::mem::take(&mut waiting), &mut taken)?;
            bar.step(source.progress().bytes_read);
        }
    }
    commit(engine, waiting, &mut taken)?;
    bar.clear();
    Ok(taken)
}

/// Makes facts durable and counts them.
pub(crate) fn commit(engine: &Engine, facts: Vec<Fact>, taken: &mut Taken) -> Result<(), Failure> {
    let receipt = engine.submit_wait(facts, Clock::System.now())?;
    taken.accepted += receipt.accepted;
    taken.duplicates += receipt.duplicates;
    Ok(())
}

fn tell(taken: &Taken, source: &dyn Load) {
    let report = source.report();
    say(format_args!("{} new facts, {} known before", taken.accepted, taken.duplicates));
    for (what, count) in &report.facts {
        say(format_args!("{count:>10}  {what}"));
    }
    for (why, count) in &report.skipped {
        say(format_args!("{count:>10}  left out: {why}"));
    }
    for file in &report.missing {
        say(format_args!("            not there: {file}"));
    }
}
