//! The codec of Engine.IO revision 3, which clients of Socket.IO 2 speak: packets and the payloads of
//! long-polling, as pure functions.
//!
//! What differs from revision 4: a binary packet names its type; a payload gives the length of each
//! packet in front of it, counted in UTF-16 code units; a payload with binary in it may be binary as a
//! whole. Knows bytes only: no session, no transport, no meaning of a message.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::{BufMut as _, Bytes, BytesMut};

use super::packet::{self, Frame, Malformed, Packet};

/// The type of a message, as the first byte of a binary packet.
const BINARY_MESSAGE: u8 = 4;

/// In front of the length of a text, or of a binary packet, of a binary payload.
const TEXT: u8 = 0;
const BINARY: u8 = 1;

/// Behind the length of a packet of a binary payload.
const END_OF_LENGTH: u8 = 0xff;

/// Digits that a length may have: no body is that large.
const MAX_DIGITS: usize = 10;

/// What a length costs at most, with what stands around it.
const HEADER: usize = MAX_DIGITS + 2;

/// Decodes a text packet, which must be valid UTF-8. The message shares the buffer it came in.
pub(crate) fn decode_text(packet: Bytes) -> Result<Packet, Malformed> {
    match packet.first() {
        Some(b'b') => match packet.get(1) {
            Some(b'4') => packet::decode_base64(&packet[2..]).map(Packet::Binary),
            // The other types have no use for bytes.
            Some(b'0'..=b'6') => packet::decode(packet.slice(1..)),
            _ => Err(Malformed),
        },
        _ => packet::decode(packet),
    }
}

/// Decodes a binary packet. The message shares the buffer it came in.
pub(crate) fn decode_binary(packet: Bytes) -> Result<Packet, Malformed> {
    match packet.first() {
        Some(&BINARY_MESSAGE) => Ok(Packet::Binary(packet.slice(1..))),
        Some(0) => Ok(Packet::Open),
        Some(1) => Ok(Packet::Close),
        Some(2) => Ok(Packet::Ping { probe: false }),
        Some(3) => Ok(Packet::Pong),
        Some(5) => Ok(Packet::Upgrade),
        Some(6) => Ok(Packet::Noop),
        _ => Err(Malformed),
    }
}

/// A binary message as a frame of a WebSocket.
pub(crate) fn encode_binary(message: &[u8]) -> Bytes {
    let mut packet = BytesMut::with_capacity(1 + message.len());
    packet.put_u8(BINARY_MESSAGE);
    packet.put_slice(message);
    packet.freeze()
}

/// A binary message as text, for clients that cannot take bytes.
pub(crate) fn encode_base64(message: &[u8]) -> String {
    let mut packet = String::with_capacity(2 + base64_len(message.len()));
    push_base64(&mut packet, message);
    packet
}

fn push_base64(packet: &mut String, message: &[u8]) {
    packet.push_str("b4");
    BASE64.encode_string(message, packet);
}

fn base64_len(bytes: usize) -> usize {
    bytes.div_ceil(3) * 4
}

/// The packets of a request body, decoded one at a time, so that a body can wait half read.
#[derive(Debug)]
pub(crate) struct Payload {
    /// What is not read yet. Of a text payload that is no UTF-8 nothing is read.
    rest: Option<Bytes>,
    binary: bool,
}

impl Payload {
    /// A body of text.
    pub(crate) fn text(body: Bytes) -> Self {
        // An empty body is malformed, and one that is not UTF-8 is too.
        let body = if std::str::from_utf8(&body).is_ok() { body } else { Bytes::new() };
        Self { rest: Some(body), binary: false }
    }

    /// A body of type `application/octet-stream`; an empty one holds no packets.
    pub(crate) fn binary(body: Bytes) -> Self {
        Self { rest: Some(body).filter(|body| !body.is_empty()), binary: true }
    }

