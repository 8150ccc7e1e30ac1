//! `anklang missed`.

use std::fmt::Write;

use anklang_domain::{Kind, ListKind, MemberId, UnixMillis};
use anklang_engine::list::{LIMIT_DEFAULT, Lang, ListRequest};
use clap::Args;
use serde_json::Value;

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
        let list = match open::open(config, as_of)? {
            Held::Here(engine) => {
                let request = self.request(Clock::of(as_of).now())?;
                let list = engine.list(&request).map_err(|error| Failure::Other(error.to_string()))?;
                serde_json::to_value(&list)
            }
            Held::There(server) if as_of.is_none() => {
                serde_json::from_str(&server.ask_whole("GET", &self.address(), String::new())?)
            }
            Held::There(_) => {
                let why = "a server holds this data folder, at a moment of its own; leave --as-of out, or stop it";
                return Err(Failure::Use(why.to_owned()));
            }
        };
        let list = list.map_err(|error| Failure::Other(error.to_string()))?;
        if self.json {
            say(format_args!("{list:#}"));
        } else {
            say(page(&list));
        }
        Ok(())
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

/// A list to read.
pub(crate) fn page(list: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let whom = list["member"].as_str().unwrap_or("anybody");
    let since = list["since"].as_str().map_or(String::new(), |since| format!(" since {since}"));
    let mut out = format!("Missed by {whom}{since}, as of {}", text(&list["at"]));
    let items = list["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    if items.is_empty() {
        out.push_str("\n\nNothing.");
    }
    for item in items {
        entry(&mut out, item);
    }
    out
}

fn entry(out: &mut String, item: &Value) {
    let all = |name: &str| item[name].as_array().map(Vec::as_slice).unwrap_or_default().iter();
    let text = |name: &str| item[name].as_str().unwrap_or_default();
    let _ = write!(out, "\n\n{:3}. {}", item["position"].as_u64().unwrap_or_default(), text("title"));
    let _ = write!(out, "\n     {} · {:.2}", text("id"), item["score"].as_f64().unwrap_or_default());
    let tags: Vec<&str> = all("tags").filter_map(Value::as_str).collect();
    if !tags.is_empty() {
        let _ = write!(out, " · {}", tags.join(", "));
    }
    if item["new_replies"].as_u64().is_some_and(|count| count > 0) {
        let _ = write!(out, " · {} new", item["new_replies"]);
    }
    let _ = write!(out, " · {}", text("last_activity_at"));
    for reason in all("reasons") {
        let _ = write!(out, "\n     {}", reason["text"].as_str().unwrap_or_default());
    }
    for part in all("ledger") {
        let (value, name) = (part["value"].as_f64().unwrap_or_default(), part["part"].as_str().unwrap_or_default());
        let _ = write!(out, "\n       {value:>8.3}  {name}");
    }
}
