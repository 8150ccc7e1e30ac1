//! `/metrics`, for Prometheus.

use actix_web::HttpResponse;

use super::Shared;
use super::endpoint::{Access, Content, Endpoint, Verb};
use crate::keys::Role;

pub(crate) const ENDPOINTS: &[Endpoint] = &[Endpoint {
    about: "Counters and histograms in the Prometheus text format.",
    access: Access::Role(Role::Serve),
    gives: Content::Text("text/plain; version=0.0.4; charset=utf-8"),
    ..Endpoint::new(Verb::Get, "/metrics", "metrics", |route| route.to(metrics))
}];

async fn metrics(app: Shared) -> HttpResponse {
    let text = app.metrics.render(&app.engine.stats(), app.in_flight(), app.flags.streams());
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text)
}
