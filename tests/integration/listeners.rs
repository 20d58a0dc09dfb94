//! Listeners and middlewares that a gateway adds to its clients while they are connected.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use gateway_runtime::JoinError;
use gateway_runtime::prelude::*;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

use crate::support::app::TestApp;
use crate::support::client::{Client, LIMIT, within};
use crate::support::http;
use crate::support::log::{Gate, Log};

/// Adds listeners before its hook waits, and after.
#[web_socket_gateway(namespace = "order")]
struct Order {
    log: Log,
    gate: Gate,
}

#[subscribe_messages]
impl Order {
    #[subscribe_message("event")]
    fn event(&self) -> &'static str {
        self.log.add("handler");
        "handler"
    }

    #[subscribe_message("add")]
    fn add(&self, client: Socket) -> bool {
        client.on("event", self.note("added by a handler"));
        true
    }

    #[subscribe_message("echo")]
    fn echo(&self, #[message_body] body: Value) -> Value {
        body
    }

    fn note(&self, entry: &'static str) -> impl Fn(Socket, Incoming) + Send + Sync + 'static {
        let log = self.log.clone();
        move |_, event| {
            log.add(entry);
            event.ack(entry);
        }
    }
}

impl OnGatewayConnection for Order {
    async fn handle_connection(&self, client: Socket) -> HookResult {
        client.on("event", self.note("before the hook waits"));
        client.emit("welcome", ());
        self.gate.passed().await;
        client.on("event", self.note("after it has waited"));
        client.on("only here", |_, event| async move {
            event.ack(event.body::<Value>()?);
            Ok(())
        });
        Ok(())
    }
}

#[tokio::test]
async fn listeners_come_before_the_handlers_as_in_nestjs() {
    let app = TestApp::serve::<(Order,)>().await;
    let order = app.get::<Order>();
    let mut client = app.client_in("/order").await;
    client.event("welcome").await;
    // They come while the hook waits: its listeners hear them all the same.
    let first = client.ask("event", json!([])).await;
    let only = client.ask("only here", json!([1, 2])).await;
    order.gate.open();
    assert_eq!(client.acked(first).await, json!(["before the hook waits"]));
    assert_eq!(client.acked(only).await, json!([[1, 2]]));
    client.call("add", json!([])).await;
    assert_eq!(client.call("event", json!([])).await, json!(["before the hook waits"]));
    // One acknowledgement an event, whoever else tried.
    assert_eq!(client.settle("echo").await, []);
    let expected = [
        "before the hook waits",
        "after it has waited",
        "handler",
        "before the hook waits",
        "after it has waited",
        "added by a handler",
        "handler",
    ];
    assert_eq!(order.log.entries(), expected);
}

/// Its clients' messages pass a middleware that may wait.
#[web_socket_gateway(namespace = "guarded", max_rooms_per_socket = 2)]
struct Guarded {
    log: Log,
    #[inject(default)]
    gate: Arc<SharedGate>,
}

/// A gate that a closure can own.
#[derive(Default)]
struct SharedGate(Gate);

#[subscribe_messages]
impl Guarded {
    #[subscribe_message("echo")]
    fn echo(&self, #[message_body] body: Value) -> Value {
        self.log.add(format!("handler {body}"));
        body
    }

    #[subscribe_message("join")]
    fn join(&self, client: Socket, room: String) -> String {
        match client.try_join(room) {
            Ok(()) => format!("{} rooms", client.rooms().len()),
            Err(error @ JoinError::TooManyRooms { limit }) => format!("{limit}: {error}"),
            Err(error) => error.to_string(),
        }
    }
}

impl OnGatewayConnection for Guarded {
    async fn handle_connection(&self, client: Socket) -> HookResult {
        let gate = self.gate.clone();
        client.use_middleware(move |_, event| {
            let gate = gate.clone();
            async move {
                match event.body::<Value>()?.as_str() {
                    Some("refused") => Err(WsException::new("unauthorized event").into()),
                    Some("waits") => {
                        gate.0.passed().await;
                        Ok(())
                    }
                    _ => Ok(()),
                }
            }
        });
        let log = self.log.clone();
        client.on_error(move |_, error| log.add(format!("error {error}")));
        let log = self.log.clone();
        client.on("echo", move |_, event| {
            log.add(format!("listener {}", event.get::<Value>(0)?));
            Ok(())
        });
        Ok(())
    }
}

