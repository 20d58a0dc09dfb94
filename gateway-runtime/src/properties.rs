//! Property tests of the codecs: what was encoded decodes to the same, and no bytes make a decoder panic. The
//! fuzz targets in `fuzz/` do the second for longer.

use bytes::Bytes;
use gateway_core::link::Encoder as _;
use gateway_core::{Args, ArgumentLimits, Arguments, Binary, Data, Parser, Payload};
use indexmap::IndexMap;
use proptest::collection::vec;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use crate::engine::packet::{self, PayloadBuilder};
use crate::fuzzing;
use crate::socketio::codec::{self, PacketKind, PacketLimits};
use crate::socketio::{encoder, msgpack};
use crate::ws::encoder::WsEncoder;
use crate::ws::message::parse_envelope;

/// Few enough for every run of the tests.
fn cases() -> ProptestConfig {
    ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() }
}

/// Any value, binary ones included if `binary` says so.
fn data(binary: bool) -> BoxedStrategy<Data> {
    let bytes = vec(any::<u8>(), 0..80).prop_map(move |bytes| {
        if binary { Data::Binary(bytes.into()) } else { Data::Bool(bytes.is_empty()) }
    });
    let leaf = prop_oneof![
        Just(Data::Null),
        any::<bool>().prop_map(Data::Bool),
        any::<i64>().prop_map(|number| Data::Number(number.into())),
        any::<u64>().prop_map(|number| Data::Number(number.into())),
        any::<f64>().prop_map(number_of),
        any::<String>().prop_map(Data::String),
        bytes,
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..20).prop_map(Data::Array),
            vec((key(), inner), 0..6).prop_map(|members| Data::Object(members.into_iter().collect())),
        ]
    })
    .boxed()
}

/// Written as the parsers write it: without a fraction it is an integer.
fn number_of(number: f64) -> Data {
    let integer = number as i64;
    if integer as f64 == number && integer.unsigned_abs() <= 1 << 53 {
        return Data::Number(integer.into());
    }
    serde_json::Number::from_f64(number).map_or(Data::Null, Data::Number)
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), Just("num".to_owned()), "[a-z]{1,40}"]
}

/// Put together they are JSON now and then, and nearly JSON otherwise.
fn part_of_json() -> impl Strategy<Value = Vec<u8>> {
    const PARTS: &[&str] = &[
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "\"",
        "\\",
        " ",
        "\n",
        "0",
        "1",
        "-",
        ".",
        "e",
        "+",
        "12",
        "1.5",
        "-0",
        "1e9",
        "true",
        "false",
        "null",
        "\"a\"",
        "\"\"",
        "\"a\":",
        "\\u",
        "\\ud83d",
        "\\n",
        "\u{1}",
        "\u{e9}",
        "[]",
        "{}",
        "{\"a\":1}",
        "\"longer than 32 bytes, so that it is looked at in chunks\"",
    ];
    prop_oneof![
        20 => prop::sample::select(PARTS).prop_map(|part| part.as_bytes().to_vec()),
        1 => any::<u8>().prop_map(|byte| vec![byte]),
        2 => data(false).prop_map(|value| serde_json::to_vec(&value).unwrap_or_default()),
    ]
}

fn namespace() -> impl Strategy<Value = String> {
    prop_oneof![Just("/".to_owned()), "/[a-z]{1,50}"]
}

