//! From frames to the bytes of a connection: small ones are gathered and written at once, large payloads
//! are written from where they lie.
//!
//! Between flushes it holds a small buffer at most. It must never read, and knows nothing of messages.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use tokio::io::AsyncWrite;

use super::frame::{MAX_SERVER_HEAD, Opcode, append_head};

/// Payloads up to this size are gathered.
pub(super) const GATHERED: usize = 4 << 10;

/// What the buffer of a burst of frames starts with.
const FIRST_ALLOCATION: usize = 512;

/// Room for more frames when that is not enough: a burst is rarely just a little longer.
const NEXT_ALLOCATION: usize = 4 << 10;

/// A buffer up to this size is kept.
const KEPT: usize = 256;

/// The writing side of one connection.
#[derive(Debug)]
pub(super) struct Writer {
    /// Bytes that are gathered before they are written without waiting for more.
    size: usize,
    gathered: Vec<u8>,
    /// How many of them the operating system has taken.
    written: usize,
    /// A payload that follows what is gathered.
    large: Bytes,
    /// The answer to the last ping: one is enough (RFC 6455, 5.5.3).
    pong: Option<Box<Bytes>>,
    /// Something was written that the connection may still hold back (TLS).
    unflushed: bool,
    /// The operating system took bytes since this was last asked.
    progress: bool,
}

impl Writer {
    pub(super) fn new(size: usize) -> Self {
        Self {
            size,
            gathered: Vec::new(),
            written: 0,
            large: Bytes::new(),
            pong: None,
            unflushed: false,
            progress: false,
        }
    }

    /// Ready when a frame may be pushed.
    pub(super) fn poll_ready<S: AsyncWrite + Unpin>(
        &mut self,
        io: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.large.is_empty() || self.gathered.len() - self.written >= self.size {
            ready!(self.poll_write(io, cx))?;
        }
        // Before more messages, or a client that takes them slowly would wait for it.
        self.push_pong();
        Poll::Ready(Ok(()))
    }

    /// Adds a frame, whose payload is written after all that was pushed before.
    pub(super) fn push(&mut self, opcode: Opcode, compressed: bool, payload: Bytes) {
        let gathers = payload.len() <= GATHERED || !self.large.is_empty();
        self.make_room(MAX_SERVER_HEAD + if gathers { payload.len() } else { 0 });
        append_head(&mut self.gathered, opcode, compressed, payload.len());
        if gathers {
            self.gathered.extend_from_slice(&payload);
        } else {
            self.large = payload;
        }
    }

    /// Adds whole frames, which are written after all that was pushed before.
    pub(super) fn push_frames(&mut self, frames: Vec<u8>) {
        if self.gathered.is_empty() && self.large.is_empty() {
            self.gathered = frames;
        } else {
            self.make_room(frames.len());
            self.gathered.extend_from_slice(&frames);
        }
    }

    /// Makes room for so many bytes behind all that was pushed before.
    #[inline]
    fn make_room(&mut self, bytes: usize) {
        if !self.large.is_empty() {
            // Pushed without being asked for: order matters more than a copy.
            self.gathered.extend_from_slice(&std::mem::take(&mut self.large));
        }
        if self.gathered.capacity() - self.gathered.len() < bytes {
            self.grow(bytes);
        }
    }

    #[cold]
    fn grow(&mut self, bytes: usize) {
        self.gathered.drain(..self.written);
        self.written = 0;
        let least = if self.gathered.capacity() == 0 { FIRST_ALLOCATION } else { NEXT_ALLOCATION };
        self.gathered.reserve(bytes.max(least));
    }

    /// Answers a ping with the next flush.
    pub(super) fn pong(&mut self, payload: Bytes) {
        match &mut self.pong {
            Some(pong) => **pong = payload,
            None => self.pong = Some(Box::new(payload)),
        }
    }

    /// Whether the operating system took bytes since this was last asked.
    pub(super) fn take_progress(&mut self) -> bool {
        std::mem::take(&mut self.progress)
    }

    /// The buffer, if it is not needed.
    pub(super) fn take_spent(&mut self) -> Vec<u8> {
        if self.gathered.is_empty() { std::mem::take(&mut self.gathered) } else { Vec::new() }
    }

    /// Ready when everything has been taken by the operating system.
    pub(super) fn poll_flush<S: AsyncWrite + Unpin>(
        &mut self,
        io: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_write(io, cx))?;
        if self.pong.is_some() {
            self.push_pong();
            ready!(self.poll_write(io, cx))?;
        }
        if self.unflushed {
            ready!(Pin::new(io).poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Puts the answer to a ping before whatever is pushed next.
    pub(super) fn push_pong(&mut self) {
        if let Some(pong) = self.pong.take() {
            self.push(Opcode::Pong, false, *pong);
        }
    }

    /// Bytes of buffers that it holds.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.gathered.capacity() + self.large.len()
    }

    fn poll_write<S: AsyncWrite + Unpin>(
        &mut self,
        io: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            let gathered = &self.gathered[self.written..];
            if gathered.is_empty() && self.large.is_empty() {
                break;
            }
            let io = Pin::new(&mut *io);
            let written = if self.large.is_empty() {
                ready!(io.poll_write(cx, gathered))?
            } else if gathered.is_empty() {
                ready!(io.poll_write(cx, &self.large))?
            } else {
                let parts = [IoSlice::new(gathered), IoSlice::new(&self.large)];
                ready!(io.poll_write_vectored(cx, &parts))?
            };
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.unflushed = true;
            self.progress = true;
            let of_gathered = written.min(gathered.len());
            self.written += of_gathered;
            if written > of_gathered {
                self.large.advance(written - of_gathered);
                if self.large.is_empty() {
                    // Empty as it is, it would hold on to all of the payload.
                    self.large = Bytes::new();
                }
            }
        }
        self.gathered.clear();
        self.written = 0;
        if self.gathered.capacity() > KEPT {
            self.gathered = Vec::new();
        }
        Poll::Ready(Ok(()))
    }
}
