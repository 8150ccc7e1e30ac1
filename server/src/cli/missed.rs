//! `anklang missed`.

use std::fmt::Write;

use anklang_domain::{Kind, ListKind, MemberId, UnixMillis};
use anklang_engine::list::{LIMIT_DEFAULT, Lang, List, ListItem, ListRequest};
use clap::Args;

use super::failure::Failure;
use super::open::{self, Held, encoded};
use super::serve::moment;
use super::terminal::say;
use crate::clock::Clock;
use crate::config::Config;

/// Prints the discussions that a member missed, with reasons.
#[derive(Debug, Args)]
pub(crate) struct Missed {
    /// Whose list
    member: String,
    /// The moment of the list [default: now]
    #[arg(long, value_name = "TIME", value_parser = moment)]
    as_of: Option<UnixMillis>,
    /// Since when [default: the end of their last visit]
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<UnixMillis>,
    /// How many at most
    #[arg(long, default_value_t = LIMIT_DEFAULT as u64, value_parser = clap::value_parser!(u64).range(1..=100))]
    limit: u64,
    /// Only items of this kind
    #[arg(long, value_parser = kind)]
    kind: Option<Kind>,
    /// The language of the reasons: en or de [default: the member's own]
    #[arg(long, value_parser = crate::api::lists::lang)]
    lang: Option<Lang>,
    /// Chance: the same seed gives the same list
    #[arg(long)]
    seed: Option<u64>,
    /// Show how each score came about
    #[arg(long)]
    explain: bool,
    /// Print JSON, as over HTTP
    #[arg(long)]
    json: bool,
}

fn kind(text: &str) -> Result<Kind, String> {
    Kind::parse(text).ok_or_else(|| format!("one of {}", Kind::ALL.map(Kind::as_str).join(", ")))
}

impl Missed {
    pub(crate) fn run(self, config: &Config) -> Result<(), Failure> {
        open::must_exist(config)?;
        let as_of = self.as_of.or(config.as_of);
        match open::open(config, as_of)? {
            Held::Here(engine) => {
                let request = self.request(Clock::of(as_of).now())?;
                let list = engine.list(&request).map_err(|error| Failure::Other(error.to_string()))?;
                if self.json { say_json(&list) } else { say(page(&list)) };
                Ok(())
            }
            Held::There(server) if self.json && as_of.is_none() => {
                say(server.ask_whole("GET", &self.address(), String::new())?);
                Ok(())
            }
            Held::There(_) => Err(Failure::Use(
                "a server holds this data folder; ask it for this list over HTTP, use --json without --as-of, or stop it"
                    .to_owned(),
            )),
        }
    }

    fn request(&self, now: UnixMillis) -> Result<ListRequest, Failure> {
        let member = MemberId::parse(&self.member).map_err(|error| Failure::Use(error.to_string()))?;
        let mut request = ListRequest::new(ListKind::Missed, Some(member), now);
        request.since = self.since;
        request.limit = usize::try_from(self.limit).unwrap_or(LIMIT_DEFAULT);
        request.kind = self.kind;
        request.lang = self.lang;
        request.seed = self.seed;
        request.explain = self.explain;
        // Looking at a list here is not showing it to the member.
        request.log = false;
        Ok(request)
    }

    fn address(&self) -> String {
        let mut address = format!("/v1/members/{}/missed?limit={}", encoded(&self.member), self.limit);
        let mut add = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                let _ = write!(address, "&{name}={}", encoded(&value));
            }
        };
        add("since", self.since.map(|since| since.to_string()));
        add("kind", self.kind.map(|kind| kind.as_str().to_owned()));
        add("lang", self.lang.map(|lang| if lang == Lang::De { "de" } else { "en" }.to_owned()));
        add("seed", self.seed.map(|seed| seed.to_string()));
        add("explain", self.explain.then(|| "true".to_owned()));
        address
    }
}

fn say_json(list: &List) -> bool {
    serde_json::to_string_pretty(list).is_ok_and(say)
}

/// A list to read.
pub(crate) fn page(list: &List) -> String {
    let whom = list.member.as_ref().map_or("anybody", |id| id.as_str());
    let since = list.since.map_or(String::new(), |since| format!(" since {since}"));
    let mut out = format!("Missed by {whom}{since}, as of {}", list.at);
    if list.items.is_empty() {
        out.push_str("\n\nNothing.");
    }
    for item in &list.items {
        entry(&mut out, item);
    }
    out
}

fn entry(out: &mut String, item: &ListItem) {
    let _ = write!(out, "\n\n{:3}. {}", item.position, item.title);
    let _ = write!(out, "\n     {} · {:.2}", item.id, item.score);
    if !item.tags.is_empty() {
        let _ = write!(out, " · {}", item.tags.join(", "));
    }
    if item.new_replies > 0 {
        let _ = write!(out, " · {} new", item.new_replies);
    }
    let _ = write!(out, " · {}", item.last_activity_at);
    for reason in &item.reasons {
        let _ = write!(out, "\n     {}", reason.text);
    }
    for part in item.ledger.iter().flatten() {
        let _ = write!(out, "\n       {:>8.3}  {}", part.value, part.part);
    }
}
