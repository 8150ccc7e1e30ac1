//! Answers too long to be made whole: written by a blocking thread, sent as they come.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;
use tokio::sync::mpsc;

/// Bytes gathered before they are sent.
const CHUNK_BYTES: usize = 64 << 10;
/// Chunks that wait for a slow reader before the writer waits too.
const CHUNKS_WAITING_MAX: usize = 4;

/// The writing end: lines go in.
pub(crate) struct Lines {
    buffer: Vec<u8>,
    sender: mpsc::Sender<io::Result<Bytes>>,
}

/// The reading end: an answer's body.
pub(crate) struct Body {
    first: Option<Bytes>,
    receiver: mpsc::Receiver<io::Result<Bytes>>,
}

/// Both ends of a long answer.
pub(crate) fn channel() -> (Lines, Body) {
    let (sender, receiver) = mpsc::channel(CHUNKS_WAITING_MAX);
    (Lines { buffer: Vec::new(), sender }, Body { first: None, receiver })
}

impl Lines {
    /// Writes one line of JSON. False where nobody reads any more.
    pub(crate) fn push(&mut self, line: &impl serde::Serialize) -> bool {
        if serde_json::to_writer(&mut self.buffer, line).is_err() {
            return false;
        }
        self.buffer.push(b'\n');
        self.buffer.len() < CHUNK_BYTES || self.flush()
    }

    fn flush(&mut self) -> bool {
        let chunk = Bytes::from(std::mem::take(&mut self.buffer));
        chunk.is_empty() || self.sender.blocking_send(Ok(chunk)).is_ok()
    }

    /// Sends what is left; an error cuts the answer off, so that a part is never taken for the whole.
    pub(crate) fn finish(mut self, result: Result<(), String>) {
        match result {
            Ok(()) => {
                self.flush();
            }
            Err(why) => {
                let _ = self.sender.blocking_send(Err(io::Error::other(why)));
            }
        }
    }
}

impl Body {
    /// Waits for the first bytes. None where there are none at all.
    pub(crate) async fn begun(mut self) -> Option<io::Result<Self>> {
        match self.receiver.recv().await? {
            Ok(first) => {
                self.first = Some(first);
                Some(Ok(self))
            }
            Err(error) => Some(Err(error)),
        }
    }
}

impl MessageBody for Body {
    type Error = io::Error;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        let this = self.get_mut();
        match this.first.take() {
            Some(first) => Poll::Ready(Some(Ok(first))),
            None => this.receiver.poll_recv(cx),
        }
    }
}
