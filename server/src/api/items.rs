//! Content in: items, one by one and by the batch.

use actix_web::http::StatusCode;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use anklang_domain::{Body, Fact, FactId, Item, ItemId, ItemRemoved, stable_hash};
use serde_json::{Value, json};

use super::endpoint::{Access, Content, Endpoint, Params, Verb};
use super::problem::{Code, Problem};
use super::{Shared, body, internal, path};
use crate::app::{App, unique_id};
use crate::keys::Role;
use anklang_engine::journal::Receipt;

/// The largest item, in bytes of JSON.
pub(crate) const ITEM_BYTES_MAX: usize = 256 << 10;
/// The most tags of an item.
pub(crate) const TAGS_MAX: usize = 50;
/// The longest tag, in characters.
pub(crate) const TAG_CHARS_MAX: usize = 100;
/// The longest title, in characters.
pub(crate) const TITLE_CHARS_MAX: usize = 1_000;
/// How many lines of a batch become durable together.
const LINES_PER_COMMIT: usize = 1_000;
/// How many refused lines an answer lists; all are counted.
const REJECTED_LISTED_MAX: usize = 100;
/// The longest Idempotency-Key, in characters.
const IDEMPOTENCY_CHARS_MAX: usize = 100;
/// Who brings these facts.
const SOURCE: &str = "http";

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        about: "Adds or replaces many items: one JSON object a line. Valid lines are in, whatever became of the others.",
        access: Access::Role(Role::Ingest),
        takes: Content::Ndjson("Item"),
        gives: Content::Json("BatchReceipt"),
        ..Endpoint::new(Verb::Post, "/v1/items:batch", "putItems", |route| route.to(batch))
    },
    Endpoint {
        about: "An item as it is known.",
        access: Access::Role(Role::Serve),
        gives: Content::Json("ItemView"),
        ..Endpoint::new(Verb::Get, "/v1/items/{id}", "getItem", |route| route.to(get))
    },
    Endpoint {
        about: "Adds an item or replaces it whole. An Idempotency-Key makes a repetition one fact.",
        access: Access::Role(Role::Ingest),
        takes: Content::Json("Item"),
        gives: Content::Json("Receipt"),
        params: Params::Only(&[]),
        ..Endpoint::new(Verb::Put, "/v1/items/{id}", "putItem", |route| route.to(put))
    },
    Endpoint {
        about: "Takes an item away.",
        access: Access::Role(Role::Ingest),
        gives: Content::Json("Receipt"),
        ..Endpoint::new(Verb::Delete, "/v1/items/{id}", "removeItem", |route| route.to(remove))
    },
];

async fn get(request: HttpRequest, app: Shared) -> Result<HttpResponse, Problem> {
    let id = path::item(&request)?;
    let item = app.engine.item(&id).ok_or_else(|| unknown(id.as_str()))?;
    Ok(HttpResponse::Ok().json(item))
}

pub(crate) fn unknown(id: &str) -> Problem {
    Problem::new(Code::UnknownItem, format!("there is no item {id:?}")).field("id")
}

async fn put(request: HttpRequest, app: Shared, payload: Payload) -> Result<HttpResponse, Problem> {
    let id = path::item(&request)?;
    let bytes = body::read(&request, payload, ITEM_BYTES_MAX, Code::BodyTooLarge).await?;
    let item = parse(body::utf8(&bytes)?, Some(&id))?;
    let fact = fact(&app, fact_id(&request, "put", &about(&id))?, item);
    answer(app.ingest(vec![fact]).await?)
}

async fn remove(request: HttpRequest, app: Shared) -> Result<HttpResponse, Problem> {
    let item = path::item(&request)?;
    if app.engine.item(&item).is_none() {
        return Err(unknown(item.as_str()));
    }
    let id = fact_id(&request, "remove", &about(&item))?;
    let fact = app.fact(id, None, SOURCE, Body::ItemRemoved(ItemRemoved { item }));
    answer(app.ingest(vec![fact]).await?)
}

