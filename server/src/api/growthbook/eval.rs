//! Remote evaluation: each flag comes with the value it has for this unit and no rule that would tell why. Where an
//! experiment decided, the exposure comes along for the SDK's tracking callback: it is noted when the SDK reports it, since
//! a client that fetches everything in advance has shown nothing yet.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use anklang_experiments::assign::{Exposure, Run};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{failure, permit};
use crate::api::problem::{Code, Problem};
use crate::api::{Shared, body};
use crate::flags::{Cause, Decision, Served, context, remembered};

/// The largest question, in bytes of JSON.
const QUESTION_BYTES_MAX: usize = 64 << 10;
/// What of an experiment goes with an exposure; its conditions and weights stay here.
const TOLD_OF_AN_EXPERIMENT: [&str; 5] = ["key", "name", "phase", "hashAttribute", "hashVersion"];

/// What an SDK sends. Other members are ignored: later SDKs may send more.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Question {
    #[serde(default)]
    attributes: Map<String, Value>,
    #[serde(default)]
    forced_variations: Map<String, Value>,
    #[serde(default)]
    forced_features: Vec<(String, Value)>,
    #[serde(default)]
    url: String,
}

pub(super) async fn eval(request: HttpRequest, app: Shared, payload: Payload) -> HttpResponse {
    match answered(&request, &app, payload).await {
        Ok(json) => HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, "application/json"))
            .insert_header((CACHE_CONTROL, crate::api::ofrep::FOR_ONE_UNIT))
            .insert_header((HeaderName::from_static("x-sse-support"), "enabled"))
            .body(json),
        Err(problem) => failure::answer(&problem),
    }
}

async fn answered(request: &HttpRequest, app: &Shared, payload: Payload) -> Result<String, Problem> {
    permit(request, app)?;
    let bytes = body::read(request, payload, QUESTION_BYTES_MAX, Code::BodyTooLarge).await?;
    let text = body::utf8(&bytes)?;
    // serde would take a list for an object whose members stand in order.
    if text.trim_start().starts_with('[') {
        return Err(Problem::new(Code::BadField, "must be a JSON object with attributes"));
    }
    let question: Question = body::typed(text)?;
    let attributes = Value::Object(question.attributes);
    let forced: Map<String, Value> = question.forced_features.into_iter().collect();
    let remembered = remembered(&app.trials, &attributes);
    let context = context(&attributes, &remembered)
        .url(&question.url)
        .forced_variations(&question.forced_variations)
        .forced_features(&forced);
    let served = app.flags.current();
    let mut features = Map::new();
    for key in served.keys().iter().filter(|key| served.about(key).is_some_and(|about| !about.disabled)) {
        let decision = served.decide(key, &context);
        features.insert(key.clone(), feature(&decision));
    }
    Ok(payload_of(&served, features))
}

fn payload_of(served: &Served, features: Map<String, Value>) -> String {
    json!({
        "status": 200,
        "features": features,
        "experiments": [],
        "savedGroups": {},
        "dateUpdated": served.updated_at,
    })
    .to_string()
}

/// A flag reduced to its value: forced, where an exposure goes with it, since the SDK reports those of a rule alone.
fn feature(decision: &Decision<'_>) -> Value {
    let value = decision.value();
    let tracks: Vec<Value> = decision.exposures().iter().map(told).collect();
    if tracks.is_empty() && matches!(decision.cause, Cause::Default | Cause::Blocked | Cause::Cycle) {
        return json!({ "defaultValue": value });
    }
    let rule = if tracks.is_empty() { json!({ "force": value }) } else { json!({ "force": value, "tracks": tracks }) };
    json!({ "defaultValue": value, "rules": [rule] })
}

fn told(exposure: &Exposure<'_>) -> Value {
    match exposure {
        Exposure::Given(track) => (*track).clone(),
        Exposure::Run(run) => ran(run),
    }
}

fn ran(run: &Run<'_>) -> Value {
    let mut told = serde_json::to_value(run).unwrap_or_default();
    if let Some(Value::Object(experiment)) = told.get_mut("experiment") {
        // The SDK wants as many variations as there are; what they are is not this unit's business.
        let variations = experiment.get("variations").and_then(Value::as_array).map_or(0, Vec::len);
        experiment.retain(|name, _| TOLD_OF_AN_EXPERIMENT.contains(&name.as_str()));
        experiment.insert("variations".to_owned(), vec![Value::Null; variations].into());
    }
    told
}
