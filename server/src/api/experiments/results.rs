//! What may be said of an experiment, and what was decided.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, web};
use anklang_domain::UnixMillis;
use anklang_experiments::collect::{Ask, collect};
use anklang_experiments::decide::{Call, Verdict, decide as verdict};
use anklang_experiments::design::Design;
use anklang_experiments::registry::Kind;
use anklang_experiments::report::{Analysis, analyse};
use anklang_experiments::tally::{CLIENT, DAY};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::params::Query;
use super::super::problem::{Code, Problem};
use super::super::{Shared, engine_problem, internal};
use super::documents::unknown;
use super::{answer, draft, found, key, lifecycle};
use crate::app::App;
use crate::nearest::nearest;

/// What may be said of an experiment.
#[derive(Debug, Serialize)]
struct Results {
    key: String,
    stage: &'static str,
    phase: u32,
    /// What is said holds at this moment, or when it was stopped.
    at: UnixMillis,
    days: f64,
    #[serde(flatten)]
    analysis: Analysis,
    verdict: Verdict,
}

/// What is asked of an experiment.
#[derive(Debug, Clone, Default)]
struct Asked {
    ask: Ask,
    /// The metrics that are shown; all where none is named.
    metrics: Vec<String>,
    /// As it was then.
    at: Option<UnixMillis>,
}

impl Asked {
    fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let query = Query::of(request);
        let list = |name: &str| {
            let list = query.text(name).unwrap_or_default();
            list.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
        };
        Ok(Self { ask: Ask { by: list("by") }, metrics: list("metric"), at: query.moment("at")? })
    }

    /// Checks that what is asked for is there.
    fn check(&self, design: &Design) -> Result<(), Problem> {
        let dimensions: Vec<&str> = design.dimensions.iter().map(String::as_str).chain([CLIENT, DAY]).collect();
        named("by", "dimension", &self.ask.by, &dimensions)?;
        let metrics: Vec<&str> = design.metrics.all().map(|(metric, _)| metric).collect();
        named("metric", "metric of this experiment", &self.metrics, &metrics)
    }

    /// The moment asked for, which must not lie ahead, nor before the experiment's start.
    fn moment(&self, now: UnixMillis, started: UnixMillis) -> Result<UnixMillis, Problem> {
        let at = self.at.unwrap_or(now);
        if at > now {
            return Err(Problem::new(Code::BadParameter, format!("at={at}: it is only {now}")).field("at"));
        }
        if at < started {
            return Err(Problem::new(Code::WrongStage, format!("nobody took part before {started}")));
        }
        Ok(at)
    }
}

fn named(parameter: &str, what: &str, wanted: &[String], known: &[&str]) -> Result<(), Problem> {
    let Some(wrong) = wanted.iter().find(|name| !known.contains(&name.as_str())) else { return Ok(()) };
    let short: String = wrong.chars().take(64).collect();
    let detail = match nearest(&short, known.iter().copied()) {
        Some(right) => format!("there is no {what} {short:?}; did you mean {right}? There are {}", known.join(", ")),
        None => format!("there is no {what} {short:?}; there are {}", known.join(", ")),
    };
    Err(Problem::new(Code::BadParameter, detail).field(parameter))
}

/// Analyses an experiment.
fn analysed(app: &App, key: &str, asked: &Asked) -> Result<Results, Problem> {
    app.trials.catch_up(&app.engine, &|_, _| {}).map_err(engine_problem)?;
    let tally = app.trials.still();
    let experiment = tally.registry().experiment(key).ok_or_else(|| unknown(Kind::Experiment, key))?;
    asked.check(&experiment.design)?;
    let draft = || Problem::new(Code::WrongStage, "the experiment is draft: it has not been started");
    let (started, stopped) = experiment.stage.period().ok_or_else(draft)?;
    let at = asked.moment(app.clock.now(), started)?;
    let collected = collect(&tally, key, at, &asked.ask).ok_or_else(draft)?;
    let (stage, phase, rule) = (experiment.stage.name(), experiment.phase, experiment.design.decision.clone());
    drop(tally);
    // All of it is analysed, whatever is shown: p-values are corrected for every metric there is.
    let mut analysis = analyse(&collected.input);
    let verdict = verdict(&rule, &analysis, collected.days);
    if !asked.metrics.is_empty() {
        analysis.metrics.retain(|metric| asked.metrics.contains(&metric.key));
    }
    let at = stopped.map_or(at, |stopped| stopped.min(at));
    Ok(Results { key: key.to_owned(), stage, phase, at, days: collected.days, analysis, verdict })
}