#[tokio::test]
async fn middlewares_decide_before_handlers_and_keep_the_order() {
    let app = TestApp::serve::<(Guarded,)>().await;
    let guarded = app.get::<Guarded>();
    let mut client = app.client_in("/guarded").await;
    let _refused = client.ask("echo", json!(["refused"])).await;
    let waits = client.ask("echo", json!(["waits"])).await;
    let later = client.ask("echo", json!(["later"])).await;
    // Only the socket of the server hears of the refusal.
    guarded.log.until_has("error unauthorized event").await;
    assert_eq!(guarded.log.entries().len(), 1);
    guarded.gate.0.open();
    assert_eq!(client.acked(waits).await, json!(["waits"]));
    assert_eq!(client.acked(later).await, json!(["later"]));
    let expected = [
        "error unauthorized event",
        "listener \"waits\"",
        "handler \"waits\"",
        "listener \"later\"",
        "handler \"later\"",
    ];
    assert_eq!(guarded.log.until_len(5).await, expected);
}

#[tokio::test]
async fn a_client_that_goes_while_a_middleware_waits_is_heard_to_the_end() {
    let app = TestApp::serve::<(Guarded,)>().await;
    let guarded = app.get::<Guarded>();
    let mut client = app.client_in("/guarded").await;
    client.emit("echo", json!(["waits"])).await;
    client.emit("echo", json!(["last"])).await;
    client.close().await;
    guarded.gate.0.open();
    let entries = guarded.log.until_has("handler \"last\"").await;
    assert_eq!(entries[0], "listener \"waits\"");
}

#[tokio::test]
async fn a_socket_joins_so_many_rooms_and_no_more() {
    let app = TestApp::serve::<(Guarded,)>().await;
    let mut client = app.client_in("/guarded").await;
    assert_eq!(client.call("join", json!(["a"])).await, json!(["2 rooms"]));
    assert_eq!(client.call("join", json!(["b"])).await, json!(["3 rooms"]));
    let refused = "2: a socket may be in 2 rooms: `max_rooms_per_socket`";
    assert_eq!(client.call("join", json!(["c"])).await, json!([refused]));
    assert_eq!(client.call("join", json!(["b"])).await, json!(["3 rooms"]));
}

/// Counts itself while it exists.
#[derive(Debug)]
struct Counted(watch::Sender<usize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.send_modify(|alive| *alive -= 1);
    }
}

/// Its clients have listeners that own their socket.
#[web_socket_gateway(namespace = "leaving")]
struct Leaving {
    #[web_socket_server]
    server: Server,
    log: Log,
    #[inject(default)]
    alive: Arc<Alive>,
}

#[derive(Default)]
struct Alive(watch::Sender<usize>);

impl Alive {
    fn count(&self) -> Counted {
        self.0.send_modify(|alive| *alive += 1);
        Counted(self.0.clone())
    }

    async fn none_is_left(&self) {
        let mut alive = self.0.subscribe();
        within("the end of what listeners own", alive.wait_for(|alive| *alive == 0)).await.expect("a count");
    }
}

impl OnGatewayInit for Leaving {
    async fn after_init(&self, server: Server) -> HookResult {
        let alive = self.alive.clone();
        server.use_middleware(move |client: Socket| {
            let (own, counted) = (client.clone(), alive.count());
            client.on_any(move |_, _| {
                let _ = (&own, &counted);
            });
            async move {
                match client.handshake().auth_value::<bool>("refuse") {
                    Some(true) => Err(ConnectError::new("no")),
                    _ => Ok(()),
                }
            }
        });
        Ok(())
    }
}

