//! The payload codec of Engine.IO revision 3 against packets and bodies that nobody thought of.

use bytes::Bytes;
use gateway_core::Frames;
use proptest::collection::vec;
use proptest::prelude::*;

use super::super::packet::{Frame, Malformed, Packet, frame_at};
use super::super::revision_3::{self, Payload, PayloadBuilder};

/// Any text, control characters and what lies outside the basic plane included.
fn text() -> impl Strategy<Value = String> {
    vec(any::<char>(), 0..40).prop_map(String::from_iter)
}

fn message() -> impl Strategy<Value = Packet> {
    prop_oneof![
        text().prop_map(|text| Packet::Text(text.into())),
        vec(any::<u8>(), 0..100).prop_map(|bytes| Packet::Binary(bytes.into())),
    ]
}

/// A message as it lies in the outbox.
fn frame(message: &Packet) -> Frame {
    let frames = match message {
        Packet::Text(text) => {
            Frames::text(format!("4{}", std::str::from_utf8(text).expect("made of a string")))
        }
        Packet::Binary(bytes) => Frames::binary(bytes.clone()),
        other => panic!("{other:?} is no message"),
    };
    frame_at(&frames, 0).expect("every message has a frame")
}

fn encode(messages: &[Packet], base64: bool) -> (Bytes, bool) {
    let mut payload = PayloadBuilder::new(usize::MAX, base64);
    for message in messages {
        assert!(payload.push(&frame(message)), "there is no limit");
    }
    payload.finish()
}

fn decode((body, binary): (Bytes, bool)) -> Vec<Result<Packet, Malformed>> {
    if binary { Payload::binary(body).collect() } else { Payload::text(body).collect() }
}

/// Whether what was read is the start of `messages`, and at most an error behind it.
fn is_start_of(read: &[Result<Packet, Malformed>], messages: &[Packet]) -> bool {
    let good = read.iter().take_while(|packet| packet.is_ok()).count();
    read.len() <= good + 1
        && good <= messages.len()
        && read
            .iter()
            .zip(messages)
            .all(|(read, message)| read.as_ref().is_err() || read.as_ref() == Ok(message))
}

/// What the client does to a payload before it goes into a form.
fn escaped_by_the_client(payload: &str) -> String {
    payload.replace("\\n", "\\\n").replace('\n', "\\n")
}

proptest! {
    #[test]
    fn what_was_encoded_is_decoded(messages in vec(message(), 1..12), base64: bool) {
        let encoded = encode(&messages, base64);
        prop_assert!(!(base64 && encoded.1), "a client that cannot take bytes gets text");
        let expected: Vec<_> = messages.into_iter().map(Ok).collect();
        prop_assert_eq!(decode(encoded), expected);
    }

    #[test]
    fn a_payload_is_no_larger_than_the_limit(messages in vec(message(), 1..12), base64: bool, limit in 1_usize..400) {
        let mut payload = PayloadBuilder::new(limit, base64);
        let pushed = messages.iter().take_while(|message| payload.push(&frame(message))).count();
        prop_assert!(pushed >= 1, "the first always fits");
        let (body, binary) = payload.finish();
        prop_assert!(pushed == 1 || body.len() <= limit, "{} bytes, {limit} are allowed", body.len());
        let expected: Vec<_> = messages.into_iter().take(pushed).map(Ok).collect();
        prop_assert_eq!(decode((body, binary)), expected);
    }

    #[test]
    fn a_payload_that_is_cut_short_yields_no_wrong_packet(messages in vec(message(), 1..8), base64: bool, at: prop::sample::Index) {
        let (body, binary) = encode(&messages, base64);
        let cut = body.slice(..at.index(body.len()));
        let read = decode((cut, binary));
        prop_assert!(is_start_of(&read, &messages), "{read:?}");
    }

    #[test]
    fn any_body_is_read_to_its_end_or_its_first_mistake(body in vec(any::<u8>(), 0..200), binary: bool) {
        let length = body.len();
        let read = decode((body.into(), binary));
        prop_assert!(read.iter().rev().skip(1).all(Result::is_ok));
        let bytes: usize = read
            .iter()
            .map(|packet| match packet {
                Ok(Packet::Text(bytes) | Packet::Binary(bytes)) => bytes.len(),
                _ => 0,
            })
            .sum();
        prop_assert!(bytes <= length);
    }

    /// Bodies that are nearly right get further than those that are not.
    #[test]
    fn lengths_may_say_what_they_like(messages in vec((0_usize..20, text()), 0..8)) {
        let body: String = messages.iter().map(|(length, text)| format!("{length}:4{text}")).collect();
        let read = decode((body.into(), false));
        prop_assert!(read.iter().rev().skip(1).all(Result::is_ok));
    }

    #[test]
    fn frames_of_a_websocket_come_back(bytes in vec(any::<u8>(), 0..200)) {
        let message = Ok(Packet::Binary(bytes.clone().into()));
        prop_assert_eq!(revision_3::decode_binary(revision_3::encode_binary(&bytes)), message);
        let message = Ok(Packet::Binary(bytes.clone().into()));
        prop_assert_eq!(revision_3::decode_text(revision_3::encode_base64(&bytes).into()), message);
        // Whatever they are.
        let _ = revision_3::decode_binary(bytes.into());
    }

    /// Payloads are JSON in which newlines are escaped: there is none in them.
    #[test]
    fn forms_give_back_what_the_client_put_in(payload in "[\\\\na-c\u{20ac}]{0,20}") {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("d", &escaped_by_the_client(&payload))
            .finish();
        prop_assert_eq!(super::super::jsonp::payload_of_form(form.as_bytes()), Some(payload.into()));
    }
}
