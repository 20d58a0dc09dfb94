//! The decoders, each as a function of any bytes that panics if something is not as it must be: what `fuzz/`
//! runs for long, and the property tests for a moment. No public API.

use std::collections::HashMap;

use bytes::Bytes;
use gateway_core::link::Encoder as _;
use gateway_core::{Arguments, Binary, Data, Frames, NamedArguments, Parser, Payload};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::engine::packet::{self, PayloadBuilder};
use crate::engine::revision_3;
use crate::socketio::codec::{self, Packet, PacketKind, PacketLimits};
use crate::socketio::{encoder, msgpack};
use crate::ws::encoder::WsEncoder;
use crate::ws::message::parse_envelope;

/// Between the parts of an input that has several.
const SEPARATOR: u8 = 0x1e;

/// A body with what serde does in different ways.
#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "it is decoded, and nobody reads it")]
struct Nested {
    #[serde(flatten)]
    flat: Flat,
    either: Option<Either>,
    #[serde(default)]
    inner: Vec<Nested>,
    map: Option<HashMap<String, Data>>,
    numbers: Option<HashMap<i64, f64>>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "it is decoded, and nobody reads it")]
struct Flat {
    file: Option<Binary>,
    text: Option<String>,
    number: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
#[expect(dead_code, reason = "it is decoded, and nobody reads it")]
enum Either {
    Bytes(Binary),
    Number(f64),
    Text(String),
    Pair(i8, Box<Either>),
    Many(Vec<Either>),
}

/// The frames of a WebSocket, compressed or not, in pieces.
pub fn websocket_frames(input: &[u8]) {
    crate::engine::fuzzing::read(input);
}

/// The payload of a polling request, in both revisions of Engine.IO.
pub fn engine_payload(input: &[u8]) {
    let body = Bytes::copy_from_slice(input);
    let packets: Vec<_> = packet::Payload::new(body.clone()).map_while(Result::ok).collect();
    let mut builder = PayloadBuilder::new(usize::MAX);
    let mut messages = Vec::new();
    for packet in packets {
        match &packet {
            packet::Packet::Text(text) => {
                let text = std::str::from_utf8(text).expect("the text of a payload is UTF-8");
                assert!(builder.push_text(&format!("4{text}")));
            }
            packet::Packet::Binary(bytes) => assert!(builder.push_binary(bytes)),
            _ => continue,
        }
        messages.push(packet);
    }
    if !messages.is_empty() {
        let again: Vec<_> = packet::Payload::new(builder.finish()).map(Result::ok).collect();
        assert_eq!(again, messages.into_iter().map(Some).collect::<Vec<_>>());
    }
    for payload in [revision_3::Payload::text(body.clone()), revision_3::Payload::binary(body)] {
        for packet in payload.map_while(Result::ok) {
            let packet::Packet::Binary(bytes) = packet else { continue };
            let text = Bytes::from(revision_3::encode_base64(&bytes));
            assert_eq!(revision_3::decode_text(text), Ok(packet::Packet::Binary(bytes.clone())));
            let again = revision_3::decode_binary(revision_3::encode_binary(&bytes));
            assert_eq!(again, Ok(packet::Packet::Binary(bytes)));
        }
    }
}

/// A Socket.IO packet: its text, and behind separators its attachments.
pub fn socketio_packet(input: &[u8]) {
    let limits = PacketLimits::default();
    let mut parts = input.split(|byte| *byte == SEPARATOR).map(Bytes::copy_from_slice);
    // Transports refuse text that is not UTF-8.
    let Some(text) = parts.next().filter(|text| std::str::from_utf8(text).is_ok()) else { return };
    let Ok(packet) = codec::decode(text, limits.max_attachments) else { return };
    json_array(packet.json());
    let attachments: Vec<_> = parts.take(packet.attachments).collect();
    if attachments.len() < packet.attachments {
        return;
    }
    let Some((name, arguments)) = arguments(&packet, &attachments, &limits) else { return };
    decode_all(&arguments);
    let frames = encode(Parser::Default, &packet, name.as_deref(), &arguments);
    let again = codec::decode(frames.text_bytes().slice(1..), usize::MAX).expect("a packet of ours");
    compare(&packet, &again, frames.attachments(), name.as_deref(), &arguments);

    let frames = encode(Parser::MsgPack, &packet, name.as_deref(), &arguments);
    let [frame] = frames.attachments() else { panic!("a MessagePack packet is one binary message") };
    let limits = PacketLimits { max_attachments: usize::MAX, ..limits };
    let (again, attachments) = match msgpack::decode(frame, &limits) {
        // What only looks like a placeholder cannot be told from one.
        Err(codec::PacketError::LookAlike) => return,
        decoded => decoded.expect("a packet of ours"),
    };
    compare(&packet, &again, &attachments, name.as_deref(), &arguments);
}

/// The payload of a packet: what is found in it is what `serde_json` finds.
pub fn json_array(input: &[u8]) {
    let text = Bytes::copy_from_slice(input);
    let expected: Option<Vec<&RawValue>> = serde_json::from_slice(input).ok();
    let expected: Option<Vec<&str>> = expected.map(|array| array.into_iter().map(RawValue::get).collect());
    let found = Arguments::parse_acknowledgement(&text, Vec::new());
    assert_eq!(found.is_ok(), expected.is_some(), "{found:?}");
    let limits = gateway_core::ArgumentLimits::default();
    let within = Arguments::parse_acknowledgement_within(&limits, &text, Vec::new());
    let event = Arguments::parse_event(&text, Vec::new());
    let (Ok(found), Some(expected)) = (found, expected) else {
        assert!(within.is_err() && event.is_err());
        return;
    };
    let same = |found: &Arguments, expected: &[&str]| {
        let found: Vec<_> = (0..found.len()).filter_map(|index| found.raw(index)).collect();
        let found: Vec<_> = found.iter().map(gateway_core::RawArgument::json).collect();
        assert_eq!(found, expected);
    };
    same(&found, &expected);
    let deep = expected.iter().any(|argument| depth(argument) > limits.max_json_depth);
    let taken = !deep && expected.len() <= limits.max_arguments;
    assert_eq!(within.is_ok(), taken, "{within:?}");
    let name = expected.first().and_then(|name| match name.as_bytes() {
        [b'"', ..] => serde_json::from_str::<String>(name).ok(),
        [b'-' | b'0'..=b'9', ..] => Some((*name).to_owned()),
        _ => None,
    });
    assert_eq!(event.as_ref().ok().map(|(name, _)| &**name), name.as_deref());
    if let Ok((_, arguments)) = event {
        same(&arguments, &expected[1..]);
    }
}

/// How deep arrays and objects are nested in valid JSON.
fn depth(json: &str) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth -= 1,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// A MessagePack packet.
pub fn msgpack_packet(input: &[u8]) {
    let limits =
        PacketLimits { max_attachments: PacketLimits::MSGPACK_ATTACHMENTS, ..PacketLimits::default() };
    let Ok((packet, attachments)) = msgpack::decode(&Bytes::copy_from_slice(input), &limits) else { return };
    assert!(
        packet.json().is_empty() || serde_json::from_slice::<serde::de::IgnoredAny>(packet.json()).is_ok()
    );
    if let Some((_, arguments)) = arguments(&packet, &attachments, &limits) {
        decode_all(&arguments);
    }
    let kind = match packet.kind {
        PacketKind::Connect => 0,
        PacketKind::Disconnect => 1,
        PacketKind::Event => 2,
        PacketKind::Ack => 3,
        PacketKind::ConnectError => 4,
    };
    let header = msgpack::Header { kind, namespace: packet.namespace(), id: packet.ack };
    let frame = msgpack::encode(header, packet.json(), &attachments);
    let (again, attachments_again) = msgpack::decode(&frame.into(), &limits).expect("a packet of ours");
    assert_eq!((again.kind, again.namespace(), again.ack), (packet.kind, packet.namespace(), packet.ack));
    assert_eq!((again.json(), attachments_again), (packet.json(), attachments));
}

/// A frame of plain WebSocket.
pub fn envelope(input: &[u8]) {
    let limits = gateway_core::ArgumentLimits::default();
    let frame = Bytes::copy_from_slice(input);
    let Ok(event) = parse_envelope(frame, &limits) else { return };
    let (name, arguments) = (event.name().to_owned(), event.into_arguments());
    decode_all(&arguments);
    let payload = Payload::event(&name, &arguments).expect("received arguments can be sent");
    let frames = WsEncoder.event("/", payload, None);
    let again = parse_envelope(frames.text_bytes().clone(), &gateway_core::ArgumentLimits::NONE)
        .expect("an envelope of ours");
    assert_eq!(again.name(), name);
    same_arguments(&again.into_arguments(), &arguments);
}

/// Name and arguments of an event, or the arguments of an acknowledgement.
fn arguments(
    packet: &Packet,
    attachments: &[Bytes],
    limits: &PacketLimits,
) -> Option<(Option<String>, Arguments)> {
    let (limits, attachments) = (&limits.arguments, attachments.to_vec());
    match packet.kind {
        PacketKind::Event => {
            let json = Bytes::copy_from_slice(packet.json());
            let event = NamedArguments::parse(limits, json, attachments).ok()?;
            Some((Some(event.name().to_owned()), event.into_arguments()))
        }
        PacketKind::Ack => {
            let json = Bytes::copy_from_slice(packet.json());
            let arguments = Arguments::parse_acknowledgement_within(limits, &json, attachments);
            Some((None, arguments.ok()?))
        }
        _ => None,
    }
}

fn decode_all(arguments: &Arguments) {
    for index in 0..arguments.len() {
        let _ = arguments.get::<Nested>(index);
        let _ = arguments.get::<Data>(index);
        let _ = arguments.get::<serde_json::Value>(index);
        let _ = arguments.get::<Binary>(index);
        let _ = arguments.get::<(String, Option<i8>)>(index);
    }
    if let Some(body) = arguments.body() {
        let _ = body.decode::<Nested>();
        let _ = body.member("inner").map(|inner| inner.decode::<Vec<Nested>>());
    }
    let _ = format!("{arguments:?}");
}

/// The packet once more, as the server would send it.
fn encode(parser: Parser, packet: &Packet, name: Option<&str>, arguments: &Arguments) -> Frames {
    let encoder = encoder::of_parser(parser);
    match name {
        Some(name) => {
            let payload = Payload::event(name, arguments).expect("received arguments can be sent");
            encoder.event(packet.namespace(), payload, packet.ack)
        }
        None => {
            let payload = Payload::arguments(arguments).expect("received arguments can be sent");
            encoder
                .ack(packet.namespace(), payload, packet.ack.unwrap_or(0))
                .expect("it has acknowledgements")
        }
    }
}

fn compare(packet: &Packet, again: &Packet, attachments: &[Bytes], name: Option<&str>, expected: &Arguments) {
    assert_eq!((again.kind, again.namespace()), (packet.kind, packet.namespace()));
    if packet.kind == PacketKind::Event {
        assert_eq!(again.ack, packet.ack);
    }
    let limits = PacketLimits { arguments: gateway_core::ArgumentLimits::NONE, ..PacketLimits::default() };
    let (name_again, again) = arguments(again, attachments, &limits).expect("arguments of ours");
    assert_eq!(name_again.as_deref(), name);
    same_arguments(&again, expected);
}

fn same_arguments(again: &Arguments, expected: &Arguments) {
    assert_eq!(again.len(), expected.len());
    for index in 0..expected.len() {
        // Some JSON is no value in Rust: half a surrogate pair, a number that is too large.
        if let Ok(expected) = expected.get::<Data>(index) {
            let again: Data = again.get(index).expect("it was a value before");
            assert!(is_same(&again, &expected), "{again:?} was {expected:?}");
        }
    }
}

/// Whether both are the same to JavaScript, which has one kind of number: `1e4` may come back as `10000`.
fn is_same(left: &Data, right: &Data) -> bool {
    match (left, right) {
        (Data::Number(left), Data::Number(right)) => {
            left == right || ((left.is_f64() || right.is_f64()) && left.as_f64() == right.as_f64())
        }
        (Data::Array(left), Data::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| is_same(left, right))
        }
        (Data::Object(left), Data::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, value)| right.get(key).is_some_and(|other| is_same(value, other)))
        }
        _ => left == right,
    }
}
