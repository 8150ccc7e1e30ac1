//! `anklang serve`.

use std::net::SocketAddr;
use std::sync::Arc;

use anklang_domain::UnixMillis;
use clap::Args;

use super::failure::Failure;
use super::open;
use super::terminal::{Bar, say};
use crate::app::App;
use crate::config::Config;
use crate::server::{Application, keys_for};
use crate::trials::Trials;
use anklang_engine::Engine;

/// Serves lists and takes events over HTTP.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Where to listen [default: 127.0.0.1:8080]; port 0 takes any that is free
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Serve the community as it was at this moment, the clock stopped
    #[arg(long, value_name = "TIME", value_parser = moment)]
    as_of: Option<UnixMillis>,
}

/// Reads a moment from a flag.
pub(crate) fn moment(text: &str) -> Result<UnixMillis, String> {
    UnixMillis::parse(text).map_err(|error| error.to_string())
}

impl Serve {
    pub(crate) fn run(self, mut config: Config) -> Result<(), Failure> {
        config.listen = self.listen.unwrap_or(config.listen);
        config.as_of = self.as_of.or(config.as_of);
        serve(&config)
    }
}

/// Opens the engine and answers until told to stop; then leaves everything in order.
pub(crate) fn serve(config: &Config) -> Result<(), Failure> {
    let keys = keys_for(&config.data, config.listen)?;
    let bar = Bar::new();
    let trials = Trials::default();
    let engine = Arc::new(Engine::open(open::options(config, config.as_of, &trials), &bar)?);
    bar.clear();
    let app = App::new(Arc::clone(&engine), trials, keys, config)?;
    let application = Application::bind(app, config.listen)?.with_control_file(&config.data)?;
    let address = application.address();
    application.run(|_| {
        say(format_args!("listening on http://{address}"));
    })?;
    engine.shutdown()?;
    Ok(())
}
