//! The reading side as a function of any bytes, for the fuzz target and the property tests.
//!
//! The first byte says how the rest comes: compressed or not, and in pieces of which size. Whatever the
//! pieces, the messages must be the same.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use http::header::SEC_WEBSOCKET_EXTENSIONS;
use http::{HeaderMap, HeaderValue};
use tokio::io::{AsyncRead, ReadBuf};

use super::deflate::{Deflate, DeflateOptions, DeflateServer};
use super::extension::Agreement;
use super::reader::Reader;

/// The largest message.
const MAX_MESSAGE: usize = 1 << 16;

/// Bytes in pieces, then the end of the connection.
struct Pieces<'b> {
    rest: &'b [u8],
    size: usize,
}

impl AsyncRead for Pieces<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let taken = self.size.min(self.rest.len()).min(buffer.remaining());
        buffer.put_slice(&self.rest[..taken]);
        self.rest = &self.rest[taken..];
        Poll::Ready(Ok(()))
    }
}

/// Reads messages until the end or a failure.
pub(crate) fn read(input: &[u8]) {
    let Some((how, frames)) = input.split_first() else { return };
    let whole = messages(frames, how & 1 == 1, usize::MAX);
    assert_eq!(messages(frames, how & 1 == 1, usize::from(how >> 1) + 1), whole);
}

fn messages(frames: &[u8], compressed: bool, size: usize) -> Vec<String> {
    let mut io = Pieces { rest: frames, size };
    let mut deflate = compressed.then(deflate).flatten();
    let mut reader = Reader::new(MAX_MESSAGE);
    let mut cx = Context::from_waker(Waker::noop());
    let mut messages = Vec::new();
    loop {
        match reader.poll_next(&mut io, &mut deflate, &mut cx) {
            Poll::Ready(Some(Ok(incoming))) => {
                let length = match &incoming {
                    super::Incoming::Text(text) => {
                        assert!(std::str::from_utf8(text).is_ok());
                        text.len()
                    }
                    super::Incoming::Binary(bytes) | super::Incoming::Ping(bytes) => bytes.len(),
                    super::Incoming::Pong | super::Incoming::Close { .. } => 0,
                };
                assert!(length <= MAX_MESSAGE);
                messages.push(format!("{incoming:?}"));
            }
            Poll::Ready(Some(Err(failure))) => {
                messages.push(failure.to_string());
                return messages;
            }
            Poll::Ready(None) => return messages,
            Poll::Pending => unreachable!("the pieces are there"),
        }
    }
}

fn deflate() -> Option<Box<Deflate>> {
    let options = DeflateOptions::default();
    let mut request = HeaderMap::new();
    request.insert(SEC_WEBSOCKET_EXTENSIONS, HeaderValue::from_static("permessage-deflate"));
    let agreement = Agreement::negotiate(&request, &options)?;
    Some(Box::new(Deflate::new(DeflateServer::new(options), agreement)))
}
