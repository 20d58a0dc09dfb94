//! The text form of Socket.IO packets (protocol 5): pure functions, no I/O.
//!
//! `<type>[<attachments>-][<namespace>,][<ack id>][<JSON>]`, for example `51-/chat,7["file",{…}]`.

use std::ops::Range;
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use gateway_core::ArgumentLimits;

/// What a packet of a client may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PacketLimits {
    /// Binary values of one packet; the default is the reference parser's `maxAttachments`.
    pub(crate) max_attachments: usize,
    /// Bytes of all of them.
    pub(crate) max_attachments_bytes: usize,
    /// Time for the next attachment to come.
    pub(crate) attachments_timeout: Duration,
    pub(crate) arguments: ArgumentLimits,
}

impl Default for PacketLimits {
    fn default() -> Self {
        Self {
            max_attachments: 10,
            max_attachments_bytes: 10_000_000,
            attachments_timeout: Duration::from_secs(60),
            arguments: ArgumentLimits::default(),
        }
    }
}

impl PacketLimits {
    /// Binary values of one MessagePack packet by default: they stand inside the packet, and its reference parser
    /// has no limit.
    pub(crate) const MSGPACK_ATTACHMENTS: usize = 1000;
}

/// Names that a client must not emit: they are events of the socket itself.
const RESERVED_EVENTS: [&str; 6] =
    ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

/// What a packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PacketKind {
    Connect,
    Disconnect,
    Event,
    Ack,
    ConnectError,
}

/// The text part of a packet, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Packet {
    pub(crate) kind: PacketKind,
    /// How many binary messages follow.
    pub(crate) attachments: usize,
    namespace: Name,
    pub(crate) ack: Option<u64>,
    /// The whole packet, so that nothing but its position is kept of a part.
    text: Bytes,
    /// Where the JSON behind the header begins.
    json: usize,
}

/// The namespace of a packet.
#[derive(Debug, PartialEq, Eq)]
enum Name {
    Main,
    /// It stands there in the packet's text.
    At(Range<usize>),
    Own(Bytes),
}

/// A text that is no packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PacketError {
    #[error("unknown packet type")]
    Kind,
    #[error("illegal attachments")]
    Attachments,
    #[error("more binary values than max_attachments")]
    TooManyAttachments,
    #[error("the binary values have more bytes than max_attachments_bytes")]
    AttachmentsTooLarge,
    #[error("an attachment did not come within attachments_timeout")]
    AttachmentsLate,
    #[error("a text came where an attachment was due")]
    AttachmentDue,
    #[error("an attachment came that belongs to no packet")]
    NoAttachmentDue,
    #[error("arrays and objects are nested deeper than max_json_depth")]
    TooDeep,
    #[error("not a MessagePack packet")]
    MsgPack,
    #[error("invalid namespace")]
    Namespace,
    #[error("an object looks like the placeholder of a binary value, and there are binary values")]
    LookAlike,
    #[error("the acknowledgement id is too large")]
    AckId,
    #[error("invalid payload")]
    Payload,
}

impl PacketError {
    /// The option whose limit was exceeded, if it was one.
    pub(crate) fn limit(self) -> Option<&'static str> {
        match self {
            Self::TooManyAttachments => Some("max_attachments"),
            Self::AttachmentsTooLarge => Some("max_attachments_bytes"),
            Self::AttachmentsLate => Some("attachments_timeout"),
            Self::TooDeep => Some("max_json_depth"),
            _ => None,
        }
    }
}

impl Packet {
    /// A packet that was not text; its attachments are there already.
    pub(crate) fn of_parts(
        kind: PacketKind,
        namespace: Option<Bytes>,
        ack: Option<u64>,
        json: Bytes,
    ) -> Self {
        let namespace = namespace.map_or(Name::Main, Name::Own);
        Self { kind, attachments: 0, namespace, ack, text: json, json: 0 }
    }

    /// The namespace, `/` if the packet names none.
    pub(crate) fn namespace(&self) -> &str {
        let name = match &self.namespace {
            Name::Main => return "/",
            Name::At(range) => self.text.get(range.clone()).unwrap_or_default(),
            Name::Own(name) => name,
        };
        std::str::from_utf8(name).unwrap_or("/")
    }

