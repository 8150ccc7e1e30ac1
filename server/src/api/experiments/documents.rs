//! Documents that experiments refer to, and that clients are served: features, metrics, holdouts, layers, segments.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use anklang_experiments::registry::Kind;
use serde_json::{Value, json};

use super::super::Shared;
use super::super::endpoint::{Content, Endpoint, Verb};
use super::super::problem::{Code, Problem};
use super::{answer, draft, key, object, reading, shown, writing};

/// The five endpoints of a kind of documents.
macro_rules! documents {
    ($kind:expr, $path:literal, $schema:literal, $about:literal) => {
        [
            Endpoint {
                about: concat!("Every version of ", $about, ", oldest first."),
                ..reading(concat!("/v1/", $path, "/{id}/history"), concat!("history:", $path), |route| {
                    route.to(|request: HttpRequest, app: Shared| history($kind, request, app))
                })
            },
            Endpoint {
                about: concat!("All ", $path, "."),
                ..reading(concat!("/v1/", $path), concat!("list:", $path), |route| {
                    route.to(|request: HttpRequest, app: Shared| list($kind, request, app))
                })
            },
            Endpoint {
                about: concat!("The newest version of ", $about, "."),
                ..reading(concat!("/v1/", $path, "/{id}"), concat!("get:", $path), |route| {
                    route.to(|request: HttpRequest, app: Shared| get($kind, request, app))
                })
            },
            Endpoint {
                about: concat!("Writes ", $about, ": a new version, unless nothing would change."),
                takes: Content::Json($schema),
                ..writing(Verb::Put, concat!("/v1/", $path, "/{id}"), concat!("put:", $path), |route| {
                    route.to(|request: HttpRequest, app: Shared, payload: Payload| put($kind, request, app, payload))
                })
            },
            Endpoint {
                about: concat!("Takes ", $about, " away, unless something refers to it."),
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

pub(super) async fn list(kind: Kind, _request: HttpRequest, app: Shared) -> Result<HttpResponse, Problem> {
    let tally = app.trials.read();
    let all: Vec<Value> = tally
        .registry()
        .all(kind)
        .map(|(key, version)| shown(kind, key, version.version, version.document.as_ref()))
        .collect();
    Ok(HttpResponse::Ok().json(json!({ "items": all })))
}

pub(super) async fn get(kind: Kind, request: HttpRequest, app: Shared) -> Result<HttpResponse, Problem> {
    let key = key(&request)?;
    let tally = app.trials.read();
    let version = tally.registry().latest(kind, &key).ok_or_else(|| unknown(kind, &key))?;
    Ok(HttpResponse::Ok().json(shown(kind, &key, version.version, version.document.as_ref())))
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
    let document = Value::Object(object(&request, payload).await?);
    let draft = draft(&request, kind, &key)?;
    let unchanged = app
        .trials
        .read()
        .registry()
        .latest(kind, &key)
        .filter(|newest| newest.document.as_ref() == Some(&document))
        .cloned();
    if let Some(newest) = unchanged {
        return Ok(HttpResponse::Ok().json(shown(kind, &key, newest.version, newest.document.as_ref())));
    }
    let written = app.put_document(draft, document).await?;
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
