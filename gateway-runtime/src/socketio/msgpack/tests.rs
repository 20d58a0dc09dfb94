//! The bytes are those that `socket.io-msgpack-parser` 3.0.2 (`notepack.io` 2.2.0) writes in Node.

use gateway_core::{Args, ArgumentLimits, Arguments, Binary, Data, Payload};
use serde_json::json;

use super::super::codec::{Packet, PacketError, PacketKind, PacketLimits};
use super::*;
use bytes::Bytes;

fn limits() -> PacketLimits {
    PacketLimits { max_attachments: PacketLimits::MSGPACK_ATTACHMENTS, ..PacketLimits::default() }
}

fn hex(text: &str) -> Bytes {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn decoded(text: &str) -> Result<(Packet, Vec<Bytes>), PacketError> {
    decode(&hex(text), &limits())
}

/// A packet around the MessagePack of its data: `{type: 2, data, nsp: '/'}`.
fn event(data: &str) -> String {
    format!("83 a474797065 02 a464617461 {data} a36e7370 a12f")
}

fn json(data: &str) -> Result<String, PacketError> {
    decoded(&event(&format!("91 {data}")))
        .map(|(packet, _)| String::from_utf8(packet.json().to_vec()).unwrap())
}

#[test]
fn packets_of_the_javascript_client() {
    // {type: 0, data: undefined, options: undefined, nsp: '/chat'}
    let (packet, _) =
        decoded("84 a474797065 00 a464617461 d40000 a76f7074696f6e73 d40000 a36e7370 a52f63686174").unwrap();
    assert_eq!((packet.kind, packet.namespace(), packet.ack), (PacketKind::Connect, "/chat", None));
    assert!(packet.json().is_empty());
    // {type: 2, data: ['e', 1], options: {compress: true}, id: 7, nsp: '/'}
    let (packet, _) = decoded(
        "85 a474797065 02 a464617461 92a16501 a76f7074696f6e73 81a8636f6d7072657373c3 a26964 07 a36e7370 a12f",
    )
    .unwrap();
    assert_eq!((packet.kind, packet.namespace(), packet.ack), (PacketKind::Event, "/", Some(7)));
    assert_eq!(packet.json(), br#"["e",1]"#);
    // {type: 1, nsp: '/'}
    assert_eq!(decoded("82 a474797065 01 a36e7370 a12f").unwrap().0.kind, PacketKind::Disconnect);
    // An id and a type as floats are the same numbers in JavaScript.
    let floats = "84 a474797065 cb4008000000000000 a464617461 90 a26964 cb401c000000000000 a36e7370 a12f";
    let (packet, _) = decoded(floats).unwrap();
    assert_eq!((packet.kind, packet.ack), (PacketKind::Ack, Some(7)));
}

#[test]
fn values_are_what_json_stringify_makes_of_them() {
    for (data, expected) in [
        ("c0", "[null]"),
        ("d40000", "[null]"),
        ("c3", "[true]"),
        ("ff", "[-1]"),
        ("d080", "[-128]"),
        ("cfffffffffffffffff", "[18446744073709551615]"),
        ("d38000000000000000", "[-9223372036854775808]"),
        ("cb3ff8000000000000", "[1.5]"),
        ("cb4059000000000000", "[100]"),
        ("ca3fc00000", "[1.5]"),
        ("cb7ff8000000000000", "[null]"),
        ("cb7ff0000000000000", "[null]"),
        ("cbfff0000000000000", "[null]"),
        ("a3c3a922", r#"["é\""]"#),
        ("a1ff", "[\"\u{fffd}\"]"),
        ("d700 000000e8d4a51000", r#"["2001-09-09T01:46:40.000Z"]"#),
        ("d700 ffffffffffffffff", r#"["1969-12-31T23:59:59.999Z"]"#),
        ("d700 001eb208c2dc0000", r#"["+275760-09-13T00:00:00.000Z"]"#),
        ("d700 ffe14df73d240000", r#"["-271821-04-20T00:00:00.000Z"]"#),
        ("d700 001eb208c2dc0001", "[null]"),
        ("82 a161 d40000 a162 01", r#"[{"b":1}]"#),
        ("82 a161 01 a162 d40000", r#"[{"a":1}]"#),
        ("84 01 01 c0 02 c3 03 cb3ff8000000000000 04", r#"[{"1":1,"null":2,"true":3,"1.5":4}]"#),
        ("93 80 90 91 90", "[[{},[],[[]]]]"),
    ] {
        assert_eq!(json(data).as_deref(), Ok(expected), "{data}");
    }
}

#[test]
fn binary_values_share_the_buffer_and_become_attachments() {
    let long = "00".repeat(100);
    let frame = hex(&event(&format!("92 a162 82 a178 c464{long} a179 91 c764 00{long}")));
    let (packet, attachments) = decode(&frame, &limits()).unwrap();
    assert_eq!(
        packet.json(),
        br#"["b",{"x":{"_placeholder":true,"num":0},"y":[{"_placeholder":true,"num":1}]}]"#
    );
    assert_eq!(attachments.iter().map(Bytes::len).collect::<Vec<_>>(), [100, 100]);
    assert!(frame.as_ptr_range().contains(&attachments[0].as_ptr()));
    let (_, arguments) = Arguments::parse_event(&packet.into_json(), attachments).unwrap();
    let body: Data = arguments.get(0).unwrap();
    assert_eq!(body.get("x").and_then(Data::as_binary).map(|bytes| bytes.len()), Some(100));
    // Other extensions are [type, bytes].
    let (packet, attachments) = decoded(&event("92 a162 d4057f")).unwrap();
    assert_eq!(
        (packet.json(), &attachments[0][..]),
        (&br#"["b",[5,{"_placeholder":true,"num":0}]]"#[..], &[0x7f][..])
    );
    // A byte of a large packet does not keep it.
    let frame = hex(&event(&format!("93 a162 d9ff{} c40101", "61".repeat(255))));
    let (_, attachments) = decode(&frame, &limits()).unwrap();
    assert!(!frame.as_ptr_range().contains(&attachments[0].as_ptr()));
}

#[test]
fn an_object_of_a_client_is_never_taken_for_binary() {
    // {_placeholder: true, num: 0}, alone and beside a real one
    let look_alike = "82 ac5f706c616365686f6c646572 c3 a36e756d 00";
    let (packet, attachments) = decoded(&event(&format!("92 a162 {look_alike}"))).unwrap();
    let (_, arguments) = Arguments::parse_event(&packet.into_json(), attachments).unwrap();
    assert!(matches!(arguments.get::<Data>(0), Ok(Data::Object(_))));
    assert_eq!(decoded(&event(&format!("93 a162 {look_alike} c40101"))).err(), Some(PacketError::LookAlike));
}

#[test]
fn what_is_no_packet() {
    for (text, error) in [
        ("", PacketError::MsgPack),
        ("c1", PacketError::MsgPack),
        ("01", PacketError::MsgPack),
        ("90", PacketError::MsgPack),
        ("80", PacketError::Kind),
        ("81 a474797065", PacketError::MsgPack),
        // {type: 5, …}, {type: -1, …}, {type: '2', …}
        ("83 a474797065 05 a464617461 90 a36e7370 a12f", PacketError::Kind),
        ("83 a474797065 ff a464617461 90 a36e7370 a12f", PacketError::Kind),
        ("83 a474797065 a132 a464617461 90 a36e7370 a12f", PacketError::Kind),
        // no nsp, and one that is no string
        ("82 a474797065 02 a464617461 90", PacketError::Namespace),
        ("83 a474797065 02 a464617461 90 a36e7370 c0", PacketError::Namespace),
        // an id that is null, negative, a fraction
        ("84 a474797065 02 a464617461 90 a26964 c0 a36e7370 a12f", PacketError::AckId),
        ("84 a474797065 02 a464617461 90 a26964 ff a36e7370 a12f", PacketError::AckId),
        ("84 a474797065 02 a464617461 90 a26964 cb3ff8000000000000 a36e7370 a12f", PacketError::AckId),
        // data of the wrong kind
        ("82 a474797065 02 a36e7370 a12f", PacketError::Payload),
        ("83 a474797065 02 a464617461 80 a36e7370 a12f", PacketError::Payload),
        ("83 a474797065 01 a464617461 90 a36e7370 a12f", PacketError::Payload),
        ("83 a474797065 00 a464617461 c0 a36e7370 a12f", PacketError::Payload),
        // a byte too many, arrays that claim what is not there
        ("83 a474797065 02 a464617461 90 a36e7370 a12f 00", PacketError::MsgPack),
        ("83 a474797065 02 a464617461 ddffffffff a36e7370 a12f", PacketError::MsgPack),
        ("83 a474797065 02 a464617461 91dfffffffff a36e7370 a12f", PacketError::MsgPack),
        ("83 a474797065 02 a464617461 91dbffffffff a36e7370 a12f", PacketError::MsgPack),
        // keys that are no text in JavaScript either
        ("83 a474797065 02 a464617461 918190c0 a36e7370 a12f", PacketError::MsgPack),
    ] {
        assert_eq!(decoded(text).err(), Some(error), "{text}");
    }
}

#[test]
fn limits_are_named() {
    let mut limits = PacketLimits { max_attachments: 1, max_attachments_bytes: 2, ..limits() };
    let of = |data: &str, limits: &PacketLimits| {
        decode(&hex(&event(data)), limits).err().and_then(PacketError::limit)
    };
    assert_eq!(of("92 a162 c4020000", &limits), None);
    assert_eq!(of("92 a162 c403000000", &limits), Some("max_attachments_bytes"));
    assert_eq!(of("93 a162 c400 c400", &limits), Some("max_attachments"));
    limits.arguments = ArgumentLimits::default();
    assert_eq!(of(&format!("92 a162 {} c0", "91".repeat(128)), &limits), None);
    assert_eq!(of(&format!("92 a162 {} c0", "91".repeat(129)), &limits), Some("max_json_depth"));
    assert_eq!(of(&format!("92 a162 {} c0", "91".repeat(1_000_000)), &limits), Some("max_json_depth"));
}

fn encoded(kind: u8, namespace: &str, id: Option<u64>, payload: &Payload) -> Bytes {
    encode(Header { kind, namespace, id }, payload.json(), payload.attachments()).into()
}

#[test]
fn packets_as_the_reference_writes_them() {
    let payload = Payload::event("e", &Args((1, "é", Binary::from(b"xy")))).unwrap();
    assert_eq!(
        encoded(2, "/chat", Some(300), &payload),
        hex("84 a474797065 02 a464617461 94 a165 01 a2c3a9 c4027879 a26964 cd012c a36e7370 a52f63686174")
    );
    let payload = Payload::arguments(&json!({"ok": true, "n": [-1, 1.5, null, -129, 70000]})).unwrap();
    assert_eq!(
        encoded(3, "/", Some(0), &payload),
        hex(
            "84 a474797065 03 a464617461 91 82 a16e 95 ff cb3ff8000000000000 c0 d1ff7f ce00011170 a26f6b c3 \
             a26964 00 a36e7370 a12f"
        )
    );
    assert_eq!(
        encode(Header { kind: 1, namespace: "/", id: None }, b"", &[]),
        hex("82 a474797065 01 a36e7370 a12f")
    );
}

#[test]
fn long_and_deep_values_get_the_heads_that_they_need() {
    for length in [0_usize, 15, 16, 65_535, 65_536] {
        let payload = Payload::event("e", &vec![0_u8; length]).unwrap();
        let frame = encoded(2, "/", None, &payload);
        let (packet, _) = decode(&frame, &limits()).unwrap();
        assert_eq!(packet.json(), payload.json(), "{length}");
    }
    let levels = 10_000;
    let deep = format!("[{}1{}]", "[".repeat(levels), "]".repeat(levels));
    let frame = encode(Header { kind: 3, namespace: "/", id: Some(1) }, deep.as_bytes(), &[]);
    let mut limits = limits();
    limits.arguments = ArgumentLimits::NONE;
    assert_eq!(decode(&frame.into(), &limits).unwrap().0.into_json(), deep);
    // Half of a surrogate pair, as JavaScript may have it.
    let half = encode(Header { kind: 3, namespace: "/", id: Some(1) }, br#"["\ud800\n"]"#, &[]);
    let json = decode(&half.into(), &limits).unwrap().0.into_json();
    assert_eq!(json, "[\"\u{fffd}\u{fffd}\u{fffd}\\n\"]");
}
