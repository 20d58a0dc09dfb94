//! A small Socket.IO client over a raw WebSocket: what it receives is handed out in order, packet by
//! packet, so that a test sees everything that a server sends. It answers heartbeats by itself.
//!
//! It must never share code with the server: the packets are put together and taken apart here again.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

/// How long a test waits for anything that must happen.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// Waits for something, but not for ever.
pub(crate) async fn within<T>(what: &str, event: impl Future<Output = T>) -> T {
    match tokio::time::timeout(LIMIT, event).await {
        Ok(value) => value,
        Err(_) => panic!("waited {LIMIT:?} in vain for {what}"),
    }
}

/// A Socket.IO packet from the server.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Packet {
    /// `'0'` connect, `'1'` disconnect, `'2'` event, `'3'` ack, `'4'` connect error; binary events and
    /// acks have the type of the others.
    pub(crate) kind: char,
    /// The namespace.
    pub(crate) namespace: String,
    /// The number of an acknowledgement, or of an event that asks for one.
    pub(crate) id: Option<u64>,
    /// The payload; null if there is none.
    pub(crate) data: Value,
    /// Binary values, for which `data` has placeholders.
    pub(crate) attachments: Vec<Bytes>,
}

/// A Socket.IO client in one namespace; [`join`](Client::join) adds others.
#[derive(Debug)]
pub(crate) struct Client {
    socket: WebSocketStream<TcpStream>,
    namespace: String,
    id: String,
    next_ack: u64,
}

impl Client {
    /// Opens a session and joins no namespace.
    pub(crate) async fn open(addr: SocketAddr) -> Self {
        Self::open_at(addr, "/socket.io/").await
    }

    /// Opens a session at another path.
    pub(crate) async fn open_at(addr: SocketAddr, path: &str) -> Self {
        let tcp = within("a TCP connection", TcpStream::connect(addr)).await.expect("the server listens");
        Self::open_over(tcp, path).await
    }

    /// Opens a session whose operating system takes few bytes before the client reads them.
    pub(crate) async fn open_with_small_buffer(addr: SocketAddr) -> Self {
        let tcp = TcpSocket::new_v4().expect("a socket");
        tcp.set_recv_buffer_size(4096).expect("a small buffer");
        let tcp = within("a TCP connection", tcp.connect(addr)).await.expect("the server listens");
        Self::open_over(tcp, "/socket.io/").await
    }

    async fn open_over(tcp: TcpStream, path: &str) -> Self {
        let addr = tcp.peer_addr().expect("the server's address");
        let url = format!("ws://{addr}{path}?EIO=4&transport=websocket");
        let (socket, _) = within("the upgrade", client_async(url, tcp)).await.expect("an upgrade");
        let mut client = Self { socket, namespace: "/".to_owned(), id: String::new(), next_ack: 0 };
        let open = client.text().await;
        assert!(open.starts_with("0{"), "the first packet opens the session, not {open}");
        client
    }

    /// Opens a session and joins a namespace.
    pub(crate) async fn connect(addr: SocketAddr, namespace: &str) -> Self {
        let mut client = Self::open(addr).await;
        client.enter(namespace).await;
        client
    }

    /// Opens a session and joins a namespace with an auth payload.
    pub(crate) async fn connect_with(addr: SocketAddr, namespace: &str, auth: Value) -> Self {
        let mut client = Self::open(addr).await;
        client.namespace = namespace.to_owned();
        client.id = client.join_with(namespace, &auth.to_string()).await;
        client
    }

    /// Joins the namespace that the other methods speak to.
    pub(crate) async fn enter(&mut self, namespace: &str) {
        self.namespace = namespace.to_owned();
        self.id = self.join(namespace).await;
    }

    /// Joins a namespace and returns the id of the client there.
    pub(crate) async fn join(&mut self, namespace: &str) -> String {
        self.join_with(namespace, "").await
    }

