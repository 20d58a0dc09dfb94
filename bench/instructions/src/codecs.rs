//! Codecs alone, as pure functions: packets of Engine.IO and Socket.IO, frames of WebSockets, rooms.

use std::hint::black_box;

use bytes::Bytes;
use gateway_core::{Binary, Parser, Payload, Server, Socket};
use gateway_runtime::measuring::{self, Encoder};

use super::client::frame;
use super::gateway::Message;
use super::{Case, Work};

const EVENT: &str = r#"42["push",{"id":1,"user":"ann","text":"a message of a chat, of common length"}]"#;
const ACK: &str =
    r#"42/chat,17["push",{"id":1,"user":"ann","text":"a message of a chat, of common length"}]"#;
const BINARY: &str = r#"451-["upload",{"name":"a.png","bytes":{"_placeholder":true,"num":0}}]"#;

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case { name: "packet-read-event", times: 2000, make: || read(EVENT, false) },
        Case { name: "packet-read-ack-namespace", times: 2000, make: || read(ACK, false) },
        Case { name: "packet-read-binary", times: 2000, make: || read(BINARY, true) },
        Case { name: "packet-read-event-64k", times: 100, make: read_large },
        Case { name: "packet-write-event", times: 2000, make: || write(Parser::Default, 30) },
        Case { name: "packet-write-event-64k", times: 100, make: || write(Parser::Default, 64 << 10) },
        Case { name: "packet-write-ack", times: 2000, make: write_ack },
        Case { name: "packet-write-binary", times: 2000, make: write_binary },
        Case { name: "msgpack-read-event", times: 2000, make: read_msgpack },
        Case { name: "msgpack-write-event", times: 2000, make: || write(Parser::MsgPack, 30) },
        Case { name: "websocket-read-small", times: 200, make: || websocket_read(80, 16) },
        Case { name: "websocket-read-64k", times: 100, make: || websocket_read(64 << 10, 1) },
        Case { name: "websocket-write-small", times: 200, make: || websocket_write(80, 16) },
        Case { name: "websocket-write-64k", times: 100, make: || websocket_write(64 << 10, 1) },
        Case { name: "room-join-and-leave", times: 2000, make: join_and_leave },
    ]
}

/// The same work, so many times.
fn repeated<R>(mut once: impl FnMut() -> R + 'static) -> Work {
    Box::new(move |times| {
        for _ in 0..times {
            black_box(once());
        }
    })
}

fn read(packet: &'static str, binary: bool) -> Work {
    repeated(move || {
        let attachments = if binary { vec![Bytes::from_static(b"bytes")] } else { Vec::new() };
        measuring::event(Bytes::copy_from_slice(packet.as_bytes()), attachments).expect("an event")
    })
}

fn read_large() -> Work {
    let packet = Bytes::from(EVENT.replace("a message", &"a message ".repeat(6554)));
    repeated(move || measuring::event(packet.clone(), Vec::new()).expect("an event"))
}

fn message(length: usize) -> Message {
    Message { id: 1, user: "ann".to_owned(), text: "a message ".repeat(length.div_ceil(10)) }
}

fn write(parser: Parser, length: usize) -> Work {
    let (encoder, message) = (Encoder::new(parser), message(length));
    repeated(move || encoder.event("/", Payload::event("pop", &message).expect("serializes")))
}

fn write_ack() -> Work {
    let (encoder, message) = (Encoder::new(Parser::Default), message(30));
    repeated(move || encoder.ack("/chat", Payload::arguments(&message).expect("serializes"), 17))
}

fn write_binary() -> Work {
    let (encoder, bytes) = (Encoder::new(Parser::Default), Binary::from(b"bytes"));
    repeated(move || encoder.event("/", Payload::event("file", &bytes).expect("serializes")))
}

fn read_msgpack() -> Work {
    let frames =
        Encoder::new(Parser::MsgPack).event("/", Payload::event("push", &message(30)).expect("serializes"));
    let packet = frames.attachments()[0].clone();
    repeated(move || measuring::msgpack_event(&packet).expect("an event"))
}

fn websocket_read(length: usize, messages: usize) -> Work {
    let frames = frame(&"x".repeat(length)).repeat(messages);
    repeated(move || assert_eq!(measuring::read_messages(black_box(&frames)), messages))
}

fn websocket_write(length: usize, messages: usize) -> Work {
    let messages = vec![Bytes::from("x".repeat(length)); messages];
    repeated(move || assert!(measuring::write_messages(black_box(&messages))))
}

/// In the rooms of many servers in turn: each hashes in its own way, and some happen to be slower.
fn join_and_leave() -> Work {
    let rooms: Vec<_> = (0..64).map(|_| room()).collect();
    let mut next = 0;
    repeated(move || {
        let (_others, socket) = &rooms[next % rooms.len()];
        next += 1;
        socket.join("room");
        socket.leave("room");
    })
}

/// A room with a hundred members, and a socket that is none of them.
fn room() -> (Vec<Socket>, Socket) {
    let server = Server::detached();
    let others: Vec<_> = (0..100).map(|number| Socket::detached_in(&server, &format!("c{number}"))).collect();
    others.iter().for_each(|socket| socket.join("room"));
    let socket = Socket::detached_in(&server, "joins");
    (others, socket)
}
