//! The messages of `@socket.io/redis-adapter` 8: how they look on the channels.
//!
//! Pure functions over bytes; who sends them and what they cause is in the files beside this one. The
//! order of members is Node's, so that captures can be compared.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use gateway_core::{Arguments, BroadcastFlags, BroadcastOptions, Payload, Room};
use rmp::encode;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::adapters::node_socket;
use crate::msgpack::{self, MessagePackError, Reader};

/// The type of a Socket.IO packet that is an event.
const EVENT: u64 = 2;

/// What one server asks of others (`RequestType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(in crate::adapters::redis) enum Kind {
    Sockets = 0,
    AllRooms = 1,
    RemoteJoin = 2,
    RemoteLeave = 3,
    RemoteDisconnect = 4,
    RemoteFetch = 5,
    ServerSideEmit = 6,
    Broadcast = 7,
    BroadcastClientCount = 8,
    BroadcastAck = 9,
}

impl Kind {
    pub(super) fn from_number(number: u64) -> Option<Self> {
        use Kind::*;
        let all = [
            Sockets,
            AllRooms,
            RemoteJoin,
            RemoteLeave,
            RemoteDisconnect,
            RemoteFetch,
            ServerSideEmit,
            Broadcast,
            BroadcastClientCount,
            BroadcastAck,
        ];
        usize::try_from(number).ok().and_then(|index| all.get(index).copied())
    }
}

/// The channels of one namespace.
#[derive(Clone, Debug)]
pub(in crate::adapters::redis) struct Channels {
    pub(super) broadcast: Arc<str>,
    pub(super) request: Arc<str>,
    pub(super) response: Arc<str>,
}

impl Channels {
    pub(in crate::adapters::redis) fn new(key: &str, namespace: &str) -> Self {
        Self {
            broadcast: format!("{key}#{namespace}#").into(),
            request: format!("{key}-request#{namespace}#").into(),
            response: format!("{key}-response#{namespace}#").into(),
        }
    }

    /// Where answers for one server go.
    pub(super) fn response_to(&self, uid: &str) -> Arc<str> {
        format!("{}{uid}#", self.response).into()
    }

    /// The pattern of all broadcasts. A namespace's name is no pattern: what would be one is escaped.
    pub(super) fn pattern(&self) -> Arc<str> {
        let mut pattern = String::with_capacity(self.broadcast.len() + 1);
        for char in self.broadcast.chars() {
            if matches!(char, '*' | '?' | '[' | ']' | '\\') {
                pattern.push('\\');
            }
            pattern.push(char);
        }
        pattern.push('*');
        pattern.into()
    }

    /// Where a broadcast goes: to one room has a channel of its own.
    pub(in crate::adapters::redis) fn of_broadcast(&self, to: &BroadcastOptions) -> Arc<str> {
        match to.rooms.split_first() {
            Some((room, others)) if others.iter().all(|other| other == room) => {
                format!("{}{room}#", self.broadcast).into()
            }
            _ => self.broadcast.clone(),
        }
    }

    /// The room that a broadcast's channel names (empty if it names none); `None` if it is no channel of
    /// this namespace.
    pub(super) fn room_of<'c>(&self, channel: &'c str) -> Option<&'c str> {
        let rest = channel.strip_prefix(&*self.broadcast)?;
        Some(rest.strip_suffix('#').unwrap_or(rest))
    }

    /// Where requests go.
    pub(in crate::adapters::redis) fn request(&self) -> Arc<str> {
        self.request.clone()
    }
}

/// Each room once, in order.
fn once(rooms: &[Room]) -> Vec<&str> {
    let mut unique: Vec<&str> = Vec::with_capacity(rooms.len());
    for room in rooms {
        if !unique.contains(&&**room) {
            unique.push(room);
        }
    }
    unique
}

/// Writing to a `Vec` does not fail.
fn written<T, E>(result: Result<T, E>) {
    debug_assert!(result.is_ok());
}

fn write_texts(out: &mut Vec<u8>, texts: &[&str]) {
    written(encode::write_array_len(out, u32::try_from(texts.len()).unwrap_or(u32::MAX)));
    texts.iter().for_each(|text| written(encode::write_str(out, text)));
}

