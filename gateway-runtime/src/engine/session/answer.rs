//! The answer to a polling request while it is put together, in the form of the client's revision.
//!
//! Knows frames as they lie in the outbox; it must never know why one is sent.

use bytes::Bytes;

use super::super::packet::{Frame, PayloadBuilder};
use super::super::transport::PollAnswer;
use super::super::{Revision, revision_3};
use super::Framing;

/// An answer, gathered packet by packet up to a size.
pub(super) struct AnswerBuilder {
    packets: Packets,
    /// One of the packets may be compressed: then the whole answer may, as in engine.io.
    compress: bool,
}

enum Packets {
    V3(revision_3::PayloadBuilder),
    V4(PayloadBuilder),
}

impl AnswerBuilder {
    /// `base64` counts for clients of revision 3 only.
    pub(super) fn new(framing: Framing, max_bytes: usize, base64: bool) -> Self {
        let packets = match framing {
            Framing::EngineIo(Revision::V3) => {
                Packets::V3(revision_3::PayloadBuilder::new(max_bytes, base64))
            }
            _ => Packets::V4(PayloadBuilder::new(max_bytes)),
        };
        Self { packets, compress: false }
    }

    pub(super) fn is_empty(&self) -> bool {
        match &self.packets {
            Packets::V3(payload) => payload.is_empty(),
            Packets::V4(payload) => payload.is_empty(),
        }
    }

    /// Adds a text packet whether it fits or not.
    pub(super) fn push_text_anyway(&mut self, packet: &str) {
        match &mut self.packets {
            Packets::V3(payload) => {
                payload.push_anyway(Frame::Text(Bytes::copy_from_slice(packet.as_bytes())));
            }
            Packets::V4(payload) => payload.push_text_anyway(packet),
        }
    }

    /// Adds a text packet; false if it does not fit. The first always does.
    pub(super) fn push_text(&mut self, packet: &str) -> bool {
        match &mut self.packets {
            Packets::V3(payload) => payload.push(&Frame::Text(Bytes::copy_from_slice(packet.as_bytes()))),
            Packets::V4(payload) => payload.push_text(packet),
        }
    }

    /// Adds a frame; false if it does not fit. The first always does.
    pub(super) fn push_frame(&mut self, frame: &Frame, compress: bool) -> bool {
        let fits = match (&mut self.packets, frame) {
            (Packets::V3(payload), frame) => payload.push(frame),
            // Always valid: the text of a packet is made of a string.
            (Packets::V4(payload), Frame::Text(text)) => {
                payload.push_text(std::str::from_utf8(text).unwrap_or_default())
            }
            (Packets::V4(payload), Frame::Binary(bytes)) => payload.push_binary(bytes),
        };
        self.compress |= compress && fits;
        fits
    }

    pub(super) fn finish(self) -> PollAnswer {
        let (payload, binary) = match self.packets {
            Packets::V3(payload) => payload.finish(),
            Packets::V4(payload) => (payload.finish(), false),
        };
        PollAnswer::Payload { payload, binary, compress: self.compress }
    }
}

/// An answer of one packet.
pub(super) fn only(framing: Framing, packet: &'static str) -> PollAnswer {
    let payload = match framing {
        Framing::EngineIo(Revision::V3) => revision_3::payload_of(packet),
        _ => Bytes::from_static(packet.as_bytes()),
    };
    PollAnswer::Payload { payload, binary: false, compress: false }
}