    /// The JSON behind the header; empty if there is none.
    pub(crate) fn json(&self) -> &[u8] {
        self.text.get(self.json..).unwrap_or_default()
    }

    /// The JSON behind the header, in the buffer it came in.
    pub(crate) fn into_json(mut self) -> Bytes {
        self.text.advance(self.json);
        self.text
    }
}

/// Takes a packet's text apart. The JSON is not parsed, but what must not be there is refused.
pub(crate) fn decode(text: Bytes, max_attachments: usize) -> Result<Packet, PacketError> {
    let (kind, binary) = match text.first() {
        Some(b'0') => (PacketKind::Connect, false),
        Some(b'1') => (PacketKind::Disconnect, false),
        Some(b'2') => (PacketKind::Event, false),
        Some(b'3') => (PacketKind::Ack, false),
        Some(b'4') => (PacketKind::ConnectError, false),
        Some(b'5') => (PacketKind::Event, true),
        Some(b'6') => (PacketKind::Ack, true),
        _ => return Err(PacketError::Kind),
    };
    let mut at = 1;
    let attachments = if binary { decode_attachments(&text, &mut at, max_attachments)? } else { 0 };
    let namespace = decode_namespace(&text, &mut at);
    let ack = decode_ack(&text, &mut at)?;
    let json = &text[at..];
    let valid = match kind {
        PacketKind::Connect => json.is_empty() || json.first() == Some(&b'{'),
        PacketKind::Disconnect => json.is_empty(),
        PacketKind::Event | PacketKind::Ack => json.first() == Some(&b'['),
        PacketKind::ConnectError => true,
    };
    if valid {
        Ok(Packet { kind, attachments, namespace, ack, text, json: at })
    } else {
        Err(PacketError::Payload)
    }
}

fn digits(text: &[u8], at: usize) -> usize {
    text[at..].iter().take_while(|byte| byte.is_ascii_digit()).count()
}

fn number<T: std::str::FromStr>(digits: &[u8]) -> Option<T> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn decode_attachments(text: &[u8], at: &mut usize, max: usize) -> Result<usize, PacketError> {
    let end = *at + digits(text, *at);
    if text.get(end) != Some(&b'-') {
        return Err(PacketError::Attachments);
    }
    let count: usize = number(&text[*at..end]).ok_or(PacketError::Attachments)?;
    *at = end + 1;
    match count {
        0 => Err(PacketError::Attachments),
        _ if count > max => Err(PacketError::TooManyAttachments),
        _ => Ok(count),
    }
}

fn decode_namespace(text: &[u8], at: &mut usize) -> Name {
    if text.get(*at) != Some(&b'/') {
        return Name::Main;
    }
    let start = *at;
    let comma = text[start..].iter().position(|byte| *byte == b',');
    let end = comma.map_or(text.len(), |length| start + length);
    *at = (end + 1).min(text.len());
    Name::At(start..end)
}

fn decode_ack(text: &[u8], at: &mut usize) -> Result<Option<u64>, PacketError> {
    let end = *at + digits(text, *at);
    if end == *at {
        return Ok(None);
    }
    let id = number(&text[*at..end]).ok_or(PacketError::AckId)?;
    *at = end;
    Ok(Some(id))
}

/// Whether a client may emit an event of this name.
pub(crate) fn is_reserved(event: &[u8]) -> bool {
    RESERVED_EVENTS.iter().any(|reserved| reserved.as_bytes() == event)
}

/// The header of an outgoing packet, with the Engine.IO type `4` (message) in front: the same bytes serve
/// every transport.
pub(crate) struct Header {
    start: [u8; HEADER],
    length: usize,
    /// All of it, if it is longer than that.
    long: Vec<u8>,
}

/// Most headers are shorter, and need no allocation.
const HEADER: usize = 40;

impl Header {
    /// Writes the header.
    pub(crate) fn new(kind: u8, attachments: usize, namespace: &str, id: Option<u64>) -> Self {
        use std::io::Write as _;
        let mut header = Self { start: [0; HEADER], length: 0, long: Vec::new() };
        header.push(&[b'4', kind]);
        // Writing to memory does not fail.
        if attachments > 0 {
            let _ = write!(header, "{attachments}-");
        }
        if namespace != "/" {
            header.push(namespace.as_bytes());
            header.push(b",");
        }
        if let Some(id) = id {
            let _ = write!(header, "{id}");
        }
        header
    }