/// `[uid, {type, data, nsp}, {rooms, except, flags}]`
pub(in crate::adapters::redis) fn encode_broadcast(
    uid: &str,
    namespace: &str,
    payload: &Payload,
    to: &BroadcastOptions,
) -> Vec<u8> {
    let attached: usize = payload.attachments().iter().map(Bytes::len).sum();
    let mut out = Vec::with_capacity(payload.json().len() + attached + namespace.len() + 96);
    written(encode::write_array_len(&mut out, 3));
    written(encode::write_str(&mut out, uid));
    written(encode::write_map_len(&mut out, 3));
    written(encode::write_str(&mut out, "type"));
    written(encode::write_uint(&mut out, EVENT));
    written(encode::write_str(&mut out, "data"));
    msgpack::from_json(payload.json(), payload.attachments(), &mut out);
    written(encode::write_str(&mut out, "nsp"));
    written(encode::write_str(&mut out, namespace));
    written(encode::write_map_len(&mut out, 3));
    written(encode::write_str(&mut out, "rooms"));
    write_texts(&mut out, &once(&to.rooms));
    written(encode::write_str(&mut out, "except"));
    write_texts(&mut out, &once(&to.except));
    written(encode::write_str(&mut out, "flags"));
    write_flags(&mut out, to.flags);
    out
}

fn write_flags(out: &mut Vec<u8>, flags: BroadcastFlags) {
    let members =
        u32::from(flags.volatile) + u32::from(flags.compress.is_some()) + u32::from(flags.timeout.is_some());
    written(encode::write_map_len(out, members));
    if flags.volatile {
        written(encode::write_str(out, "volatile"));
        written(encode::write_bool(out, true));
    }
    if let Some(compress) = flags.compress {
        written(encode::write_str(out, "compress"));
        written(encode::write_bool(out, compress));
    }
    if let Some(timeout) = flags.timeout {
        written(encode::write_str(out, "timeout"));
        written(encode::write_uint(out, millis(timeout)));
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A broadcast of another server.
#[derive(Debug)]
pub(super) struct Broadcast {
    pub(super) payload: Payload,
    pub(super) to: BroadcastOptions,
}

/// Reads a broadcast; `None` if it is this server's own, or of another namespace.
pub(super) fn decode_broadcast(
    message: &Bytes,
    uid: &str,
    namespace: &str,
) -> Result<Option<Broadcast>, MessagePackError> {
    let mut reader = Reader::new(message);
    let length = reader.read_array()?;
    if length < 2 {
        return Err(MessagePackError::Type);
    }
    if reader.read_text()? == uid {
        return Ok(None);
    }
    let (mut payload, mut kind, mut packet_namespace) = (None, None, Cow::Borrowed("/"));
    for _ in 0..reader.read_map()? {
        match &*reader.read_text()? {
            "data" => payload = Some(read_event(&mut reader)?),
            "type" => kind = reader.read_uint()?,
            "nsp" => packet_namespace = reader.read_text()?,
            _ => reader.skip()?,
        }
    }
    let to = if length > 2 { read_options(&mut reader)? } else { BroadcastOptions::default() };
    (3..length).try_for_each(|_| reader.skip())?;
    reader.end()?;
    if packet_namespace != namespace {
        return Ok(None);
    }
    match payload.filter(|_| kind == Some(EVENT)) {
        Some(payload) => Ok(Some(Broadcast { payload, to })),
        None => Err(MessagePackError::Type),
    }
}

/// `[event, ...arguments]`, straight into the JSON that clients get.
fn read_event(reader: &mut Reader<'_>) -> Result<Payload, MessagePackError> {
    let length = reader.read_array()?;
    if length == 0 {
        return Err(MessagePackError::Type);
    }
    let (mut event, mut arguments, mut attachments) = (Vec::new(), Vec::new(), Vec::new());
    reader.write_json(&mut event, &mut attachments)?;
    for index in 1..length {
        if index > 1 {
            arguments.push(b',');
        }
        reader.write_json(&mut arguments, &mut attachments)?;
    }
    Ok(Payload::from_json(&event, &arguments, attachments))
}

fn read_options(reader: &mut Reader<'_>) -> Result<BroadcastOptions, MessagePackError> {
    let mut to = BroadcastOptions::default();
    for _ in 0..reader.read_map()? {
        match &*reader.read_text()? {
            "rooms" => to.rooms = reader.read_texts()?,
            "except" => to.except = reader.read_texts()?,
            "flags" => to.flags = read_flags(reader)?,
            _ => reader.skip()?,
        }
    }
    Ok(to)
}

fn read_flags(reader: &mut Reader<'_>) -> Result<BroadcastFlags, MessagePackError> {
    let mut flags = BroadcastFlags::default();
    for _ in 0..reader.read_map()? {
        match &*reader.read_text()? {
            "volatile" => flags.volatile = reader.read_bool()?,
            "compress" => flags.compress = Some(reader.read_bool()?),
            _ => reader.skip()?,
        }
    }
    Ok(flags)
}

/// Whom a request is about.
#[derive(Serialize)]
pub(in crate::adapters::redis) struct Whom<'a> {
    rooms: Vec<&'a str>,
    except: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flags: Option<WhomFlags>,
}

#[derive(Serialize)]
struct WhomFlags {
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    volatile: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    compress: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout: Option<u64>,
}

impl<'a> Whom<'a> {
    pub(in crate::adapters::redis) fn new(to: &'a BroadcastOptions) -> Self {
        Self { rooms: once(&to.rooms), except: once(&to.except), flags: None }
    }

    pub(in crate::adapters::redis) fn with_flags(to: &'a BroadcastOptions) -> Self {
        let BroadcastFlags { volatile, compress, timeout, .. } = to.flags;
        Self { flags: Some(WhomFlags { volatile, compress, timeout: timeout.map(millis) }), ..Self::new(to) }
    }
}

/// A request, as it is written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::adapters::redis) struct Request<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::adapters::redis) uid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::adapters::redis) request_id: Option<&'a str>,
    pub(in crate::adapters::redis) r#type: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::adapters::redis) packet: Option<Packet<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::adapters::redis) opts: Option<Whom<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::adapters::redis) rooms: Option<Vec<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::adapters::redis) close: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::adapters::redis) data: Option<&'a RawValue>,
}

