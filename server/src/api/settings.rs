//! What `@segment/analytics-next` asks its CDN before it sends anything: point its `cdnURL` here, and it will send here.

use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::endpoint::{Content, Endpoint, Verb};
use super::problem::Problem;

pub(crate) const ENDPOINTS: &[Endpoint] = &[Endpoint {
    about: "The settings that Segment's browser SDK loads; they point it back to this server.",
    gives: Content::Json("Settings"),
    params: super::endpoint::Params::Any,
    cors: true,
    ..Endpoint::new(Verb::Get, "/v1/projects/{id}/settings", "sdkSettings", |route| route.to(settings))
}];

async fn settings(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let key = super::path::item(&request)?;
    // Behind a proxy that speaks TLS, X-Forwarded-Proto says https.
    let protocol = if request.connection_info().scheme() == "https" { "https" } else { "http" };
    let host = super::gate::host(&request);
    let all_enabled = json!({ "__default": { "enabled": true, "integrations": {} } });
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(json!({
        "integrations": { "Segment.io": {
            "apiKey": key.as_str(),
            "apiHost": format!("{host}/v1"),
            "protocol": protocol,
            "unbundledIntegrations": [],
            "addBundledMetadata": false,
            "maybeBundledConfigIds": {},
            "versionSettings": { "version": "4.4.7", "componentTypes": ["browser"] },
        } },
        "plan": { "track": all_enabled, "identify": all_enabled, "group": all_enabled },
        "edgeFunction": {},
        "analyticsNextEnabled": true,
        "middlewareSettings": {},
        "enabledMiddleware": {},
        "metrics": { "sampleRate": 0 },
        "legacyVideoPluginsEnabled": false,
        "remotePlugins": [],
    })))
}
