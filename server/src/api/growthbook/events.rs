//! What GrowthBook's tracking plugin posts: a JSON array of events, as text/plain so that a browser asks nobody first.
//!
//! Seen on the wire: the JavaScript plugin says "Experiment Viewed" {experimentId, variationId, hashAttribute, hashValue}
//! and "Feature Evaluated" {feature, source, value, ruleId, variationId}; the Python plugin says the same as
//! "$$experiment_viewed" {experiment_id, variation_id (an index), variation_key, hash_attribute, hash_value} and
//! "$$feature_evaluated". `id`, which they take for a device, stands in `device_id`.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use anklang_domain::{Body, Fact, UnixMillis};
use serde_json::{Map, Value, json};

use super::failure;
use crate::api::params::Query;
use crate::api::problem::{Code, Problem};
use crate::api::track::{self, BATCH_BYTES_MAX, BATCH_EVENTS_MAX, Rejection};
use crate::api::{Shared, body, gate, internal};
use crate::exposures::Assignment;
use crate::flags::Served;
use crate::keys::Role;

/// Who brings these facts.
const SOURCE: &str = "growthbook-plugin";
/// The longest name of a client.
const CLIENT_CHARS_MAX: usize = 60;
/// The names of an exposure.
const EXPERIMENT_VIEWED: [&str; 2] = ["Experiment Viewed", "$$experiment_viewed"];

pub(super) async fn track(request: HttpRequest, app: Shared, payload: Payload) -> HttpResponse {
    match tracked(&request, &app, payload).await {
        Ok(answer) => answer,
        Err(problem) => failure::answer(&problem),
    }
}

async fn tracked(request: &HttpRequest, app: &Shared, payload: Payload) -> Result<HttpResponse, Problem> {
    let query = Query::of(request);
    let shown = gate::presented(request.headers());
    gate::permit(app, query.text("client_key").or(shown.as_deref()), Role::Track)?;
    let bytes = body::read(request, payload, BATCH_BYTES_MAX, Code::BatchTooLarge).await?;
    let events = match body::json(&bytes)? {
        Value::Array(events) => events,
        single @ Value::Object(_) => vec![single],
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            return Err(Problem::new(Code::BadField, "must be a list of events"));
        }
    };
    if events.len() > BATCH_EVENTS_MAX {
        let detail = format!("at most {BATCH_EVENTS_MAX} events at once; these are {}", events.len());
        return Err(Problem::new(Code::BatchTooLarge, detail));
    }
    let (served, received) = (app.flags.current(), app.clock.received());
    let (mut facts, mut rejected) = (Vec::new(), Vec::new());
    for (at, event) in events.iter().enumerate() {
        match facts_of(event, &served, received) {
            Ok(more) => facts.extend(more.map_err(internal)?),
            Err(rejection) => rejected.push((at, rejection)),
        }
    }
    app.metrics.rejected(rejected.len() as u64);
    let accepted = events.len() - rejected.len();
    if let Some((at, first)) = rejected.first().filter(|_| accepted == 0) {
        return Err(Problem::new(Code::NoValidEvent, format!("event {at}, {}: {}", first.field, first.why)));
    }
    let receipt = app.ingest(facts).await?;
    Ok(HttpResponse::Ok().json(json!({
        "success": true, "accepted": accepted, "facts": receipt.accepted, "rejected": track::listed(&rejected),
    })))
}

type Facts = Result<Vec<Fact>, crate::app::UniqueError>;

fn facts_of(event: &Value, served: &Served, received: UnixMillis) -> Result<Facts, Rejection> {
    let Value::Object(event) = event else { return Err(Rejection::new("", "an event is a JSON object")) };
    let name = text(event, "event_name").ok_or_else(|| Rejection::new("event_name", "an event needs a name"))?;
    if EXPERIMENT_VIEWED.contains(&name.as_str()) {
        return exposed(event, served, received).map(|fact| Ok(vec![fact]));
    }
    // The rest is what Segment's SDKs would send, and is read as such.
    let like_segments = json!({
        "type": "track",
        "event": name.trim_start_matches('$'),
        "userId": event.get("user_id"),
        "anonymousId": event.get("device_id"),
        "properties": properties(event),
    });
    track::facts_of(&like_segments, received)
}

