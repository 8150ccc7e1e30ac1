//! What GrowthBook's SDKs ask: the payload they evaluate themselves, a stream of it, evaluation here, and the events of
//! their tracking plugin.
//!
//! The client key stands in the address, as the SDKs have it. It is one of our keys; `track` is the role for a public one.

mod eval;
mod events;
mod failure;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH};
use actix_web::{HttpRequest, HttpResponse, Route};

use super::conditional::matches;
use super::endpoint::{Access, Content, Endpoint, Param, Params, Verb};
use super::problem::Problem;
use super::sse::{self, Begins, EVENT_STREAM};
use super::{Shared, gate, path};
use crate::flags::quoted;

/// How long a payload may be kept: it is the same for everybody. Seconds as GrowthBook's own API says them.
const FRESH_30_SECONDS: &str = "public, max-age=30, stale-while-revalidate=3600, stale-if-error=36000";

const CLIENT_KEY: Param =
    Param { name: "client_key", about: "the key of the SDK", schema: r#"{"type":"string"}"#, needed: false };

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        about: "The flags, for GrowthBook SDKs that evaluate them themselves.",
        gives: Content::Json("FlagPayload"),
        ..sdk(Verb::Get, "/api/features/{clientKey}", "flagPayload", |route| route.to(features))
    },
    Endpoint {
        about: "The flags again whenever they change, as server-sent events named features (GrowthBook).",
        gives: Content::Text(EVENT_STREAM),
        ..sdk(Verb::Get, "/sub/{clientKey}", "streamFlagPayload", |route| route.to(stream))
    },
    Endpoint {
        about: "The flags as they are for one unit (GrowthBook's remote evaluation).",
        takes: Content::Json("RemoteEvaluation"),
        gives: Content::Json("FlagPayload"),
        ..sdk(Verb::Post, "/api/eval/{clientKey}", "evaluatePayload", |route| route.to(eval::eval))
    },
    Endpoint {
        about: "Events of GrowthBook's tracking plugin: exposures, and whatever else it is told.",
        params: Params::Only(&[CLIENT_KEY]),
        takes: Content::Json("PluginEvents"),
        gives: Content::Json("Tracked"),
        ..sdk(Verb::Post, "/track", "trackPlugin", |route| route.to(events::track))
    },
];

const fn sdk(verb: Verb, path: &'static str, name: &'static str, handler: fn(Route) -> Route) -> Endpoint {
    let endpoint = Endpoint::new(verb, path, name, handler);
    // The browser SDK adds nothing to an address, but proxies and caches do.
    Endpoint { access: Access::Body, params: Params::Any, cors: true, refusal: failure::answer, ..endpoint }
}

/// Lets whoever shows a key in the path, or a header, read flags.
fn permit(request: &HttpRequest, app: &Shared) -> Result<(), Problem> {
    let in_path = path::client_key(request)?;
    let shown = gate::presented(request.headers());
    gate::permit_any(app, Some(&in_path)).or_else(|problem| match &shown {
        Some(shown) => gate::permit_any(app, Some(shown)),
        None => Err(problem),
    })
}

async fn features(request: HttpRequest, app: Shared) -> HttpResponse {
    if let Err(problem) = permit(&request, &app) {
        return failure::answer(&problem);
    }
    let served = app.flags.current();
    let etag = quoted(&served.etag);
    let unchanged = matches(request.headers(), &IF_NONE_MATCH, &etag);
    let mut answer = if unchanged { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer
        .insert_header((CACHE_CONTROL, FRESH_30_SECONDS))
        .insert_header((ETAG, etag))
        .insert_header((HeaderName::from_static("x-sse-support"), "enabled"));
    if unchanged {
        return answer.finish();
    }
    answer.insert_header((CONTENT_TYPE, "application/json")).body(served.json.clone())
}

async fn stream(request: HttpRequest, app: Shared) -> HttpResponse {
    let opened = permit(&request, &app)
        .and_then(|()| sse::open(&request, &app, Begins::WithTheState, |served| &served.features_event));
    opened.unwrap_or_else(|problem| failure::answer(&problem))
}
