//! The WebSocket transport (RFC 6455, with permessage-deflate of RFC 7692), driven by poll functions only.
//!
//! Everything the session knows of a WebSocket is what this file offers. It must never know Engine.IO.
//! Why the codec is ours: docs/decisions/0011-websocket-codec.md.

#[cfg(feature = "deflate")]
mod deflate;
#[cfg(not(feature = "deflate"))]
#[path = "without_deflate.rs"]
mod deflate;
#[cfg(feature = "deflate")]
mod extension;
mod frame;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
#[cfg(feature = "measuring")]
pub(crate) mod measuring;
mod reader;
#[cfg(test)]
mod tests;
mod upgrade;
mod writer;

use std::io;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use self::deflate::Deflate;
pub(crate) use self::deflate::{DeflateOptions, DeflateServer};
use self::frame::{MAX_CONTROL_PAYLOAD, Opcode};
pub(crate) use self::frame::{MAX_SERVER_HEAD, append_frame};
use self::reader::Reader;
pub(crate) use self::upgrade::{WebSocketConfig, WebSocketUpgrade};
use self::writer::{GATHERED, Writer};

/// What a peer sent.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// Valid UTF-8.
    Text(Bytes),
    Binary(Bytes),
    /// Already answered by the codec, the answer waits for a flush.
    Ping(Bytes),
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
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
    /// The peer's compressed message is not compressed data.
    #[error("a message does not decompress")]
    #[cfg_attr(not(feature = "deflate"), expect(dead_code, reason = "nothing is decompressed without it"))]
    InvalidDeflate,
    /// The peer violated RFC 6455.
    #[error("WebSocket protocol violation: {0}")]
    Protocol(&'static str),
}

impl Failure {
    /// The close code that tells the peer; none if nobody is left to tell.
    pub(crate) fn close_code(self) -> Option<u16> {
        match self {
            Self::Cut => None,
            Self::TooLarge => Some(1009),
            Self::InvalidUtf8 | Self::InvalidDeflate => Some(1007),
            Self::Protocol(_) => Some(1002),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(_: io::Error) -> Self {
        Self::Cut
    }
}

/// One WebSocket connection, of the server's side.
#[derive(Debug)]
pub(crate) struct WebSocketTransport<S = TokioIo<Upgraded>> {
    io: S,
    reader: Reader,
    writer: Writer,
    /// `None` without permessage-deflate.
    deflate: Option<Box<Deflate>>,
    /// A close frame was sent: nothing may follow it.
    close_sent: bool,
    /// The peer's close frame is here, or the peer is gone: nothing follows.
    ended: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocketTransport<S> {
    fn new(io: S, config: &WebSocketConfig, deflate: Option<Box<Deflate>>) -> Self {
        Self {
            io,
            reader: Reader::new(config.max_message),
            writer: Writer::new(config.write_buffer_size),
            deflate,
            close_sent: false,
            ended: false,
        }
    }

    /// The next message; `None` after the closing handshake.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Incoming, Failure>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let incoming = match ready!(self.reader.poll_next(&mut self.io, &mut self.deflate, cx)) {
            Some(Ok(incoming)) => incoming,
            end => {
                self.ended = true;
                let failure = end.and_then(Result::err).unwrap_or(Failure::Cut);
                return Poll::Ready(Some(Err(failure)));
            }
        };
        match &incoming {
            Incoming::Ping(payload) if !self.close_sent => self.writer.pong(payload.clone()),
            Incoming::Close { code, reason } => {
                self.ended = true;
                // As `ws` does: with what the peer said.
                self.send_close((*code != 1005).then_some((*code, reason)));
            }
            _ => {}
        }
        Poll::Ready(Some(Ok(incoming)))
    }

    /// Ready when [`start_send`](Self::start_send) may be called.
    pub(crate) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.writer.poll_ready(&mut self.io, cx).map_err(Failure::from)
    }

