//! What may be said of an experiment, and what was decided.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, web};
use anklang_experiments::collect::{Ask, collect};
use anklang_experiments::decide::{Verdict, decide as verdict};
use anklang_experiments::registry::Kind;
use anklang_experiments::report::{Analysis, analyse};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::params::Query;
use super::super::problem::{Code, Problem};
use super::super::{Shared, engine_problem, internal};
use super::documents::unknown;
use super::{answer, draft, key, lifecycle};
use crate::app::App;

/// What may be said of an experiment.
#[derive(Debug, Serialize)]
struct Results {
    key: String,
    stage: &'static str,
    phase: u32,
    days: f64,
    #[serde(flatten)]
    analysis: Analysis,
    verdict: Verdict,
}

/// Analyses an experiment as it is now.
fn analysed(app: &App, key: &str, ask: &Ask) -> Result<Results, Problem> {
    app.trials.catch_up(&app.engine, &|_, _| {}).map_err(engine_problem)?;
    let tally = app.trials.read();
    let experiment = tally.registry().experiment(key).ok_or_else(|| unknown(Kind::Experiment, key))?;
    let Some(collected) = collect(&tally, key, app.clock.now(), ask) else {
        return Err(Problem::new(Code::WrongStage, "the experiment is draft: it has not been started"));
    };
    let (stage, phase, rule) = (experiment.stage.name(), experiment.phase, experiment.design.decision.clone());
    drop(tally);
    let analysis = analyse(&collected.input);
    let verdict = verdict(&rule, &analysis, collected.days);
    Ok(Results { key: key.to_owned(), stage, phase, days: collected.days, analysis, verdict })
}

pub(super) async fn results(request: HttpRequest, app: Shared) -> Result<HttpResponse, Problem> {
    let key = key(&request)?;
    let by = Query::of(&request).text("by").map(|by| by.split(',').map(|name| name.trim().to_owned()).collect());
    let ask = Ask { by: by.unwrap_or_default() };
    let asked = app.clone();
    let results = web::block(move || analysed(&asked, &key, &ask)).await.map_err(internal)??;
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
    let results = web::block(move || analysed(&asked, &name, &Ask::default())).await.map_err(internal)??;
    if results.stage != "stopped" {
        return Err(Problem::new(Code::WrongStage, format!("the experiment is {}: stop it first", results.stage)));
    }
    let is_arm = |variant: &String| results.analysis.arms.iter().any(|arm| arm.key == *variant);
    match (wanted.call, &wanted.variant) {
        (Decided::Ship, Some(variant)) if is_arm(variant) => {}
        (Decided::Ship, _) => {
            return Err(Problem::new(Code::BadField, "which of the experiment's variants is shipped?").field("variant"));
        }
        (Decided::Stop, Some(_)) => {
            return Err(Problem::new(Code::BadField, "nothing is shipped when it is stopped").field("variant"));
        }
        (Decided::Stop, None) => {}
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
    let record = record_key(&key, experiment.phase);
    let version = tally.registry().latest(Kind::Decision, &record).ok_or_else(|| unknown(Kind::Decision, &record))?;
    Ok(HttpResponse::Ok().json(version))
}
