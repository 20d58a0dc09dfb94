//! Deflate contexts that all connections of a server share, for messages that need no memory of those
//! before. Knows bytes and formats: no WebSocket, no HTTP.
//!
//! A context costs a few hundred KiB. Only as many exist as compress at the same instant, which are never
//! more than the runtime has threads.

mod accept_encoding;
mod http;

use bytes::Bytes;
use parking_lot::Mutex;
use zlib_rs::{Deflate, DeflateConfig, DeflateFlush, Status};

pub(crate) use accept_encoding::ContentEncoding;
pub(crate) use http::HttpCompression;

/// Bytes of output that are gathered on the stack.
pub(super) const CHUNK: usize = 8 << 10;

/// How a context compresses; zlib's names and meanings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Effort {
    /// 0 (none) to 9 (smallest).
    pub(crate) level: u8,
    /// 1 (least memory) to 9.
    pub(crate) mem_level: u8,
}

impl Default for Effort {
    fn default() -> Self {
        Self { level: 6, mem_level: 8 }
    }
}

/// A new context. Window bits are zlib's: negative for bare deflate, 16 more for gzip.
pub(super) fn context(effort: Effort, window_bits: i32) -> Deflate {
    Deflate::new_with_config(DeflateConfig {
        level: i32::from(effort.level),
        mem_level: i32::from(effort.mem_level),
        window_bits,
        ..DeflateConfig::default()
    })
}

/// Contexts of one kind that are not in use.
pub(super) struct Pool<C> {
    idle: Mutex<Vec<C>>,
}

impl<C> Default for Pool<C> {
    fn default() -> Self {
        Self { idle: Mutex::default() }
    }
}

impl<C> Pool<C> {
    /// Lends a context, a new one if none is idle. It must be left ready for the next message.
    pub(super) fn with<R>(&self, new: impl FnOnce() -> C, work: impl FnOnce(&mut C) -> R) -> R {
        let idle = self.idle.lock().pop();
        let mut context = idle.unwrap_or_else(new);
        let result = work(&mut context);
        self.idle.lock().push(context);
        result
    }
}

/// The library refused to compress, which it does for want of memory only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("compression failed")]
pub(crate) struct CompressionFailed;

/// Compresses all of the input, up to what the flush asks for.
pub(super) fn compress(
    deflate: &mut Deflate,
    input: &[u8],
    flush: DeflateFlush,
) -> Result<Vec<u8>, CompressionFailed> {
    let mut compressed = Vec::with_capacity(input.len() / 4);
    let mut chunk = [0; CHUNK];
    let mut rest = input;
    loop {
        let (before_in, before_out) = (deflate.total_in(), deflate.total_out());
        let status = deflate.compress(rest, &mut chunk, flush).map_err(|_| CompressionFailed)?;
        let read = usize::try_from(deflate.total_in() - before_in).map_err(|_| CompressionFailed)?;
        let written = usize::try_from(deflate.total_out() - before_out).map_err(|_| CompressionFailed)?;
        rest = &rest[read..];
        compressed.extend_from_slice(&chunk[..written]);
        // A chunk that was not filled: nothing waits in the context.
        if status == Status::StreamEnd || (rest.is_empty() && written < CHUNK) {
            return Ok(compressed);
        }
    }
}

/// A whole body in one of HTTP's encodings.
pub(super) fn compress_body(deflate: &mut Deflate, body: &[u8]) -> Result<Bytes, CompressionFailed> {
    let compressed = compress(deflate, body, DeflateFlush::Finish);
    deflate.reset();
    compressed.map(Bytes::from)
}
