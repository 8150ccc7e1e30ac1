//! HTTP: a handler parses, makes one call, and renders.

pub(crate) mod body;
pub(crate) mod conditional;
pub(crate) mod control;
pub(crate) mod cors;
pub(crate) mod cursor;
pub(crate) mod endpoint;
pub(crate) mod experiments;
pub(crate) mod gate;
pub(crate) mod growthbook;
pub(crate) mod health;
pub(crate) mod items;
pub(crate) mod lists;
pub(crate) mod members;
pub(crate) mod metrics;
pub(crate) mod ofrep;
pub(crate) mod openapi;
pub(crate) mod params;
pub(crate) mod path;
pub(crate) mod problem;
pub(crate) mod settings;
pub(crate) mod sse;
pub(crate) mod stream;
pub(crate) mod track;

use std::cell::OnceCell;
use std::rc::Rc;

use actix_web::http::header::ALLOW;
use actix_web::middleware::from_fn;
use actix_web::{HttpRequest, HttpResponse, Resource, ResponseError, Route, guard, web};

use self::endpoint::Endpoint;
use self::problem::{Code, Problem};
use crate::app::App;
use crate::nearest::nearest;
use anklang_engine::EngineError;
use anklang_engine::index::IndexError;
use anklang_engine::journal::CommitError;

/// After how many seconds to come back when the storage refused: somebody must act first.
const STORAGE_RETRY_AFTER_S: u64 = 5;

/// Registers every endpoint of the table, and what answers where there is none.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    let mut paths: Vec<&'static str> = Vec::new();
    for endpoint in endpoint::all() {
        if !paths.contains(&endpoint.path) {
            paths.push(endpoint.path);
        }
    }
    for path in paths {
        let there: Vec<_> = endpoint::all().filter(|endpoint| endpoint.path == path).collect();
        config.service(resource(&there));
    }
    config.default_service(web::to(unknown_route));
}