pub(super) async fn results(request: HttpRequest, app: Shared) -> Result<HttpResponse, Problem> {
    let (key, asked) = (key(&request)?, Asked::of(&request)?);
    let results = web::block(move || analysed(&app, &key, &asked)).await.map_err(internal)??;
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(results))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Decide {
    /// What is decided.
    call: Decided,
    /// Which variant is shipped.
    #[serde(default)]
    variant: Option<String>,
    /// Why, where it is not what the rule says.
    #[serde(default)]
    because: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Decided {
    Ship,
    Stop,
}

/// The record's key: an experiment may be decided once in each phase.
fn record_key(key: &str, phase: u32) -> String {
    format!("{key}@{phase}")
}

pub(super) async fn decide(request: HttpRequest, app: Shared, payload: Payload) -> Result<HttpResponse, Problem> {
    let key = key(&request)?;
    let wanted: Decide = lifecycle::typed(&request, payload).await?;
    let (asked, name) = (app.clone(), key.clone());
    let results = web::block(move || analysed(&asked, &name, &Asked::default())).await.map_err(internal)??;
    if results.stage != "stopped" {
        return Err(Problem::new(Code::WrongStage, format!("the experiment is {}: stop it first", results.stage)));
    }
    let is_arm = |variant: &String| results.analysis.arms.iter().any(|arm| arm.key == *variant);
    match (wanted.call, &wanted.variant) {
        (Decided::Ship, Some(variant)) if is_arm(variant) => {}
        (Decided::Ship, _) => {
            let keys: Vec<&str> = results.analysis.arms.iter().map(|arm| arm.key.as_str()).collect();
            let what = format!("which variant is shipped? There are {}", keys.join(", "));
            return Err(Problem::new(Code::BadField, what).field("variant"));
        }
        (Decided::Stop, Some(_)) => {
            return Err(Problem::new(Code::BadField, "nothing is shipped when it is stopped").field("variant"));
        }
        (Decided::Stop, None) => {}
    }
    let as_ruled = match (wanted.call, &results.verdict.call) {
        (Decided::Ship, Call::Ship { variant }) => wanted.variant.as_ref() == Some(variant),
        (Decided::Stop, Call::Stop) => true,
        (Decided::Ship | Decided::Stop, _) => false,
    };
    if !as_ruled && wanted.because.trim().is_empty() {
        let what = format!("the declared rule says: {}. Whoever decides otherwise says why", results.verdict);
        return Err(Problem::new(Code::BadField, what).field("because"));
    }
    let document = json!({
        "experiment": key,
        "phase": results.phase,
        "call": wanted.call,
        "variant": wanted.variant,
        "because": wanted.because,
        "verdict": results.verdict,
        "days": results.days,
        "analysis": results.analysis,
    });
    let record = record_key(&key, results.phase);
    let mut draft = draft(&request, Kind::Decision, &record)?;
    draft.seen = Some(0);
    let written = app.put_document(draft, document).await.map_err(|error| {
        let problem = Problem::from(error);
        if problem.code == Code::VersionConflict {
            return Problem::new(Code::WrongStage, "it has been decided already, and a decision is not changed");
        }
        problem
    })?;
    Ok(answer(&app, Kind::Decision, &record, &written))
}

pub(super) async fn decision(request: HttpRequest, app: Shared) -> Result<HttpResponse, Problem> {
    let key = key(&request)?;
    let tally = app.trials.read();
    let experiment = tally.registry().experiment(&key).ok_or_else(|| unknown(Kind::Experiment, &key))?;
    let phase = Query::of(&request).read("phase", |text| text.parse().map_err(|_| "must be a number".to_owned()))?;
    let record = record_key(&key, phase.unwrap_or(experiment.phase));
    let version = tally.registry().latest(Kind::Decision, &record).ok_or_else(|| unknown(Kind::Decision, &record))?;
    Ok(found(&request, Kind::Decision, &record, version))
}