fn answer(receipt: Receipt) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(json!({ "accepted": receipt.accepted, "duplicates": receipt.duplicates })))
}

fn fact(app: &App, id: FactId, item: Item) -> Fact {
    app.fact(id, None, SOURCE, Body::ItemPut { item: Box::new(item) })
}

/// Keeps the same Idempotency-Key on two items apart.
fn about(id: &ItemId) -> String {
    format!(":{:016x}", stable_hash(id.as_str().as_bytes()))
}

/// The fact's id: from the Idempotency-Key where there is one, else nobody else's.
fn fact_id(request: &HttpRequest, what: &str, suffix: &str) -> Result<FactId, Problem> {
    let Some(header) = request.headers().get("Idempotency-Key") else {
        return unique_id("http:").map_err(internal);
    };
    let bad = |why: &str| Problem::new(Code::BadField, why.to_owned()).field("Idempotency-Key");
    let key = header.to_str().map_err(|_| bad("an Idempotency-Key is printable ASCII"))?;
    if key.is_empty() || key.len() > IDEMPOTENCY_CHARS_MAX {
        return Err(bad("an Idempotency-Key has 1 to 100 characters"));
    }
    FactId::parse(&format!("idem:{what}:{key}{suffix}")).map_err(|error| bad(&error.to_string()))
}

/// Reads an item. Its id may be left out where the address names it, and must be the same where it does not.
fn parse(text: &str, named: Option<&ItemId>) -> Result<Item, Problem> {
    let value = body::json(text.as_bytes())?;
    if !body::is_shallow(&value) {
        let detail = format!("lists and objects may be nested {} deep", body::DEPTH_MAX);
        return Err(Problem::new(Code::BadField, detail));
    }
    let Value::Object(fields) = value else {
        return Err(Problem::new(Code::BadField, "an item is a JSON object, such as {\"title\": \"…\"}"));
    };
    let item: Item = match named {
        Some(id) if !fields.contains_key("id") => with_id(text, id)?,
        Some(_) | None => body::typed(text)?,
    };
    if let Some(id) = named
        && item.id != *id
    {
        let detail = format!("the address names {:?}, the body {:?}", id.as_str(), item.id.as_str());
        return Err(Problem::new(Code::BadField, detail).field("id"));
    }
    check(&item)?;
    Ok(item)
}

/// Reads an item after its id was put in front of its other fields, so that lines are still counted as they were sent.
fn with_id(text: &str, id: &ItemId) -> Result<Item, Problem> {
    let id = serde_json::to_string(id).map_err(internal)?;
    let (before, after) = text.split_once('{').unwrap_or(("", text));
    let comma = if after.trim_start().starts_with('}') { "" } else { "," };
    let added = format!("\"id\":{id}{comma}");
    body::typed(&format!("{before}{{{added}{after}")).map_err(|mut problem| {
        let first_line = before.matches('\n').count() + 1;
        if problem.line == Some(first_line) {
            problem.column = problem.column.map(|column| column.saturating_sub(added.len()));
        }
        problem
    })
}

fn check(item: &Item) -> Result<(), Problem> {
    let bad = |field: String, why: String| Err(Problem::new(Code::BadField, why).field(field));
    if item.title.chars().count() > TITLE_CHARS_MAX {
        return bad("title".to_owned(), format!("a title has at most {TITLE_CHARS_MAX} characters"));
    }
    if item.tags.len() > TAGS_MAX {
        return bad(
            "tags".to_owned(),
            format!("an item has at most {TAGS_MAX} tags; this one has {}", item.tags.len()),
        );
    }
    for (at, tag) in item.tags.iter().enumerate() {
        if tag.trim().is_empty() || tag.chars().count() > TAG_CHARS_MAX {
            return bad(format!("tags[{at}]"), format!("a tag has 1 to {TAG_CHARS_MAX} characters"));
        }
    }
    if let (Some(starts), Some(ends)) = (item.starts_at, item.ends_at)
        && ends < starts
    {
        return bad("ends_at".to_owned(), format!("ends ({ends}) before it starts ({starts})"));
    }
    Ok(())
}

