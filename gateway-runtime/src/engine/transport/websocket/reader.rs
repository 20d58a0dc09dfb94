//! From the bytes of a connection to whole messages: gathers, unmasks, joins fragments, decompresses,
//! keeps the size limit.
//!
//! Between messages it holds no buffer: what is read lies on the stack first. It must never write, and
//! knows nothing of sessions.

use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use gateway_core::pool;
use tokio::io::{AsyncRead, ReadBuf};
use tokio_util::io::poll_read_buf;

use super::deflate::Deflate;
use super::frame::{Head, Opcode, apply_mask};
use super::{Failure, Incoming};

/// Bytes asked of the operating system at once.
pub(crate) const READ_SIZE: usize = 16 << 10;

/// What a length that is announced allocates at most, before any of it has come: room for 64 KiB and what
/// stands around them.
const ANNOUNCED: usize = 68 << 10;

/// The buffer of a larger payload grows to so many times of what has come.
const GROWTH: usize = 8;

/// Payloads up to this size are copied, so that a message which somebody keeps keeps nothing else.
const COPIED: usize = 2 << 10;

/// A message as it came, and what it is made of.
#[derive(Debug)]
struct Fragments {
    opcode: Opcode,
    compressed: bool,
    data: Vec<u8>,
}

/// A frame of which part of the payload is missing.
#[derive(Debug)]
struct Arriving {
    head: Head,
    data: Vec<u8>,
    missing: usize,
}

impl Arriving {
    /// A frame that has just begun.
    fn begin(head: Head, length: usize, bytes: &[u8]) -> Self {
        let data = pool::take(length.min(ANNOUNCED).max(bytes.len()));
        let mut arriving = Self { head, data, missing: length };
        arriving.push(bytes);
        arriving
    }

    /// Adds bytes of the payload, no more than are missing.
    fn push(&mut self, bytes: &[u8]) {
        let before = self.data.len();
        self.reserve(bytes.len());
        self.data.extend_from_slice(bytes);
        apply_mask(&mut self.data[before..], self.head.mask, before);
        self.missing -= bytes.len();
    }

    /// Makes room for this many bytes.
    fn reserve(&mut self, bytes: usize) {
        let length = self.data.len();
        if self.data.capacity() < length + bytes {
            let whole = length + self.missing;
            pool::grow(&mut self.data, whole.min(length * GROWTH).max(length + bytes));
        }
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        pool::give_back(std::mem::take(&mut self.data));
    }
}

/// The reading side of one connection.
#[derive(Debug)]
pub(super) struct Reader {
    max_message: usize,
    /// Read and not looked at.
    pending: BytesMut,
    arriving: Option<Box<Arriving>>,
    fragments: Option<Box<Fragments>>,
}

impl Reader {
    pub(super) fn new(max_message: usize) -> Self {
        Self { max_message, pending: BytesMut::new(), arriving: None, fragments: None }
    }

