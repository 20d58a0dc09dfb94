//! The bytes that `@socket.io/redis-adapter` 8.3.0 publishes, as captured, and what is written here in their place.

use bytes::Bytes;
use gateway_core::{Args, Binary, BroadcastOptions, Payload, Room};
use serde_json::json;

use super::wire::{self, Channels, Kind, Packet, Request, Whom};

fn to(rooms: &[&str], except: &[&str]) -> BroadcastOptions {
    let rooms_of = |names: &[&str]| names.iter().map(|name| Room::from(*name)).collect();
    BroadcastOptions { rooms: rooms_of(rooms), except: rooms_of(except), ..BroadcastOptions::default() }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn broadcast(payload: &Payload, to: &BroadcastOptions) -> String {
    hex(&wire::encode_broadcast("UIDUID", "/chat", payload, to))
}

#[test]
fn broadcasts() {
    let args = Args(("é", 1, -1.5, 300, json!({ "a": [null, true] }), Binary::from(b"\x00\xff")));
    let all = Payload::event("e", &args).unwrap();
    assert_eq!(
        broadcast(&all, &to(&[], &[])),
        "93a655494455494483a47479706502a46461746197a165a2c3a901cbbff8000000000000cd012c81a16192c0c3c40200ffa36e\
         7370a52f6368617483a5726f6f6d7390a665786365707490a5666c61677380"
    );
    let bare = Payload::event("e", &()).unwrap();
    let mut volatile = to(&["x"], &[]);
    (volatile.flags.volatile, volatile.flags.compress) = (true, Some(false));
    assert_eq!(
        broadcast(&bare, &volatile),
        "93a655494455494483a47479706502a46461746191a165a36e7370a52f6368617483a5726f6f6d7391a178a665786365707490\
         a5666c61677382a8766f6c6174696c65c3a8636f6d7072657373c2"
    );
    let number = Payload::event("e", &(1_u64 << 40)).unwrap();
    assert_eq!(
        broadcast(&number, &to(&["x", "y"], &["z"])),
        "93a655494455494483a47479706502a46461746192a165cf0000010000000000a36e7370a52f6368617483a5726f6f6d7392a1\
         78a179a665786365707491a17aa5666c61677380"
    );
    // Each room once; then one room has a channel of its own.
    let twice = to(&["x", "x"], &["z", "z"]);
    assert_eq!(
        broadcast(&bare, &twice),
        "93a655494455494483a47479706502a46461746191a165a36e7370a52f6368617483a5726f6f6d7391a178a665786365707491\
         a17aa5666c61677380"
    );
    let channels = Channels::new("socket.io", "/chat");
    assert_eq!(&*channels.of_broadcast(&twice), "socket.io#/chat#x#");
    assert_eq!(&*channels.of_broadcast(&to(&["x", "y"], &[])), "socket.io#/chat#");
    assert_eq!(&*channels.of_broadcast(&to(&[], &["z"])), "socket.io#/chat#");
}

#[test]
fn requests() {
    let text = |request: &Request<'_>| String::from_utf8(wire::encode(request, &[])).unwrap();
    let request = |kind| Request::new(Some("UIDUID"), kind);
    let (x, none, not_x) = (to(&["x"], &[]), to(&[], &[]), to(&[], &["x"]));
    assert_eq!(
        text(&Request {
            opts: Some(Whom::new(&x)),
            rooms: Some(vec!["a", "b"]),
            ..request(Kind::RemoteJoin)
        }),
        r#"{"uid":"UIDUID","type":2,"opts":{"rooms":["x"],"except":[]},"rooms":["a","b"]}"#
    );
    assert_eq!(
        text(&Request {
            opts: Some(Whom::new(&not_x)),
            rooms: Some(vec!["a"]),
            ..request(Kind::RemoteLeave)
        }),
        r#"{"uid":"UIDUID","type":3,"opts":{"rooms":[],"except":["x"]},"rooms":["a"]}"#
    );
    assert_eq!(
        text(&Request { opts: Some(Whom::new(&none)), close: Some(true), ..request(Kind::RemoteDisconnect) }),
        r#"{"uid":"UIDUID","type":4,"opts":{"rooms":[],"except":[]},"close":true}"#
    );
    let event = Payload::event("hello", &Args((1, json!({ "a": 2 })))).unwrap();
    assert_eq!(
        text(&Request { data: wire::array_of(&event), ..request(Kind::ServerSideEmit) }),
        r#"{"uid":"UIDUID","type":6,"data":["hello",1,{"a":2}]}"#
    );
    let asked = |kind| Request { request_id: Some("vS9XsL"), ..request(kind) };
    assert_eq!(text(&asked(Kind::AllRooms)), r#"{"uid":"UIDUID","requestId":"vS9XsL","type":1}"#);
    assert_eq!(
        text(&Request { opts: Some(Whom::new(&none)), ..asked(Kind::RemoteFetch) }),
        r#"{"uid":"UIDUID","requestId":"vS9XsL","type":5,"opts":{"rooms":[],"except":[]}}"#
    );
    // Of the emitter
    assert_eq!(
        text(&Request {
            opts: Some(Whom::new(&x)),
            rooms: Some(vec!["a"]),
            ..Request::new(None, Kind::RemoteJoin)
        }),
        r#"{"type":2,"opts":{"rooms":["x"],"except":[]},"rooms":["a"]}"#
    );
}

#[test]
fn a_broadcast_with_acknowledgements() {
    let event = Payload::event("q", &Binary::from(b"\x01")).unwrap();
    let mut x = to(&["x"], &[]);
    x.flags.timeout = Some(std::time::Duration::from_secs(1));
    let data = wire::array_of(&event).unwrap();
    let request = Request {
        request_id: Some("swStKJ"),
        packet: Some(Packet::event(data, "/chat")),
        opts: Some(Whom::with_flags(&x)),
        ..Request::new(Some("UIDUID"), Kind::Broadcast)
    };
    let expected = concat!(
        "85a3756964a6554944554944a9726571756573744964a6",
        "737753744b4aa47479706507a67061636b657483a47479706502a46461746192a171c40101a36e7370a52f63686174a46f70747383a5",
        "726f6f6d7391a178a665786365707490a5666c61677381a774696d656f7574cd03e8"
    );
    assert_eq!(hex(&wire::encode_packed(&request, event.attachments())), expected);
}

#[test]
fn patterns_match_their_own_namespace_only() {
    assert_eq!(&*Channels::new("socket.io", "/chat").pattern(), "socket.io#/chat#*");
    assert_eq!(&*Channels::new("k", "/a*[b]?\\").pattern(), r"k#/a\*\[b\]\?\\#*");
    let channels = Channels::new("socket.io", "/chat");
    assert_eq!(channels.room_of("socket.io#/chat#"), Some(""));
    assert_eq!(channels.room_of("socket.io#/chat#a#b#"), Some("a#b"));
    assert_eq!(channels.room_of("socket.io#/chats#"), None);
}

#[test]
fn what_is_read() {
    let message = Bytes::from_static(b"\x93\xa1u\x83\xa4type\x02\xa4data\x92\xa1e\x07\xa3nsp\xa5/chat\x82\xa5rooms\x92\xa1x\x07\xa5flags\xc0");
    let broadcast = wire::decode_broadcast(&message, "other", "/chat").unwrap().expect("of this namespace");
    assert_eq!(broadcast.payload.json(), br#"["e",7]"#);
    // A room may be a number in JavaScript.
    assert_eq!(broadcast.to.rooms, [Room::from("x"), Room::from("7")]);
    assert!(wire::decode_broadcast(&message, "u", "/chat").unwrap().is_none(), "its own");
    assert!(wire::decode_broadcast(&message, "other", "/").unwrap().is_none(), "another namespace's");
    for cut in 0..message.len() {
        assert!(wire::decode_broadcast(&message.slice(..cut), "other", "/chat").is_err(), "{cut}");
    }
}
