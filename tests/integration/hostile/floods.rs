//! Attacks by number: what is harmless once, a thousand times.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::support::client::{Client, within};
use crate::support::http;
use crate::support::wire::{Flags, encode};

/// One attack.
pub(super) type Flood = (&'static str, fn(SocketAddr) -> BoxFuture<'static, ()>);

/// All of them.
pub(super) const FLOODS: &[Flood] = &[
    ("five hundred connections that say nothing", |addr| Box::pin(silence(addr))),
    ("two hundred requests that stop in the middle", |addr| Box::pin(half_requests(addr))),
    ("fifty bodies that come byte by byte and do not end", |addr| Box::pin(slow_bodies(addr))),
    ("three hundred polling sessions that nobody wants", |addr| Box::pin(abandoned_handshakes(addr))),
    ("three hundred WebSockets dropped before the answer", |addr| Box::pin(dropped_upgrades(addr))),
    ("three hundred times connect, fire, disconnect", |addr| Box::pin(fire_and_forget(addr))),
    ("three hundred clients at once that go at once", |addr| Box::pin(crowd(addr))),
    ("ten thousand namespaces", |addr| Box::pin(namespaces(addr))),
    ("two thousand namespaces that there are while a client is in them", |addr| Box::pin(made(addr))),
    ("ten thousand rooms", |addr| Box::pin(rooms(addr))),
    ("two thousand times into a namespace and out", |addr| Box::pin(in_and_out(addr))),
    ("the request for a WebSocket, cut at every offset", |addr| Box::pin(cut_upgrades(addr))),
    ("a data request, cut at every offset", |addr| Box::pin(cut_posts(addr))),
    ("a frame, cut at every offset", |addr| Box::pin(cut_frames(addr))),
    ("a thousand acknowledgements that never come", |addr| Box::pin(unanswered(addr))),
    ("ten thousand acknowledgements of unknown ids", |addr| Box::pin(unknown_acks(addr))),
    ("a client that asks for megabytes and does not read", |addr| Box::pin(never_reads(addr))),
    ("a thousand handlers that wait", |addr| Box::pin(waiting_handlers(addr))),
    ("a hundred attachments that never come", |addr| Box::pin(missing_attachments(addr))),
    ("a hundred upgrades that race with their session's end", |addr| Box::pin(raced_upgrades(addr))),
    ("a hundred clients that send and go without reading", |addr| Box::pin(write_only(addr))),
];

const UPGRADE: &str = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
const HANDSHAKE: &str = "/socket.io/?EIO=4&transport=polling";

async fn tcp(addr: SocketAddr) -> TcpStream {
    within("a TCP connection", TcpStream::connect(addr)).await.expect("the server listens")
}

/// A connection on which these bytes were sent.
async fn said(addr: SocketAddr, bytes: &[u8]) -> TcpStream {
    let mut tcp = tcp(addr).await;
    // The server may have had enough already.
    let _closed = within("a write", tcp.write_all(bytes)).await;
    tcp
}

/// The id of a new polling session.
async fn polling_session(addr: SocketAddr) -> String {
    let answer = http::get(addr, HANDSHAKE, &[]).await;
    let open: Value = serde_json::from_str(&answer.body[1..]).expect("an open packet");
    open["sid"].as_str().expect("an id").to_owned()
}

async fn silence(addr: SocketAddr) {
    let connections = join_all((0..500).map(|_| tcp(addr))).await;
    drop(connections);
}

async fn half_requests(addr: SocketAddr) {
    let halves = join_all((0..200).map(|_| said(addr, b"GET /socket.io/?EIO=4&transport=pol"))).await;
    drop(halves);
}

