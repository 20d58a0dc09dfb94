//! From a MessagePack packet to JSON and attachments: what the text form of the same packet would have been.
//!
//! What JSON does not have becomes what `JSON.stringify` makes of it: `undefined` in an array, `NaN` and the
//! infinities are `null`, an `undefined` member is left out, a `Date` is its ISO text.

use bytes::Bytes;

use super::super::codec::{Packet, PacketError, PacketKind, PacketLimits};
use super::read::{Item, Malformed, Reader};
use crate::js_date::JsDate;

const PLACEHOLDER_KEY: &[u8] = b"_placeholder";

/// Integers up to here are the same as floats and as integers.
const EXACT: f64 = 9_007_199_254_740_992.0;

impl From<Malformed> for PacketError {
    fn from(_: Malformed) -> Self {
        Self::MsgPack
    }
}

/// Decodes a packet. Its binary values share the buffer that it came in.
pub(crate) fn decode(frame: &Bytes, limits: &PacketLimits) -> Result<(Packet, Vec<Bytes>), PacketError> {
    let members = members(frame)?;
    let kind = match members.kind.and_then(integer) {
        Some(0) => PacketKind::Connect,
        Some(1) => PacketKind::Disconnect,
        Some(2) => PacketKind::Event,
        Some(3) => PacketKind::Ack,
        Some(4) => PacketKind::ConnectError,
        _ => return Err(PacketError::Kind),
    };
    let Some(Item::Text(namespace)) = members.namespace else { return Err(PacketError::Namespace) };
    let ack = match members.ack {
        None | Some(Item::Undefined) => None,
        Some(id) => Some(integer(id).ok_or(PacketError::AckId)?),
    };
    let first = match &members.data {
        Some(data) => data.clone().item()?,
        None => Item::Undefined,
    };
    let valid = match kind {
        PacketKind::Connect => matches!(first, Item::Undefined | Item::Map(_)),
        PacketKind::Disconnect => matches!(first, Item::Undefined),
        PacketKind::Event | PacketKind::Ack => matches!(first, Item::Array(_)),
        PacketKind::ConnectError => matches!(first, Item::Text(_) | Item::Map(_)),
    };
    if !valid {
        return Err(PacketError::Payload);
    }
    let mut json = Json { out: Vec::new(), attachments: Attachments::new(frame, limits), look_alike: false };
    if let Some(data) = members.data
        && first != Item::Undefined
    {
        json.value(data, limits.arguments.max_json_depth.saturating_add(1))?;
    }
    let Json { out, attachments, look_alike } = json;
    let attachments = attachments.finish();
    if look_alike && !attachments.is_empty() {
        // It would be taken for one of the binary values.
        return Err(PacketError::LookAlike);
    }
    let namespace = match namespace {
        b"/" => None,
        text if std::str::from_utf8(text).is_ok() => Some(frame.slice_ref(text)),
        text => Some(String::from_utf8_lossy(text).into_owned().into()),
    };
    Ok((Packet::of_parts(kind, namespace, ack, out.into()), attachments))
}

/// The members of a packet.
#[derive(Default)]
struct Members<'f> {
    kind: Option<Item<'f>>,
    namespace: Option<Item<'f>>,
    ack: Option<Item<'f>>,
    /// At the beginning of the value, which is whole.
    data: Option<Reader<'f>>,
}

fn members(frame: &[u8]) -> Result<Members<'_>, PacketError> {
    let mut reader = Reader::new(frame);
    let Item::Map(pairs) = reader.item()? else { return Err(PacketError::MsgPack) };
    let mut members = Members::default();
    for _ in 0..pairs {
        let key = reader.clone().item()?;
        reader.skip()?;
        let value = reader.clone();
        reader.skip()?;
        // The last of two equal keys counts, as in JavaScript.
        match key {
            Item::Text(b"type") => members.kind = Some(value.clone().item()?),
            Item::Text(b"nsp") => members.namespace = Some(value.clone().item()?),
            Item::Text(b"id") => members.ack = Some(value.clone().item()?),
            Item::Text(b"data") => members.data = Some(value),
            _ => {}
        }
    }
    if reader.is_at_end() { Ok(members) } else { Err(PacketError::MsgPack) }
}

/// A number without a fraction that is not negative.
fn integer(item: Item<'_>) -> Option<u64> {
    match item {
        Item::Unsigned(value) => Some(value),
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked by the guard")]
        Item::Float(value) if value.fract() == 0.0 && (0.0..=EXACT).contains(&value) => Some(value as u64),
        _ => None,
    }
}

/// The binary values of a packet, within limits.
struct Attachments<'p> {
    frame: &'p Bytes,
    limits: &'p PacketLimits,
    found: Vec<Bytes>,
    bytes: usize,
}

impl<'p> Attachments<'p> {
    fn new(frame: &'p Bytes, limits: &'p PacketLimits) -> Self {
        Self { frame, limits, found: Vec::new(), bytes: 0 }
    }

    /// Takes a value; its number.
    fn push(&mut self, bytes: &[u8]) -> Result<usize, PacketError> {
        if self.found.len() >= self.limits.max_attachments {
            return Err(PacketError::TooManyAttachments);
        }
        self.bytes += bytes.len();
        if self.bytes > self.limits.max_attachments_bytes {
            return Err(PacketError::AttachmentsTooLarge);
        }
        self.found.push(self.frame.slice_ref(bytes));
        Ok(self.found.len() - 1)
    }

