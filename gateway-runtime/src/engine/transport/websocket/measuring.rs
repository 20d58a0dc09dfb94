//! The codec alone: reading from memory, writing to nowhere, and an echo behind a handshake.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use axum::response::Response;
use bytes::Bytes;
use futures_util::FutureExt;
use http::request::Parts;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::deflate::{DeflateOptions, DeflateServer};
use super::{Failure, Incoming, Outgoing, WebSocketConfig, WebSocketTransport, WebSocketUpgrade};

/// The largest message of an echo.
const MAX_MESSAGE: usize = 64 << 20;

fn config(deflate: bool) -> WebSocketConfig {
    let deflate = deflate.then(|| DeflateServer::new(DeflateOptions::default()));
    WebSocketConfig { max_message: MAX_MESSAGE, write_buffer_size: 8 << 10, deflate }
}

/// What a peer has sent, and a peer that takes everything.
struct Memory<'b>(&'b [u8]);

impl AsyncRead for Memory<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let taken = buffer.remaining().min(self.0.len());
        buffer.put_slice(&self.0[..taken]);
        self.0 = &self.0[taken..];
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Memory<'_> {
    fn poll_write(self: Pin<&mut Self>, _cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Reads frames of a client; returns how many messages they were.
pub fn read_messages(frames: &[u8]) -> usize {
    let mut socket = WebSocketTransport::new(Memory(frames), &config(false), None);
    let mut cx = Context::from_waker(Waker::noop());
    let mut messages = 0;
    while let Poll::Ready(Some(Ok(_))) = socket.poll_next(&mut cx) {
        messages += 1;
    }
    messages
}

/// Writes text messages, all of them before one flush; false if one was not taken.
pub fn write_messages(messages: &[Bytes]) -> bool {
    let mut socket = WebSocketTransport::new(Memory(&[]), &config(false), None);
    let mut cx = Context::from_waker(Waker::noop());
    let taken = messages.iter().all(|message| {
        socket.poll_ready(&mut cx).is_ready()
            && socket.start_send(Outgoing::Text(message.clone()), true).is_ok()
    });
    taken && socket.poll_flush(&mut cx).is_ready()
}

/// Answers a handshake with a connection that sends back every message; those that are there with one flush.
/// `None` if it is no handshake.
pub fn echo(parts: &mut Parts, deflate: bool) -> Option<Response> {
    // The server's part is made once, as an engine does.
    static CONFIGS: std::sync::OnceLock<[Arc<WebSocketConfig>; 2]> = std::sync::OnceLock::new();
    let configs = CONFIGS.get_or_init(|| [false, true].map(|deflate| Arc::new(config(deflate))));
    let upgrade = WebSocketUpgrade::from_parts(parts, &configs[usize::from(deflate)])?;
    Some(upgrade.on_upgrade(|socket| async move {
        // An echo ends with its peer.
        let _ = run(socket).await;
    }))
}

async fn run(mut socket: WebSocketTransport) -> Result<(), Failure> {
    while let Some(first) = poll_fn(|cx| socket.poll_next(cx)).await {
        let mut next = Some(first?);
        while let Some(incoming) = next.take() {
            let outgoing = match incoming {
                Incoming::Text(text) => Some(Outgoing::Text(text)),
                Incoming::Binary(bytes) => Some(Outgoing::Binary(bytes)),
                Incoming::Ping(_) | Incoming::Pong | Incoming::Close { .. } => None,
            };
            if let Some(outgoing) = outgoing {
                poll_fn(|cx| socket.poll_ready(cx)).await?;
                socket.start_send(outgoing, true)?;
            }
            if let Some(Some(incoming)) = poll_fn(|cx| socket.poll_next(cx)).now_or_never() {
                next = Some(incoming?);
            }
        }
        poll_fn(|cx| socket.poll_flush(cx)).await?;
    }
    Ok(())
}
