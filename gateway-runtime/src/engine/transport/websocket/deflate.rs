//! permessage-deflate on one connection (RFC 7692), and what all connections of a server share of it.
//!
//! A connection without context takeover, which is the default, holds no context: messages are
//! compressed and decompressed in those of the server, and the result is kept for a while, so that a
//! broadcast is compressed once for all of its receivers. Knows messages as bytes.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;
use zlib_rs::{Deflate as Compressor, DeflateFlush, Inflate, InflateFlush, Status};

use super::super::super::compression::{CHUNK, Effort, Pool, compress, context};
use super::Failure;
pub(super) use super::extension::Agreement;

/// What every compressed message ends with, and what is not sent of it (RFC 7692, 7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// Compressed messages that are kept for the next receiver.
const RECENT_MESSAGES: usize = 16;

/// Bytes of them, the uncompressed ones included.
const RECENT_BYTES: usize = 4 << 20;

/// Options of permessage-deflate, by the names of the `ws` package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeflateOptions {
    /// Messages below this size go out as they are. Default 1024.
    pub(crate) threshold: usize,
    /// Compress each message by itself. Default true.
    pub(crate) server_no_context_takeover: bool,
    /// Ask clients to compress each message by itself. Default true.
    pub(crate) client_no_context_takeover: bool,
    /// The window of the server's messages, 9 to 15 bits. Default 15.
    pub(crate) server_max_window_bits: u8,
    /// The window that clients are asked to use if they let us choose, 8 to 15 bits. Default none.
    pub(crate) client_max_window_bits: Option<u8>,
    pub(crate) effort: Effort,
}

impl Default for DeflateOptions {
    fn default() -> Self {
        Self {
            threshold: 1024,
            server_no_context_takeover: true,
            client_no_context_takeover: true,
            server_max_window_bits: 15,
            client_max_window_bits: None,
            effort: Effort::default(),
        }
    }
}

/// A message that was compressed lately.
struct Recent {
    /// Keeps the bytes where they are, so that their address tells them from all others.
    message: Bytes,
    window_bits: u8,
    /// `None` if it does not get smaller.
    compressed: Option<Bytes>,
}

impl Recent {
    fn size(&self) -> usize {
        self.message.len() + self.compressed.as_ref().map_or(0, Bytes::len)
    }

    fn is_of(&self, message: &Bytes, window_bits: u8) -> bool {
        self.message.as_ptr() == message.as_ptr()
            && self.message.len() == message.len()
            && self.window_bits == window_bits
    }
}

#[derive(Default)]
struct RecentMessages {
    messages: VecDeque<Recent>,
    bytes: usize,
}

impl RecentMessages {
    fn find(&self, message: &Bytes, window_bits: u8) -> Option<&Recent> {
        self.messages.iter().rev().find(|recent| recent.is_of(message, window_bits))
    }

    fn keep(&mut self, recent: Recent) {
        if recent.size() > RECENT_BYTES {
            return;
        }
        self.bytes += recent.size();
        self.messages.push_back(recent);
        while self.messages.len() > RECENT_MESSAGES || self.bytes > RECENT_BYTES {
            let Some(oldest) = self.messages.pop_front() else { return };
            self.bytes -= oldest.size();
        }
    }
}

/// What the connections of one server share.
pub(crate) struct DeflateServer {
    pub(super) options: DeflateOptions,
    /// By window bits, from 9 on.
    compressors: [Pool<Compressor>; 7],
    inflaters: Pool<Inflate>,
    recent: Mutex<RecentMessages>,
}

impl DeflateServer {
    pub(crate) fn new(options: DeflateOptions) -> Arc<Self> {
        Arc::new(Self {
            options,
            compressors: Default::default(),
            inflaters: Pool::default(),
            recent: Mutex::default(),
        })
    }

    /// Compresses a message by itself; `None` if that does not make it smaller.
    fn compress_alone(&self, message: &Bytes, window_bits: u8) -> Option<Bytes> {
        if let Some(known) = self.recent.lock().find(message, window_bits) {
            return known.compressed.clone();
        }
        let pool = &self.compressors[usize::from(window_bits.clamp(9, 15) - 9)];
        let effort = self.options.effort;
        let compressed = pool.with(
            || context(effort, -i32::from(window_bits)),
            |compressor| {
                let compressed = compress(compressor, message, DeflateFlush::SyncFlush);
                compressor.reset();
                compressed
            },
        );
        let compressed =
            compressed.ok().map(without_tail).filter(|compressed| compressed.len() < message.len());
        let recent = Recent { message: message.clone(), window_bits, compressed: compressed.clone() };
        self.recent.lock().keep(recent);
        compressed
    }
}