    fn next_packet(&mut self) -> Option<Result<Packet, Malformed>> {
        loop {
            let mut rest = self.rest.take()?;
            let decoded = if self.binary {
                split_binary(&mut rest)
            } else {
                match split_text(&mut rest) {
                    // `0:` is how a payload says that it has no packet.
                    Ok(packet) if packet.is_empty() => {
                        self.rest = Some(rest).filter(|rest| !rest.is_empty());
                        continue;
                    }
                    packet => packet.and_then(decode_text),
                }
            };
            if decoded.is_ok() {
                self.rest = Some(rest).filter(|rest| !rest.is_empty());
            }
            return Some(decoded);
        }
    }
}

impl Iterator for Payload {
    type Item = Result<Packet, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_packet()
    }
}

/// Takes `<length>:<packet>` off a payload; the length counts UTF-16 code units.
fn split_text(rest: &mut Bytes) -> Result<Bytes, Malformed> {
    let digits = rest.iter().take(MAX_DIGITS + 1).position(|byte| *byte == b':').ok_or(Malformed)?;
    let length = decimal(rest[..digits].iter().map(|byte| byte.wrapping_sub(b'0')))?;
    let start = digits + 1;
    let end = start + bytes_of_units(&rest[start..], length).ok_or(Malformed)?;
    let packet = rest.slice(start..end);
    *rest = rest.slice(end..);
    Ok(packet)
}

/// How many bytes of a text make up this many UTF-16 code units; `None` if there are fewer, or a
/// character is cut in two.
fn bytes_of_units(text: &[u8], units: usize) -> Option<usize> {
    // A unit has a byte at least, and most texts have nothing else.
    if text.len() >= units && text[..units].is_ascii() {
        return Some(units);
    }
    // Told by first bytes: the text is known to be UTF-8, and looking at what is behind this packet
    // would make the cost of a body grow with its square.
    let (mut bytes, mut left) = (0, units);
    while left > 0 {
        let (in_utf_8, in_utf_16) = match *text.get(bytes)? {
            0..0x80 => (1, 1),
            0x80..0xe0 => (2, 1),
            0xe0..0xf0 => (3, 1),
            0xf0.. => (4, 2),
        };
        left = left.checked_sub(in_utf_16)?;
        bytes += in_utf_8;
    }
    Some(bytes)
}

/// Takes `<0 or 1><digits as bytes><255><packet>` off a payload; the length counts bytes.
fn split_binary(rest: &mut Bytes) -> Result<Packet, Malformed> {
    let is_text = match rest.first() {
        Some(&TEXT) => true,
        Some(&BINARY) => false,
        _ => return Err(Malformed),
    };
    let length_end = rest.iter().take(MAX_DIGITS + 2).position(|byte| *byte == END_OF_LENGTH);
    let length_end = length_end.ok_or(Malformed)?;
    let length = decimal(rest[1..length_end].iter().copied())?;
    let start = length_end + 1;
    let end = start.checked_add(length).filter(|end| *end <= rest.len()).ok_or(Malformed)?;
    let packet = rest.slice(start..end);
    *rest = rest.slice(end..);
    if !is_text {
        return decode_binary(packet);
    }
    if std::str::from_utf8(&packet).is_err() {
        return Err(Malformed);
    }
    decode_text(packet)
}

fn decimal(digits: impl ExactSizeIterator<Item = u8>) -> Result<usize, Malformed> {
    if !(1..=MAX_DIGITS).contains(&digits.len()) {
        return Err(Malformed);
    }
    let mut number: u64 = 0;
    for digit in digits {
        if digit > 9 {
            return Err(Malformed);
        }
        number = number * 10 + u64::from(digit);
    }
    usize::try_from(number).map_err(|_| Malformed)
}

/// The answer to a polling request, gathered packet by packet up to a size. Its form is known at the end:
/// a payload with binary in it is binary as a whole, unless the client cannot take that.
#[derive(Debug)]
pub(crate) struct PayloadBuilder {
    packets: Vec<Frame>,
    size: usize,
    max_bytes: usize,
    base64: bool,
}

