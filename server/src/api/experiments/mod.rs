//! Experiments over HTTP: what is written down, started, ramped, stopped, read and decided.

pub(crate) mod documents;
mod lifecycle;
mod results;

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use anklang_experiments::registry::Kind;
use serde_json::{Map, Value, json};

use super::endpoint::{Access, Content, Endpoint, Param, Params, Verb};
use super::params::Query;
use super::problem::{Code, Problem};
use super::{Shared, body, path};
use crate::keys::Role;
use crate::trials::{Draft, WriteError, Written};

/// The largest document, in bytes of JSON.
const DOCUMENT_BYTES_MAX: usize = 512 << 10;
/// The longest name of an author, in characters.
const AUTHOR_CHARS_MAX: usize = 100;

const AUTHOR: Param =
    Param { name: "author", about: "Who writes, for the history.", schema: r#"{"type":"string"}"#, needed: false };
const VERSION: Param = Param {
    name: "version",
    about: "The version that was looked at; refused where there is a newer one.",
    schema: r#"{"type":"integer","minimum":0}"#,
    needed: false,
};
const BY: Param = Param {
    name: "by",
    about: "Dimensions to tell the results apart by, such as country,client.",
    schema: r#"{"type":"string"}"#,
    needed: false,
};
const WRITING: Params = Params::Only(&[AUTHOR, VERSION]);

const fn reading(
    path: &'static str,
    name: &'static str,
    handler: fn(actix_web::Route) -> actix_web::Route,
) -> Endpoint {
    Endpoint {
        access: Access::Role(Role::Admin),
        gives: Content::Json("Document"),
        ..Endpoint::new(Verb::Get, path, name, handler)
    }
}

const fn writing(
    verb: Verb,
    path: &'static str,
    name: &'static str,
    handler: fn(actix_web::Route) -> actix_web::Route,
) -> Endpoint {
    Endpoint {
        access: Access::Role(Role::Admin),
        params: WRITING,
        gives: Content::Json("Document"),
        ..Endpoint::new(verb, path, name, handler)
    }
}

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        about: "What may be said of an experiment now: health first, then every metric, then what the declared rule makes \
                of it.",
        params: Params::Only(&[BY]),
        gives: Content::Json("Results"),
        ..reading("/v1/experiments/{id}/results", "getResults", |route| route.to(results::results))
    },
    Endpoint {
        about: "Every version of an experiment, oldest first.",
        ..reading("/v1/experiments/{id}/history", "getExperimentHistory", |route| {
            route.to(|request: HttpRequest, app: Shared| documents::history(Kind::Experiment, request, app))
        })
    },
    Endpoint {
        about: "The record of what was decided: the analysis it rests on, the verdict, and who decided what.",
        ..reading("/v1/experiments/{id}/decision", "getDecision", |route| route.to(results::decision))
    },
    Endpoint {
        about: "Starts a draft: from now on its audience is assigned.",
        ..writing(Verb::Post, "/v1/experiments/{id}/start", "startExperiment", |route| route.to(lifecycle::start))
    },
    Endpoint {
        about: "Lets more of the audience take part: {\"coverage\": 0.5}. Nobody who takes part moves.",
        takes: Content::Json("Ramp"),
        ..writing(Verb::Post, "/v1/experiments/{id}/ramp", "rampExperiment", |route| route.to(lifecycle::ramp))
    },
    Endpoint {
        about: "Stops an experiment; with {\"ship\": \"variant\"} its audience gets that variant from now on.",
        takes: Content::Json("Stop"),
        ..writing(Verb::Post, "/v1/experiments/{id}/stop", "stopExperiment", |route| route.to(lifecycle::stop))
    },
    Endpoint {
        about: "Records what is decided of a stopped experiment, once and for ever: {\"call\": \"ship\", \"variant\": …, \
                \"because\": …}.",
        takes: Content::Json("Decide"),
        ..writing(Verb::Post, "/v1/experiments/{id}/decide", "decideExperiment", |route| route.to(results::decide))
    },
    Endpoint {
        about: "Every experiment, with its stage.",
        ..reading("/v1/experiments", "listExperiments", |route| {
            route.to(|request: HttpRequest, app: Shared| documents::list(Kind::Experiment, request, app))
        })
    },
    Endpoint {
        about: "An experiment as it was written down, and its stage.",
        ..reading("/v1/experiments/{id}", "getExperiment", |route| {
            route.to(|request: HttpRequest, app: Shared| documents::get(Kind::Experiment, request, app))
        })
    },
    Endpoint {
        about: "Writes the design of a draft; of a stopped experiment, that of its next phase. What runs is frozen.",
        takes: Content::Json("Experiment"),
        ..writing(Verb::Put, "/v1/experiments/{id}", "putExperiment", |route| route.to(lifecycle::put))
    },
    Endpoint {
        about: "Takes a draft away.",
        ..writing(Verb::Delete, "/v1/experiments/{id}", "removeExperiment", |route| {
            route.to(|request: HttpRequest, app: Shared| documents::remove(Kind::Experiment, request, app))
        })
    },
];

