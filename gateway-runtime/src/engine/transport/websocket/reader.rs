//! From the bytes of a connection to whole messages: gathers, unmasks, joins fragments, decompresses,
//! keeps the size limit.
//!
//! Between messages it holds no buffer: what is read lies on the stack first. It must never write, and
//! knows nothing of sessions.

use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use tokio::io::{AsyncRead, ReadBuf};
use tokio_util::io::poll_read_buf;

use super::deflate::Deflate;
use super::frame::{Head, Opcode, apply_mask};
use super::{Failure, Incoming};

/// Bytes asked of the operating system at once.
pub(crate) const READ_SIZE: usize = 16 << 10;

/// What the buffer of a large payload grows by at least: an announced length alone allocates no more.
const GROWTH: usize = 64 << 10;

/// Payloads up to this size are copied, so that a message which somebody keeps keeps nothing else.
const COPIED: usize = 2 << 10;

/// A message as it came, and what it is made of.
#[derive(Debug)]
struct Fragments {
    opcode: Opcode,
    compressed: bool,
    data: BytesMut,
}

/// A frame of which part of the payload is missing.
#[derive(Debug)]
struct Arriving {
    head: Head,
    data: BytesMut,
    missing: usize,
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
            match ready!(self.poll_fill(io, cx)) {
                Ok(0) => return Poll::Ready(None),
                Ok(_) => {}
                Err(_) => return Poll::Ready(Some(Err(Failure::Cut))),
            }
        }
    }

    /// Reads what there is, up to a size.
    fn poll_fill<S: AsyncRead + Unpin>(
        &mut self,
        io: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<std::io::Result<usize>> {
        if let Some(arriving) = &mut self.arriving
            && arriving.missing > READ_SIZE
        {
            // Straight into its place, and not beyond.
            let data = &mut arriving.data;
            if data.capacity() == data.len() {
                data.reserve(arriving.missing.min(data.len().max(GROWTH)));
            }
            let before = data.len();
            let read = ready!(poll_read_buf(Pin::new(io), cx, &mut (&mut *data).limit(arriving.missing)))?;
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
        self.pending.extend_from_slice(read.filled());
        Poll::Ready(Ok(read.filled().len()))
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
            let mut data = BytesMut::with_capacity(length.min(GROWTH));
            data.extend_from_slice(&std::mem::take(&mut self.pending));
            apply_mask(&mut data, head.mask, 0);
            let missing = length - data.len();
            self.arriving = Some(Box::new(Arriving { head, data, missing }));
            return Ok(None);
        }
        let Some(mut arriving) = self.arriving.take() else { return Ok(None) };
        let taken = self.pending.len().min(arriving.missing);
        let before = arriving.data.len();
        arriving.data.extend_from_slice(&self.pending[..taken]);
        self.pending.advance(taken);
        apply_mask(&mut arriving.data[before..], arriving.head.mask, before);
        arriving.missing -= taken;
        if arriving.missing > 0 {
            self.arriving = Some(arriving);
            return Ok(None);
        }
        let Arriving { head, data, .. } = *arriving;
        Ok(Some((head, Payload::Own(data))))
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
                let data = payload.into_mut();
                let (opcode, compressed) = (head.opcode, head.compressed);
                self.fragments = Some(Box::new(Fragments { opcode, compressed, data }));
                return Ok(None);
            }
            (Some(mut fragments), fin) => {
                fragments.data.extend_from_slice(payload.as_ref());
                if !fin {
                    self.fragments = Some(fragments);
                    return Ok(None);
                }
                (fragments.opcode, fragments.compressed, fragments.data.freeze())
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

/// The payload of a frame, in a buffer that may still grow or not.
enum Payload {
    Copy(Bytes),
    Own(BytesMut),
}

impl Payload {
    fn freeze(self) -> Bytes {
        match self {
            Self::Copy(bytes) => bytes,
            Self::Own(bytes) => bytes.freeze(),
        }
    }

    fn into_mut(self) -> BytesMut {
        match self {
            Self::Copy(bytes) => BytesMut::from(bytes),
            Self::Own(bytes) => bytes,
        }
    }
}

impl AsRef<[u8]> for Payload {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Copy(bytes) => bytes,
            Self::Own(bytes) => bytes,
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
