//! `/openapi.json`, made from the table of endpoints, and `/docs`, a page that needs no other server to read it.

use actix_web::HttpResponse;
use serde_json::{Map, Value, json};

use super::endpoint::{self, Access, Content, Endpoint, Param, Params, Verb};
use super::internal;
use super::problem::{Code, PROBLEM_JSON, Problem};

/// The shapes of what is sent and answered.
const SCHEMAS: &str = include_str!("schemas.json");
/// Those of experiments.
const OF_EXPERIMENTS: &str = include_str!("experiments/schemas.json");
const DOCS_HTML: &str = include_str!("docs.html");
const DOCS_JS: &str = include_str!("docs.js");

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        about: "This description, OpenAPI 3.1.",
        gives: Content::Json("OpenApi"),
        ..Endpoint::new(Verb::Get, "/openapi.json", "openapi", |route| route.to(openapi))
    },
    Endpoint {
        about: "The description as a page.",
        gives: Content::Text("text/html; charset=utf-8"),
        ..Endpoint::new(Verb::Get, "/docs", "docs", |route| route.to(docs))
    },
    Endpoint {
        about: "The page's script.",
        gives: Content::Text("text/javascript; charset=utf-8"),
        ..Endpoint::new(Verb::Get, "/docs.js", "docsScript", |route| route.to(script))
    },
];

async fn openapi() -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(document().map_err(internal)?))
}

async fn docs() -> HttpResponse {
    page("text/html; charset=utf-8", DOCS_HTML)
}

async fn script() -> HttpResponse {
    page("text/javascript; charset=utf-8", DOCS_JS)
}

fn page(content_type: &'static str, text: &'static str) -> HttpResponse {
    let policy = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'unsafe-inline'; \
                  base-uri 'none'; frame-ancestors 'none'";
    HttpResponse::Ok()
        .content_type(content_type)
        .insert_header(("Content-Security-Policy", policy))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .body(text)
}

/// The whole description.
fn document() -> Result<Value, serde_json::Error> {
    let mut paths = Map::new();
    for endpoint in endpoint::all() {
        let path = paths.entry(endpoint.path).or_insert_with(|| json!({}));
        if let Value::Object(methods) = path {
            methods.insert(endpoint.verb.as_str().to_lowercase(), operation(endpoint)?);
        }
    }
    let schemas = schemas()?;
    let codes = Code::ALL.iter();
    let codes: Vec<Value> =
        codes.map(|code| json!({ "code": code.name(), "status": code.status(), "title": code.title() })).collect();
    Ok(json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Anklang",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Recommendations and experiments for online communities. Errors are problem+json (RFC 9457).",
        },
        "paths": paths,
        "x-problem-codes": codes,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer" },
                "basic": { "type": "http", "scheme": "basic", "description": "The key as user name, no password." },
                "header": { "type": "apiKey", "in": "header", "name": "X-API-Key" },
            },
        },
    }))
}

/// The shapes of everything, by name.
pub(crate) fn schemas() -> Result<Value, serde_json::Error> {
    let mut schemas: Map<String, Value> = serde_json::from_str(SCHEMAS)?;
    schemas.extend(serde_json::from_str::<Map<String, Value>>(OF_EXPERIMENTS)?);
    Ok(Value::Object(schemas))
}

fn operation(endpoint: &Endpoint) -> Result<Value, serde_json::Error> {
    let mut operation = json!({
        "operationId": endpoint.name,
        "summary": endpoint.about,
        "tags": [tag(endpoint)],
        "parameters": parameters(endpoint)?,
        "responses": {
            "200": { "description": "Done.", "content": content(endpoint.gives) },
            "default": {
                "description": "What went wrong, by its code.",
                "content": { PROBLEM_JSON: { "schema": { "$ref": "#/components/schemas/Problem" } } },
            },
        },
    });
    if endpoint.creates {
        operation["responses"]["201"] = json!({ "description": "Made.", "content": content(endpoint.gives) });
    }
    let body = content(endpoint.takes);
    if !body.is_null() {
        operation["requestBody"] = json!({ "required": true, "content": body });
    }
    if endpoint.access == Access::AnyKey {
        operation["security"] = json!([{ "bearer": [] }, { "basic": [] }, { "header": [] }]);
    }
    if let Access::Role(role) = endpoint.access {
        operation["security"] = json!([{ "bearer": [] }, { "basic": [] }]);
        operation["x-role"] = json!(role.as_str());
    }
    Ok(operation)
}

fn tag(endpoint: &Endpoint) -> &'static str {
    if ["/ofrep/", "/api/", "/sub/"].iter().any(|start| endpoint.path.starts_with(start)) {
        return "flags";
    }
    match (endpoint.access, endpoint.path.split('/').nth(2)) {
        (_, Some("experiments" | "features" | "metrics" | "holdouts" | "layers" | "segments" | "power")) => {
            "experiments"
        }
        (Access::Body, _) | (_, Some("projects")) => "events in",
        (Access::Control, _) => "operations",
        (Access::Role(crate::keys::Role::Ingest), _) => "content in",
        (_, Some("members")) if matches!(endpoint.access, Access::Role(crate::keys::Role::Admin)) => "members",
        _ if endpoint.path.starts_with("/v1/") => "lists out",
        _ => "operations",
    }
}

fn parameters(endpoint: &Endpoint) -> Result<Vec<Value>, serde_json::Error> {
    let mut parameters = Vec::new();
    for name in endpoint.path.split(['{', '}']).skip(1).step_by(2) {
        let about = "An id or a key; write a slash in it as %2F.";
        parameters.push(json!({
            "name": name, "in": "path", "required": true, "description": about, "schema": { "type": "string", "maxLength": 512 },
        }));
    }
    let known: &[Param] = match endpoint.params {
        Params::Only(known) => known,
        Params::Any => &[],
    };
    for param in known {
        let schema: Value = serde_json::from_str(param.schema)?;
        parameters.push(json!({
            "name": param.name, "in": "query", "required": param.needed, "description": param.about, "schema": schema,
        }));
    }
    Ok(parameters)
}

fn content(content: Content) -> Value {
    let schema = |name: &str| json!({ "schema": { "$ref": format!("#/components/schemas/{name}") } });
    match content {
        Content::Nothing => Value::Null,
        Content::Json(name) => json!({ "application/json": schema(name) }),
        Content::Ndjson(name) => json!({ "application/x-ndjson": schema(name) }),
        Content::Text(media_type) => json!({ media_type: { "schema": { "type": "string" } } }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_that_is_named_is_there() {
        let text = document().expect("a document").to_string();
        let schemas = schemas().expect("json");
        for reference in text.split("#/components/schemas/").skip(1) {
            let name = reference.split('"').next().unwrap_or_default();
            assert!(schemas.get(name).is_some(), "{name} is not in schemas.json");
        }
    }

    #[test]
    fn every_endpoint_is_described() {
        let document = document().expect("a document");
        for endpoint in endpoint::all() {
            let operation = &document["paths"][endpoint.path][endpoint.verb.as_str().to_lowercase()];
            assert_eq!(operation["operationId"], endpoint.name);
        }
    }
}
