//! Members: what is known of them, what it is used for, all of it to take away, and its end.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};
use anklang_domain::MemberId;

use super::endpoint::{Access, Content, Endpoint, Param, Params, Verb};
use super::params::Query;
use super::problem::{Code, Problem};
use super::{Shared, engine_problem, internal, lists, path, stream};
use crate::keys::Role;

const LANG: Param = Param {
    name: "lang",
    about: "language of the sentences; else Accept-Language, else the member's own",
    schema: r#"{"type":"string","enum":["en","de"]}"#,
    needed: false,
};

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        about: "What is known of a member, and what each part of it is used for.",
        access: Access::Role(Role::Admin),
        params: Params::Only(&[LANG]),
        gives: Content::Json("Explanation"),
        ..Endpoint::new(Verb::Get, "/v1/members/{id}/explain", "explainMember", |route| route.to(explain))
    },
    Endpoint {
        about: "Every fact about a member, one JSON object a line.",
        access: Access::Role(Role::Admin),
        gives: Content::Ndjson("Fact"),
        ..Endpoint::new(Verb::Get, "/v1/members/{id}/export", "exportMember", |route| route.to(export))
    },
    Endpoint {
        about: "A member as they are known.",
        access: Access::Role(Role::Admin),
        gives: Content::Json("Member"),
        ..Endpoint::new(Verb::Get, "/v1/members/{id}", "getMember", |route| route.to(get))
    },
    Endpoint {
        about: "Erases a member: no byte of their id, traits or text is left in the data folder. May take seconds.",
        access: Access::Role(Role::Admin),
        gives: Content::Json("Erased"),
        ..Endpoint::new(Verb::Delete, "/v1/members/{id}", "eraseMember", |route| route.to(erase))
    },
];

fn unknown(id: &MemberId) -> Problem {
    Problem::new(Code::UnknownMember, format!("nothing is known of a member {:?}", id.as_str())).field("id")
}

async fn get(request: HttpRequest, app: Shared) -> Result<HttpResponse, Problem> {
    let id = path::member(&request)?;
    let member = app.engine.member(&id).ok_or_else(|| unknown(&id))?;
    Ok(HttpResponse::Ok().json(member))
}

async fn explain(request: HttpRequest, app: Shared) -> Result<HttpResponse, Problem> {
    let id = path::member(&request)?;
    let lang = Query::of(&request).read("lang", lists::lang)?.or_else(|| lists::accepted(&request));
    let explained = app.engine.explain_member(&id, app.clock.now(), lang);
    Ok(HttpResponse::Ok().json(explained.ok_or_else(|| unknown(&id))?))
}

async fn export(request: HttpRequest, app: Shared) -> Result<HttpResponse, Problem> {
    let id = path::member(&request)?;
    let (mut lines, body) = stream::channel();
    let (engine, member) = (Arc::clone(&app.engine), id.clone());
    let _writing = web::block(move || {
        let result = engine.export_member(&member, &mut |fact| {
            lines.push(&fact);
        });
        lines.finish(result.map(|_| ()).map_err(|error| error.to_string()));
    });
    match body.begun().await {
        None => Err(unknown(&id)),
        Some(Err(error)) => Err(internal(error)),
        Some(Ok(body)) => Ok(HttpResponse::Ok().content_type("application/x-ndjson").body(body)),
    }
}

async fn erase(request: HttpRequest, app: Shared) -> Result<HttpResponse, Problem> {
    let id = path::member(&request)?;
    let (engine, now, member) = (Arc::clone(&app.engine), app.clock.received(), id.clone());
    let erased = web::block(move || engine.erase(&member, now)).await.map_err(internal)?;
    Ok(HttpResponse::Ok().json(erased.map_err(engine_problem)?.ok_or_else(|| unknown(&id))?))
}
