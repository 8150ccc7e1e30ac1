//! `anklang demo`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anklang_datasets::community::{Community, Params};
use anklang_domain::{DAY_MS, ListKind, MemberId, UnixMillis};
use anklang_engine::Engine;
use anklang_engine::list::{List, ListRequest};
use clap::Args;

use super::failure::Failure;
use super::terminal::say;
use super::trial::{Trial, TrialError};
use super::{missed, open, serve, simulate, trial};
use crate::config::{Config, DATA_DEFAULT};
use crate::trials::Trials;

/// Where the demo keeps its community, unless told otherwise: never among the facts of a real one.
const DEMO_DATA: &str = "./anklang-demo";
/// Says that a data folder is the demo's.
const MARK: &str = "demo";
/// How many members are looked at to find one with a list worth showing.
const MEMBERS_TRIED: u32 = 100;
/// How long the list is that is printed.
const SHOWN: usize = 5;

/// Makes up a small community, shows what one of its members missed, and serves it.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Where to listen [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
}

impl Demo {
    pub(crate) fn run(self, mut config: Config) -> Result<(), Failure> {
        if config.data == Path::new(DATA_DEFAULT) {
            config.data = PathBuf::from(DEMO_DATA);
        }
        config.listen = self.listen.unwrap_or(config.listen);
        let params = Params::default();
        let end = params.start.plus_ms(i64::from(params.days).saturating_mul(DAY_MS));
        config.as_of = Some(end);
        prepare(&config.data)?;
        let engine = open::engine(&config, None)?;
        let engagements = params.engagements;
        let checked = params.check().map_err(|error| Failure::Other(error.to_string()))?;
        let community = Community::new(checked.clone());
        let filled = simulate::bring_in(&engine, checked, engagements);
        engine.shutdown()?;
        filled?;
        drop(engine);
        let trial = experiment(&config, &community, end)?;
        show(&config, &trial, end)?;
        serve::serve(&config)
    }
}

/// Refuses to put a made-up community among a real one's facts.
fn prepare(data: &Path) -> Result<(), Failure> {
    let failed = |error| Failure::File { place: data.display().to_string(), error };
    let mark = data.join(MARK);
    if data.is_dir() && !mark.exists() && std::fs::read_dir(data).map_err(failed)?.next().is_some() {
        return Err(Failure::Use(format!("{} holds something other than a demo; name another folder", data.display())));
    }
    std::fs::create_dir_all(data).map_err(failed)?;
    std::fs::write(mark, "A community made up by anklang demo.\n").map_err(failed)
}

/// Runs the demo's experiment on the community as it was some days before its end, and puts it into the journal.
fn experiment(config: &Config, community: &Community, end: UnixMillis) -> Result<Trial, Failure> {
    let failed = |error: TrialError| Failure::Other(error.to_string());
    let (params, moment) = (Params::default(), trial::moment(end));
    let then = open::engine(config, Some(moment))?;
    let trial = trial::run(&then, &community.truth(), params.members, params.position_bias, moment).map_err(failed)?;
    then.shutdown()?;
    drop(then);
    let engine = open::engine(config, None)?;
    let written = engine.submit_wait(trial.facts.clone(), end);
    engine.shutdown()?;
    written.map_err(|error| Failure::Other(error.to_string()))?;
    Ok(trial)
}

fn show(config: &Config, trial: &Trial, end: UnixMillis) -> Result<(), Failure> {
    let trials = Trials::default();
    let engine = open::with(config, Some(end), &trials)?;
    let stats = engine.stats();
    say(format_args!(
        "A community of {} members and {} discussions, on the last day of it ({end}).\n",
        stats.members, stats.items
    ));
    let Some((member, list)) = worth_showing(&engine, end) else { return Ok(()) };
    say(missed::page(&serde_json::to_value(&list).map_err(|error| Failure::Other(error.to_string()))?));
    trials.catch_up(&engine, &|_, _| {})?;
    if let Some(outcome) = trial::outcome(&trials.read(), trial, end) {
        say(format_args!("\n{outcome}"));
    }
    let (address, item) = (config.listen, list.items.first().map_or("", |item| item.id.as_str()));
    say(format_args!(
        "\nTry:\n  curl 'http://{address}/v1/members/{member}/missed?limit=5&explain=true'\n  \
         curl http://{address}/v1/track -d '{{\"userId\":\"{member}\",\"event\":\"Replied\",\"properties\":{{\"item_id\":\"{item}\"}}}}'\n  \
         curl 'http://{address}/v1/experiments/{}/results'\n  http://{address}/docs\n",
        trial::KEY
    ));
    engine.shutdown()?;
    Ok(())
}

/// The first member whose list is full.
fn worth_showing(engine: &Engine, now: UnixMillis) -> Option<(MemberId, List)> {
    (0..MEMBERS_TRIED).find_map(|number| {
        let member = MemberId::parse(&format!("m{number}")).ok()?;
        let mut request = ListRequest::new(ListKind::Missed, Some(member.clone()), now);
        (request.limit, request.log) = (SHOWN, false);
        let list = engine.list(&request).ok()?;
        let why = |list: &List| list.items.iter().filter(|item| !item.reasons.is_empty()).count();
        (list.items.len() == SHOWN && why(&list) == SHOWN).then_some((member, list))
    })
}
