//! Request bodies: read with a bound, unpacked with a bound, parsed with line, column and field.

use std::future::poll_fn;
use std::io::Read;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header::CONTENT_ENCODING;
use actix_web::web::Payload;
use flate2::read::MultiGzDecoder;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::problem::{Code, Problem};
use super::{Shared, internal};

/// How much of a body that is too large is read and thrown away, so that its sender hears why instead of a broken pipe.
const DRAIN_BYTES_MAX: usize = 8 << 20;
/// How deep lists and objects may be nested in what is kept: less than the journal takes, so that one strange event is
/// refused here, and not with it the batch.
pub(crate) const DEPTH_MAX: usize = 64;
/// How gzip begins (RFC 1952).
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// A body as it was sent, unpacked; where unpacking failed half-way, what came before, and why it failed.
#[derive(Debug)]
pub(crate) struct Unpacked {
    pub(crate) bytes: Vec<u8>,
    pub(crate) broken: Option<Problem>,
}

/// Reads a body whole: at most `bytes_max`, on the wire and unpacked. Too much is answered with `too_large`.
pub(crate) async fn read(
    request: &HttpRequest,
    payload: Payload,
    bytes_max: usize,
    too_large: Code,
) -> Result<Vec<u8>, Problem> {
    let unpacked = read_partly(request, payload, bytes_max, too_large).await?;
    match unpacked.broken {
        Some(problem) => Err(problem),
        None => Ok(unpacked.bytes),
    }
}

/// As [`read`], but a compressed body that ends early gives what could be read of it.
pub(crate) async fn read_partly(
    request: &HttpRequest,
    payload: Payload,
    bytes_max: usize,
    too_large: Code,
) -> Result<Unpacked, Problem> {
    let encoding = encoding(request)?;
    let all = collect(payload, bytes_max, too_large);
    let app = request.app_data::<Shared>().ok_or_else(|| internal("the server was put together wrongly"))?;
    let seconds = app.limits.body_seconds_max;
    let late = || Problem::new(Code::BodyTimeout, format!("the body must arrive within {seconds} seconds"));
    let raw = in_time(Duration::from_secs(seconds), all).await.ok_or_else(late)??;
    if raw.is_empty() {
        return Err(Problem::new(Code::EmptyBody, "a body is needed; this one has no bytes"));
    }
    if raw.starts_with(&GZIP_MAGIC) {
        return inflate(&raw, bytes_max, too_large);
    }
    match encoding {
        Encoding::Gzip => {
            Err(Problem::new(Code::BadGzip, "Content-Encoding says gzip, but the body does not begin like gzip"))
        }
        Encoding::Plain => Ok(Unpacked { bytes: raw, broken: None }),
    }
}

/// What comes of `future` within this time. Nearly every body comes with its head and is there at the second look (the
/// first is taken before the connection hands it on), so a timer is set only after that.
async fn in_time<T>(time: Duration, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut looked = false;
    let at_once = poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending if looked => Poll::Ready(None),
        Poll::Pending => {
            looked = true;
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    });
    match at_once.await {
        Some(value) => Some(value),
        None => tokio::time::timeout(time, future).await.ok(),
    }
}

enum Encoding {
    Plain,
    Gzip,
}

fn encoding(request: &HttpRequest) -> Result<Encoding, Problem> {
    let Some(header) = request.headers().get(CONTENT_ENCODING) else { return Ok(Encoding::Plain) };
    let name = header.to_str().unwrap_or("?").trim().to_ascii_lowercase();
    match name.as_str() {
        "" | "identity" => Ok(Encoding::Plain),
        "gzip" | "x-gzip" => Ok(Encoding::Gzip),
        other => {
            let short: String = other.chars().take(32).collect();
            Err(Problem::new(
                Code::UnknownEncoding,
                format!("Content-Encoding {short:?} is not known; send gzip or none"),
            ))
        }
    }
}

async fn collect(payload: Payload, bytes_max: usize, too_large: Code) -> Result<Vec<u8>, Problem> {
    let mut payload = payload.into_inner();
    let mut bytes = Vec::new();
    let mut length = 0_usize;
    while let Some(chunk) = next_chunk(&mut payload).await {
        let chunk = chunk.map_err(|error| {
            Problem::new(Code::BadJson, format!("the body ended after {length} bytes, before it was whole: {error}"))
        })?;
        length += chunk.len();
        if length <= bytes_max {
            bytes.extend_from_slice(&chunk);
        } else if length > bytes_max + DRAIN_BYTES_MAX {
            break;
        }
    }
    if length > bytes_max { Err(over(bytes_max, too_large)) } else { Ok(bytes) }
}

async fn next_chunk(
    payload: &mut actix_web::dev::Payload,
) -> Option<Result<actix_web::web::Bytes, actix_web::error::PayloadError>> {
    poll_fn(|cx| {
        use futures_core::Stream;
        Pin::new(&mut *payload).poll_next(cx)
    })
    .await
}