#[subscribe_messages]
impl Leaving {
    #[subscribe_message("enter")]
    fn enter(&self, client: Socket, room: String) {
        client.join(room);
    }

    #[subscribe_message("kick")]
    fn kick(&self, client: Socket) {
        client.disconnect(false);
    }
}

impl OnGatewayConnection for Leaving {
    async fn handle_connection(&self, client: Socket) -> HookResult {
        let log = self.log.clone();
        client.on_disconnecting(move |client, reason| {
            client.to("room").emit("left", reason.to_string());
            log.add(format!("disconnecting: {} rooms, {reason}", client.rooms().len()));
        });
        let (log, own) = (self.log.clone(), client.clone());
        client.on_disconnect(move |client, reason| {
            let log = log.clone();
            assert_eq!(client, own);
            async move {
                tokio::task::yield_now().await;
                log.add(format!("disconnect: {} rooms, {reason}", client.rooms().len()));
            }
        });
        Ok(())
    }
}

#[tokio::test]
async fn who_leaves_says_so_in_its_rooms_and_listeners_are_freed() {
    let app = TestApp::serve::<(Leaving,)>().await;
    let leaving = app.get::<Leaving>();
    let mut stays = app.client_in("/leaving").await;
    stays.emit("enter", json!(["room"])).await;
    for (index, reason) in ["client namespace disconnect", "server namespace disconnect", "transport close"]
        .into_iter()
        .enumerate()
    {
        let mut client = app.client_in("/leaving").await;
        client.emit("enter", json!(["room"])).await;
        match index {
            0 => client.send_text("41/leaving,").await,
            1 => client.emit("kick", json!([])).await,
            _ => client.close().await,
        }
        assert_eq!(stays.event("left").await, json!([reason]));
        let entries = leaving.log.until_len(2 * index + 2).await;
        assert_eq!(entries[2 * index], format!("disconnecting: 2 rooms, {reason}"));
        assert_eq!(entries[2 * index + 1], format!("disconnect: 0 rooms, {reason}"));
    }
    // Refused, and gone while it was asked: neither was ever connected.
    let mut refused = Client::open(app.addr()).await;
    refused.send_text(r#"40/leaving,{"refuse":true}"#).await;
    assert_eq!(refused.packet().await.kind, '4');
    stays.close().await;
    leaving.alive.none_is_left().await;
    assert!(leaving.server.sockets().is_empty());
}

/// Asks its clients, and answers late.
#[web_socket_gateway(namespace = "acks")]
struct Acks {
    log: Log,
}

#[subscribe_messages]
impl Acks {
    #[subscribe_message("ask me")]
    async fn ask_me(&self, client: Socket, timeout: u64) -> String {
        let question = client.timeout(Duration::from_millis(timeout));
        match question.emit_with_ack::<Value>("question", timeout).await {
            Ok(answer) => answer.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[subscribe_message("echo")]
    fn echo(&self, #[message_body] body: Value, ack: Ack<Value>) {
        assert!(ack.send(body.clone()));
        assert!(!ack.send(json!("again")));
        self.log.add("echoed");
    }
}

#[tokio::test]
async fn late_double_foreign_and_unasked_acknowledgements_are_ignored() {
    let app = TestApp::serve::<(Acks,)>().await;
    let mut client = app.client_in("/acks").await;
    let mut other = app.client_in("/acks").await;

    let asked = client.ask("ask me", json!([1])).await;
    let late = client.packet().await;
    assert_eq!(late.kind, '2');
    assert_eq!(client.acked(asked).await, json!(["operation has timed out"]));
    client.answer(late.id.unwrap(), json!(["too late"])).await;

    let limit = u64::try_from(LIMIT.as_millis()).unwrap();
    let asked = client.ask("ask me", json!([limit])).await;
    let question = client.packet().await.id.unwrap();
    other.answer(question, json!(["not asked"])).await;
    assert_eq!(other.settle("echo").await, []);
    client.answer(question + 1000, json!(["never asked"])).await;
    client.answer(question, json!(["first"])).await;
    client.answer(question, json!(["second"])).await;
    assert_eq!(client.acked(asked).await, json!(["\"first\""]));
    assert_eq!(client.settle("echo").await, []);
    assert_eq!(app.get::<Acks>().log.entries().len(), 2);
}

/// On plain WebSocket.
#[web_socket_gateway(path = "/plain-listeners")]
struct Plain {
    log: Log,
}

#[subscribe_messages]
impl Plain {}

impl OnGatewayConnection for Plain {
    async fn handle_connection(&self, client: Socket) -> HookResult {
        client.use_middleware(|_, event| async move {
            if event.name() == "refused" { Err(WsException::new("no").into()) } else { Ok(()) }
        });
        client.on_any(|client, event| {
            client.emit("copy", Args((event.name(), event.arguments().len(), event.has_ack())));
        });
        client.on("refused", |client, _| client.emit("never", ()));
        client.on("number", |client, event| {
            client.emit("number", event.get::<u8>(0)? + 1);
            Ok(())
        });
        let log = self.log.clone();
        client.on_disconnect(move |_, reason| log.add(format!("{:?}", reason.code())));
        Ok(())
    }
}

#[tokio::test]
async fn plain_websocket_has_them_too() {
    let app = TestApp::serve_plain::<(Plain,)>().await;
    let mut client = app.plain("/plain-listeners").await;
    client.send(r#"{"event":"refused"}"#).await;
    client.send(r#"{"event":"number","data":7}"#).await;
    client.send(r#"{"event":"number","data":"x"}"#).await;
    assert_eq!(client.json().await, json!({ "event": "copy", "data": ["refused", 0, false] }));
    assert_eq!(client.json().await, json!({ "event": "copy", "data": ["number", 1, false] }));
    assert_eq!(client.json().await, json!({ "event": "number", "data": 8 }));
    assert_eq!(client.json().await["event"], "copy");
    let exception = client.json().await;
    assert_eq!(exception["event"], "exception");
    assert_eq!(exception["data"]["cause"], json!({ "pattern": "number", "data": "x" }));
    client.close(1000, "").await;
    app.get::<Plain>().log.until_has("Some(1000)").await;
}

/// Says when its clients have upgraded.
#[web_socket_gateway(namespace = "upgrading")]
struct Upgrading {
    log: Log,
}

#[subscribe_messages]
impl Upgrading {}

impl OnGatewayConnection for Upgrading {
    async fn handle_connection(&self, client: Socket) -> HookResult {
        let log = self.log.clone();
        log.add(client.conn().transport().name());
        client.on_upgrade(move |client, transport| {
            log.add(format!("{transport}, {}", client.conn().transport()));
        });
        Ok(())
    }
}

#[tokio::test]
async fn an_upgrade_is_told() {
    let app = TestApp::serve::<(Upgrading,)>().await;
    let addr = app.addr();
    let opened = http::get(addr, "/socket.io/?EIO=4&transport=polling", &[]).await;
    let open: Value = serde_json::from_str(&opened.body[1..]).expect("an open packet");
    let sid = open["sid"].as_str().expect("a session id");
    let session = format!("/socket.io/?EIO=4&transport=polling&sid={sid}");
    http::request(addr, "POST", &session, &[], "40/upgrading,").await;
    app.get::<Upgrading>().log.until_has("polling").await;

    let url = format!("ws://{addr}/socket.io/?EIO=4&transport=websocket&sid={sid}");
    let tcp = within("a TCP connection", TcpStream::connect(addr)).await.expect("the server listens");
    let (mut socket, _) = within("the upgrade", client_async(url, tcp)).await.expect("an upgrade");
    socket.send(Message::text("2probe")).await.expect("the server reads");
    let answer = within("the answer", socket.next()).await.expect("a frame").expect("a text");
    assert_eq!(answer.to_text().expect("a text"), "3probe");
    socket.send(Message::text("5")).await.expect("the server reads");
    let entries = app.get::<Upgrading>().log.until_len(2).await;
    assert_eq!(entries, ["polling", "websocket, websocket"]);
}