    /// Joins a namespace with an auth payload and returns the id of the client there.
    pub(crate) async fn join_with(&mut self, namespace: &str, auth: &str) -> String {
        self.send_text(&format!("40{}{auth}", header(namespace))).await;
        let packet = self.packet().await;
        assert_eq!((packet.kind, packet.namespace.as_str()), ('0', namespace), "connected: {packet:?}");
        packet.data["sid"].as_str().expect("an id").to_owned()
    }

    /// The id in the namespace that was joined first.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Sends a text frame as it is.
    pub(crate) async fn send_text(&mut self, text: &str) {
        within("a write", self.socket.send(Message::text(text))).await.expect("the server reads");
    }

    /// Sends a binary frame as it is.
    pub(crate) async fn send_binary(&mut self, bytes: impl Into<Bytes>) {
        within("a write", self.socket.send(Message::binary(bytes))).await.expect("the server reads");
    }

    /// Puts a text frame on its way; false if the network takes nothing for this long.
    pub(crate) async fn try_send_text(&mut self, text: String, patience: Duration) -> bool {
        // A flush that is given up goes on with the next one; the frame itself is never lost.
        let ready = tokio::time::timeout(
            patience,
            futures_util::future::poll_fn(|cx| self.socket.poll_ready_unpin(cx)),
        );
        if ready.await.is_err() {
            return false;
        }
        self.socket.start_send_unpin(Message::text(text)).expect("the server reads");
        tokio::time::timeout(patience, self.socket.flush()).await.is_ok()
    }

    /// Emits an event: `args` are the arguments as a JSON array.
    pub(crate) async fn emit(&mut self, event: &str, args: Value) {
        let text = format!("42{}{}", header(&self.namespace), event_json(event, &args));
        self.send_text(&text).await;
    }

    /// Emits an event that asks for an acknowledgement and returns its number.
    pub(crate) async fn ask(&mut self, event: &str, args: Value) -> u64 {
        let id = self.next_ack;
        self.next_ack += 1;
        let text = format!("42{}{id}{}", header(&self.namespace), event_json(event, &args));
        self.send_text(&text).await;
        id
    }

    /// Emits an event and waits for its acknowledgement, which must be the next packet.
    pub(crate) async fn call(&mut self, event: &str, args: Value) -> Value {
        let id = self.ask(event, args).await;
        self.acked(id).await
    }

    /// Emits an event of the tests' `echo` and waits for its answer: everything that the server sent
    /// before has been received then, in the order in which it is returned.
    pub(crate) async fn settle(&mut self, event: &str) -> Vec<Packet> {
        let id = self.ask(event, json!(["settled"])).await;
        let mut before = Vec::new();
        loop {
            let packet = self.packet().await;
            if packet.kind == '3' && packet.id == Some(id) {
                assert_eq!(packet.data, json!(["settled"]));
                return before;
            }
            before.push(packet);
        }
    }

    /// Waits for an acknowledgement, which must be the next packet, and returns its arguments.
    pub(crate) async fn acked(&mut self, id: u64) -> Value {
        let packet = self.packet().await;
        assert_eq!((packet.kind, packet.id), ('3', Some(id)), "the acknowledgement {id}: {packet:?}");
        packet.data
    }

    /// Waits for an event, which must be the next packet, and returns its arguments.
    pub(crate) async fn event(&mut self, event: &str) -> Value {
        let packet = self.packet().await;
        assert_eq!((packet.kind, &packet.data[0]), ('2', &json!(event)), "the event {event}: {packet:?}");
        arguments(packet.data)
    }

    /// Answers an event that asked for an acknowledgement.
    pub(crate) async fn answer(&mut self, id: u64, args: Value) {
        self.send_text(&format!("43{}{id}{args}", header(&self.namespace))).await;
    }

    /// The next packet.
    pub(crate) async fn packet(&mut self) -> Packet {
        self.next_packet().await.expect("the server keeps the connection")
    }

