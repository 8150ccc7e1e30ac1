//! The data folder, held by this command; or by a server that runs, which is then asked to do it.

use std::io::{BufRead, BufReader};
use std::sync::Arc;
use std::time::Duration;

use anklang_domain::UnixMillis;
use anklang_engine::journal::JournalError;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::failure::Failure;
use super::terminal::Bar;
use crate::config::Config;
use crate::control::{self, Note};
use crate::trials::Trials;
use anklang_engine::{Engine, EngineError, Options};

/// How long a running server may take for what a command asks.
const ASK_SECONDS_MAX: u64 = 600;

/// The journal's folder in a data folder.
const JOURNAL: &str = "journal";
/// What may lie in a data folder before there is a journal.
const OURS: [&str; 4] = ["keys.json", "server.json", "demo", "lost+found"];

/// Who holds the data folder.
pub(crate) enum Held {
    /// This command.
    Here(Box<Engine>),
    /// A server that runs.
    There(Server),
}

/// A running server, asked over HTTP.
pub(crate) struct Server {
    note: Note,
    agent: ureq::Agent,
}

/// Opens the data folder, or finds the server that holds it.
pub(crate) fn open(config: &Config, as_of: Option<UnixMillis>) -> Result<Held, Failure> {
    match engine(config, as_of) {
        Ok(engine) => Ok(Held::Here(Box::new(engine))),
        Err(Failure::Engine(EngineError::Journal(JournalError::Locked(_)))) => server(config).map(Held::There),
        Err(failure) => Err(failure),
    }
}

/// Opens the data folder for this command alone.
pub(crate) fn engine(config: &Config, as_of: Option<UnixMillis>) -> Result<Engine, Failure> {
    with(config, as_of, &Trials::default())
}

/// The same, with the experiments' tally to ask.
pub(crate) fn with(config: &Config, as_of: Option<UnixMillis>, trials: &Trials) -> Result<Engine, Failure> {
    let bar = Bar::new();
    let engine = Engine::open(options(config, as_of, trials), &bar)?;
    bar.clear();
    Ok(engine)
}

/// How the data folder is opened, with the experiments' tally beside the engine's views.
pub(crate) fn options(config: &Config, as_of: Option<UnixMillis>, trials: &Trials) -> Options {
    let mut options = Options::new(&config.data);
    options.as_of = as_of;
    options.limits.queue_facts_max = config.limits.queue_facts_max;
    options.beside = vec![Arc::new(trials.clone())];
    options
}

/// A command that only reads must not make an empty community where a folder was misspelt.
pub(crate) fn must_exist(config: &Config) -> Result<(), Failure> {
    must_be_there(config)?;
    if config.data.join(JOURNAL).is_dir() {
        return Ok(());
    }
    Err(Failure::Use(format!("{} holds no journal: is it a data folder?", config.data.display())))
}

/// As [`must_exist`], for a command that says itself what is wrong with a folder.
pub(crate) fn must_be_there(config: &Config) -> Result<(), Failure> {
    if config.data.is_dir() {
        return Ok(());
    }
    let data = config.data.display();
    Err(Failure::Use(format!("there is no data folder {data}; name it with --data, or make one with anklang import")))
}

/// A command that may make a community makes it in a folder of its own, not among other people's files.
pub(crate) fn may_make(config: &Config) -> Result<(), Failure> {
    let entries = std::fs::read_dir(&config.data).into_iter().flatten().filter_map(Result::ok);
    let ours = |name: &std::ffi::OsStr| OURS.iter().any(|own| *own == name);
    let foreign = entries.map(|entry| entry.file_name()).find(|name| !ours(name));
    match foreign {
        Some(name) if !config.data.join(JOURNAL).is_dir() => Err(Failure::Use(format!(
            "{} holds no journal, but {}: name a folder that is empty or not there yet",
            config.data.display(),
            name.display()
        ))),
        Some(_) | None => Ok(()),
    }
}

fn server(config: &Config) -> Result<Server, Failure> {
    let data = config.data.display();
    let note = control::read(&config.data).ok_or_else(|| {
        Failure::Other(format!("{data} is in use by another process, which is no server; wait until it is done"))
    })?;
    let settings = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(ASK_SECONDS_MAX)))
        .build();
    Ok(Server { note, agent: settings.into() })
}

impl Server {
    /// Sends a request and gives the lines of the answer.
    pub(crate) fn ask(
        &self,
        method: &str,
        path: &str,
        body: String,
    ) -> Result<impl Iterator<Item = std::io::Result<String>> + use<>, Failure> {
        let failed = |error: &dyn std::fmt::Display| {
            Failure::Other(format!("the server at {} holds the data folder, but: {error}", self.note.address))
        };
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.note.address))
            .header("authorization", format!("Bearer {}", self.note.token));
        let answer = if body.is_empty() {
            self.agent.run(request.body(()).map_err(|error| failed(&error))?)
        } else {
            self.agent.run(request.body(body).map_err(|error| failed(&error))?)
        };
        let answer = answer.map_err(|error| failed(&error))?;
        let status = answer.status();
        let mut lines = BufReader::new(answer.into_body().into_reader()).lines();
        if status.is_success() {
            return Ok(lines);
        }
        let problem: serde_json::Value =
            lines.next().and_then(Result::ok).and_then(|line| serde_json::from_str(&line).ok()).unwrap_or_default();
        let detail = problem["detail"].as_str().unwrap_or(status.as_str()).to_owned();
        Err(Failure::Other(detail))
    }

    /// As [`Server::ask`], for an answer that is one document.
    pub(crate) fn ask_whole(&self, method: &str, path: &str, body: String) -> Result<String, Failure> {
        let lines = self.ask(method, path, body)?.collect::<Result<Vec<_>, _>>();
        let lines = lines.map_err(|error| Failure::Other(format!("the server's answer broke off: {error}")))?;
        Ok(lines.join("\n"))
    }
}

/// A text as a part of an address.
pub(crate) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}
