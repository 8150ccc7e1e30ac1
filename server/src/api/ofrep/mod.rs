//! The OpenFeature Remote Evaluation Protocol, 0.3.0: every OpenFeature SDK asks for its flags here.
//!
//! Seen on the wire: the JavaScript server provider does not encode `/` in keys; the Python provider reads `variant` even
//! where the protocol leaves it out, so it is always sent; the web provider sends `If-None-Match` also when it was told of
//! a change, and must then get an answer.

mod answer;
mod bulk;
mod failure;
mod question;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};

use self::answer::Answer;
use self::failure::Failure;
use self::question::Question;
use super::endpoint::{Access, Content, Endpoint, Param, Params, Verb};
use super::problem::{Code, Problem};
use super::sse::{self, Begins, EVENT_STREAM};
use super::{Shared, gate, path};

/// What an answer is kept by: a cache that gave one unit's variant to another would break the randomisation.
pub(crate) const FOR_ONE_UNIT: &str = "private, no-store";
/// Who an exposure says it was given by.
const CLIENT: &str = "ofrep";

const ETAG: Param = Param {
    name: "flagConfigEtag",
    about: "the tag that a stream told of; asks for an answer whatever If-None-Match says",
    schema: r#"{"type":"string"}"#,
    needed: false,
};
const LAST_MODIFIED: Param = Param {
    name: "flagConfigLastModified",
    about: "the moment that a stream told of",
    schema: r#"{"type":["string","integer"]}"#,
    needed: false,
};
const TOKEN: Param = Param {
    name: "token",
    about: "as it stands in the address that a bulk evaluation names",
    schema: r#"{"type":"string"}"#,
    needed: true,
};

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        about: "Evaluates one flag (OFREP).",
        takes: Content::Json("FlagContext"),
        gives: Content::Json("FlagEvaluation"),
        ..flags("/ofrep/v1/evaluate/flags/{key}", "evaluateFlag", |route| route.to(single))
    },
    Endpoint {
        about: "Evaluates every flag (OFREP).",
        params: Params::Only(&[ETAG, LAST_MODIFIED]),
        takes: Content::Json("FlagContext"),
        gives: Content::Json("FlagEvaluations"),
        ..flags("/ofrep/v1/evaluate/flags", "evaluateFlags", |route| route.to(bulk::bulk))
    },
    Endpoint {
        about: "Says when flags change, as server-sent events (OFREP).",
        access: Access::Body,
        params: Params::Only(&[TOKEN]),
        gives: Content::Text(EVENT_STREAM),
        cors: true,
        refusal: failure::refusal,
        ..Endpoint::new(Verb::Get, "/ofrep/v1/stream", "streamFlags", |route| route.to(stream))
    },
];

const fn flags(path: &'static str, name: &'static str, handler: fn(actix_web::Route) -> actix_web::Route) -> Endpoint {
    Endpoint {
        access: Access::AnyKey,
        cors: true,
        refusal: failure::refusal,
        ..Endpoint::new(Verb::Post, path, name, handler)
    }
}

async fn single(request: HttpRequest, app: Shared, payload: Payload) -> HttpResponse {
    let key = match path::flag(&request) {
        Ok(key) => key,
        Err(problem) => return Failure::of(&problem).answer(None),
    };
    match evaluated(&key, &request, &app, payload).await {
        Ok(json) => private(HttpResponse::Ok()).body(json),
        Err(failure) => failure.answer(Some(&key)),
    }
}

async fn evaluated(key: &str, request: &HttpRequest, app: &Shared, payload: Payload) -> Result<Vec<u8>, Failure> {
    let question = Question::read(request, app, payload).await?;
    let served = app.flags.current();
    let answer = Answer::of(&served, key, &question)?;
    app.expose(&served, &answer.decision, CLIENT, &question.attributes);
    let mut json = Vec::with_capacity(256);
    answer.write(&mut json);
    Ok(json)
}

/// An answer for one unit alone.
fn private(mut answer: HttpResponseBuilder) -> HttpResponseBuilder {
    const JSON: HeaderValue = HeaderValue::from_static("application/json");
    const FOR_ONE: HeaderValue = HeaderValue::from_static(FOR_ONE_UNIT);
    answer.insert_header((CONTENT_TYPE, JSON)).insert_header((CACHE_CONTROL, FOR_ONE));
    answer
}

async fn stream(request: HttpRequest, app: Shared) -> HttpResponse {
    let query = super::params::Query::of(&request);
    // A browser's EventSource sends no key, so whoever was let in before got a token; it opens nothing but this.
    let opened = if query.text("token") == Some(app.stream_token.as_str()) {
        sse::open(&request, &app, Begins::WithWhatWasMissed, |served| &served.refetch_event)
    } else {
        Err(Problem::new(Code::KeyNeeded, "the token is not this server's; evaluate the flags again to get one"))
    };
    opened.unwrap_or_else(|problem| failure::refusal(&problem))
}

/// The address of the stream, as this client reaches the server.
fn stream_url(request: &HttpRequest, app: &Shared) -> String {
    let scheme = if request.connection_info().scheme() == "https" { "https" } else { "http" };
    format!("{scheme}://{}/ofrep/v1/stream?token={}", gate::host(request), app.stream_token)
}
