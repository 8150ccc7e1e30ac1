//! The command line. Results go to standard output, progress and the log to standard error; the exit code is 0, 1 where
//! something failed, 2 where the command was used wrongly.

mod analyze;
pub(crate) mod backup;
mod calibrate;
mod compare;
mod demo;
mod doctor;
mod erase;
mod evaluate;
mod export;
mod failure;
mod import;
mod key;
mod missed;
mod open;
mod power;
mod rebuild;
mod restore;
mod serve;
mod simulate;
mod terminal;
mod trial;
mod tune;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub(crate) use self::failure::Failure;
use crate::config::Config;

/// Recommendations and experiments for online communities.
#[derive(Debug, Parser)]
#[command(name = "anklang", version, about, long_about = None)]
struct Args {
    /// The data folder [default: ./anklang-data]
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// A file of settings [default: ./anklang.toml, if it is there]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Demo),
    Serve(serve::Serve),
    Import(import::Import),
    Simulate(simulate::Simulate),
    Missed(missed::Missed),
    Export(export::Export),
    Backup(backup::Backup),
    Restore(restore::Restore),
    Rebuild(rebuild::Rebuild),
    Doctor(doctor::Doctor),
    Erase(erase::Erase),
    Evaluate(Box<evaluate::Evaluate>),
    Tune(Box<tune::Tune>),
    Compare(compare::Compare),
    Analyze(Box<analyze::Analyze>),
    Power(power::Power),
    Key(key::Key),
    Calibrate(calibrate::Calibrate),
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let args = Args::parse();
    match run(args, std::env::vars()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            terminal::complain(&failure);
            failure.exit_code()
        }
    }
}

/// Runs one command line, as in the tests.
#[cfg(test)]
pub(crate) fn run_line(words: &[&str]) -> Result<(), Failure> {
    let args =
        Args::try_parse_from(std::iter::once(&"anklang").chain(words)).map_err(|e| Failure::Use(e.to_string()))?;
    run(args, std::iter::empty())
}

fn run(args: Args, variables: impl Iterator<Item = (String, String)>) -> Result<(), Failure> {
    let mut config = Config::load(args.config.as_deref(), variables)?;
    if let Some(data) = args.data {
        config.data = data;
    }
    terminal::log_to_stderr(&config);
    match args.command {
        Command::Serve(serve) => serve.run(config),
        Command::Demo(demo) => demo.run(config),
        Command::Simulate(simulate) => simulate.run(&config),
        Command::Import(import) => import.run(&config),
        Command::Missed(missed) => missed.run(&config),
        Command::Export(export) => export.run(&config),
        Command::Backup(backup) => backup.run(&config),
        Command::Restore(restore) => restore.run(&config),
        Command::Rebuild(rebuild) => rebuild.run(&config),
        Command::Doctor(doctor) => doctor.run(&config),
        Command::Erase(erase) => erase.run(&config),
        Command::Evaluate(evaluate) => evaluate.run(),
        Command::Tune(tune) => tune.run(),
        Command::Compare(compare) => compare.run(),
        Command::Analyze(analyze) => analyze.run(),
        Command::Power(power) => power.run(),
        Command::Key(key) => key.run(&config),
        Command::Calibrate(calibrate) => calibrate.run(),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Args::command().debug_assert();
    }
}
