//! Whether the process lives, and whether it should get requests.

use actix_web::{HttpResponse, Responder};
use serde_json::json;

use super::Shared;
use super::endpoint::{Content, Endpoint, Verb};
use super::problem::{Code, Problem};

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        about: "The process lives.",
        gives: Content::Json("Health"),
        ..Endpoint::new(Verb::Get, "/health/live", "live", |route| route.to(live))
    },
    Endpoint {
        about: "The server is ready for requests; 503 while it is on its way down.",
        gives: Content::Json("Health"),
        ..Endpoint::new(Verb::Get, "/health/ready", "ready", |route| route.to(ready))
    },
];

async fn live() -> impl Responder {
    HttpResponse::Ok().json(json!({ "status": "live" }))
}

async fn ready(app: Shared) -> Result<HttpResponse, Problem> {
    if app.stopping() {
        return Err(Problem::new(Code::NotReady, "the server is on its way down").retry_after(5));
    }
    Ok(HttpResponse::Ok().json(json!({ "status": "ready", "facts": app.engine.stats().facts })))
}