fn over(bytes_max: usize, too_large: Code) -> Problem {
    Problem::new(too_large, format!("at most {bytes_max} bytes are taken, counted after unpacking"))
}

fn inflate(raw: &[u8], bytes_max: usize, too_large: Code) -> Result<Unpacked, Problem> {
    let mut bytes = Vec::with_capacity(raw.len().saturating_mul(4).min(bytes_max));
    let mut reader = MultiGzDecoder::new(raw).take(bytes_max as u64 + 1);
    let result = reader.read_to_end(&mut bytes);
    if bytes.len() > bytes_max {
        return Err(over(bytes_max, too_large));
    }
    let broken = result.err().map(|error| {
        let unpacked = bytes.len();
        Problem::new(Code::BadGzip, format!("the gzip stream is cut off or damaged after {unpacked} bytes: {error}"))
    });
    Ok(Unpacked { bytes, broken })
}

/// Reads JSON into any value.
pub(crate) fn json(bytes: &[u8]) -> Result<Value, Problem> {
    let text = utf8(bytes)?;
    if text.trim().is_empty() {
        return Err(Problem::new(Code::EmptyBody, "a JSON document is needed; the body is blank"));
    }
    serde_json::from_str(text).map_err(|error| syntax(&error))
}

/// The text of a body.
pub(crate) fn utf8(bytes: &[u8]) -> Result<&str, Problem> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let good = &bytes[..error.valid_up_to()];
        let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
        Problem::new(Code::BadJson, "the body is not UTF-8").at(line, 0)
    })
}

/// Whether lists and objects are nested at most [`DEPTH_MAX`] deep.
pub(crate) fn is_shallow(value: &Value) -> bool {
    within(value, DEPTH_MAX)
}

fn within(value: &Value, depth: usize) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
        Value::Array(list) => depth > 0 && list.iter().all(|inner| within(inner, depth - 1)),
        Value::Object(fields) => depth > 0 && fields.values().all(|inner| within(inner, depth - 1)),
    }
}

/// Reads text of a known shape; what does not fit is named by line, column and field.
pub(crate) fn typed<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let field = error.path().to_string();
        let inner = error.into_inner();
        if inner.is_data() { shape(&inner, &field) } else { syntax(&inner) }
    })?;
    reader.end().map_err(|error| syntax(&error))?;
    Ok(value)
}

fn syntax(error: &serde_json::Error) -> Problem {
    Problem::new(Code::BadJson, bare(error)).at(error.line(), error.column())
}

fn shape(error: &serde_json::Error, field: &str) -> Problem {
    let field = if field == "." { String::new() } else { field.trim_start_matches('.').to_owned() };
    Problem::new(Code::BadField, bare(error)).field(field).at(error.line(), error.column())
}

/// The message without its place, which has members of its own.
fn bare(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        writer.write_all(bytes).expect("memory");
        writer.finish().expect("memory")
    }

    #[test]
    fn a_bomb_goes_off_at_the_bound() {
        let bomb = gzip(&vec![b' '; 10 << 20]);
        assert!(bomb.len() < 200_000, "{} bytes: not small enough for a bomb", bomb.len());
        let problem = inflate(&bomb, 500_000, Code::BatchTooLarge).expect_err("too large");
        assert_eq!(problem.code, Code::BatchTooLarge);
    }

    #[test]
    fn a_stream_cut_off_gives_what_came_before() {
        let whole = gzip(b"one\ntwo\n");
        let unpacked = inflate(&whole[..whole.len() - 4], 100, Code::BodyTooLarge).expect("partly");
        assert_eq!(unpacked.broken.map(|problem| problem.code), Some(Code::BadGzip));
    }

    #[test]
    fn errors_name_line_column_and_field() {
        let problem = typed::<anklang_domain::Item>("{\"id\":\"1\",\n\"tags\":[\"a\",7]}").expect_err("a number");
        assert_eq!((problem.code, problem.line), (Code::BadField, Some(2)));
        assert_eq!(problem.field.as_deref(), Some("tags[1]"));
        let problem = json(b"{\"a\":1,\n}").expect_err("a comma");
        assert_eq!((problem.code, problem.line, problem.column), (Code::BadJson, Some(2), Some(1)));
        assert!(!problem.detail.contains("at line"), "{}", problem.detail);
    }

    proptest! {
        #[test]
        fn whatever_was_packed_comes_out(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
            let unpacked = inflate(&gzip(&bytes), 2000, Code::BodyTooLarge).expect("fits");
            prop_assert!(unpacked.broken.is_none());
            prop_assert_eq!(unpacked.bytes, bytes);
        }

        #[test]
        fn no_bytes_are_too_strange(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = json(&bytes);
            let _ = inflate(&bytes, 1000, Code::BodyTooLarge);
        }
    }
}
