//! What every adapter must do, whatever is behind it: one suite, run over servers that are made by a function.
//!
//! A test of an adapter makes some [`Node`]s that belong to one cluster (one, if there is none) and hands
//! them to [`run`]. Everything is asked of the first node, and seen at clients of all of them. The text of
//! clients is Socket.IO's.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt, ready};
use gateway_core::adapter::Session;
use gateway_core::link::Link;
use gateway_core::{
    Adapter, Args, Arguments, Binary, ConnectionStateRecovery, DisconnectReason, Disconnected, Frames,
    Handshake, Incoming, Parser, Server, SessionRecovery, Socket, Transport, serve,
};
use serde_json::json;
use tokio::sync::mpsc;

use crate::socketio::encoder;

/// How long anything may take that must happen.
const LIMIT: Duration = Duration::from_secs(20);

pub(crate) async fn within<T>(what: &str, event: impl Future<Output = T>) -> T {
    match tokio::time::timeout(LIMIT, event).await {
        Ok(value) => value,
        Err(_) => panic!("waited in vain for {what}"),
    }
}

/// A server with one namespace.
pub(crate) struct Node {
    pub(crate) server: Server,
    name: String,
}

impl Node {
    /// A server whose namespace has this adapter; it is part of its cluster when this returns.
    pub(crate) async fn new(name: &str, namespace: &str, adapter: Arc<dyn Adapter>) -> Self {
        let encoder = encoder::of_parser(Parser::Default);
        let server = serve::namespace(namespace, adapter, encoder, None);
        within("the adapter", server.adapter().ready()).await;
        Self { server, name: name.to_owned() }
    }

    /// A client of it; its id is the node's name and this.
    pub(crate) fn client(&self, id: &str) -> Client {
        let (link, frames) = ClientLink::new();
        let id = format!("{}-{id}", self.name);
        let socket = serve::socket(id.into(), self.server.clone(), Handshake::default(), link);
        serve::connect(&socket);
        Client { socket, frames }
    }
}

impl Node {
    /// Lets clients come back.
    pub(crate) fn recovers(&self, options: ConnectionStateRecovery) {
        assert!(serve::recover_sessions(&self.server, &SessionRecovery::new(options)), "it keeps sessions");
    }

    /// A client that may come back by its private id, which is also its own one.
    pub(crate) fn recoverable_client(&self, pid: &str) -> Client {
        let (link, frames) = ClientLink::new();
        let session = Session::new(pid, pid);
        let socket =
            serve::recoverable_socket(&session, false, self.server.clone(), Handshake::default(), link);
        serve::connect(&socket);
        Client { socket, frames }
    }

    /// A client that comes back; `None` if it is not known.
    pub(crate) async fn come_back(&self, pid: &str, offset: &str) -> Option<Client> {
        let restored = self.server.adapter().restore_session(&self.server, pid, offset).await?;
        let (link, frames) = ClientLink::new();
        let (server, handshake) = (self.server.clone(), Handshake::default());
        let socket = serve::recoverable_socket(&restored.session, true, server, handshake, link.clone());
        let resumed = serve::resume(&socket, restored, |missed| {
            missed.iter().for_each(|frames| link.send(frames.clone(), false));
        });
        resumed.then_some(Client { socket, frames })
    }
}

/// A client of a node, and what it has received.
pub(crate) struct Client {
    pub(crate) socket: Socket,
    frames: mpsc::UnboundedReceiver<Frames>,
}

impl Client {
    pub(crate) async fn next(&mut self) -> Frames {
        let waiting = format!("a packet for {}", self.socket.id());
        within(&waiting, self.frames.recv()).await.expect("the link is alive")
    }

    /// What has come until now, and not more than so many packets.
    pub(crate) fn take(&mut self, most: usize) -> Vec<Frames> {
        std::iter::from_fn(|| self.frames.try_recv().ok()).take(most).collect()
    }

    /// The connection breaks.
    pub(crate) fn cut(&self) {
        serve::disconnect(&self.socket, &DisconnectReason::TransportClose);
    }

    /// The next packet has this text.
    pub(crate) async fn expect(&mut self, text: &str) {
        assert_eq!(self.next().await.as_str(), text, "at {}", self.socket.id());
    }

    /// The next packet is an event that asks for an acknowledgement, which it gets.
    async fn acknowledge(&mut self, event: &str, with: &str) {
        let frames = self.next().await;
        let (header, rest) = frames.as_str().split_once('[').expect("an event");
        assert_eq!(format!("[{rest}"), event, "at {}", self.socket.id());
        let id = header.rsplit(',').next().unwrap_or(header).trim_start_matches("42");
        let answer = Arguments::parse_acknowledgement(&Bytes::from(format!("[{with}]")), Vec::new());
        serve::resolve_ack(&self.socket, id.parse().expect("a number"), answer.expect("JSON"));
    }
}