async fn slow_bodies(addr: SocketAddr) {
    let mut requests = Vec::new();
    for _ in 0..50 {
        let sid = polling_session(addr).await;
        let head = format!("POST {HANDSHAKE}&sid={sid} HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n4");
        requests.push(said(addr, head.as_bytes()).await);
    }
    for _ in 0..20 {
        for request in &mut requests {
            let _closed = request.write_all(b"2").await;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn abandoned_handshakes(addr: SocketAddr) {
    for _ in 0..30 {
        join_all((0..10).map(|_| polling_session(addr))).await;
    }
}

async fn dropped_upgrades(addr: SocketAddr) {
    for _ in 0..300 {
        drop(said(addr, UPGRADE.as_bytes()).await);
    }
}

async fn fire_and_forget(addr: SocketAddr) {
    for number in 0..300 {
        let mut client = Client::connect(addr, "/").await;
        client.emit("echo", json!([number])).await;
    }
}

async fn crowd(addr: SocketAddr) {
    let clients = join_all((0..300).map(|_| Client::connect(addr, "/"))).await;
    drop(clients);
}

async fn namespaces(addr: SocketAddr) {
    let mut client = Client::open(addr).await;
    for hundred in 0..100 {
        for number in 0..100 {
            client.send_text(&format!("40/room-{hundred}-{number},")).await;
        }
        for _ in 0..100 {
            assert_eq!(client.packet().await.data["message"], "Invalid namespace");
        }
    }
}

async fn made(addr: SocketAddr) {
    let mut client = Client::open(addr).await;
    for hundred in 0..20 {
        for number in 0..100 {
            client.send_text(&format!("40/made-{hundred}{number:02},")).await;
        }
        for _ in 0..100 {
            // A server has a limit on those, and says so.
            assert!(matches!(client.packet().await.kind, '0' | '4'));
        }
        for number in 0..100 {
            client.send_text(&format!("41/made-{hundred}{number:02},")).await;
        }
    }
}

async fn rooms(addr: SocketAddr) {
    let mut client = Client::connect(addr, "/").await;
    assert_eq!(client.call("rooms", json!([10_000])).await, json!([10_001]));
    assert_eq!(client.call("echo", json!([1])).await, json!([1]));
}

async fn in_and_out(addr: SocketAddr) {
    let mut client = Client::connect(addr, "/").await;
    for _ in 0..20 {
        for _ in 0..100 {
            client.send_text("40/chat,").await;
            client.send_text("41/chat,").await;
        }
        for _ in 0..100 {
            assert_eq!(client.packet().await.kind, '0');
        }
    }
    assert_eq!(client.call("echo", json!([1])).await, json!([1]));
}

async fn cut_upgrades(addr: SocketAddr) {
    for end in 0..UPGRADE.len() {
        drop(said(addr, &UPGRADE.as_bytes()[..end]).await);
    }
}

async fn cut_posts(addr: SocketAddr) {
    let sid = polling_session(addr).await;
    let body = r#"40{"token":"abc"}"#;
    let request = format!(
        "POST {HANDSHAKE}&sid={sid} HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    for end in 0..request.len() {
        drop(said(addr, &request.as_bytes()[..end]).await);
    }
}

async fn cut_frames(addr: SocketAddr) {
    let frame = encode(Flags { bits: 64, ..Flags::default() }, br#"420["echo","text"]"#);
    for end in 0..frame.len() {
        let mut bytes = UPGRADE.as_bytes().to_vec();
        bytes.extend(encode(Flags::default(), b"40"));
        bytes.extend(&frame[..end]);
        drop(said(addr, &bytes).await);
    }
}

async fn unanswered(addr: SocketAddr) {
    let mut client = Client::connect(addr, "/").await;
    for number in 0..1000 {
        client.emit("ask", json!([number])).await;
    }
    client.packet().await;
}

async fn unknown_acks(addr: SocketAddr) {
    let mut client = Client::connect(addr, "/").await;
    for number in 0..10_000 {
        client.send_text(&format!("43{number}[]")).await;
    }
    assert_eq!(client.call("echo", json!([1])).await, json!([1]));
}

async fn never_reads(addr: SocketAddr) {
    let mut client = Client::open_with_small_buffer(addr).await;
    client.enter("/").await;
    for _ in 0..20 {
        if !client.try_send_text(r#"42["filling",1000000]"#.to_owned(), Duration::from_secs(5)).await {
            break;
        }
    }
}

async fn waiting_handlers(addr: SocketAddr) {
    let mut client = Client::connect(addr, "/").await;
    for _ in 0..1000 {
        client.emit("slow", json!([200])).await;
    }
    drop(client);
}

async fn missing_attachments(addr: SocketAddr) {
    for _ in 0..100 {
        let mut client = Client::connect(addr, "/").await;
        client.send_text(r#"4510-["echo",{"_placeholder":true,"num":9}]"#).await;
        client.send_binary(vec![0; 10_000]).await;
    }
}

async fn raced_upgrades(addr: SocketAddr) {
    for _ in 0..100 {
        let sid = polling_session(addr).await;
        let mut bytes = UPGRADE.replace("websocket HTTP", &format!("websocket&sid={sid} HTTP")).into_bytes();
        bytes.extend(encode(Flags::default(), b"2probe"));
        let request = format!("POST {HANDSHAKE}&sid={sid} HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n1");
        let (mut socket, close) = tokio::join!(said(addr, &bytes), said(addr, request.as_bytes()));
        let _closed = socket.write_all(&encode(Flags::default(), b"5")).await;
        drop((socket, close));
    }
}

async fn write_only(addr: SocketAddr) {
    let mut bytes = UPGRADE.as_bytes().to_vec();
    bytes.extend(encode(Flags::default(), b"40"));
    for number in 0..200 {
        bytes.extend(encode(Flags::default(), format!(r#"42{number}["echo",{number}]"#).as_bytes()));
    }
    for _ in 0..100 {
        drop(said(addr, &bytes).await);
    }
}
