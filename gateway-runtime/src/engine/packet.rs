//! The Engine.IO 4 codec: packets and the payloads of long-polling, as pure functions.
//!
//! Knows bytes only: no session, no transport, no meaning of a message.

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::general_purpose::STANDARD as BASE64;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::{Buf as _, Bytes};
use gateway_core::Frames;

/// Between the packets of a payload.
const SEPARATOR: u8 = 0x1e;

pub(crate) const CLOSE: &str = "1";
pub(crate) const PING: &str = "2";
pub(crate) const PONG: &str = "3";
pub(crate) const NOOP: &str = "6";
pub(crate) const PROBE_PONG: &str = "3probe";

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const DECODE_STANDARD: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
const DECODE_URL_SAFE: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);

/// A packet from the client.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Packet {
    Open,
    Close,
    Ping { probe: bool },
    Pong,
    Text(Bytes),
    Binary(Bytes),
    Upgrade,
    Noop,
}

/// What came is no packet.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an Engine.IO packet")]
pub(crate) struct Malformed;

/// Decodes a text packet, which must be valid UTF-8. The message keeps the buffer it came in.
pub(crate) fn decode(mut packet: Bytes) -> Result<Packet, Malformed> {
    match packet.first() {
        Some(b'0') => Ok(Packet::Open),
        Some(b'1') => Ok(Packet::Close),
        Some(b'2') => Ok(Packet::Ping { probe: &packet[1..] == b"probe" }),
        Some(b'3') => Ok(Packet::Pong),
        Some(b'4') => {
            packet.advance(1);
            Ok(Packet::Text(packet))
        }
        Some(b'5') => Ok(Packet::Upgrade),
        Some(b'6') => Ok(Packet::Noop),
        Some(b'b') => decode_base64(&packet[1..]).map(Packet::Binary),
        _ => Err(Malformed),
    }
}

/// Decodes base64 as lenient as Node does: either alphabet, with or without padding.
pub(super) fn decode_base64(text: &[u8]) -> Result<Bytes, Malformed> {
    let url_safe = text.iter().any(|byte| matches!(byte, b'-' | b'_'));
    let decoded = if url_safe { DECODE_URL_SAFE.decode(text) } else { DECODE_STANDARD.decode(text) };
    decoded.map(Bytes::from).map_err(|_| Malformed)
}

/// The packets of a request body, decoded one at a time, so that a body can wait half read.
#[derive(Debug)]
pub(crate) struct Payload {
    rest: Option<Bytes>,
}

impl Payload {
    pub(crate) fn new(body: Bytes) -> Self {
        // One packet that is not UTF-8 makes all text unreliable: the whole body is malformed, which
        // an empty packet is too.
        let body = if std::str::from_utf8(&body).is_ok() { body } else { Bytes::new() };
        Self { rest: Some(body) }
    }
}

impl Iterator for Payload {
    type Item = Result<Packet, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut packet = self.rest.take()?;
        if let Some(end) = packet.iter().position(|byte| *byte == SEPARATOR) {
            self.rest = Some(packet.slice(end + 1..));
            packet.truncate(end);
        }
        let decoded = decode(packet);
        if decoded.is_err() {
            self.rest = None;
        }
        Some(decoded)
    }
}

/// The answer to a polling request, built packet by packet up to a size.
#[derive(Debug)]
pub(crate) struct PayloadBuilder {
    payload: String,
    max_bytes: usize,
}

impl PayloadBuilder {
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self { payload: String::new(), max_bytes }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.payload.is_empty()
    }

    /// Adds a text packet whether it fits or not.
    pub(crate) fn push_text_anyway(&mut self, packet: &str) {
        if !self.payload.is_empty() {
            self.payload.push(char::from(SEPARATOR));
        }
        self.payload.push_str(packet);
    }

    /// Adds a text packet; false if it does not fit. The first always does.
    pub(crate) fn push_text(&mut self, packet: &str) -> bool {
        if !self.reserve(packet.len()) {
            return false;
        }
        self.payload.push_str(packet);
        true
    }

    /// Adds a binary message as base64; false if it does not fit. The first always does.
    pub(crate) fn push_binary(&mut self, bytes: &[u8]) -> bool {
        if !self.reserve(1 + bytes.len().div_ceil(3) * 4) {
            return false;
        }
        self.payload.push('b');
        BASE64.encode_string(bytes, &mut self.payload);
        true
    }

    pub(crate) fn finish(self) -> Bytes {
        Bytes::from(self.payload)
    }

    fn reserve(&mut self, packet: usize) -> bool {
        if self.payload.is_empty() {
            self.payload.reserve(packet);
            return true;
        }
        if self.payload.len() + 1 + packet > self.max_bytes {
            return false;
        }
        self.payload.push(char::from(SEPARATOR));
        true
    }
}

