//! Documents that experiments refer to, and that clients are served: features, metrics, holdouts, layers, segments.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use anklang_experiments::registry::Kind;
use serde_json::{Value, json};

use super::super::Shared;
use super::super::endpoint::{Content, Endpoint, Verb};
use super::super::params::Query;
use super::super::problem::{Code, Problem};
use super::{answer, draft, found, key, object, reading, shown, take, writing};

/// The five endpoints of a kind of documents.
macro_rules! documents {
    ($kind:expr, $path:literal, $schema:literal, $about:literal) => {
        [
            Endpoint {
                about: concat!("Every version of ", $about, ", oldest first."),
                gives: Content::Json("History"),
                ..reading(concat!("/v1/", $path, "/{id}/history"), concat!("history:", $path), |route| {
                    route.to(|request: HttpRequest, app: Shared| history($kind, request, app))
                })
            },
            Endpoint {
                about: concat!("All ", $path, ", by key."),
                gives: Content::Json(concat!($schema, "List")),
                ..reading(concat!("/v1/", $path), concat!("list:", $path), |route| {
                    route.to(|request: HttpRequest, app: Shared| list($kind, request, app))
                })
            },
            Endpoint {
                about: concat!("The newest version of ", $about, "."),
                gives: Content::Json(concat!("Written", $schema)),
                ..reading(concat!("/v1/", $path, "/{id}"), concat!("get:", $path), |route| {
                    route.to(|request: HttpRequest, app: Shared| get($kind, request, app))
                })
            },
            Endpoint {
                about: concat!("Writes ", $about, ": a new version, unless nothing would change."),
                takes: Content::Json($schema),
                gives: Content::Json(concat!("Written", $schema)),
                creates: true,
                ..writing(Verb::Put, concat!("/v1/", $path, "/{id}"), concat!("put:", $path), |route| {
                    route.to(|request: HttpRequest, app: Shared, payload: Payload| put($kind, request, app, payload))
                })
            },
            Endpoint {
                about: concat!("Takes ", $about, " away, unless something refers to it."),
                gives: Content::Json("Removed"),
                ..writing(Verb::Delete, concat!("/v1/", $path, "/{id}"), concat!("remove:", $path), |route| {
                    route.to(|request: HttpRequest, app: Shared| remove($kind, request, app))
                })
            },
        ]
    };
}

pub(crate) static FEATURES: [Endpoint; 5] = documents!(Kind::Feature, "features", "Feature", "a feature");
pub(crate) static METRICS: [Endpoint; 5] = documents!(Kind::Metric, "metrics", "Metric", "a metric");
pub(crate) static HOLDOUTS: [Endpoint; 5] = documents!(Kind::Holdout, "holdouts", "Holdout", "a holdout");
pub(crate) static LAYERS: [Endpoint; 5] = documents!(Kind::Layer, "layers", "Layer", "a layer");
pub(crate) static SEGMENTS: [Endpoint; 5] = documents!(Kind::Segment, "segments", "Segment", "a segment");

/// What an answer adds to a document, and may come back with it.
const ADDED: [&str; 4] = ["key", "version", "written_at", "author"];
const STAGES: [&str; 3] = ["draft", "running", "stopped"];

pub(super) async fn list(kind: Kind, request: HttpRequest, app: Shared) -> Result<HttpResponse, Problem> {
    let stage = Query::of(&request).read("stage", |text| {
        let known = STAGES.contains(&text).then(|| text.to_owned());
        known.ok_or_else(|| format!("must be one of {}", STAGES.join(", ")))
    })?;
    let tally = app.trials.read();
    let wanted = |document: Option<&Value>| {
        stage.as_ref().is_none_or(|stage| document.is_some_and(|document| document["stage"] == stage.as_str()))
    };
    let all: Vec<Value> = tally
        .registry()
        .all(kind)
        .filter(|(_, version)| wanted(version.document.as_ref()))
        .map(|(key, version)| shown(kind, key, version))
        .collect();
    let mut answer = json!({ "items": all });
    if kind == Kind::Experiment {
        // Exposures to what there is not: a key misspelt in a client, mostly.
        let unclaimed = tally.unclaimed().map(|(key, units)| json!({ "experiment": key, "units": units }));
        answer["unclaimed_exposures"] = unclaimed.collect();
    }
    Ok(HttpResponse::Ok().json(answer))
}

pub(super) async fn get(kind: Kind, request: HttpRequest, app: Shared) -> Result<HttpResponse, Problem> {
    let key = key(&request)?;
    let tally = app.trials.read();
    let version = tally.registry().latest(kind, &key).ok_or_else(|| unknown(kind, &key))?;
    Ok(found(&request, kind, &key, version))
}

pub(super) async fn history(kind: Kind, request: HttpRequest, app: Shared) -> Result<HttpResponse, Problem> {
    let key = key(&request)?;
    let tally = app.trials.read();
    let versions = tally.registry().history(kind, &key);
    if versions.is_empty() {
        return Err(unknown(kind, &key));
    }
    Ok(HttpResponse::Ok().json(json!({ "key": key, "versions": versions })))
}

async fn put(kind: Kind, request: HttpRequest, app: Shared, payload: Payload) -> Result<HttpResponse, Problem> {
    let key = key(&request)?;
    let mut fields = object(&request, payload).await?;
    let added = take(&mut fields, &ADDED);
    let draft = draft(&request, kind, &key)?.with(&added)?;
    let written = app.put_document(draft, Value::Object(fields)).await?;
    Ok(answer(&app, kind, &key, &written))
}

pub(super) async fn remove(kind: Kind, request: HttpRequest, app: Shared) -> Result<HttpResponse, Problem> {
    let key = key(&request)?;
    let written = app.remove_document(draft(&request, kind, &key)?).await?;
    Ok(answer(&app, kind, &key, &written))
}

/// There is no such document.
pub(super) fn unknown(kind: Kind, key: &str) -> Problem {
    Problem::new(Code::UnknownDocument, format!("there is no {} {key:?}", kind.name())).field("id")
}