#[derive(Debug)]
struct ClientLink(mpsc::UnboundedSender<Frames>);

impl ClientLink {
    fn new() -> (Arc<Self>, mpsc::UnboundedReceiver<Frames>) {
        let (sent, frames) = mpsc::unbounded_channel();
        (Arc::new(Self(sent)), frames)
    }
}

impl Link for ClientLink {
    fn send(&self, frames: Frames, _volatile: bool) {
        // Tests drop clients when they are done.
        let _ = self.0.send(frames.clone());
    }

    fn disconnect(&self, socket: &Socket, close: bool) {
        let _ = self.0.send(Frames::text(format!("disconnect {close}")));
        serve::disconnect(socket, &DisconnectReason::ServerNamespaceDisconnect);
    }

    fn close(&self, _socket: &Socket) {}

    fn transport(&self) -> Transport {
        Transport::WebSocket
    }

    fn drained(&self) -> BoxFuture<'static, Result<(), Disconnected>> {
        ready(Ok(())).boxed()
    }
}

/// All that an adapter must do. `nodes` belong to one cluster and to the namespace `/chat`.
pub(crate) async fn run(nodes: &[Node]) {
    broadcasts(nodes).await;
    acknowledgements(nodes).await;
    rooms_and_sockets(nodes).await;
    server_side_events(nodes).await;
}

/// Two clients a node: `a` is in the rooms `x` and `y`, `b` in `y`.
async fn clients(nodes: &[Node]) -> Vec<(Client, Client)> {
    let clients = nodes.iter().map(|node| {
        let (a, b) = (node.client("a"), node.client("b"));
        a.socket.join(["x", "y"]);
        b.socket.join("y");
        (a, b)
    });
    let clients = clients.collect();
    for node in nodes {
        // Rooms may need subscriptions of their own.
        within("the adapter", node.server.adapter().ready()).await;
    }
    clients
}