    /// The bytes.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        if self.long.is_empty() { &self.start[..self.length] } else { &self.long }
    }

    fn push(&mut self, bytes: &[u8]) {
        let end = self.length + bytes.len();
        if !self.long.is_empty() {
            self.long.extend_from_slice(bytes);
        } else if let Some(free) = self.start.get_mut(self.length..end) {
            free.copy_from_slice(bytes);
            self.length = end;
        } else {
            self.long = [&self.start[..self.length], bytes].concat();
        }
    }
}

impl std::io::Write for Header {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.push(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(text: &'static str) -> Result<Packet, PacketError> {
        decode(Bytes::from_static(text.as_bytes()), 10)
    }

    fn parts(text: &'static str) -> (PacketKind, usize, String, Option<u64>, String) {
        let packet = packet(text).unwrap();
        let json = String::from_utf8(packet.json().to_vec()).unwrap();
        (packet.kind, packet.attachments, packet.namespace().to_owned(), packet.ack, json)
    }

    #[test]
    fn the_examples_of_the_protocol() {
        use PacketKind::*;
        let own = |kind, attachments, namespace: &str, ack, json: &str| {
            (kind, attachments, namespace.to_owned(), ack, json.to_owned())
        };
        assert_eq!(parts("0"), own(Connect, 0, "/", None, ""));
        assert_eq!(parts("0/admin,{\"sid\":\"x\"}"), own(Connect, 0, "/admin", None, "{\"sid\":\"x\"}"));
        assert_eq!(parts("0/admin"), own(Connect, 0, "/admin", None, ""));
        assert_eq!(parts("1/admin,"), own(Disconnect, 0, "/admin", None, ""));
        assert_eq!(parts("2[\"foo\"]"), own(Event, 0, "/", None, "[\"foo\"]"));
        assert_eq!(parts("2/admin,12[\"foo\"]"), own(Event, 0, "/admin", Some(12), "[\"foo\"]"));
        assert_eq!(parts("3/admin,13[]"), own(Ack, 0, "/admin", Some(13), "[]"));
        assert_eq!(parts("51-[\"baz\"]"), own(Event, 1, "/", None, "[\"baz\"]"));
        assert_eq!(parts("61-/admin,15[1]"), own(Ack, 1, "/admin", Some(15), "[1]"));
    }

    #[test]
    fn what_is_no_packet() {
        for text in ["", "x", "7", "9[]", "-1[]"] {
            assert_eq!(packet(text), Err(PacketError::Kind), "{text}");
        }
        for text in
            ["5[\"a\"]", "5-[\"a\"]", "50-[\"a\"]", "5x-[]", "51[\"a\"]", "599999999999999999999999-[]"]
        {
            assert_eq!(packet(text), Err(PacketError::Attachments), "{text}");
        }
        assert_eq!(packet("511-[\"a\"]"), Err(PacketError::TooManyAttachments));
        assert_eq!(packet("299999999999999999999[\"a\"]"), Err(PacketError::AckId));
        for text in ["2", "2{}", "2\"a\"", "3{}", "1x", "1{}", "0[]", "0\"x\"", "2/chat"] {
            assert_eq!(packet(text), Err(PacketError::Payload), "{text}");
        }
    }

    #[test]
    fn headers() {
        let header = |kind, attachments, namespace: &str, id| {
            String::from_utf8(Header::new(kind, attachments, namespace, id).as_bytes().to_vec()).unwrap()
        };
        assert_eq!(header(b'2', 0, "/", None), "42");
        assert_eq!(header(b'2', 0, "/chat", Some(7)), "42/chat,7");
        assert_eq!(header(b'5', 2, "/chat", None), "452-/chat,");
        for length in 30..50 {
            let namespace = format!("/{}", "n".repeat(length));
            assert_eq!(
                header(b'5', 12, &namespace, Some(u64::MAX)),
                format!("4512-{namespace},{}", u64::MAX)
            );
        }
    }
}
