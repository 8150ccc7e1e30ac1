//! What a command on the same machine may ask of a running server, which alone may touch the data folder.

use std::path::PathBuf;
use std::sync::Arc;

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::endpoint::{Access, Content, Endpoint, Verb};
use super::problem::{Code, Problem};
use super::{Shared, body, engine_problem, internal};

/// The largest order, in bytes.
const ORDER_BYTES_MAX: usize = 16 << 10;

pub(crate) const ENDPOINTS: &[Endpoint] = &[Endpoint {
    about: "Writes a copy of the journal into an empty folder of the server's machine. For the anklang command alone.",
    access: Access::Control,
    takes: Content::Json("Backup"),
    gives: Content::Json("Receipt"),
    ..Endpoint::new(Verb::Post, "/v1/control/backup", "backup", |route| route.to(backup))
}];

/// Where a copy goes.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Backup {
    pub(crate) to: PathBuf,
}

async fn backup(request: HttpRequest, app: Shared, payload: Payload) -> Result<HttpResponse, Problem> {
    let bytes = body::read(&request, payload, ORDER_BYTES_MAX, Code::BodyTooLarge).await?;
    let order: Backup = body::typed(body::utf8(&bytes)?)?;
    let engine = Arc::clone(&app.engine);
    let facts = web::block(move || engine.backup(&order.to)).await.map_err(internal)?.map_err(engine_problem)?;
    Ok(HttpResponse::Ok().json(json!({ "facts": facts })))
}
