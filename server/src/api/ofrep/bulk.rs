//! Every flag at once, as browsers ask: they fetch all in advance and evaluate from what they have. So an exposure is not
//! noted here; the client reports it when the flag is used.

use actix_web::http::header::{ETAG, IF_NONE_MATCH};
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::answer::Answer;
use super::failure::Failure;
use super::question::Question;
use super::{private, stream_url};
use crate::api::Shared;
use crate::api::conditional::matches;
use crate::api::params::Query;
use crate::flags::{Served, quoted};

/// After how many seconds out of sight a page closes its stream.
const INACTIVITY_DELAY_S: u64 = 120;
/// Bytes of a context's hash in a tag.
const TAG_BYTES: usize = 16;

pub(super) async fn bulk(request: HttpRequest, app: Shared, payload: Payload) -> HttpResponse {
    let question = match Question::read(&request, &app, payload).await {
        Ok(question) => question,
        Err(failure) => return failure.answer(None),
    };
    let served = app.flags.current();
    let stream = stream_url(&request, &app);
    let etag = etag(&served, &question, &stream);
    let told_of_a_change = Query::of(&request).text("flagConfigEtag").is_some();
    if !told_of_a_change && matches(request.headers(), &IF_NONE_MATCH, &etag) {
        return private(HttpResponse::NotModified()).insert_header((ETAG, etag)).finish();
    }
    let body = write(&served, &question, &stream);
    private(HttpResponse::Ok()).insert_header((ETAG, etag)).body(body)
}

/// Names the configuration, the context and what is remembered of its unit, since another may give other variants, and the
/// stream: a client that comes back after a restart must hear of the new one.
fn etag(served: &Served, question: &Question, stream: &str) -> String {
    let mut hash = Sha256::new().chain_update(&served.etag).chain_update(stream).chain_update(&question.bytes);
    for assignment in question.remembered.values().flat_map(|document| &document.assignments) {
        hash = hash.chain_update(assignment.0).chain_update(assignment.1);
    }
    let digest = hash.finalize();
    let digits: String = digest.iter().take(TAG_BYTES).map(|byte| format!("{byte:02x}")).collect();
    quoted(&digits)
}

fn write(served: &Served, question: &Question, stream: &str) -> Vec<u8> {
    let mut out = b"{\"flags\":[".to_vec();
    for (at, key) in served.keys().iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        match Answer::of(served, key, question) {
            Ok(answer) => answer.write(&mut out),
            Err(failure) => failed(&mut out, &failure, key),
        }
    }
    let metadata = json!({ "version": served.etag });
    let streams = json!([{ "type": "sse", "url": stream, "inactivityDelaySec": INACTIVITY_DELAY_S }]);
    out.extend_from_slice(format!("],\"metadata\":{metadata},\"eventStreams\":{streams}}}").as_bytes());
    out
}

fn failed(out: &mut Vec<u8>, failure: &Failure, key: &str) {
    out.extend_from_slice(failure.document(Some(key)).to_string().as_bytes());
}