    /// Takes a frame, which is written with those around it. `compress` lets it be compressed, if the peer can
    /// read that and it is worth it.
    ///
    /// # Errors
    /// A close frame was sent before.
    pub(crate) fn start_send(&mut self, frame: Outgoing, compress: bool) -> Result<(), Failure> {
        if self.close_sent {
            return Err(Failure::Cut);
        }
        match frame {
            Outgoing::Text(text) => self.push(Opcode::Text, text, compress),
            Outgoing::Binary(bytes) => self.push(Opcode::Binary, bytes, compress),
            Outgoing::Ping => self.writer.push(Opcode::Ping, false, Bytes::new()),
            Outgoing::Close(frame) => {
                self.send_close(frame.as_ref().map(|(code, reason)| (*code, reason.as_str())));
            }
        }
        Ok(())
    }

    /// Takes frames that were made with [`append_frame`].
    ///
    /// # Errors
    /// A close frame was sent before.
    pub(crate) fn start_send_frames(&mut self, frames: Vec<u8>) -> Result<(), Failure> {
        if self.close_sent {
            return Err(Failure::Cut);
        }
        self.writer.push_frames(frames);
        Ok(())
    }

    /// Messages of fewer bytes may come as frames: those that are not compressed, and are gathered anyway.
    pub(crate) fn framed_below(&self) -> usize {
        let gathered = GATHERED + 1;
        self.deflate.as_ref().map_or(gathered, |deflate| deflate.threshold().min(gathered))
    }

    /// The buffer of frames that are written, if it holds nothing else.
    pub(crate) fn take_spent(&mut self) -> Vec<u8> {
        self.writer.take_spent()
    }

    fn push(&mut self, opcode: Opcode, payload: Bytes, compress: bool) {
        let deflate = self.deflate.as_mut().filter(|_| compress);
        match deflate.and_then(|deflate| deflate.compress(&payload)) {
            Some(compressed) => self.writer.push(opcode, true, compressed),
            None => self.writer.push(opcode, false, payload),
        }
    }

    fn send_close(&mut self, frame: Option<(u16, &str)>) {
        if std::mem::replace(&mut self.close_sent, true) {
            return;
        }
        // Nothing may follow a close frame.
        self.writer.push_pong();
        let payload = frame.map_or(Bytes::new(), |(code, reason)| close_payload(code, reason));
        self.writer.push(Opcode::Close, false, payload);
    }

    /// Ready when everything handed over has been taken by the operating system.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.writer.poll_flush(&mut self.io, cx).map_err(Failure::from)
    }

    /// Whether the operating system took bytes since this was last asked.
    pub(crate) fn take_progress(&mut self) -> bool {
        self.writer.take_progress()
    }

    /// Closes a WebSocket that no session takes.
    pub(crate) async fn close(mut self) {
        self.send_close(None);
        let closing = std::future::poll_fn(|cx| {
            if ready!(self.poll_flush(cx)).is_err() {
                return Poll::Ready(());
            }
            while let Some(Ok(_)) = ready!(self.poll_next(cx)) {}
            Poll::Ready(())
        });
        // A peer that takes no close frame, or does not answer it, is cut.
        let _ = tokio::time::timeout(REJECT_TIMEOUT, closing).await;
    }

    /// Sends a close frame if that needs no waiting: for a connection that is dropped right after.
    pub(crate) fn close_now(&mut self, cx: &mut Context<'_>) {
        if let Poll::Ready(Ok(())) = self.poll_ready(cx) {
            self.send_close(None);
            // Nobody is left who could act on a failure.
            let _ = self.poll_flush(cx);
        }
    }
}

/// How long a WebSocket that nobody took is kept for its closing handshake.
const REJECT_TIMEOUT: Duration = Duration::from_secs(1);

/// A close frame holds 123 bytes of text (RFC 6455, 5.5).
fn close_payload(code: u16, reason: &str) -> Bytes {
    let reason = &reason[..reason.floor_char_boundary(MAX_CONTROL_PAYLOAD - 2)];
    let mut payload = BytesMut::with_capacity(2 + reason.len());
    payload.extend_from_slice(&code.to_be_bytes());
    payload.extend_from_slice(reason.as_bytes());
    payload.freeze()
}