fn properties(event: &Map<String, Value>) -> Value {
    let given = event.get("properties_json").or_else(|| event.get("properties"));
    match given {
        // Some SDKs write the properties as text.
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_default(),
        Some(other) => other.clone(),
        None => Value::Null,
    }
}

fn exposed(event: &Map<String, Value>, served: &Served, received: UnixMillis) -> Result<Fact, Rejection> {
    let Value::Object(said) = properties(event) else {
        return Err(Rejection::new("properties_json", "must be an object"));
    };
    let either = |names: &[&str]| names.iter().find_map(|name| text(&said, name));
    let needs = |field: &str| Rejection::new(&format!("properties_json.{field}"), "an exposure needs it");
    let experiment = either(&["experimentId", "experiment_id"]).ok_or_else(|| needs("experimentId"))?;
    let variant = either(&["variation_key", "variationKey", "variationId", "variation_id"]);
    let variant = variant.ok_or_else(|| needs("variationId"))?;
    let attribute =
        either(&["hashAttribute", "hash_attribute"]).unwrap_or_else(|| crate::flags::KEY_ATTRIBUTE.to_owned());
    let unit = either(&["hashValue", "hash_value"]);
    let unit = unit.or_else(|| text(event, "user_id")).or_else(|| text(event, "device_id"));
    let unit = unit.ok_or_else(|| needs("hashValue"))?;
    let assignment = Assignment {
        experiment: &experiment,
        phase: served.phase(&experiment),
        variant: &variant,
        attribute: &attribute,
        unit: &unit,
    };
    let body: Body = assignment.body(&client(event), &attributes(event));
    let id = assignment.fact_id();
    Ok(Fact { id, at: received, received_at: Some(received), source: SOURCE.to_owned(), body })
}

/// What is known of who sent it, under the names of attributes.
fn attributes(event: &Map<String, Value>) -> Value {
    let mut attributes = match event.get("context_json").or_else(|| event.get("attributes")) {
        Some(Value::Object(context)) => context.clone(),
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_default(),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_)) | None => Map::new(),
    };
    for name in ["user_id", "device_id", "utm_source", "utm_medium", "utm_campaign"] {
        if let Some(value) = event.get(name).filter(|value| value.is_string()) {
            attributes.insert(name.to_owned(), value.clone());
        }
    }
    Value::Object(attributes)
}

fn client(event: &Map<String, Value>) -> String {
    let words = [Some(SOURCE.to_owned()), text(event, "sdk_language"), text(event, "sdk_version")];
    let name: Vec<String> = words.into_iter().flatten().collect();
    name.join(" ").chars().take(CLIENT_CHARS_MAX).collect()
}

/// A text that says something; a number is taken as one.
fn text(fields: &Map<String, Value>, name: &str) -> Option<String> {
    match fields.get(name)? {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::flags::Flags;

    /// Any JSON, not too large.
    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "\\PC{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            let names = prop_oneof![
                "(event_name|properties_json|context_json|user_id|device_id|hashValue|experimentId|variationId)",
                "[a-z]{1,5}"
            ];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(names, inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_event_is_too_strange(event in json()) {
            let served = Flags::new(1).current();
            let _ = facts_of(&event, &served, UnixMillis::default());
        }

        #[test]
        fn an_exposure_says_what_the_plugin_said(unit in "[a-z0-9]{1,12}", experiment in "[a-z]{1,12}", variant in "[a-z0-9]{1,8}") {
            let served = Flags::new(1).current();
            let event = json!({"event_name": "Experiment Viewed", "properties_json": {
                "experimentId": experiment, "variationId": variant, "hashAttribute": "id", "hashValue": unit}});
            let facts = facts_of(&event, &served, UnixMillis::default()).expect("an exposure").expect("an id");
            let Body::Exposed(exposure) = &facts[0].body else { panic!("not an exposure") };
            prop_assert_eq!((&exposure.unit, &exposure.experiment, &exposure.variant), (&unit, &experiment, &variant));
        }
    }
}