async fn broadcasts(nodes: &[Node]) {
    let mut clients = clients(nodes).await;
    let server = &nodes[0].server;
    server.emit("all", "é");
    server.to("x").emit("one", 1);
    server.to(["x", "y"]).emit("union", ());
    server.to("y").except("x").emit("except", Args((1, [2])));
    server.except("y").emit("nobody", ());
    server.local().emit("local", ());
    server.volatile().to("y").emit("volatile", json!({ "a": null }));
    server
        .to("y")
        .emit("binary", Args((Binary::from(b"\x00\xff"), json!({ "k": 1.5 }), [Binary::from(b"z")])));
    clients[0].0.socket.to("y").emit("others", ());
    for (index, (a, b)) in clients.iter_mut().enumerate() {
        a.expect(r#"42/chat,["all","é"]"#).await;
        a.expect(r#"42/chat,["one",1]"#).await;
        a.expect(r#"42/chat,["union"]"#).await;
        b.expect(r#"42/chat,["all","é"]"#).await;
        b.expect(r#"42/chat,["union"]"#).await;
        b.expect(r#"42/chat,["except",1,[2]]"#).await;
        for client in [a, b] {
            if index == 0 {
                client.expect(r#"42/chat,["local"]"#).await;
            }
            client.expect(r#"42/chat,["volatile",{"a":null}]"#).await;
            let binary = client.next().await;
            assert_eq!(
                binary.as_str(),
                r#"452-/chat,["binary",{"_placeholder":true,"num":0},{"k":1.5},[{"_placeholder":true,"num":1}]]"#
            );
            assert_eq!(binary.attachments(), [&b"\x00\xff"[..], &b"z"[..]]);
            if client.socket.id() != "n0-a" {
                client.expect(r#"42/chat,["others"]"#).await;
            }
        }
    }
    gone(clients);
}

async fn acknowledgements(nodes: &[Node]) {
    let mut clients = clients(nodes).await;
    let server = nodes[0].server.clone();
    let asked = tokio::spawn(async move {
        server.to("x").timeout(LIMIT).emit_with_ack::<String>("who", 1).await.expect("all acknowledge")
    });
    for (a, _) in &mut clients {
        let id = format!("\"{}\"", a.socket.id());
        a.acknowledge(r#"["who",1]"#, &id).await;
    }
    let mut names = within("the acknowledgements", asked).await.expect("no panic");
    names.sort();
    let expected: Vec<_> = (0..nodes.len()).map(|index| format!("n{index}-a")).collect();
    assert_eq!(names, expected);

    // One does not answer.
    let server = nodes[0].server.clone();
    let asked = tokio::spawn(async move {
        let timeout = Duration::from_secs(2);
        server.to("y").timeout(timeout).emit_with_ack::<u8>("again", ()).await.expect_err("one is missing")
    });
    for (index, (a, b)) in clients.iter_mut().enumerate() {
        a.acknowledge(r#"["again"]"#, "7").await;
        if index + 1 < nodes.len() {
            b.acknowledge(r#"["again"]"#, "8").await;
        } else {
            b.next().await;
        }
    }
    let error = within("the time-out", asked).await.expect("no panic");
    assert_eq!((error.responses.len(), error.expected), (2 * nodes.len() - 1, 2 * nodes.len()));
    assert_eq!(error.missing_servers, 0);
    gone(clients);
}

async fn rooms_and_sockets(nodes: &[Node]) {
    let mut clients = clients(nodes).await;
    let server = &nodes[0].server;
    assert_eq!(within("the count", server.server_count()).await, Ok(nodes.len()));
    server.sockets_join("joined");
    server.in_("x").sockets_leave("y");
    // What was asked before has been done everywhere when this arrives.
    server.emit("done", ());
    for (a, b) in &mut clients {
        a.expect(r#"42/chat,["done"]"#).await;
        b.expect(r#"42/chat,["done"]"#).await;
        a.socket.set_data("name", "Ann");
        assert!(a.socket.rooms().contains("joined") && b.socket.rooms().contains("joined"));
        assert!(!a.socket.rooms().contains("y") && b.socket.rooms().contains("y"));
    }
    let mut rooms = within("all rooms", server.all_rooms()).await.expect("all answer");
    rooms.sort();
    let mut expected: Vec<String> = ["joined", "x", "y"].map(str::to_owned).to_vec();
    expected.extend((0..nodes.len()).flat_map(|index| [format!("n{index}-a"), format!("n{index}-b")]));
    expected.sort();
    assert_eq!(rooms.iter().map(ToString::to_string).collect::<Vec<_>>(), expected);

    let mut sockets = within("the sockets", server.in_("x").fetch_sockets()).await.expect("all answer");
    sockets.sort_by_key(|socket| socket.id().to_owned());
    assert_eq!(sockets.len(), nodes.len());
    for (index, socket) in sockets.iter().enumerate() {
        assert_eq!(socket.id(), format!("n{index}-a"));
        assert_eq!(socket.data_value::<String>("name").as_deref(), Some("Ann"));
        assert!(socket.rooms().iter().any(|room| &**room == "joined"));
        socket.emit("direct", index);
    }
    for (index, (a, _)) in clients.iter_mut().enumerate() {
        a.expect(&format!(r#"42/chat,["direct",{index}]"#)).await;
    }
    let local = server.local().fetch_sockets().await.expect("within this server");
    assert_eq!(local.len(), 2);

    server.in_("x").disconnect_sockets(true);
    server.in_("y").disconnect_sockets(false);
    for (a, b) in &mut clients {
        a.expect("disconnect true").await;
        b.expect("disconnect false").await;
    }
    gone(clients);
}

async fn server_side_events(nodes: &[Node]) {
    let (told, mut heard) = mpsc::unbounded_channel();
    for (index, node) in nodes.iter().enumerate() {
        let told = told.clone();
        node.server.on("hello", move |event: Incoming| {
            let name: String = event.get(0).expect("a name");
            let bytes: Option<Binary> = event.get(1).expect("maybe bytes");
            told.send((index, name, bytes)).expect("the test listens");
        });
        node.server.on("question", move |event: Incoming| async move {
            event.ack(format!("{} from {index}", event.get::<String>(0)?));
            // The second one is not heard.
            event.ack("again");
            Ok(())
        });
    }
    let server = &nodes[0].server;
    server.server_side_emit("hello", "Ann");
    server.server_side_emit("hello", Args(("Bob", Binary::from(b"bytes"))));
    let mut seen = Vec::new();
    for _ in 0..2 * (nodes.len() - 1) {
        seen.push(within("a server-side event", heard.recv()).await.expect("the nodes are alive"));
    }
    seen.sort();
    let expected: Vec<_> = (1..nodes.len())
        .flat_map(|index| {
            [(index, "Ann".to_owned(), None), (index, "Bob".to_owned(), Some(Binary::from(b"bytes")))]
        })
        .collect();
    assert_eq!(seen, expected);

    let asked = server.server_side_emit_with_ack::<String>("question", "answer");
    let mut answers = within("the answers", asked).await.expect("all answer");
    answers.sort();
    assert_eq!(answers, (1..nodes.len()).map(|index| format!("answer from {index}")).collect::<Vec<_>>());
}

fn gone(clients: Vec<(Client, Client)>) {
    for (mut a, mut b) in clients {
        for client in [&mut a, &mut b] {
            assert!(client.frames.try_recv().is_err(), "{} got more than it should", client.socket.id());
            serve::disconnect(&client.socket, &DisconnectReason::TransportClose);
        }
    }
}

#[tokio::test]
async fn the_memory_adapter_conforms() {
    let adapter: Arc<dyn Adapter> = Arc::new(gateway_core::MemoryAdapter::default());
    run(&[Node::new("n0", "/chat", adapter).await]).await;
}
