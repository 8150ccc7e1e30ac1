//! `anklang rebuild`.

use clap::Args;

use super::failure::Failure;
use super::open;
use super::terminal::{Bar, say};
use crate::config::Config;
use anklang_engine::{Engine, Options};

/// Makes everything that is derived from the journal anew.
#[derive(Debug, Args)]
pub(crate) struct Rebuild {}

impl Rebuild {
    pub(crate) fn run(self, config: &Config) -> Result<(), Failure> {
        open::must_exist(config)?;
        let bar = Bar::new();
        let engine = Engine::rebuild(Options::new(&config.data), &bar)?;
        engine.shutdown()?;
        bar.clear();
        say(format_args!("made anew from {} facts", engine.stats().facts));
        Ok(())
    }
}