    /// The next message; `None` at the end of the connection.
    pub(super) fn poll_next<S: AsyncRead + Unpin>(
        &mut self,
        io: &mut S,
        deflate: &mut Option<Box<Deflate>>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Incoming, Failure>>> {
        loop {
            match self.next_pending(deflate) {
                Ok(Some(incoming)) => return Poll::Ready(Some(Ok(incoming))),
                Ok(None) => {}
                Err(failure) => return Poll::Ready(Some(Err(failure))),
            }
            match ready!(self.poll_fill(io, deflate.is_some(), cx)) {
                Ok(0) => return Poll::Ready(None),
                Ok(_) => {}
                Err(failure) => return Poll::Ready(Some(Err(failure))),
            }
        }
    }

    /// Reads what there is, up to a size.
    fn poll_fill<S: AsyncRead + Unpin>(
        &mut self,
        io: &mut S,
        may_be_compressed: bool,
        cx: &mut Context<'_>,
    ) -> Poll<Result<usize, Failure>> {
        if let Some(arriving) = &mut self.arriving
            && arriving.missing > READ_SIZE
        {
            // Straight into its place, and not beyond.
            arriving.reserve(READ_SIZE);
            let data = &mut arriving.data;
            let before = data.len();
            let room = arriving.missing.min(data.capacity() - before);
            let read = ready!(poll_read_buf(Pin::new(io), cx, &mut (&mut *data).limit(room)))?;
            apply_mask(&mut data[before..], arriving.head.mask, before);
            arriving.missing -= read;
            return Poll::Ready(Ok(read));
        }
        let mut stack = [MaybeUninit::uninit(); READ_SIZE];
        let mut read = ReadBuf::uninit(&mut stack);
        if Pin::new(io).poll_read(cx, &mut read)?.is_pending() {
            if self.pending.is_empty() {
                self.pending = BytesMut::new();
            }
            return Poll::Pending;
        }
        self.sort(read.filled(), may_be_compressed)?;
        Poll::Ready(Ok(read.filled().len()))
    }

    /// Puts what was read where it belongs: into the frame that is arriving, into a large one that begins, or
    /// to what is looked at next.
    fn sort(&mut self, read: &[u8], may_be_compressed: bool) -> Result<(), Failure> {
        let mut rest = read;
        if let Some(arriving) = &mut self.arriving {
            let (own, others) = rest.split_at(rest.len().min(arriving.missing));
            arriving.push(own);
            rest = others;
        } else if self.pending.is_empty()
            && let Some((head, own)) = Head::parse(rest)?
            && rest.len() - own < usize::try_from(head.length).unwrap_or(usize::MAX)
        {
            let length = self.check(&head, may_be_compressed)?;
            self.arriving = Some(Box::new(Arriving::begin(head, length, &rest[own..])));
            return Ok(());
        }
        self.pending.extend_from_slice(rest);
        Ok(())
    }

    /// The next message in what was read.
    fn next_pending(&mut self, deflate: &mut Option<Box<Deflate>>) -> Result<Option<Incoming>, Failure> {
        loop {
            let Some((head, payload)) = self.next_frame(deflate.is_some())? else { return Ok(None) };
            if let Some(incoming) = self.on_frame(head, payload, deflate)? {
                return Ok(Some(incoming));
            }
        }
    }

    /// The next whole frame, unmasked.
    fn next_frame(&mut self, may_be_compressed: bool) -> Result<Option<(Head, Payload)>, Failure> {
        if self.arriving.is_none() {
            let Some((head, own)) = Head::parse(&self.pending)? else { return Ok(None) };
            let length = self.check(&head, may_be_compressed)?;
            self.pending.advance(own);
            if self.pending.len() >= length {
                apply_mask(&mut self.pending[..length], head.mask, 0);
                return Ok(Some((head, self.take_pending(length))));
            }
            self.arriving = Some(Box::new(Arriving::begin(head, length, &self.pending)));
            self.pending = BytesMut::new();
            return Ok(None);
        }
        if self.arriving.as_ref().is_some_and(|arriving| arriving.missing > 0) {
            return Ok(None);
        }
        let Some(mut arriving) = self.arriving.take() else { return Ok(None) };
        Ok(Some((arriving.head, Payload::Pooled(std::mem::take(&mut arriving.data)))))
    }

    fn take_pending(&mut self, length: usize) -> Payload {
        if length > COPIED {
            return Payload::Own(self.pending.split_to(length));
        }
        let copy = Bytes::copy_from_slice(&self.pending[..length]);
        self.pending.advance(length);
        Payload::Copy(copy)
    }

    /// Whether a frame may come now, and its length within the limit.
    fn check(&self, head: &Head, may_be_compressed: bool) -> Result<usize, Failure> {
        let length = usize::try_from(head.length).map_err(|_| Failure::TooLarge)?;
        if head.opcode.is_control() {
            return Ok(length);
        }
        let (before, compressed) = match (&self.fragments, head.opcode) {
            (None, Opcode::Continuation) => return Err(Failure::Protocol("nothing to continue")),
            (None, _) => (0, head.compressed),
            (Some(_), Opcode::Continuation) if head.compressed => {
                return Err(Failure::Protocol("a continuation starts compression"));
            }
            (Some(fragments), Opcode::Continuation) => (fragments.data.len(), fragments.compressed),
            (Some(_), _) => return Err(Failure::Protocol("a message starts within another")),
        };
        if compressed && !may_be_compressed {
            return Err(Failure::Protocol("a reserved bit is set"));
        }
        // What cannot be made smaller grows a little by compression.
        let slack = if compressed { (self.max_message >> 8) + 64 } else { 0 };
        if length > (self.max_message + slack).saturating_sub(before) {
            return Err(Failure::TooLarge);
        }
        Ok(length)
    }

    /// What a frame means: a control frame at once, a message once its last fragment is here.
    fn on_frame(
        &mut self,
        head: Head,
        payload: Payload,
        deflate: &mut Option<Box<Deflate>>,
    ) -> Result<Option<Incoming>, Failure> {
        match head.opcode {
            Opcode::Ping => return Ok(Some(Incoming::Ping(payload.freeze()))),
            Opcode::Pong => return Ok(Some(Incoming::Pong)),
            Opcode::Close => return close(&payload.freeze()).map(Some),
            Opcode::Continuation | Opcode::Text | Opcode::Binary => {}
        }
        let (opcode, compressed, data) = match (self.fragments.take(), head.fin) {
            (None, true) => (head.opcode, head.compressed, payload.freeze()),
            (None, false) => {
                let data = payload.into_vec();
                let (opcode, compressed) = (head.opcode, head.compressed);
                self.fragments = Some(Box::new(Fragments { opcode, compressed, data }));
                return Ok(None);
            }
            (Some(mut fragments), fin) => {
                let (length, capacity) = (fragments.data.len(), fragments.data.capacity());
                if capacity < length + payload.as_ref().len() {
                    pool::grow(&mut fragments.data, (length + payload.as_ref().len()).max(2 * capacity));
                }
                fragments.data.extend_from_slice(payload.as_ref());
                if !fin {
                    self.fragments = Some(fragments);
                    return Ok(None);
                }
                (fragments.opcode, fragments.compressed, pool::freeze(fragments.data))
            }
        };
        let data = match deflate {
            Some(deflate) if compressed => deflate.inflate(&data, self.max_message)?,
            _ => data,
        };
        if opcode == Opcode::Binary {
            return Ok(Some(Incoming::Binary(data)));
        }
        if std::str::from_utf8(&data).is_err() {
            return Err(Failure::InvalidUtf8);
        }
        Ok(Some(Incoming::Text(data)))
    }
}

/// The payload of a frame.
enum Payload {
    Copy(Bytes),
    /// A part of what was read.
    Own(BytesMut),
    /// All of a buffer of its own.
    Pooled(Vec<u8>),
}

impl Payload {
    fn freeze(self) -> Bytes {
        match self {
            Self::Copy(bytes) => bytes,
            Self::Own(bytes) => bytes.freeze(),
            Self::Pooled(bytes) => pool::freeze(bytes),
        }
    }

    fn into_vec(self) -> Vec<u8> {
        match self {
            Self::Copy(bytes) => bytes.into(),
            Self::Own(bytes) => bytes.into(),
            Self::Pooled(bytes) => bytes,
        }
    }
}

impl AsRef<[u8]> for Payload {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Copy(bytes) => bytes,
            Self::Own(bytes) => bytes,
            Self::Pooled(bytes) => bytes,
        }
    }
}

/// A close frame (RFC 6455, 5.5.1 and 7.4); 1005 says that it had no code.
fn close(payload: &[u8]) -> Result<Incoming, Failure> {
    let Some((code, reason)) = payload.split_first_chunk::<2>() else {
        return if payload.is_empty() {
            Ok(Incoming::Close { code: 1005, reason: String::new() })
        } else {
            Err(Failure::Protocol("a close frame holds half a code"))
        };
    };
    let code = u16::from_be_bytes(*code);
    if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
        return Err(Failure::Protocol("a close code that is never sent"));
    }
    let reason = std::str::from_utf8(reason).map_err(|_| Failure::InvalidUtf8)?;
    Ok(Incoming::Close { code, reason: reason.to_owned() })
}