/// A packet of an event, as it is written.
#[derive(Serialize)]
pub(in crate::adapters::redis) struct Packet<'a> {
    r#type: u64,
    data: &'a RawValue,
    nsp: &'a str,
}

impl<'a> Packet<'a> {
    pub(super) fn event(data: &'a RawValue, nsp: &'a str) -> Self {
        Self { r#type: EVENT, data, nsp }
    }
}

impl<'a> Request<'a> {
    pub(in crate::adapters::redis) fn new(uid: Option<&'a str>, kind: Kind) -> Self {
        let (request_id, packet, opts, rooms, close, data) = (None, None, None, None, None, None);
        Self { uid, request_id, r#type: kind as u8, packet, opts, rooms, close, data }
    }
}

/// An answer, as it is written.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Response<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) r#type: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sockets: Option<Vec<Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rooms: Option<Vec<Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_count: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) data: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) packet: Option<&'a RawValue>,
}

/// Writes a request or an answer: as JSON, or, if that has no place for what is in it, as MessagePack, which
/// Node's adapter takes as well.
pub(in crate::adapters::redis) fn encode(message: &impl Serialize, attachments: &[Bytes]) -> Vec<u8> {
    let json = to_json(message);
    if attachments.is_empty() { json } else { repack(&json, attachments) }
}

/// Writes a request or an answer as MessagePack.
pub(in crate::adapters::redis) fn encode_packed(message: &impl Serialize, attachments: &[Bytes]) -> Vec<u8> {
    repack(&to_json(message), attachments)
}

fn to_json(message: &impl Serialize) -> Vec<u8> {
    // Strings, numbers and JSON that was parsed before: it always serializes.
    serde_json::to_vec(message).unwrap_or_default()
}

fn repack(json: &[u8], attachments: &[Bytes]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len() + attachments.iter().map(Bytes::len).sum::<usize>());
    msgpack::from_json(json, attachments, &mut out);
    out
}

/// A request or an answer of another server, as JSON with attachments.
pub(in crate::adapters::redis) struct Text {
    json: Bytes,
    attachments: Vec<Bytes>,
}

impl Text {
    /// JSON begins with a brace; everything else is MessagePack.
    pub(in crate::adapters::redis) fn of(message: &Bytes) -> Result<Self, MessagePackError> {
        if message.first() == Some(&b'{') {
            return Ok(Self { json: message.clone(), attachments: Vec::new() });
        }
        let (mut json, mut attachments) = (Vec::with_capacity(message.len() * 2), Vec::new());
        let mut reader = Reader::new(message);
        reader.write_json(&mut json, &mut attachments)?;
        reader.end()?;
        Ok(Self { json: json.into(), attachments })
    }

