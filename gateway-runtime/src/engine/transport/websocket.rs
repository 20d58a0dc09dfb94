//! The WebSocket transport: axum's `WebSocket`, driven by poll functions only.
//!
//! Everything the session knows of a WebSocket codec is in this file, so that another can take its
//! place. It must never know Engine.IO.

use std::error::Error as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use bytes::Bytes;
use futures_util::{Sink, Stream};

/// What a peer sent.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// Valid UTF-8.
    Text(Bytes),
    Binary(Bytes),
    /// Already answered by the codec, the answer waits for a flush.
    Ping,
    Pong,
    /// The peer's close frame; the answer waits for a flush.
    Close {
        code: u16,
        reason: String,
    },
}

/// What is sent to the peer.
#[derive(Debug)]
pub(crate) enum Outgoing {
    /// Must be valid UTF-8.
    Text(Bytes),
    Binary(Bytes),
    Ping,
    Close(Option<(u16, String)>),
}

/// Why a connection cannot go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The connection ended without a close frame.
    #[error("the connection was cut")]
    Cut,
    /// The peer's message is larger than allowed.
    #[error("a message is over the size limit")]
    TooLarge,
    /// The peer's text is not UTF-8.
    #[error("a text message is not UTF-8")]
    InvalidUtf8,
    /// The peer violated RFC 6455.
    #[error("WebSocket protocol violation: {0}")]
    Protocol(String),
}

impl Failure {
    /// The close code that tells the peer; none if nobody is left to tell.
    pub(crate) fn close_code(&self) -> Option<u16> {
        match self {
            Self::Cut => None,
            Self::TooLarge => Some(1009),
            Self::InvalidUtf8 => Some(1007),
            Self::Protocol(_) => Some(1002),
        }
    }
}

impl From<axum::Error> for Failure {
    fn from(error: axum::Error) -> Self {
        // The codec's own error type is not public API of axum: an I/O error is told by its source,
        // the others by the fixed start of their text.
        let mut source = error.source();
        while let Some(inner) = source {
            if inner.is::<std::io::Error>() {
                return Self::Cut;
            }
            source = inner.source();
        }
        let text = error.to_string();
        if text.starts_with("IO error")
            || text.contains("without closing handshake")
            || text.contains("closed connection")
        {
            Self::Cut
        } else if text.starts_with("Space limit exceeded") {
            Self::TooLarge
        } else if text.starts_with("UTF-8") {
            Self::InvalidUtf8
        } else {
            Self::Protocol(text)
        }
    }
}

/// One WebSocket connection.
#[derive(Debug)]
pub(crate) struct WebSocketTransport {
    socket: WebSocket,
    /// Something was handed to the codec since the last complete flush.
    unflushed: bool,
}

impl WebSocketTransport {
    pub(crate) fn new(socket: WebSocket) -> Self {
        Self { socket, unflushed: false }
    }

    /// The next message; `None` after the closing handshake.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Incoming, Failure>>> {
        let message = match ready!(Pin::new(&mut self.socket).poll_next(cx)) {
            None => return Poll::Ready(None),
            Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
            Some(Ok(message)) => message,
        };
        Poll::Ready(Some(Ok(match message {
            Message::Text(text) => Incoming::Text(text.into()),
            Message::Binary(bytes) => Incoming::Binary(bytes),
            Message::Ping(_) => {
                self.unflushed = true;
                Incoming::Ping
            }
            Message::Pong(_) => Incoming::Pong,
            Message::Close(frame) => {
                self.unflushed = true;
                let (code, reason) =
                    frame.map_or((1005, String::new()), |frame| (frame.code, frame.reason.to_string()));
                Incoming::Close { code, reason }
            }
        })))
    }

    /// Ready when [`start_send`](Self::start_send) may be called.
    pub(crate) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Pin::new(&mut self.socket).poll_ready(cx).map_err(Failure::from)
    }

    /// Hands a frame to the codec, which may gather several before it writes.
    pub(crate) fn start_send(&mut self, frame: Outgoing) -> Result<(), Failure> {
        let message = match frame {
            Outgoing::Text(text) => Message::Text(
                Utf8Bytes::try_from(text).map_err(|error| Failure::Protocol(error.to_string()))?,
            ),
            Outgoing::Binary(bytes) => Message::Binary(bytes),
            Outgoing::Ping => Message::Ping(Bytes::new()),
            Outgoing::Close(frame) => Message::Close(
                frame.map(|(code, reason)| CloseFrame { code, reason: shortened(reason).into() }),
            ),
        };
        self.unflushed = true;
        Pin::new(&mut self.socket).start_send(message).map_err(Failure::from)
    }

    /// Ready when everything handed over has been taken by the operating system.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        if !self.unflushed {
            return Poll::Ready(Ok(()));
        }
        let flushed = ready!(Pin::new(&mut self.socket).poll_flush(cx));
        self.unflushed = false;
        Poll::Ready(flushed.map_err(Failure::from))
    }

    /// Closes a WebSocket that no session takes.
    pub(crate) async fn close(mut self) {
        let closing = std::future::poll_fn(|cx| Pin::new(&mut self.socket).poll_close(cx));
        // A peer that takes no close frame is cut.
        let _ = tokio::time::timeout(REJECT_TIMEOUT, closing).await;
    }

    /// Sends a close frame if that needs no waiting: for a connection that is dropped right after.
    pub(crate) fn close_now(&mut self, cx: &mut Context<'_>) {
        if self.poll_ready(cx).is_ready() && self.start_send(Outgoing::Close(None)).is_ok() {
            // Nobody is left who could act on a failure.
            let _ = self.poll_flush(cx);
        }
    }
}

/// How long a WebSocket that nobody took is kept for its close frame to be written.
const REJECT_TIMEOUT: Duration = Duration::from_secs(1);

/// A close frame holds 123 bytes of text (RFC 6455, 5.5).
fn shortened(mut reason: String) -> String {
    if reason.len() > 123 {
        reason.truncate(reason.floor_char_boundary(123));
    }
    reason
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_close_text_is_cut_at_a_character() {
        assert_eq!(shortened("short".to_owned()), "short");
        assert_eq!(shortened("ä".repeat(100)).len(), 122);
    }
}