/// One frame of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    Text(Bytes),
    Binary(Bytes),
}

/// The frame at a position of a packet: its text first, if it has one, then the attachments.
pub(crate) fn frame_at(frames: &Frames, position: usize) -> Option<Frame> {
    let text = frames.text_bytes();
    let binary_only = text.is_empty() && !frames.attachments().is_empty();
    if !binary_only && position == 0 {
        return Some(Frame::Text(text.clone()));
    }
    let attachment = position - usize::from(!binary_only);
    frames.attachments().get(attachment).cloned().map(Frame::Binary)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packets(body: &'static [u8]) -> Vec<Result<Packet, Malformed>> {
        Payload::new(Bytes::from_static(body)).collect()
    }

    #[test]
    fn a_payload_is_read_packet_by_packet() {
        let expected = vec![
            Ok(Packet::Text(Bytes::from_static(b"hello"))),
            Ok(Packet::Binary(Bytes::from_static(&[1, 2, 3, 4]))),
            Ok(Packet::Ping { probe: true }),
            Ok(Packet::Text(Bytes::new())),
        ];
        assert_eq!(packets(b"4hello\x1ebAQIDBA==\x1e2probe\x1e4"), expected);
    }

    #[test]
    fn nothing_after_a_malformed_packet_is_read() {
        for body in [&b"4a\x1e\x1e4b"[..], b"4a\x1e7\x1e4b", b"4a\x1eb!\x1e4b"] {
            assert_eq!(packets(body), vec![Ok(Packet::Text(Bytes::from_static(b"a"))), Err(Malformed)]);
        }
        assert_eq!(packets(b""), vec![Err(Malformed)]);
        assert_eq!(packets(b"4a\x1e4\xff"), vec![Err(Malformed)]);
    }

    #[test]
    fn base64_is_read_with_and_without_padding_in_both_alphabets() {
        assert_eq!(packets(b"bAQ"), vec![Ok(Packet::Binary(Bytes::from_static(&[1])))]);
        assert_eq!(packets(b"b-_-_"), vec![Ok(Packet::Binary(Bytes::from_static(&[0xfb, 0xff, 0xbf])))]);
        assert_eq!(packets(b"b"), vec![Ok(Packet::Binary(Bytes::new()))]);
    }

    #[test]
    fn an_answer_holds_at_least_one_packet_and_no_more_than_fit() {
        let mut builder = PayloadBuilder::new(8);
        assert!(builder.push_text("4more than eight"));
        assert!(!builder.push_text("4"));
        let mut builder = PayloadBuilder::new(8);
        assert!(builder.push_text("4a"));
        assert!(builder.push_binary(&[1, 2, 3]));
        assert!(!builder.push_text("4"));
        assert_eq!(builder.finish(), "4a\x1ebAQID");
    }

    #[test]
    fn frames_are_the_text_and_then_the_attachments() {
        let frames = Frames::with_attachments("4x".to_owned(), vec![Bytes::from_static(b"1")]);
        assert_eq!(frame_at(&frames, 0), Some(Frame::Text(Bytes::from_static(b"4x"))));
        assert_eq!(frame_at(&frames, 1), Some(Frame::Binary(Bytes::from_static(b"1"))));
        assert_eq!(frame_at(&frames, 2), None);
        let binary = Frames::binary(Bytes::from_static(b"1"));
        assert_eq!(frame_at(&binary, 0), Some(Frame::Binary(Bytes::from_static(b"1"))));
        assert_eq!(frame_at(&binary, 1), None);
        assert_eq!(frame_at(&Frames::text(String::new()), 0), Some(Frame::Text(Bytes::new())));
    }
}