    /// The values. A few bytes must not keep a large frame alive: then they are copied.
    fn finish(mut self) -> Vec<Bytes> {
        if self.bytes < self.frame.len() / 2 {
            for value in &mut self.found {
                *value = Bytes::copy_from_slice(value);
            }
        }
        self.found
    }
}

/// An array or map that is being written.
struct Level {
    map: bool,
    left: u32,
    empty: bool,
}

struct Json<'p> {
    out: Vec<u8>,
    attachments: Attachments<'p>,
    /// An object of the client looks like the placeholder of a binary value.
    look_alike: bool,
}

impl Json<'_> {
    /// Writes one value, however deep it is: without recursion.
    fn value(&mut self, mut reader: Reader<'_>, max_depth: usize) -> Result<(), PacketError> {
        let mut levels: Vec<Level> = Vec::new();
        loop {
            let level = match reader.item()? {
                Item::Array(left) => Some(Level { map: false, left, empty: true }),
                Item::Map(left) => Some(Level { map: true, left, empty: true }),
                item => {
                    self.scalar(item)?;
                    None
                }
            };
            if let Some(level) = level {
                if levels.len() >= max_depth {
                    return Err(PacketError::TooDeep);
                }
                self.out.push(if level.map { b'{' } else { b'[' });
                levels.push(level);
            }
            if !self.advance(&mut levels, &mut reader)? {
                return Ok(());
            }
        }
    }

    /// Closes what is complete and writes what stands in front of the next value; false if there is none.
    fn advance(&mut self, levels: &mut Vec<Level>, reader: &mut Reader<'_>) -> Result<bool, PacketError> {
        while let Some(level) = levels.last_mut() {
            if level.left == 0 {
                self.out.push(if level.map { b'}' } else { b']' });
                levels.pop();
                continue;
            }
            level.left -= 1;
            let key = if level.map { Some(reader.item()?) } else { None };
            if let Some(key) = key {
                match reader.clone().item()? {
                    Item::Undefined => {
                        reader.item()?;
                        continue;
                    }
                    Item::Bool(true) if key == Item::Text(PLACEHOLDER_KEY) => self.look_alike = true,
                    _ => {}
                }
            }
            if !std::mem::replace(&mut level.empty, false) {
                self.out.push(b',');
            }
            if let Some(key) = key {
                self.key(key)?;
                self.out.push(b':');
            }
            return Ok(true);
        }
        Ok(false)
    }

    /// A key, as JavaScript makes a string of it.
    fn key(&mut self, key: Item<'_>) -> Result<(), PacketError> {
        match key {
            Item::Text(_) => self.scalar(key),
            Item::Nil | Item::Bool(_) | Item::Unsigned(_) | Item::Negative(_) => {
                self.out.push(b'"');
                self.scalar(key)?;
                self.out.push(b'"');
                Ok(())
            }
            Item::Float(value) if value.is_finite() => {
                self.out.push(b'"');
                self.scalar(key)?;
                self.out.push(b'"');
                Ok(())
            }
            _ => Err(PacketError::MsgPack),
        }
    }

    fn scalar(&mut self, item: Item<'_>) -> Result<(), PacketError> {
        match item {
            Item::Nil | Item::Undefined => self.out.extend_from_slice(b"null"),
            Item::Bool(true) => self.out.extend_from_slice(b"true"),
            Item::Bool(false) => self.out.extend_from_slice(b"false"),
            Item::Unsigned(value) => self.plain(&value),
            Item::Negative(value) => self.plain(&value),
            // Without a fraction it is the same number in JavaScript, whatever it was written as.
            #[expect(clippy::cast_possible_truncation, reason = "checked by the guard")]
            Item::Float(value) if value.fract() == 0.0 && value.abs() <= EXACT => self.plain(&(value as i64)),
            // serde_json writes `null` for what is no number of JSON.
            Item::Float(value) => self.plain(&value),
            Item::Text(text) => self.plain(&*String::from_utf8_lossy(text)),
            // `null` for an invalid one, as `toJSON` gives.
            Item::Date(millis) => self.plain(&JsDate::from_millis(millis).map(JsDate::to_iso_string)),
            Item::Binary(bytes) => self.placeholder(bytes)?,
            Item::Extension(kind, bytes) => {
                self.out.push(b'[');
                self.plain(&kind);
                self.out.push(b',');
                self.placeholder(bytes)?;
                self.out.push(b']');
            }
            // The beginning of more than a scalar.
            Item::Array(_) | Item::Map(_) => return Err(PacketError::MsgPack),
        }
        Ok(())
    }

    fn placeholder(&mut self, bytes: &[u8]) -> Result<(), PacketError> {
        let number = self.attachments.push(bytes)?;
        self.out.extend_from_slice(br#"{"_placeholder":true,"num":"#);
        self.plain(&number);
        self.out.push(b'}');
        Ok(())
    }

    /// Numbers and strings always serialize, and writing to a `Vec` does not fail.
    fn plain<T: serde::Serialize + ?Sized>(&mut self, value: &T) {
        let _ = serde_json::to_writer(&mut self.out, value);
    }
}
