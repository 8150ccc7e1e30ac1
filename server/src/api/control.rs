//! What a command on the same machine may ask of a running server, which alone may touch the data folder.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::endpoint::{Access, Content, Endpoint, Verb};
use super::problem::{Code, Problem};
use super::{Shared, body, engine_problem, internal, stream};
use crate::cli::{self, Failure};

/// The largest order, in bytes.
const ORDER_BYTES_MAX: usize = 16 << 10;

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        about: "Writes a copy of the data into an empty folder of the server's machine. For the anklang command alone.",
        access: Access::Control,
        takes: Content::Json("Backup"),
        gives: Content::Json("Receipt"),
        ..Endpoint::new(Verb::Post, "/v1/control/backup", "backup", |route| route.to(backup))
    },
    Endpoint {
        about: "Every fact, one JSON object a line. For the anklang command alone.",
        access: Access::Control,
        gives: Content::Ndjson("Fact"),
        ..Endpoint::new(Verb::Get, "/v1/control/export", "export", |route| route.to(export))
    },
];

/// Where a copy goes.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Backup {
    pub(crate) to: PathBuf,
}

async fn backup(request: HttpRequest, app: Shared, payload: Payload) -> Result<HttpResponse, Problem> {
    let bytes = body::read(&request, payload, ORDER_BYTES_MAX, Code::BodyTooLarge).await?;
    let order: Backup = body::typed(body::utf8(&bytes)?)?;
    let (engine, data) = (Arc::clone(&app.engine), app.data.clone());
    let written = web::block(move || cli::backup::write(&engine, &data, &order.to)).await.map_err(internal)?;
    let facts = written.map_err(|failure| match failure {
        Failure::Use(why) => Problem::new(Code::BadField, why).field("to"),
        Failure::Engine(error) => engine_problem(error),
        other => Problem::new(Code::Storage, other.to_string()).retry_after(5),
    })?;
    Ok(HttpResponse::Ok().json(json!({ "facts": facts })))
}

async fn export(app: Shared) -> Result<HttpResponse, Problem> {
    let (mut lines, body) = stream::channel();
    let engine = Arc::clone(&app.engine);
    let _writing = web::block(move || {
        let result = engine.export(&mut |_, fact| {
            if lines.push(&fact) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        lines.finish(result.map_err(|error| error.to_string()));
    });
    Ok(HttpResponse::Ok().content_type("application/x-ndjson").body(body))
}