/// What became of the lines of a batch.
#[derive(Default)]
struct Outcome {
    lines: usize,
    receipt: (usize, usize),
    rejected: Vec<Problem>,
    rejected_count: u64,
}

impl Outcome {
    fn reject(&mut self, problem: Problem) {
        self.rejected_count += 1;
        if self.rejected.len() < REJECTED_LISTED_MAX {
            self.rejected.push(problem);
        }
    }
}

async fn batch(request: HttpRequest, app: Shared, payload: Payload) -> Result<HttpResponse, Problem> {
    let unpacked = body::read_partly(&request, payload, app.limits.batch_bytes_max, Code::BodyTooLarge).await?;
    let text = body::utf8(whole_lines(&unpacked))?;
    let mut outcome = Outcome::default();
    let mut waiting = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        outcome.lines += 1;
        match parse_line(line) {
            Ok(item) => waiting.push(fact(&app, fact_id(&request, "batch", &format!(":{at}"))?, item)),
            Err(problem) => {
                let column = problem.column.unwrap_or(0);
                outcome.reject(problem.at(at + 1, column));
            }
        }
        if waiting.len() >= LINES_PER_COMMIT {
            commit(&app, std::mem::take(&mut waiting), &mut outcome).await?;
        }
    }
    commit(&app, waiting, &mut outcome).await?;
    let lines = text.lines().count();
    if let Some(broken) = unpacked.broken {
        outcome.reject(broken.at(lines + 1, 0));
    }
    app.metrics.rejected(outcome.rejected_count);
    render(outcome)
}

/// Of a body that was cut off, the lines that arrived whole.
fn whole_lines(unpacked: &body::Unpacked) -> &[u8] {
    if unpacked.broken.is_none() {
        return &unpacked.bytes;
    }
    let end = unpacked.bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    &unpacked.bytes[..end]
}

fn parse_line(line: &str) -> Result<Item, Problem> {
    if line.len() > ITEM_BYTES_MAX {
        return Err(Problem::new(Code::BadField, format!("an item has at most {ITEM_BYTES_MAX} bytes")));
    }
    parse(line, None)
}

/// Makes lines durable; where that fails, the answer says what was in before.
async fn commit(app: &App, facts: Vec<Fact>, outcome: &mut Outcome) -> Result<(), Problem> {
    let receipt = app.ingest(facts).await.map_err(|error| {
        Problem::from(error).with("accepted", outcome.receipt.0).with("duplicates", outcome.receipt.1)
    })?;
    outcome.receipt.0 += receipt.accepted;
    outcome.receipt.1 += receipt.duplicates;
    Ok(())
}

fn render(outcome: Outcome) -> Result<HttpResponse, Problem> {
    let (accepted, duplicates) = outcome.receipt;
    let Some(first) = outcome.rejected.first() else {
        let doc = json!({ "lines": outcome.lines, "accepted": accepted, "duplicates": duplicates, "rejected": [] });
        return Ok(HttpResponse::build(StatusCode::OK).json(doc));
    };
    let detail = format!("{} of {} lines refused; the first: {}", outcome.rejected_count, outcome.lines, first.detail);
    let mut problem = Problem::new(Code::LinesRejected, detail);
    (problem.field, problem.line, problem.column) = (first.field.clone(), first.line, first.column);
    let rejected: Vec<Value> = outcome.rejected.iter().map(|problem| Value::Object(problem.brief())).collect();
    Err(problem
        .with("lines", outcome.lines)
        .with("accepted", accepted)
        .with("duplicates", duplicates)
        .with("rejected", rejected))
}
