//! An experiment's life: draft → running → stopped.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use anklang_experiments::design::{Design, DesignError, Experiment, Stage};
use anklang_experiments::registry::Kind;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::problem::Problem;
use super::super::{Shared, body};
use super::{answer, draft, key, object, take};
use crate::trials::WriteError;

const KIND: Kind = Kind::Experiment;
/// What an answer adds to a design, and may come back with it.
const ADDED: [&str; 9] =
    ["key", "version", "written_at", "author", "stage", "phase", "started_at", "stopped_at", "shipped"];
/// Those of them that only start, ramp and stop change.
const STAGED: [&str; 5] = ["stage", "phase", "started_at", "stopped_at", "shipped"];

pub(super) async fn put(request: HttpRequest, app: Shared, payload: Payload) -> Result<HttpResponse, Problem> {
    let key = key(&request)?;
    let mut fields = object(&request, payload).await?;
    let added = take(&mut fields, &ADDED);
    let draft = draft(&request, KIND, &key)?.with(&added)?;
    let design = Design::parse(&Value::Object(fields)).map_err(WriteError::Design)?;
    app.check_ranking(&key, &design).map_err(WriteError::Design)?;
    let write = app.write(draft, |registry| {
        let Some(experiment) = registry.experiment(&key) else {
            let experiment = Experiment::draft(design);
            unmoved(&added, &experiment)?;
            return Ok(Some(experiment.document()));
        };
        unmoved(&added, experiment)?;
        // The same as it is stays as it is. A stopped design without its stage is that of the next phase.
        let staged = added.contains_key("stage") || matches!(experiment.stage, Stage::Running { .. });
        if staged && experiment.design == design {
            return Ok(Some(experiment.document()));
        }
        Ok(Some(experiment.edit(design)?.document()))
    });
    let written = write.await?;
    Ok(answer(&app, KIND, &key, &written))
}

/// Checks that a design does not come with another stage than it has.
fn unmoved(added: &Map<String, Value>, experiment: &Experiment) -> Result<(), DesignError> {
    let document = experiment.document();
    match STAGED.iter().find(|name| added.get(**name).is_some_and(|value| *value != document[**name])) {
        None => Ok(()),
        Some(name) => {
            let what =
                format!("a design does not change it; it is {}, and start, ramp and stop move it on", document[*name]);
            Err(DesignError::at(*name, what))
        }
    }
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
