//! `anklang key`.

use clap::{Args, Subcommand};

use super::failure::Failure;
use super::terminal::say;
use crate::clock::Clock;
use crate::config::Config;
use crate::keys::{Keys, Role};

/// Makes, lists and removes keys.
#[derive(Debug, Args)]
pub(crate) struct Key {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Makes a key and prints it, this once
    Add {
        /// What it is good for
        #[arg(long)]
        role: Role,
        /// What it is for, in your words
        #[arg(long, default_value = "")]
        name: String,
    },
    /// Lists the keys there are
    List,
    /// Removes a key; a running server refuses it within seconds
    Remove {
        /// Its id, as listed
        id: String,
    },
}

impl Key {
    pub(crate) fn run(self, config: &Config) -> Result<(), Failure> {
        let keys = Keys::load(&config.data, true)?;
        match self.what {
            What::Add { role, name } => {
                let (_, key) = keys.add(role, &name, Clock::System.now())?;
                say(key);
            }
            What::List => {
                for record in keys.list() {
                    say(format_args!("{}  {:6}  {}  {}", record.id, record.role, record.created_at, record.name));
                }
            }
            What::Remove { id } => keys.remove(&id)?,
        }
        Ok(())
    }
}