/// The key in the address.
fn key(request: &HttpRequest) -> Result<String, Problem> {
    Ok(path::item(request)?.as_str().to_owned())
}

/// What a write begins with.
fn draft<'a>(request: &HttpRequest, kind: Kind, key: &'a str) -> Result<Draft<'a>, Problem> {
    let query = Query::of(request);
    let author = query.text("author").unwrap_or_default();
    if author.chars().count() > AUTHOR_CHARS_MAX {
        let detail = format!("an author has at most {AUTHOR_CHARS_MAX} characters");
        return Err(Problem::new(Code::BadParameter, detail).field("author"));
    }
    let seen = query.read("version", |text| text.parse().map_err(|_| "must be the number of a version".to_owned()))?;
    Ok(Draft { kind, key, seen, author: author.to_owned() })
}

/// The body as an object; an empty body is an empty object.
async fn object(request: &HttpRequest, payload: Payload) -> Result<Map<String, Value>, Problem> {
    let bytes = match body::read(request, payload, DOCUMENT_BYTES_MAX, Code::BodyTooLarge).await {
        Err(problem) if problem.code == Code::EmptyBody => return Ok(Map::new()),
        other => other?,
    };
    let value = body::json(&bytes)?;
    if !body::is_shallow(&value) {
        let detail = format!("lists and objects may be nested {} deep", body::DEPTH_MAX);
        return Err(Problem::new(Code::BadField, detail));
    }
    match value {
        Value::Object(fields) => Ok(fields),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(Problem::new(Code::BadField, "the body is a JSON object"))
        }
    }
}

/// A document as it is answered: its fields, its key and its version.
fn shown(kind: Kind, key: &str, version: u32, document: Option<&Value>) -> Value {
    let mut fields = Map::new();
    fields.insert("key".to_owned(), json!(key));
    fields.insert("version".to_owned(), json!(version));
    match document {
        Some(Value::Object(document)) => fields.extend(document.clone()),
        Some(_) | None => drop(fields.insert("removed".to_owned(), json!(kind.name()))),
    }
    Value::Object(fields)
}

fn answer(app: &Shared, kind: Kind, key: &str, written: &Written) -> HttpResponse {
    app.publish();
    HttpResponse::Ok().json(shown(kind, key, written.version, written.document.as_ref()))
}

impl From<WriteError> for Problem {
    fn from(error: WriteError) -> Self {
        let detail = error.to_string();
        match error {
            WriteError::Unknown { .. } => Self::new(Code::UnknownDocument, detail).field("id"),
            WriteError::Design(design) => Self::new(Code::BadField, design.what).field(design.field),
            WriteError::Stage(_) => Self::new(Code::WrongStage, detail),
            WriteError::InUse(_) => Self::new(Code::InUse, detail),
            WriteError::Conflict(_) => Self::new(Code::VersionConflict, detail).field("version"),
            WriteError::Commit(commit) => commit.into(),
            WriteError::Id(id) => Self::new(Code::BadId, id.to_string()).field("id"),
        }
    }
}