impl PayloadBuilder {
    pub(crate) fn new(max_bytes: usize, base64: bool) -> Self {
        Self { packets: Vec::new(), size: 0, max_bytes, base64 }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// Adds a packet whether it fits or not.
    pub(crate) fn push_anyway(&mut self, packet: Frame) {
        self.size += self.cost(&packet);
        self.packets.push(packet);
    }

    /// Adds a packet; false if it does not fit. The first always does.
    pub(crate) fn push(&mut self, packet: &Frame) -> bool {
        if !self.packets.is_empty() && self.size + self.cost(packet) > self.max_bytes {
            return false;
        }
        self.push_anyway(packet.clone());
        true
    }

    fn cost(&self, packet: &Frame) -> usize {
        HEADER
            + match packet {
                Frame::Text(text) => text.len(),
                Frame::Binary(bytes) if self.base64 => 2 + base64_len(bytes.len()),
                Frame::Binary(bytes) => 1 + bytes.len(),
            }
    }

    /// The payload, and whether it is binary.
    pub(crate) fn finish(self) -> (Bytes, bool) {
        let binary = !self.base64 && self.packets.iter().any(|packet| matches!(packet, Frame::Binary(_)));
        (if binary { self.finish_binary() } else { self.finish_text() }, binary)
    }

    fn finish_text(self) -> Bytes {
        use std::fmt::Write as _;
        let mut payload = String::with_capacity(self.size);
        for packet in &self.packets {
            // Writing to a `String` does not fail.
            let _ = match packet {
                Frame::Text(text) => {
                    // Always valid: the text of a packet is made of a string.
                    let text = std::str::from_utf8(text).unwrap_or_default();
                    write!(payload, "{}:{text}", units(text))
                }
                Frame::Binary(bytes) => {
                    let written = write!(payload, "{}:", 2 + base64_len(bytes.len()));
                    push_base64(&mut payload, bytes);
                    written
                }
            };
        }
        Bytes::from(payload)
    }

    fn finish_binary(self) -> Bytes {
        let mut payload = BytesMut::with_capacity(self.size);
        for packet in &self.packets {
            match packet {
                Frame::Text(text) => {
                    put_header(&mut payload, TEXT, text.len());
                    payload.put_slice(text);
                }
                Frame::Binary(bytes) => {
                    put_header(&mut payload, BINARY, 1 + bytes.len());
                    payload.put_u8(BINARY_MESSAGE);
                    payload.put_slice(bytes);
                }
            }
        }
        payload.freeze()
    }
}

/// A payload of one text packet.
pub(crate) fn payload_of(packet: &str) -> Bytes {
    Bytes::from(format!("{}:{packet}", units(packet)))
}

fn put_header(payload: &mut BytesMut, kind: u8, length: usize) {
    payload.put_u8(kind);
    payload.extend(length.to_string().bytes().map(|digit| digit - b'0'));
    payload.put_u8(END_OF_LENGTH);
}

/// The length of a text in UTF-16 code units, which is what JavaScript's `length` is.
fn units(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().map(char::len_utf16).sum() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(body: &str) -> Vec<Result<Packet, Malformed>> {
        Payload::text(Bytes::from(body.to_owned())).collect()
    }

    fn binary(body: &[u8]) -> Vec<Result<Packet, Malformed>> {
        Payload::binary(Bytes::copy_from_slice(body)).collect()
    }

    fn message(text: &'static str) -> Result<Packet, Malformed> {
        Ok(Packet::Text(Bytes::from_static(text.as_bytes())))
    }

    fn bytes(bytes: &'static [u8]) -> Result<Packet, Malformed> {
        Ok(Packet::Binary(Bytes::from_static(bytes)))
    }

    #[test]
    fn lengths_of_a_text_payload_count_utf_16_code_units() {
        let expected = vec![message("hé"), message("😀x"), Ok(Packet::Ping { probe: false }), message("")];
        assert_eq!(text("3:4hé4:4😀x1:21:4"), expected);
        assert_eq!(text("6:2probe6:b4AQID"), vec![Ok(Packet::Ping { probe: true }), bytes(&[1, 2, 3])]);
        assert_eq!(text("0:02:4a"), vec![message("a")]);
        assert_eq!(text("0:"), vec![]);
    }

    #[test]
    fn nothing_after_a_malformed_text_packet_is_read() {
        for bad in
            ["x:4", ":4", "-1:4", "1.0:2", "9:4a", "1:9", "1:x", "3", "2:4😀", "2:b9", "1:b", "00000000001:4"]
        {
            assert_eq!(text(&format!("2:4a{bad}")), vec![message("a"), Err(Malformed)], "{bad}");
        }
        assert_eq!(text(""), vec![Err(Malformed)]);
        let invalid = Payload::text(Bytes::from_static(b"2:4a2:4\xff")).collect::<Vec<_>>();
        assert_eq!(invalid, vec![Err(Malformed)]);
    }

    #[test]
    fn lengths_of_a_binary_payload_count_bytes() {
        let body =
            [&[0, 4, 255], "4hé".as_bytes(), &[1, 4, 255, 4, 1, 2, 3], &[0, 1, 255, b'2'], &[1, 1, 255, 4]];
        let body = body.concat();
        let expected = vec![message("hé"), bytes(&[1, 2, 3]), Ok(Packet::Ping { probe: false }), bytes(&[])];
        assert_eq!(binary(&body), expected);
        assert_eq!(binary(b""), vec![]);
    }

    #[test]
    fn nothing_after_a_malformed_binary_packet_is_read() {
        let bad: [&[u8]; 12] = [
            &[0],
            &[1, 5, 255, 4],
            &[0, 255],
            &[0, 0, 255],
            &[1, 0, 255],
            &[1, 1, 255, 9],
            &[0, 1, 255, b'9'],
            &[2, 1, 255, b'2'],
            &[0, 12, 255, b'2'],
            &[0, b'1', 255, b'2'],
            &[0, 2, 255, b'4', 0xff],
            &[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 255, 4],
        ];
        for bad in bad {
            let body = [&[0, 2, 255, b'4', b'a'], bad].concat();
            assert_eq!(binary(&body), vec![message("a"), Err(Malformed)], "{bad:?}");
        }
    }

    #[test]
    fn the_form_of_an_answer_follows_its_packets_and_the_client() {
        let packets = [Frame::Text("4hé😀".into()), Frame::Binary(Bytes::from_static(&[1, 2, 3]))];
        let built = |packets: &[Frame], base64| {
            let mut payload = PayloadBuilder::new(1000, base64);
            assert!(packets.iter().all(|packet| payload.push(packet)));
            payload.finish()
        };
        assert_eq!(built(&packets[..1], false), ("5:4hé😀".into(), false));
        assert_eq!(built(&packets, true), ("5:4hé😀6:b4AQID".into(), false));
        let mut expected = vec![0, 8, 255];
        expected.extend("4hé😀".bytes());
        expected.extend([1, 4, 255, 4, 1, 2, 3]);
        assert_eq!(built(&packets, false), (expected.into(), true));
        assert_eq!(payload_of("6"), "1:6");
    }

    #[test]
    fn the_first_packet_of_an_answer_always_fits() {
        let mut payload = PayloadBuilder::new(20, false);
        assert!(payload.push(&Frame::Binary(vec![7; 100].into())));
        assert!(!payload.push(&Frame::Text("4".into())));
        payload.push_anyway(Frame::Text("1".into()));
        assert!(payload.finish().1);
    }

    #[test]
    fn frames_of_a_websocket_name_their_type() {
        assert_eq!(encode_binary(&[7, 8]), vec![4, 7, 8]);
        assert_eq!(decode_binary(encode_binary(&[7, 8])), bytes(&[7, 8]));
        assert_eq!(encode_base64(&[7, 7]), "b4Bwc=");
        assert_eq!(decode_text(encode_base64(&[7, 7]).into()), bytes(&[7, 7]));
        for (frame, packet) in [(2, Packet::Ping { probe: false }), (3, Packet::Pong), (6, Packet::Noop)] {
            assert_eq!(decode_binary(Bytes::from(vec![frame])), Ok(packet));
        }
        assert_eq!(decode_binary(Bytes::new()), Err(Malformed));
        assert_eq!(decode_binary(Bytes::from_static(b"4")), Err(Malformed));
    }
}