/// A body that is typed, with binary values at several depths.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Upload {
    #[serde(flatten)]
    head: Head,
    files: Vec<Option<Binary>>,
    either: Either,
    parts: Vec<Upload>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Head {
    name: String,
    thumbnail: Binary,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Either {
    Text(String),
    Bytes(Binary),
}

fn upload() -> impl Strategy<Value = Upload> {
    let binary = || vec(any::<u8>(), 0..40).prop_map(Binary::from);
    let either = prop_oneof![any::<String>().prop_map(Either::Text), binary().prop_map(Either::Bytes)];
    let files = vec(proptest::option::of(binary()), 0..4);
    let flat = (any::<String>(), binary(), files, either).prop_map(|(name, thumbnail, files, either)| {
        Upload { head: Head { name, thumbnail }, files, either, parts: Vec::new() }
    });
    flat.prop_recursive(3, 8, 3, |inner| {
        (inner.clone(), vec(inner, 0..3)).prop_map(|(upload, parts)| Upload { parts, ..upload })
    })
}

/// One packet: its namespace, acknowledgement, name and arguments.
fn packet() -> impl Strategy<Value = (String, Option<u64>, String, Vec<Data>)> {
    (namespace(), any::<Option<u64>>(), any::<String>(), vec(data(true), 0..4))
}

/// Sends an event by this parser and reads it again.
fn there_and_back(
    parser: Parser,
    namespace: &str,
    id: Option<u64>,
    payload: Payload,
) -> (codec::Packet, Vec<Bytes>) {
    let frames = encoder::of_parser(parser).event(namespace, payload, id);
    match parser {
        Parser::MsgPack => {
            let limits = PacketLimits { max_attachments: usize::MAX, ..PacketLimits::default() };
            msgpack::decode(&frames.attachments()[0], &limits).unwrap()
        }
        _ => {
            let packet = codec::decode(frames.text_bytes().slice(1..), usize::MAX).unwrap();
            assert_eq!(packet.attachments, frames.attachments().len());
            (packet, frames.attachments().to_vec())
        }
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn payloads_of_polling(messages in vec(prop_oneof![
        any::<String>().prop_map(|text| packet::Packet::Text(text.replace('\u{1e}', "").into())),
        vec(any::<u8>(), 0..50).prop_map(|bytes| packet::Packet::Binary(bytes.into())),
    ], 1..10)) {
        let mut builder = PayloadBuilder::new(usize::MAX);
        for message in &messages {
            match message {
                packet::Packet::Text(text) => {
                    let packet = format!("4{}", std::str::from_utf8(text).unwrap());
                    prop_assert!(builder.push_text(&packet));
                }
                packet::Packet::Binary(bytes) => prop_assert!(builder.push_binary(bytes)),
                _ => unreachable!(),
            }
        }
        let again: Vec<_> = packet::Payload::new(builder.finish()).map(Result::unwrap).collect();
        prop_assert_eq!(again, messages);
    }

    #[test]
    fn packets_of_both_parsers((namespace, id, name, values) in packet()) {
        for parser in [Parser::Default, Parser::MsgPack] {
            let payload = match values.as_slice() {
                [] => Payload::event(&name, &()),
                values => Payload::event(&name, &Args(values)),
            };
            let (packet, attachments) = there_and_back(parser, &namespace, id, payload.unwrap());
            prop_assert_eq!((packet.kind, packet.namespace(), packet.ack), (PacketKind::Event, &*namespace, id));
            let json = packet.into_json();
            let (name_again, arguments) = Arguments::parse_event(&json, attachments).unwrap();
            prop_assert_eq!(name_again, name.as_str());
            let again: Vec<Data> = (0..arguments.len()).map(|index| arguments.get(index).unwrap()).collect();
            prop_assert_eq!(&again, &values);
        }
    }

    #[test]
    fn typed_bodies_with_binary_at_any_depth(upload in upload(), extra in data(true)) {
        for parser in [Parser::Default, Parser::MsgPack] {
            let payload = Payload::event("upload", &Args((&extra, &upload))).unwrap();
            let (packet, attachments) = there_and_back(parser, "/", None, payload);
            let (_, arguments) = Arguments::parse_event(&packet.into_json(), attachments).unwrap();
            prop_assert_eq!(arguments.get::<Upload>(1).unwrap(), upload.clone());
            prop_assert_eq!(arguments.get::<Data>(0).unwrap(), extra.clone());
            // Forwarded, the attachments get other numbers and stay the same.
            let turned = Args((arguments.raw(1).unwrap(), arguments.raw(0).unwrap()));
            let (packet, attachments) =
                there_and_back(parser, "/", None, Payload::event("copy", &turned).unwrap());
            let (_, arguments) = Arguments::parse_event(&packet.into_json(), attachments).unwrap();
            prop_assert_eq!(arguments.get::<Upload>(0).unwrap(), upload.clone());
            prop_assert_eq!(arguments.get::<Data>(1).unwrap(), extra.clone());
        }
    }

    #[test]
    fn envelopes(event in any::<String>(), body in proptest::option::of(data(false))) {
        let payload = match &body {
            Some(body) => Payload::event(&event, body),
            None => Payload::event(&event, &()),
        };
        let frames = WsEncoder.event("/", payload.unwrap(), None);
        let again = parse_envelope(frames.text_bytes().clone(), &ArgumentLimits::NONE).unwrap();
        prop_assert_eq!(again.name(), event);
        let arguments = again.into_arguments();
        prop_assert_eq!(arguments.body().map(|body| body.decode::<Data>().unwrap()), body);
    }

    #[test]
    fn values_that_were_not_sent(value in data(true)) {
        let arguments = Arguments::from_value(&value).unwrap();
        prop_assert_eq!(arguments.get::<Data>(0).unwrap(), value);
    }

    #[test]
    fn no_bytes_make_a_decoder_panic(bytes in vec(any::<u8>(), 0..200)) {
        fuzzing::engine_payload(&bytes);
        fuzzing::websocket_frames(&bytes);
        fuzzing::socketio_packet(&bytes);
        fuzzing::msgpack_packet(&bytes);
        fuzzing::envelope(&bytes);
        fuzzing::json_array(&bytes);
    }

    #[test]
    fn arrays_are_read_as_serde_json_reads_them(values in vec(data(false), 0..6), parts in vec(part_of_json(), 0..30)) {
        fuzzing::json_array(&serde_json::to_vec(&values).unwrap());
        fuzzing::json_array(&serde_json::to_vec_pretty(&values).unwrap());
        let parts = parts.concat();
        fuzzing::json_array(&parts);
        fuzzing::json_array(&[b"[", &parts[..], b"]"].concat());
        fuzzing::json_array(&[b"[\"name\",{\"key\":", &parts[..], b"}]"].concat());
    }

    #[test]
    fn nearly_right_bytes_make_no_decoder_panic(
        (namespace, id, name, values) in packet(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let payload = Payload::event(&name, &Args((values,))).unwrap();
        let broken = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes
        };
        let packed = encoder::of_parser(Parser::MsgPack).event(&namespace, payload.clone(), id);
        fuzzing::msgpack_packet(&broken(&packed.attachments()[0]));
        let envelope = WsEncoder.event("/", payload.clone(), None);
        fuzzing::envelope(&broken(envelope.text_bytes()));
        let text = encoder::of_parser(Parser::Default).event(&namespace, payload, id);
        let mut parts = vec![text.text_bytes().slice(1..)];
        parts.extend(text.attachments().iter().cloned());
        fuzzing::socketio_packet(&broken(&parts.join(&0x1e)));
        fuzzing::json_array(&broken(text.text_bytes()));
    }
}

/// Keeps the order of keys: `IndexMap` compares without it.
#[test]
fn the_order_of_keys_is_kept() {
    let members: IndexMap<_, _> = ["z", "a", "m"].map(|key| (key.to_owned(), Data::Null)).into();
    for parser in [Parser::Default, Parser::MsgPack] {
        let payload = Payload::event("e", &Data::Object(members.clone())).unwrap();
        assert_eq!(
            there_and_back(parser, "/", None, payload).0.into_json(),
            r#"["e",{"z":null,"a":null,"m":null}]"#
        );
    }
}
