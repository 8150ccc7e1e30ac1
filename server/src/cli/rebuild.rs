//! `anklang rebuild`.

use clap::Args;

use super::failure::Failure;
use super::open;
use super::terminal::{Bar, say};
use crate::config::Config;
use crate::trials::Trials;
use anklang_engine::Engine;

/// Makes everything that is derived from the journal anew.
#[derive(Debug, Args)]
pub(crate) struct Rebuild {}

impl Rebuild {
    pub(crate) fn run(self, config: &Config) -> Result<(), Failure> {
        open::must_exist(config)?;
        let bar = Bar::new();
        let engine = Engine::rebuild(open::options(config, None, &Trials::default()), &bar)?;
        engine.shutdown()?;
        bar.clear();
        say(format_args!("made anew from {} facts", engine.stats().facts));
        Ok(())
    }
}