    /// The next packet; `None` if the server closes the connection.
    pub(crate) async fn next_packet(&mut self) -> Option<Packet> {
        let (mut packet, attachments) = decode(&self.next_text().await?);
        for _ in 0..attachments {
            match self.next_message().await? {
                Message::Binary(bytes) => packet.attachments.push(bytes),
                other => panic!("an attachment was due: {other:?}"),
            }
        }
        Some(packet)
    }

    /// Reads what is left until the server closes the connection.
    pub(crate) async fn closed(&mut self) -> Vec<Packet> {
        let mut packets = Vec::new();
        while let Some(packet) = self.next_packet().await {
            packets.push(packet);
        }
        packets
    }

    /// Waits until the server closes the connection, whatever it sends before.
    pub(crate) async fn gone(&mut self) {
        while self.next_message().await.is_some() {}
    }

    /// The next Socket.IO packet without attachments as it stands on the wire.
    pub(crate) async fn raw(&mut self) -> String {
        self.next_text().await.expect("the server keeps the connection")
    }

    /// The next Engine.IO packet, heartbeats included, which are not answered.
    pub(crate) async fn text(&mut self) -> String {
        match self.next_message().await {
            Some(Message::Text(text)) => text.as_str().to_owned(),
            other => panic!("a text was due: {other:?}"),
        }
    }

    async fn next_text(&mut self) -> Option<String> {
        loop {
            match self.next_message().await? {
                Message::Text(text) if text.as_str() == "2" => self.pong().await,
                Message::Text(text) => return Some(text.as_str().to_owned()),
                other => panic!("a text was due: {other:?}"),
            }
        }
    }

    async fn pong(&mut self) {
        // The server may have closed meanwhile, which the next read tells.
        let _closed = within("a write", self.socket.send(Message::text("3"))).await;
    }

    async fn next_message(&mut self) -> Option<Message> {
        match within("a frame", self.socket.next()).await? {
            Ok(Message::Close(_)) => {
                // The closing handshake goes on with the next read.
                while within("the end", self.socket.next()).await.is_some_and(|last| last.is_ok()) {}
                None
            }
            Err(_) => None,
            Ok(message) => Some(message),
        }
    }

    /// Closes the connection, as a browser does when its page is left.
    pub(crate) async fn close(mut self) {
        within("the close", self.socket.close(None)).await.expect("the server reads");
    }
}

/// The namespace as it stands in packets.
fn header(namespace: &str) -> String {
    if namespace == "/" { String::new() } else { format!("{namespace},") }
}

fn event_json(event: &str, args: &Value) -> Value {
    let args = args.as_array().expect("arguments are an array");
    std::iter::once(json!(event)).chain(args.iter().cloned()).collect()
}

/// The arguments of an event's payload.
fn arguments(data: Value) -> Value {
    match data {
        Value::Array(mut items) => Value::Array(items.split_off(1)),
        other => panic!("an event's payload is an array: {other}"),
    }
}

/// A packet, and how many attachments follow.
fn decode(text: &str) -> (Packet, usize) {
    let mut rest = text.strip_prefix('4').unwrap_or_else(|| panic!("a Socket.IO packet was due: {text}"));
    let kind = rest.chars().next().expect("a packet type");
    rest = &rest[1..];
    let mut attachments = 0;
    if matches!(kind, '5' | '6') {
        let (count, after) = rest.split_once('-').expect("a number of attachments");
        attachments = count.parse().expect("a number");
        rest = after;
    }
    let mut namespace = "/";
    if rest.starts_with('/') {
        (namespace, rest) = rest.split_once(',').unwrap_or((rest, ""));
    }
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let id = rest[..digits].parse().ok();
    let data =
        if digits == rest.len() { Value::Null } else { serde_json::from_str(&rest[digits..]).expect("JSON") };
    let kind = match kind {
        '5' => '2',
        '6' => '3',
        other => other,
    };
    (Packet { kind, namespace: namespace.to_owned(), id, data, attachments: Vec::new() }, attachments)
}