fn resource(there: &[&'static Endpoint]) -> Resource {
    let pattern = there.first().map(|endpoint| endpoint.pattern()).unwrap_or_default();
    let mut resource = web::resource(pattern);
    let mut allowed: Vec<&'static str> = Vec::new();
    for endpoint in there {
        for method in endpoint.verb.methods() {
            resource = resource.route(route(endpoint).guard(guard::Method(method.clone())));
        }
        allowed.extend(endpoint.verb.methods().iter().map(actix_web::http::Method::as_str));
    }
    let allowed = allowed.join(", ");
    let cors = there.iter().any(|endpoint| endpoint.cors);
    if cors {
        resource = resource.route(cors::preflight(allowed.clone()));
    }
    resource.default_service(web::to(move |request: HttpRequest| wrong_method(request, allowed.clone(), cors)))
}

fn route(endpoint: &'static Endpoint) -> Route {
    let counters = Rc::new(OnceCell::new());
    (endpoint.handler)(web::route())
        .wrap(from_fn(move |request, next| gate::gate(endpoint, Rc::clone(&counters), request, next)))
}

/// How requests are counted that no endpoint answers.
const UNMATCHED: &str = "unmatched";

fn count_unmatched(request: &HttpRequest, status: u16) {
    if let Some(app) = request.app_data::<Shared>() {
        app.metrics.route("any", UNMATCHED).answered(status, std::time::Duration::ZERO);
    }
}

async fn wrong_method(request: HttpRequest, allowed: String, cors: bool) -> HttpResponse {
    count_unmatched(&request, Code::MethodNotAllowed.status());
    let detail = format!("{} is not answered here; {allowed} is", request.method());
    let mut answer = Problem::new(Code::MethodNotAllowed, detail).error_response();
    if let Ok(value) = allowed.parse() {
        answer.headers_mut().insert(ALLOW, value);
    }
    if cors {
        cors::open(cors::is_by_a_page(request.headers()), answer.headers_mut());
    }
    answer
}

async fn unknown_route(request: HttpRequest) -> HttpResponse {
    count_unmatched(&request, Code::UnknownRoute.status());
    let path: String = request.path().chars().take(200).collect();
    let hint = match nearest(&path, endpoint::all().map(|endpoint| endpoint.path)) {
        Some(like) => format!("there is {like}; all of it is at /openapi.json"),
        None => "what there is, is listed at /openapi.json".to_owned(),
    };
    Problem::new(Code::UnknownRoute, format!("nothing answers at {path}; {hint}")).error_response()
}

impl From<CommitError> for Problem {
    fn from(error: CommitError) -> Self {
        let detail = error.to_string();
        match error {
            CommitError::Busy(busy) => {
                Self::new(Code::QueueFull, detail).retry_after(busy.retry_after_ms.div_ceil(1_000))
            }
            CommitError::Journal(journal) => journal_problem(&journal),
            CommitError::Closed => Self::new(Code::NotReady, detail).retry_after(1),
        }
    }
}

/// What the engine could not do.
pub(crate) fn engine_problem(error: EngineError) -> Problem {
    match error {
        EngineError::Journal(journal) => journal_problem(&journal),
        EngineError::Index(index) => index_problem(&index),
        EngineError::File { .. } => {
            tracing::error!(%error, "a file of the data folder");
            Problem::new(Code::Storage, error.to_string()).retry_after(STORAGE_RETRY_AFTER_S)
        }
        EngineError::Closing => Problem::new(Code::NotReady, error.to_string()).retry_after(1),
    }
}

/// The text index: its files are for whoever runs the server to mend.
pub(crate) fn index_problem(error: &IndexError) -> Problem {
    tracing::error!(%error, "the text index failed");
    match error {
        IndexError::Open { .. } | IndexError::Storage(_) | IndexError::File(_) => {
            Problem::new(Code::Storage, error.to_string()).retry_after(STORAGE_RETRY_AFTER_S)
        }
        IndexError::NoWriter => Problem::new(Code::Internal, error.to_string()),
    }
}

/// Storage is for whoever runs the server to put right; damage is a matter for `anklang doctor`.
pub(crate) fn journal_problem(error: &anklang_engine::journal::JournalError) -> Problem {
    use anklang_engine::journal::JournalError;
    tracing::error!(%error, "the journal refused");
    match error {
        JournalError::Storage(_) | JournalError::Locked(_) => {
            Problem::new(Code::Storage, error.to_string()).retry_after(STORAGE_RETRY_AFTER_S)
        }
        JournalError::Refused { .. } => Problem::new(Code::BadField, error.to_string()),
        JournalError::Corrupt { .. } | JournalError::Version { .. } => Problem::new(Code::Internal, error.to_string()),
    }
}

/// A problem of ours.
pub(crate) fn internal(error: impl std::fmt::Display) -> Problem {
    tracing::error!(%error, "a request failed");
    Problem::new(Code::Internal, error.to_string())
}

/// The application's state, as handlers get it.
pub(crate) type Shared = web::Data<App>;

#[cfg(test)]
mod tests {
    use super::*;
    use anklang_engine::journal::JournalError;
    use std::sync::Arc;

    #[test]
    fn what_the_engine_cannot_do_says_who_must_act() {
        let commit = |error: JournalError| Problem::from(CommitError::Journal(Arc::new(error)));
        let file = || std::io::Error::other("disk full");
        for (problem, code, retry) in [
            (commit(JournalError::Storage("full".into())), Code::Storage, Some(5)),
            (commit(JournalError::Refused { index: 0, what: "deep".into() }), Code::BadField, None),
            (commit(JournalError::Corrupt { block: 1, what: "bits".into() }), Code::Internal, None),
            (Problem::from(CommitError::Closed), Code::NotReady, Some(1)),
            (engine_problem(EngineError::File { path: "x".into(), source: file() }), Code::Storage, Some(5)),
            (engine_problem(EngineError::Closing), Code::NotReady, Some(1)),
            (index_problem(&IndexError::File(file())), Code::Storage, Some(5)),
            (index_problem(&IndexError::NoWriter), Code::Internal, None),
        ] {
            assert_eq!((problem.code, problem.retry_after_s), (code, retry), "{problem}");
        }
    }
}
