//! `anklang erase`.

use anklang_domain::MemberId;
use clap::Args;

use super::failure::Failure;
use super::open::{self, Held, encoded};
use super::terminal::say;
use crate::clock::Clock;
use crate::config::Config;

/// Erases a member: no byte of their id, traits or text is left in the data folder. Cannot be undone.
#[derive(Debug, Args)]
pub(crate) struct Erase {
    /// Who
    member: String,
    /// Really
    #[arg(long)]
    yes: bool,
}

impl Erase {
    pub(crate) fn run(self, config: &Config) -> Result<(), Failure> {
        open::must_exist(config)?;
        let id = MemberId::parse(&self.member).map_err(|error| Failure::Use(error.to_string()))?;
        if !self.yes {
            let what =
                format!("this erases {:?} for good, in {}; say --yes to do it", self.member, config.data.display());
            return Err(Failure::Use(what));
        }
        let erased = match open::open(config, None)? {
            Held::Here(engine) => {
                let erased = engine.erase(&id, Clock::System.now())?;
                engine.shutdown()?;
                let erased = erased.ok_or_else(|| Failure::Other(format!("nothing is known of a member {id}")))?;
                serde_json::to_string(&erased).map_err(|error| Failure::Other(error.to_string()))?
            }
            Held::There(server) => {
                server.ask_whole("DELETE", &format!("/v1/members/{}", encoded(&self.member)), String::new())?
            }
        };
        say(erased);
        Ok(())
    }
}
