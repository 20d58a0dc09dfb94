//! The answer to a polling request while it is put together, in the form of the client's revision.
//!
//! Knows frames as they lie in the outbox; it must never know why one is sent.

use bytes::Bytes;

use super::super::packet::{Frame, PayloadBuilder};
use super::super::transport::PollAnswer;
use super::super::{Revision, revision_3};
use super::Framing;

/// An answer, gathered packet by packet up to a size.
pub(super) enum AnswerBuilder {
    V3(revision_3::PayloadBuilder),
    V4(PayloadBuilder),
}

impl AnswerBuilder {
    /// `base64` counts for clients of revision 3 only.
    pub(super) fn new(framing: Framing, max_bytes: usize, base64: bool) -> Self {
        match framing {
            Framing::EngineIo(Revision::V3) => Self::V3(revision_3::PayloadBuilder::new(max_bytes, base64)),
            _ => Self::V4(PayloadBuilder::new(max_bytes)),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::V3(payload) => payload.is_empty(),
            Self::V4(payload) => payload.is_empty(),
        }
    }

    /// Adds a text packet whether it fits or not.
    pub(super) fn push_text_anyway(&mut self, packet: &str) {
        match self {
            Self::V3(payload) => payload.push_anyway(Frame::Text(Bytes::copy_from_slice(packet.as_bytes()))),
            Self::V4(payload) => payload.push_text_anyway(packet),
        }
    }

    /// Adds a text packet; false if it does not fit. The first always does.
    pub(super) fn push_text(&mut self, packet: &str) -> bool {
        match self {
            Self::V3(payload) => payload.push(&Frame::Text(Bytes::copy_from_slice(packet.as_bytes()))),
            Self::V4(payload) => payload.push_text(packet),
        }
    }

    /// Adds a frame; false if it does not fit. The first always does.
    pub(super) fn push_frame(&mut self, frame: &Frame) -> bool {
        match (self, frame) {
            (Self::V3(payload), frame) => payload.push(frame),
            // Always valid: the text of a packet is made of a string.
            (Self::V4(payload), Frame::Text(text)) => {
                payload.push_text(std::str::from_utf8(text).unwrap_or_default())
            }
            (Self::V4(payload), Frame::Binary(bytes)) => payload.push_binary(bytes),
        }
    }

    pub(super) fn finish(self) -> PollAnswer {
        match self {
            Self::V3(payload) => match payload.finish() {
                (payload, true) => PollAnswer::BinaryPayload(payload),
                (payload, false) => PollAnswer::Payload(payload),
            },
            Self::V4(payload) => PollAnswer::Payload(payload.finish()),
        }
    }
}

/// An answer of one packet.
pub(super) fn only(framing: Framing, packet: &'static str) -> PollAnswer {
    PollAnswer::Payload(match framing {
        Framing::EngineIo(Revision::V3) => revision_3::payload_of(packet),
        _ => Bytes::from_static(packet.as_bytes()),
    })
}
