//! Lists out: missed, feed, related, trending, search.

use actix_web::http::header::ACCEPT_LANGUAGE;
use actix_web::{HttpRequest, HttpResponse};
use anklang_domain::{Kind, ListKind, MemberId};
use anklang_engine::list::{LIMIT_DEFAULT, LIMIT_MAX, Lang, List, ListRequest};
use serde::Serialize;

use super::cursor::Cursor;
use super::endpoint::{Access, Content, Endpoint, Param, Params, Verb};
use super::params::Query;
use super::problem::{Code, Problem};
use super::{Shared, gate, index_problem, items, path};
use crate::keys::Role;
use crate::nearest::nearest;
use anklang_engine::ListError;

/// The longest search, in characters.
const SEARCH_CHARS_MAX: usize = 500;

const LIMIT: Param = param("limit", "how many at most", r#"{"type":"integer","minimum":1,"maximum":100,"default":10}"#);
const SEED: Param =
    param("seed", "chance: the same seed, request and journal give the same list", r#"{"type":"integer","minimum":0}"#);
const LANG: Param = param(
    "lang",
    "language of the reasons; else Accept-Language, else the member's own",
    r#"{"type":"string","enum":["en","de"]}"#,
);
const KIND: Param = param(
    "kind",
    "only items of this kind",
    r#"{"type":"string","enum":["discussion","guide","event","poll","peer","subgroup"]}"#,
);
const EXPLAIN: Param = param("explain", "whether entries carry their ledger", r#"{"type":"boolean","default":false}"#);
const CURSOR: Param = param("cursor", "the next page: next_cursor of the page before", r#"{"type":"string"}"#);
const SINCE: Param =
    param("since", "since when; the end of the last visit where absent", r#"{"type":"string","format":"date-time"}"#);
const MEMBER: Param = param("member", "for whom; anonymous where absent", r#"{"type":"string"}"#);
const Q: Param =
    Param { needed: true, ..param("q", "the words to search for", r#"{"type":"string","maxLength":500}"#) };

const fn param(name: &'static str, about: &'static str, schema: &'static str) -> Param {
    Param { name, about, schema, needed: false }
}

const fn list(
    path: &'static str,
    name: &'static str,
    params: &'static [Param],
    handler: fn(actix_web::Route) -> actix_web::Route,
) -> Endpoint {
    Endpoint {
        access: Access::Role(Role::Serve),
        params: Params::Only(params),
        gives: Content::Json("List"),
        ..Endpoint::new(Verb::Get, path, name, handler)
    }
}

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        about: "Discussions the member missed, best first, with reasons.",
        ..list("/v1/members/{id}/missed", "missed", &[LIMIT, SINCE, SEED, LANG, KIND, EXPLAIN, CURSOR], |route| {
            route.to(missed)
        })
    },
    Endpoint {
        about: "What the member may want to read next.",
        ..list("/v1/members/{id}/feed", "feed", &[LIMIT, SEED, LANG, KIND, EXPLAIN, CURSOR], |route| route.to(feed))
    },
    Endpoint {
        about: "Items like this one.",
        ..list("/v1/items/{id}/related", "related", &[LIMIT, SEED, LANG, KIND, EXPLAIN, CURSOR, MEMBER], |route| {
            route.to(related)
        })
    },
    Endpoint {
        about: "What rises now.",
        ..list("/v1/trending", "trending", &[LIMIT, SEED, LANG, KIND, EXPLAIN, CURSOR, MEMBER], |route| {
            route.to(trending)
        })
    },
    Endpoint {
        about: "Items found by words.",
        ..list("/v1/search", "search", &[Q, LIMIT, SEED, LANG, KIND, EXPLAIN, CURSOR, MEMBER], |route| route.to(search))
    },
];

/// A list and the way to its next page.
#[derive(Serialize)]
struct Page {
    #[serde(flatten)]
    list: List,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

async fn missed(request: HttpRequest, app: Shared) -> Result<HttpResponse, Problem> {
    let member = path::member(&request)?;
    answer(&request, &app, ListKind::Missed, Some(member), |_| {})
}

async fn feed(request: HttpRequest, app: Shared) -> Result<HttpResponse, Problem> {
    let member = path::member(&request)?;
    answer(&request, &app, ListKind::Feed, Some(member), |_| {})
}

async fn related(request: HttpRequest, app: Shared) -> Result<HttpResponse, Problem> {
    let item = path::item(&request)?;
    let member = member(&request)?;
    answer(&request, &app, ListKind::Related, member, |list| list.item = Some(item))
}

async fn trending(request: HttpRequest, app: Shared) -> Result<HttpResponse, Problem> {
    let member = member(&request)?;
    answer(&request, &app, ListKind::Trending, member, |_| {})
}

async fn search(request: HttpRequest, app: Shared) -> Result<HttpResponse, Problem> {
    let member = member(&request)?;
    let words = Query::of(&request).read("q", words)?;
    answer(&request, &app, ListKind::Search, member, |list| list.query = words)
}

fn words(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("must not be empty".to_owned()),
        long if long.chars().count() > SEARCH_CHARS_MAX => Err(format!("has at most {SEARCH_CHARS_MAX} characters")),
        words => Ok(words.to_owned()),
    }
}

fn member(request: &HttpRequest) -> Result<Option<MemberId>, Problem> {
    Query::of(request).read("member", |text| MemberId::parse(text).map_err(|error| error.to_string()))
}

fn answer(
    request: &HttpRequest,
    app: &Shared,
    kind: ListKind,
    member: Option<MemberId>,
    more: impl FnOnce(&mut ListRequest),
) -> Result<HttpResponse, Problem> {
    let query = Query::of(request);
    let mut wanted = ListRequest::new(kind, member, app.clock.now());
    more(&mut wanted);
    read_params(request, &query, &mut wanted)?;
    // A command on this machine only looks; that is not showing the list to the member.
    wanted.log = !gate::is_control(app, request.headers());
    wanted.policy = wanted.member.as_ref().and_then(|member| app.ranking(member, wanted.log));
    let list = app.engine.list(&wanted).map_err(|error| match error {
        ListError::UnknownItem(id) => items::unknown(&id),
        ListError::Field { field, what } => Problem::new(Code::BadParameter, what).field(field),
        ListError::Index(index) => index_problem(&index),
    })?;
    let next = list.more && !list.items.is_empty();
    let next_cursor = next.then(|| {
        let offset = wanted.offset + list.items.len();
        Cursor { offset, at: wanted.now, seed: wanted.seed, since: list.since }.write(&identity(request, &query))
    });
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "private, no-store")).json(Page { list, next_cursor }))
}

fn read_params(request: &HttpRequest, query: &Query, wanted: &mut ListRequest) -> Result<(), Problem> {
    wanted.limit = query.read("limit", limit)?.unwrap_or(LIMIT_DEFAULT);
    wanted.since = query.moment("since")?;
    wanted.seed = query.read("seed", |text| text.parse().map_err(|_| "must be a whole number from 0".to_owned()))?;
    wanted.lang = query.read("lang", lang)?.or_else(|| accepted(request));
    wanted.kind = query.read("kind", kind)?;
    wanted.explain = query.flag("explain")?;
    if let Some(text) = query.text("cursor") {
        let detail = "use next_cursor of the page before, with the same parameters but for limit and lang";
        let cursor = Cursor::read(text, &identity(request, query))
            .ok_or_else(|| Problem::new(Code::BadCursor, detail).field("cursor"))?;
        wanted.offset = cursor.offset;
        wanted.now = cursor.at;
        wanted.seed = cursor.seed;
        wanted.since = cursor.since;
    }
    Ok(())
}

/// What makes a list the one it is, from page to page.
fn identity(request: &HttpRequest, query: &Query) -> String {
    let same = ["since", "seed", "kind", "member", "q"].map(|name| query.text(name).unwrap_or_default());
    format!("{}\n{}", request.path(), same.join("\n"))
}

fn limit(text: &str) -> Result<usize, String> {
    let ok = text.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
    ok.ok_or_else(|| format!("must be a whole number from 1 to {LIMIT_MAX}"))
}

fn kind(text: &str) -> Result<Kind, String> {
    Kind::parse(text).ok_or_else(|| match nearest(text, Kind::ALL.into_iter().map(Kind::as_str)) {
        Some(right) => format!("is no kind; did you mean {right}?"),
        None => format!("is no kind; there are {}", Kind::ALL.map(Kind::as_str).join(", ")),
    })
}

/// `en`, `de`, and their regions such as `de-AT`.
pub(crate) fn lang(text: &str) -> Result<Lang, String> {
    supported(text).ok_or_else(|| "reasons are written in en and de".to_owned())
}

fn supported(tag: &str) -> Option<Lang> {
    match tag.split(['-', '_']).next()?.to_ascii_lowercase().as_str() {
        "en" => Some(Lang::En),
        "de" => Some(Lang::De),
        _ => None,
    }
}

/// The best of the languages that the client accepts and that reasons are written in (RFC 9110, 12.5.4).
pub(crate) fn accepted(request: &HttpRequest) -> Option<Lang> {
    best(request.headers().get(ACCEPT_LANGUAGE)?.to_str().ok()?)
}

fn best(header: &str) -> Option<Lang> {
    let mut best: Option<(f32, Lang)> = None;
    for range in header.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let Some(lang) = parts.next().and_then(supported) else { continue };
        let quality = parts.find_map(|part| part.strip_prefix("q=")).map_or(1.0, |q| q.parse().unwrap_or(0.0));
        if quality > best.map_or(0.0, |(before, _)| before) {
            best = Some((quality, lang));
        }
    }
    best.map(|(_, lang)| lang)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_language_that_reasons_are_written_in() {
        assert_eq!(best("fr-CH, fr;q=0.9, de;q=0.7, en;q=0.8, *;q=0.5"), Some(Lang::En));
        assert_eq!(best("de-AT,en;q=0.3"), Some(Lang::De));
        assert_eq!(best("de;q=0, fr"), None);
        assert_eq!(best(""), None);
    }

    #[test]
    fn limits_and_kinds_say_what_would_be_right() {
        assert_eq!(limit("7"), Ok(7));
        for bad in ["abc", "0", "101", "-1", "1.5", ""] {
            assert!(limit(bad).is_err_and(|why| why.contains("1 to 100")), "{bad}");
        }
        assert!(kind("discusion").is_err_and(|why| why.contains("did you mean discussion?")));
    }
}
