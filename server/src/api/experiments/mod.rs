//! Experiments over HTTP: what is written down, started, ramped, stopped, read and decided.

pub(crate) mod documents;
mod lifecycle;
mod once;
mod power;
mod results;

use actix_web::http::header::{ETAG, IF_MATCH, IF_NONE_MATCH};
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use anklang_experiments::design::check_key;
use anklang_experiments::registry::{Kind, Version};
use serde_json::{Map, Value, json};

use super::conditional::matches;
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

const fn param(name: &'static str, about: &'static str, schema: &'static str) -> Param {
    Param { name, about, schema, needed: false }
}

const AUTHOR: Param = param("author", "Who writes, for the history.", r#"{"type":"string","maxLength":100}"#);
const VERSION: Param = param(
    "version",
    "The version that was looked at, 0 for none; refused where there is another. If-Match and If-None-Match: * do the same.",
    r#"{"type":"integer","minimum":0}"#,
);
const BY: Param = param(
    "by",
    "Dimensions to tell the results apart by: of the design, client, or day, such as country,client.",
    r#"{"type":"string"}"#,
);
const METRIC: Param = param(
    "metric",
    "The metrics to show, such as replies,visits. P-values stay corrected for all of them.",
    r#"{"type":"string"}"#,
);
const AT: Param =
    param("at", "As it was at this moment, by all that is known now.", r#"{"type":"string","format":"date-time"}"#);
const STAGE: Param =
    param("stage", "Only those in this stage.", r#"{"type":"string","enum":["draft","running","stopped"]}"#);
const EFFECT: Param = param(
    "effect",
    "The effect to be seen: 10% of the baseline, or 0.01 in the metric's units; the design's decision.worth where nothing is said.",
    r#"{"type":"string"}"#,
);
const UNITS: Param =
    param("units", "Units in all arms; those there are where nothing is said.", r#"{"type":"number"}"#);
const PER_DAY: Param = param("per_day", "Units that come in a day, in all arms.", r#"{"type":"number"}"#);
const POWER: Param = param("power", "The chance to see an effect that is there.", r#"{"type":"number","default":0.8}"#);
const DAYS: Param = param(
    "days",
    "Over how many days the goals are measured.",
    r#"{"type":"integer","minimum":1,"maximum":365,"default":28}"#,
);
const PHASE: Param = Param {
    name: "phase",
    about: "Of which phase; the newest where nothing is said.",
    schema: r#"{"type":"integer","minimum":1}"#,
    needed: false,
};
const WRITING: Params = Params::Only(&[AUTHOR, VERSION]);

const fn reading(
    path: &'static str,
    name: &'static str,
    handler: fn(actix_web::Route) -> actix_web::Route,
) -> Endpoint {
    Endpoint { access: Access::Role(Role::Admin), ..Endpoint::new(Verb::Get, path, name, handler) }
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
        gives: Content::Json("WrittenExperiment"),
        ..Endpoint::new(verb, path, name, handler)
    }
}

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        about: "How many units an experiment needs, how long that takes, and what so many units can see, by each method; of \
                figures given by hand, or of a metric as it has been lately.",
        access: Access::Role(Role::Serve),
        takes: Content::Json("PowerQuestion"),
        gives: Content::Json("PowerAnswer"),
        ..Endpoint::new(Verb::Post, "/v1/power", "power", |route| route.to(power::plan))
    },
    Endpoint {
        about: "The same for an experiment's goals, by its own plan, each goal as it has been lately.",
        params: Params::Only(&[EFFECT, UNITS, PER_DAY, POWER, DAYS]),
        gives: Content::Json("ExperimentPower"),
        ..reading("/v1/experiments/{id}/power", "getExperimentPower", |route| route.to(power::of_experiment))
    },
    Endpoint {
        about: "What may be said of an experiment now: health first, then every metric, then what the declared rule makes \
                of it.",
        params: Params::Only(&[BY, METRIC, AT]),
        gives: Content::Json("Results"),
        ..reading("/v1/experiments/{id}/results", "getResults", |route| route.to(results::results))
    },
    Endpoint {
        about: "Every version of an experiment, oldest first.",
        gives: Content::Json("History"),
        ..reading("/v1/experiments/{id}/history", "getExperimentHistory", |route| {
            route.to(|request: HttpRequest, app: Shared| documents::history(Kind::Experiment, request, app))
        })
    },
    Endpoint {
        about: "The record of what was decided: the analysis it rests on, the verdict, and who decided what.",
        gives: Content::Json("WrittenDecision"),
        params: Params::Only(&[PHASE]),
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
        gives: Content::Json("WrittenDecision"),
        creates: true,
        ..writing(Verb::Post, "/v1/experiments/{id}/decide", "decideExperiment", |route| route.to(results::decide))
    },
    Endpoint {
        about: "Every experiment, with its stage, by key.",
        params: Params::Only(&[STAGE]),
        gives: Content::Json("ExperimentList"),
        ..reading("/v1/experiments", "listExperiments", |route| {
            route.to(|request: HttpRequest, app: Shared| documents::list(Kind::Experiment, request, app))
        })
    },
    Endpoint {
        about: "An experiment as it was written down, and its stage.",
        gives: Content::Json("WrittenExperiment"),
        ..reading("/v1/experiments/{id}", "getExperiment", |route| {
            route.to(|request: HttpRequest, app: Shared| documents::get(Kind::Experiment, request, app))
        })
    },
    Endpoint {
        about: "Writes the design of a draft; of a stopped experiment, that of its next phase. What runs is frozen.",
        takes: Content::Json("Experiment"),
        creates: true,
        ..writing(Verb::Put, "/v1/experiments/{id}", "putExperiment", |route| route.to(lifecycle::put))
    },
    Endpoint {
        about: "Takes a draft away, unless something refers to it.",
        gives: Content::Json("Removed"),
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
    check_key(key).map_err(|error| Problem::new(Code::BadId, error.what).field("id"))?;
    let query = Query::of(request);
    let author = query.text("author").unwrap_or_default();
    if author.chars().count() > AUTHOR_CHARS_MAX {
        let detail = format!("an author has at most {AUTHOR_CHARS_MAX} characters");
        return Err(Problem::new(Code::BadParameter, detail).field("author"));
    }
    let seen = query.read("version", |text| text.parse().map_err(|_| "must be the number of a version".to_owned()))?;
    let seen = match seen {
        Some(seen) => Some(seen),
        None => seen_by(request)?,
    };
    Ok(Draft { kind, key, seen, author: author.to_owned() })
}

/// The version that the request's conditions ask for.
fn seen_by(request: &HttpRequest) -> Result<Option<u32>, Problem> {
    if request.headers().get(IF_NONE_MATCH).is_some_and(|tag| tag.as_bytes() == b"*") {
        return Ok(Some(0));
    }
    let Some(tag) = request.headers().get(IF_MATCH) else { return Ok(None) };
    let number = tag.to_str().ok().and_then(|tag| tag.trim().trim_matches('"').parse().ok());
    let wrong =
        || Problem::new(Code::BadParameter, "If-Match is the ETag of a version, such as \"3\"").field("If-Match");
    number.map(Some).ok_or_else(wrong)
}

impl Draft<'_> {
    /// Heeds what came back with a document: its key must be the address's, and its version was looked at.
    fn with(mut self, added: &Map<String, Value>) -> Result<Self, Problem> {
        let bad = |field: &str, what: String| Err(Problem::new(Code::BadField, what).field(field));
        if added.get("key").is_some_and(|key| key != self.key) {
            return bad("key", format!("the address says {:?}", self.key));
        }
        if let Some(version) = added.get("version") {
            let Some(version) = version.as_u64().and_then(|version| u32::try_from(version).ok()) else {
                return bad("version", "the number of a version".to_owned());
            };
            self.seen = self.seen.or(Some(version));
        }
        Ok(self)
    }
}

/// Takes fields out of a document.
fn take(fields: &mut Map<String, Value>, names: &[&str]) -> Map<String, Value> {
    names.iter().filter_map(|name| fields.remove_entry(*name)).collect()
}

/// The body as an object; an empty body is an empty object.
async fn object(request: &HttpRequest, payload: Payload) -> Result<Map<String, Value>, Problem> {
    let bytes = match body::read(request, payload, DOCUMENT_BYTES_MAX, Code::BodyTooLarge).await {
        Err(problem) if problem.code == Code::EmptyBody => return Ok(Map::new()),
        other => other?,
    };
    let value = body::json(&bytes)?;
    once::check(&bytes)?;
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

/// A document as it is answered: its fields, its key, its version, when it was written and by whom.
fn shown(kind: Kind, key: &str, version: &Version) -> Value {
    let mut fields = Map::new();
    fields.insert("key".to_owned(), json!(key));
    fields.insert("version".to_owned(), json!(version.version));
    fields.insert("written_at".to_owned(), json!(version.at));
    if !version.author.is_empty() {
        fields.insert("author".to_owned(), json!(version.author));
    }
    match &version.document {
        Some(Value::Object(document)) => fields.extend(document.clone()),
        Some(_) | None => drop(fields.insert("removed".to_owned(), json!(kind.name()))),
    }
    Value::Object(fields)
}

/// A document that was asked for; nothing but its tag where the client has it already.
fn found(request: &HttpRequest, kind: Kind, key: &str, version: &Version) -> HttpResponse {
    let etag = etag(version);
    if matches(request.headers(), &IF_NONE_MATCH, &etag) {
        return HttpResponse::NotModified().insert_header((ETAG, etag)).finish();
    }
    HttpResponse::Ok().insert_header((ETAG, etag)).json(shown(kind, key, version))
}

fn etag(version: &Version) -> String {
    format!("\"{}\"", version.version)
}

/// What was written.
fn answer(app: &Shared, kind: Kind, key: &str, written: &Written) -> HttpResponse {
    app.publish();
    let mut answer = if written.created { HttpResponse::Created() } else { HttpResponse::Ok() };
    answer.insert_header((ETAG, etag(&written.version))).json(shown(kind, key, &written.version))
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