    /// Its binary values, in the order of their placeholders.
    pub(in crate::adapters::redis) fn attachments(&self) -> &[Bytes] {
        &self.attachments
    }

    /// Its members.
    pub(in crate::adapters::redis) fn parse<'t, T: Deserialize<'t>>(
        &'t self,
    ) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.json)
    }

    /// One value of it, as the only argument.
    pub(in crate::adapters::redis) fn argument(&self, value: &RawValue) -> Arguments {
        let array = format!("[{}]", value.get());
        let arguments = Arguments::parse_acknowledgement(&array.into(), self.attachments.clone());
        arguments.unwrap_or_else(|_| Arguments::none())
    }

    /// An array of it, as the name and the arguments of an event.
    pub(in crate::adapters::redis) fn event(&self, array: &RawValue) -> Option<(String, Arguments)> {
        let array = Bytes::copy_from_slice(array.get().as_bytes());
        let (name, arguments) = Arguments::parse_event(&array, self.attachments.clone()).ok()?;
        Some((name.into_owned(), arguments))
    }
}

/// A request, as it is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReceivedRequest<'a> {
    pub(super) uid: Option<Cow<'a, str>>,
    pub(super) request_id: Option<Cow<'a, str>>,
    pub(super) r#type: u64,
    #[serde(borrow)]
    pub(super) packet: Option<ReceivedPacket<'a>>,
    pub(super) opts: Option<ReceivedOptions>,
    pub(super) rooms: Option<Vec<Value>>,
    pub(super) sid: Option<Value>,
    pub(super) room: Option<Value>,
    pub(super) close: Option<bool>,
    #[serde(borrow)]
    pub(super) data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct ReceivedPacket<'a> {
    #[serde(borrow)]
    pub(super) data: &'a RawValue,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::adapters::redis) struct ReceivedOptions {
    rooms: Vec<Value>,
    except: Vec<Value>,
    flags: Option<ReceivedFlags>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ReceivedFlags {
    volatile: Option<bool>,
    compress: Option<bool>,
    timeout: Option<f64>,
}

impl ReceivedOptions {
    pub(in crate::adapters::redis) fn into_options(self) -> BroadcastOptions {
        let flags = self.flags.unwrap_or_default();
        let timeout = flags.timeout.filter(|timeout| *timeout > 0.0);
        let mut to = BroadcastOptions {
            rooms: rooms(&self.rooms),
            except: rooms(&self.except),
            ..BroadcastOptions::default()
        };
        to.flags.volatile = flags.volatile.unwrap_or_default();
        to.flags.compress = flags.compress;
        to.flags.timeout = timeout.and_then(|millis| Duration::try_from_secs_f64(millis / 1000.0).ok());
        to
    }
}

/// The names of rooms.
pub(in crate::adapters::redis) fn rooms(values: &[Value]) -> Vec<Room> {
    values.iter().filter_map(node_socket::room).collect()
}

/// An answer, as it is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReceivedResponse<'a> {
    pub(super) r#type: Option<u64>,
    pub(super) request_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) sockets: Option<&'a RawValue>,
    pub(super) rooms: Option<Vec<Value>>,
    pub(super) client_count: Option<usize>,
    #[serde(borrow, default, deserialize_with = "present")]
    pub(super) data: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    pub(super) packet: Option<&'a RawValue>,
}

/// `null` is a value; only what is missing is none.
pub(in crate::adapters::redis) fn present<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// The whole JSON array of a payload.
pub(in crate::adapters::redis) fn array_of(payload: &Payload) -> Option<&RawValue> {
    serde_json::from_slice(payload.json()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_deep_or_infinite_goes_as_message_pack_as_well() {
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        // `JSON.parse('1e999')` is `Infinity`, of which `JSON.stringify` makes `null`.
        for (argument, read) in [("1e999", "null"), (&deep, &deep)] {
            let value: &RawValue = serde_json::from_str(argument).unwrap();
            let sent = Bytes::from(encode_packed(&[value], &[Bytes::from_static(b"x")]));
            let text = Text::of(&sent).unwrap();
            assert_eq!(text.json, format!("[{read}]"));
        }
    }
}
