//! Events in, as analytics SDKs send them: the HTTP API of Segment, which RudderStack's SDKs speak too.
//!
//! Seen on the wire: `@segment/analytics-node` posts JSON to `/v1/batch` with Basic authentication;
//! `@segment/analytics-next` posts one call each to `/v1/{t,i,p,g,a,s}` and batches to `/v1/b`, as text/plain with the
//! write key in the body; `@rudderstack/rudder-sdk-node` posts gzip to `/v1/batch` and calls it a form. So nothing here
//! looks at Content-Type, and gzip is known by how it begins.

mod event;
mod facts;
mod target;
mod verb;

pub(crate) use self::event::Rejection;

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use anklang_domain::{Fact, UnixMillis};
use serde_json::{Map, Value, json};

use self::event::{Call, Event};
use super::endpoint::{Access, Content, Endpoint, Params, Verb};
use super::problem::{Code, Problem};
use super::{Shared, body, gate, internal};
use crate::app::{App, UniqueError};
use crate::keys::Role;

/// The largest event, in bytes of JSON.
pub(crate) const EVENT_BYTES_MAX: usize = 32 << 10;
/// The largest batch, in bytes after unpacking.
pub(crate) const BATCH_BYTES_MAX: usize = 500 << 10;
/// The most events in a batch.
pub(crate) const BATCH_EVENTS_MAX: usize = 2_500;
/// How many refused events an answer lists; all are counted.
const REJECTED_LISTED_MAX: usize = 100;

const fn call(path: &'static str, name: &'static str, handler: fn(actix_web::Route) -> actix_web::Route) -> Endpoint {
    Endpoint {
        access: Access::Body,
        params: Params::Any,
        takes: Content::Json("Event"),
        gives: Content::Json("Tracked"),
        cors: true,
        ..Endpoint::new(Verb::Post, path, name, handler)
    }
}

macro_rules! calls {
    ($($long:literal $short:literal $name:literal $short_name:literal $call:ident $about:literal;)+) => {
        pub(crate) const ENDPOINTS: &[Endpoint] = &[
            $(
                Endpoint { about: $about, ..call($long, $name, |route| route.to(|r, a, p| one(Call::$call, r, a, p))) },
                Endpoint {
                    about: concat!("The short form of ", $long, "."),
                    ..call($short, $short_name, |route| route.to(|r, a, p| one(Call::$call, r, a, p)))
                },
            )+
            Endpoint {
                about: "Many events at once. Valid ones are in; the answer names the others.",
                takes: Content::Json("Batch"),
                ..call("/v1/batch", "batch", |route| route.to(batch))
            },
            Endpoint {
                about: "The short form of /v1/batch.",
                takes: Content::Json("Batch"),
                ..call("/v1/b", "b", |route| route.to(batch))
            },
        ];
    };
}

calls! {
    "/v1/track" "/v1/t" "track" "t" Track "A member did something: viewed, replied, liked, followed …";
    "/v1/identify" "/v1/i" "identify" "i" Identify "Traits of a member, declared interests among them.";
    "/v1/page" "/v1/p" "page" "p" Page "A page was seen: of an item if it names one, else a visit.";
    "/v1/screen" "/v1/s" "screen" "s" Screen "A screen of an app was seen.";
    "/v1/group" "/v1/g" "group" "g" Group "A member belongs to a group.";
    "/v1/alias" "/v1/a" "alias" "a" Alias "Two ids are one person.";
}

async fn one(call: Call, request: HttpRequest, app: Shared, payload: Payload) -> Result<HttpResponse, Problem> {
    let bytes = body::read(&request, payload, BATCH_BYTES_MAX, Code::EventTooLarge).await?;
    let Value::Object(fields) = body::json(&bytes)? else {
        return Err(Problem::new(Code::BadField, "an event is a JSON object"));
    };
    let write_key = fields.get("writeKey").and_then(Value::as_str);
    permit(&app, &request, write_key)?;
    if bytes.len() > EVENT_BYTES_MAX {
        return Err(too_large(bytes.len()));
    }
    let received = app.clock.received();
    let event = Event::parse(&Value::Object(fields.clone()), Some(call), None);
    let facts = event.and_then(|event| facts::of(event, received)).map_err(|rejection| {
        app.metrics.rejected(1);
        Problem::new(Code::BadField, rejection.why).field(rejection.field)
    })?;
    let receipt = app.ingest(facts.stamped(received).map_err(internal)?).await?;
    Ok(HttpResponse::Ok().json(json!({ "success": true, "accepted": 1, "facts": receipt.accepted })))
}

fn too_large(bytes: usize) -> Problem {
    Problem::new(Code::EventTooLarge, format!("an event has at most {EVENT_BYTES_MAX} bytes; this one has {bytes}"))
}

