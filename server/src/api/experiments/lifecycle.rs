//! An experiment's life: draft → running → stopped.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use anklang_experiments::design::{Design, Experiment};
use anklang_experiments::registry::Kind;
use serde::Deserialize;
use serde_json::Value;

use super::super::problem::Problem;
use super::super::{Shared, body};
use super::{answer, draft, key, object};
use crate::trials::WriteError;

const KIND: Kind = Kind::Experiment;
/// What an answer adds to a design, and may come back with it.
const ADDED: [&str; 7] = ["key", "version", "stage", "phase", "started_at", "stopped_at", "shipped"];

pub(super) async fn put(request: HttpRequest, app: Shared, payload: Payload) -> Result<HttpResponse, Problem> {
    let key = key(&request)?;
    let mut fields = object(&request, payload).await?;
    fields.retain(|name, _| !ADDED.contains(&name.as_str()));
    let design = Design::parse(&Value::Object(fields)).map_err(WriteError::Design)?;
    let write = app.write(draft(&request, KIND, &key)?, |registry| {
        let edited = match registry.experiment(&key) {
            Some(experiment) => experiment.edit(design)?,
            None => Experiment::draft(design),
        };
        Ok(Some(edited.document()))
    });
    let written = write.await?;
    Ok(answer(&app, KIND, &key, &written))
}

pub(super) async fn start(request: HttpRequest, app: Shared) -> Result<HttpResponse, Problem> {
    let key = key(&request)?;
    let now = app.clock.received();
    let written = app.move_on(draft(&request, KIND, &key)?, |experiment| experiment.start(now)).await?;
    Ok(answer(&app, KIND, &key, &written))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ramp {
    coverage: f64,
}

pub(super) async fn ramp(request: HttpRequest, app: Shared, payload: Payload) -> Result<HttpResponse, Problem> {
    let key = key(&request)?;
    let Ramp { coverage } = typed(&request, payload).await?;
    let written = app.move_on(draft(&request, KIND, &key)?, |experiment| experiment.ramp(coverage)).await?;
    Ok(answer(&app, KIND, &key, &written))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stop {
    #[serde(default)]
    ship: Option<String>,
}

pub(super) async fn stop(request: HttpRequest, app: Shared, payload: Payload) -> Result<HttpResponse, Problem> {
    let key = key(&request)?;
    let Stop { ship } = typed(&request, payload).await?;
    let now = app.clock.received();
    let written = app.move_on(draft(&request, KIND, &key)?, |experiment| experiment.stop(now, ship)).await?;
    Ok(answer(&app, KIND, &key, &written))
}

/// The body as a type; an empty body is an empty object.
pub(super) async fn typed<T: serde::de::DeserializeOwned>(
    request: &HttpRequest,
    payload: Payload,
) -> Result<T, Problem> {
    body::typed(&Value::Object(object(request, payload).await?).to_string())
}
