//! Server-sent events (WHATWG HTML): streams that say when flags change. A stream is one place in a list of watchers and
//! one timer, so thousands may be open; what is sent was written out once for all of them.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, MessageBody};
use actix_web::http::Method;
use actix_web::http::header::{CACHE_CONTROL, HeaderName};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};

use super::Shared;
use super::problem::{Code, Problem};
use crate::flags::{Served, Subscription};

/// How often a stream that has nothing to say shows that it lives: less than proxies wait, which is a minute as a rule.
const HEARTBEAT_SECONDS: u64 = 25;
/// After how many milliseconds a client that lost its stream comes back.
const RETRY_MS: u64 = 3_000;
/// After how many seconds to come back when there are as many streams as may be.
const FULL_RETRY_AFTER_S: u64 = 30;
/// The media type of a stream.
pub(crate) const EVENT_STREAM: &str = "text/event-stream";

/// What a stream says when it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begins {
    /// With the present state, unless the client has it: whoever connects between two requests misses nothing.
    WithTheState,
    /// With a word only to a client that comes back and missed a change.
    WithWhatWasMissed,
}

/// Opens a stream; `event` chooses which form of a state it sends.
pub(crate) fn open(
    request: &HttpRequest,
    app: &Shared,
    begins: Begins,
    event: fn(&Served) -> &Bytes,
) -> Result<HttpResponse, Problem> {
    let mut answer = HttpResponse::Ok();
    answer.content_type(EVENT_STREAM).insert_header((CACHE_CONTROL, "no-cache, no-transform"));
    // Says to nginx that it must not wait for more.
    answer.insert_header((HeaderName::from_static("x-accel-buffering"), "no"));
    if request.method() == Method::HEAD {
        return Ok(answer.finish());
    }
    let Some(mut subscription) = app.flags.subscribe() else {
        let full = Problem::new(Code::Overloaded, "as many streams are open as may be, or the server is stopping");
        return Err(full.retry_after(FULL_RETRY_AFTER_S));
    };
    let served = std::sync::Arc::clone(&subscription.changes.borrow_and_update().served);
    let last = request.headers().get("last-event-id").and_then(|id| id.to_str().ok());
    let tells = match begins {
        Begins::WithTheState => last != Some(served.etag.as_str()),
        Begins::WithWhatWasMissed => last.is_some_and(|last| last != served.etag),
    };
    let mut first = format!("retry: {RETRY_MS}\n\n").into_bytes();
    if tells {
        first.extend_from_slice(event(&served));
    }
    let next = Box::pin(std::future::ready(Some((Bytes::from(first), Feed { subscription, event }))));
    Ok(answer.body(Events { next }))
}

struct Feed {
    subscription: Subscription,
    event: fn(&Served) -> &Bytes,
}

type Next = Pin<Box<dyn Future<Output = Option<(Bytes, Feed)>>>>;

/// What comes next: a change, or a sign of life. None at the end.
async fn step(mut feed: Feed) -> Option<(Bytes, Feed)> {
    let changed = feed.subscription.changes.changed();
    match tokio::time::timeout(Duration::from_secs(HEARTBEAT_SECONDS), changed).await {
        Err(_) => Some((Bytes::from_static(b":\n\n"), feed)),
        Ok(Err(_)) => None,
        Ok(Ok(())) => {
            let state = feed.subscription.changes.borrow_and_update().clone();
            state.open.then(|| ((feed.event)(&state.served).clone(), feed))
        }
    }
}

/// The body of a stream.
struct Events {
    next: Next,
}

impl MessageBody for Events {
    type Error = std::convert::Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = self.get_mut();
        match this.next.as_mut().poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Ready(Some((bytes, feed))) => {
                this.next = Box::pin(step(feed));
                Poll::Ready(Some(Ok(bytes)))
            }
        }
    }
}