fn permit(app: &App, request: &HttpRequest, write_key: Option<&str>) -> Result<(), Problem> {
    let shown = gate::presented(request.headers());
    gate::permit(app, shown.as_deref().or(write_key), Role::Track)
}

async fn batch(request: HttpRequest, app: Shared, payload: Payload) -> Result<HttpResponse, Problem> {
    let bytes = body::read(&request, payload, BATCH_BYTES_MAX, Code::BatchTooLarge).await?;
    let Value::Object(fields) = body::json(&bytes)? else {
        return Err(Problem::new(Code::BadField, "a batch is a JSON object with a list named batch"));
    };
    let events = events(&fields)?;
    permit(&app, &request, write_key(&fields, events))?;
    let received = app.clock.received();
    let sorted = sort(events, fields.get("sentAt"), received);
    let rejected_count = sorted.rejected.len();
    app.metrics.rejected(rejected_count as u64);
    if sorted.accepted == 0 && rejected_count > 0 {
        return Err(nothing_valid(&sorted.rejected));
    }
    let facts = sorted.facts.into_iter().map(|facts| facts.stamped(received)).collect::<Result<Vec<_>, _>>();
    let facts = facts.map_err(internal)?.into_iter().flatten().collect();
    let receipt = app.ingest(facts).await?;
    Ok(HttpResponse::Ok().json(json!({
        "success": true, "accepted": sorted.accepted, "facts": receipt.accepted, "rejected": listed(&sorted.rejected),
    })))
}

fn events(fields: &Map<String, Value>) -> Result<&[Value], Problem> {
    let Some(list) = fields.get("batch") else {
        return Err(Problem::new(Code::BadField, "a batch needs a list of events named batch").field("batch"));
    };
    let Value::Array(events) = list else {
        return Err(Problem::new(Code::BadField, "must be a list of events").field("batch"));
    };
    if events.len() > BATCH_EVENTS_MAX {
        let detail = format!("a batch has at most {BATCH_EVENTS_MAX} events; this one has {}", events.len());
        return Err(Problem::new(Code::BatchTooLarge, detail).field("batch"));
    }
    Ok(events)
}

/// The write key of a batch: its own, or that of its events.
fn write_key<'a>(fields: &'a Map<String, Value>, events: &'a [Value]) -> Option<&'a str> {
    let own = fields.get("writeKey").and_then(Value::as_str);
    own.or_else(|| events.iter().find_map(|event| event.get("writeKey")?.as_str()))
}

#[derive(Default)]
struct Sorted {
    accepted: usize,
    facts: Vec<facts::Unstamped>,
    rejected: Vec<(usize, Rejection)>,
}

/// The facts of an event of another client that says the same in its own words.
pub(crate) fn facts_of(value: &Value, received: UnixMillis) -> Result<Result<Vec<Fact>, UniqueError>, Rejection> {
    let length = value.to_string().len();
    if length > EVENT_BYTES_MAX {
        let why = format!("an event has at most {EVENT_BYTES_MAX} bytes; this one has {length}");
        return Err(Rejection::new("", why));
    }
    let event = Event::parse(value, None, None)?;
    facts::of(event, received).map(|facts| facts.stamped(received))
}

/// The valid events of a batch and the others, each with its place and the reason.
fn sort(events: &[Value], sent_at: Option<&Value>, received: UnixMillis) -> Sorted {
    let mut sorted = Sorted::default();
    for (at, value) in events.iter().enumerate() {
        let length = value.to_string().len();
        let result = if length > EVENT_BYTES_MAX {
            Err(Rejection::new("", format!("an event has at most {EVENT_BYTES_MAX} bytes; this one has {length}")))
        } else {
            Event::parse(value, None, sent_at).and_then(|event| facts::of(event, received))
        };
        match result {
            Ok(facts) => {
                sorted.accepted += 1;
                sorted.facts.push(facts);
            }
            Err(rejection) => sorted.rejected.push((at, rejection)),
        }
    }
    sorted
}

/// The first refused events, each with its place and the reason.
pub(crate) fn listed(rejected: &[(usize, Rejection)]) -> Vec<Value> {
    let listed = rejected.iter().take(REJECTED_LISTED_MAX);
    listed.map(|(at, why)| json!({ "index": at, "field": why.field, "detail": why.why })).collect()
}

fn nothing_valid(rejected: &[(usize, Rejection)]) -> Problem {
    let (at, first) = match rejected.first() {
        Some((at, first)) => (*at, first.clone()),
        None => (0, Rejection::new("", "there is no event".to_owned())),
    };
    let place = if first.field.is_empty() { format!("batch[{at}]") } else { format!("batch[{at}].{}", first.field) };
    Problem::new(Code::NoValidEvent, format!("{place}: {}", first.why))
        .field(place)
        .with("accepted", 0)
        .with("rejected", listed(rejected))
}