impl fmt::Debug for DeflateServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeflateServer").field("options", &self.options).finish_non_exhaustive()
    }
}

fn without_tail(mut compressed: Vec<u8>) -> Bytes {
    if compressed.ends_with(&TAIL) {
        compressed.truncate(compressed.len() - TAIL.len());
    }
    Bytes::from(compressed)
}

/// permessage-deflate on one connection.
pub(crate) struct Deflate {
    server: Arc<DeflateServer>,
    agreement: Agreement,
    /// Contexts that remember earlier messages, made for the first one.
    compressor: Option<Compressor>,
    inflate: Option<Inflate>,
}

impl Deflate {
    pub(crate) fn new(server: Arc<DeflateServer>, agreement: Agreement) -> Self {
        Self { server, agreement, compressor: None, inflate: None }
    }

    /// Messages below this size go out as they are.
    pub(super) fn threshold(&self) -> usize {
        self.server.options.threshold
    }

    /// The message as it is sent compressed; `None` if it goes out as it is.
    pub(super) fn compress(&mut self, message: &Bytes) -> Option<Bytes> {
        if message.len() < self.server.options.threshold || message.is_empty() {
            return None;
        }
        let window_bits = self.agreement.server_window_bits;
        if self.agreement.server_no_context_takeover {
            return self.server.compress_alone(message, window_bits);
        }
        let effort = self.server.options.effort;
        let compressor = self.compressor.get_or_insert_with(|| context(effort, -i32::from(window_bits)));
        let compressed = compress(compressor, message, DeflateFlush::SyncFlush);
        if compressed.is_err() {
            // The next message starts afresh, which the peer's context reads as well.
            self.compressor = None;
        }
        compressed.ok().map(without_tail)
    }

    /// A message of the peer, of at most this size.
    ///
    /// # Errors
    /// It is larger, or not compressed data.
    pub(super) fn inflate(&mut self, message: &[u8], max: usize) -> Result<Bytes, Failure> {
        if self.agreement.client_no_context_takeover {
            return self.server.inflaters.with(
                || Inflate::new(false, 15),
                |context| {
                    let message = inflate(context, message, max);
                    context.reset(false);
                    message
                },
            );
        }
        let window_bits = self.agreement.client_window_bits;
        let context = self.inflate.get_or_insert_with(|| Inflate::new(false, window_bits));
        inflate(context, message, max)
    }
}

impl fmt::Debug for Deflate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deflate").field("agreement", &self.agreement).finish_non_exhaustive()
    }
}

/// Decompresses one message. Stops as soon as it is over the limit, whatever would follow.
fn inflate(context: &mut Inflate, message: &[u8], max: usize) -> Result<Bytes, Failure> {
    let mut plain = BytesMut::with_capacity(message.len().saturating_mul(2).min(max));
    let mut chunk = [0; CHUNK];
    for part in [message, &TAIL] {
        let mut rest = part;
        loop {
            let (before_in, before_out) = (context.total_in(), context.total_out());
            let status = context.decompress(rest, &mut chunk, InflateFlush::SyncFlush);
            let status = status.map_err(|_| Failure::InvalidDeflate)?;
            let read = usize::try_from(context.total_in() - before_in).unwrap_or(rest.len());
            let written = usize::try_from(context.total_out() - before_out).unwrap_or(CHUNK);
            rest = &rest[read..];
            if written > max - plain.len() {
                return Err(Failure::TooLarge);
            }
            plain.extend_from_slice(&chunk[..written]);
            if status == Status::StreamEnd {
                // A last block within the message: what follows is a stream of its own.
                context.reset(false);
                if rest.is_empty() {
                    break;
                }
            } else if rest.is_empty() && written < CHUNK {
                break;
            } else if read == 0 && written == 0 {
                return Err(Failure::InvalidDeflate);
            }
        }
    }
    Ok(plain.freeze())
}
