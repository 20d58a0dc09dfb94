//! Connection state recovery on the wire: who comes back to what, with which events, and who does not.
//!
//! The client is a raw one, so that what it shows and what it is told are seen as they are.

use std::time::Duration;

use gateway_runtime::prelude::*;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::client::{Client, Packet, within};
use crate::support::log::{Gate, Log};

/// What a client knows of its session.
#[derive(Clone, Debug, PartialEq)]
struct Ticket {
    sid: String,
    pid: String,
    offset: String,
}

impl Ticket {
    fn auth(&self) -> Value {
        json!({ "pid": self.pid, "offset": self.offset })
    }
}

/// Joins a namespace and returns the answer to CONNECT and what came before it.
async fn connect(client: &mut Client, namespace: &str, auth: &Value) -> (Vec<Packet>, Packet) {
    let name = if namespace == "/" { String::new() } else { format!("{namespace},") };
    client.send_text(&format!("40{name}{auth}")).await;
    let mut before = Vec::new();
    loop {
        let packet = client.packet().await;
        if packet.kind == '2' {
            before.push(packet);
        } else {
            return (before, packet);
        }
    }
}

/// A new client that has received one event.
async fn client_with_ticket(app: &TestApp, namespace: &str) -> (Client, Ticket) {
    let mut client = Client::open(app.addr()).await;
    let (before, connected) = connect(&mut client, namespace, &json!({})).await;
    assert_eq!(before, []);
    let hello = client.packet().await;
    assert_eq!(hello.data[0], "hello");
    (client, ticket(&connected, &hello))
}

fn ticket(connected: &Packet, last: &Packet) -> Ticket {
    let text = |value: &Value| value.as_str().expect("a string").to_owned();
    let offset = last.data.as_array().and_then(|data| data.last()).expect("an offset");
    Ticket { sid: text(&connected.data["sid"]), pid: text(&connected.data["pid"]), offset: text(offset) }
}

/// Asks for the session with this auth payload; `None` if the client is a new one.
async fn come_back(app: &TestApp, ticket: &Ticket) -> Option<(Client, Vec<Packet>)> {
    come_back_with(app, ticket, &ticket.auth()).await
}

async fn come_back_with(app: &TestApp, ticket: &Ticket, auth: &Value) -> Option<(Client, Vec<Packet>)> {
    let mut client = Client::open(app.addr()).await;
    let (before, connected) = connect(&mut client, "/", auth).await;
    assert_eq!(connected.kind, '0', "{connected:?}");
    let recovered = connected.data["pid"] == json!(ticket.pid);
    assert_eq!(connected.data["sid"] == json!(ticket.sid), recovered, "{connected:?}");
    assert!(recovered || before.is_empty(), "{before:?}");
    recovered.then_some((client, before))
}

/// The events' names and first arguments.
fn told(packets: &[Packet]) -> Vec<Value> {
    packets.iter().map(|packet| json!([packet.data[0], packet.data[1]])).collect()
}

/// Lets clients come back.
#[web_socket_gateway(connection_state_recovery = true)]
struct Recovering {
    #[web_socket_server]
    server: Server,
    log: Log,
    gate: Gate,
}

#[subscribe_messages]
impl Recovering {
    #[subscribe_message("join")]
    fn join(&self, #[message_body] room: String, #[connected_socket] client: &Socket) -> bool {
        client.join(&room);
        client.set_data("room", room);
        true
    }

    #[subscribe_message("hangUp")]
    fn hang_up(&self, #[connected_socket] client: &Socket) {
        client.conn().close();
    }

    #[subscribe_message("state")]
    fn state(&self, #[connected_socket] client: &Socket) -> Value {
        let rooms: Vec<_> =
            client.rooms().iter().filter(|room| *room != client.id()).map(str::to_owned).collect();
        json!({ "recovered": client.recovered(), "rooms": rooms, "room": client.data_value::<String>("room") })
    }

    #[subscribe_message("stream")]
    async fn stream(&self, #[message_body] count: usize, #[connected_socket] client: Socket) {
        for number in 0..count {
            client.emit("number", number);
            if number == count / 2 {
                // Whatever comes now is for somebody who is gone.
                self.gate.passed().await;
            }
        }
        self.log.add("streamed");
    }

    #[subscribe_message("disconnect me")]
    fn disconnect_me(&self, #[message_body] close: bool, #[connected_socket] client: &Socket) {
        client.disconnect(close);
    }

    #[subscribe_message("kinds")]
    fn kinds(&self, #[connected_socket] client: &Socket) -> &'static str {
        // Volatile, and nothing in its way.
        client.volatile().emit("volatile", 1);
        client.emit("none", ());
        client.emit("several", Args((1, "two")));
        client.emit("binary", Binary::from(b"\x01\x02"));
        client.send("message");
        self.server.emit("everybody", 1);
        "an answer"
    }
}

impl OnGatewayConnection for Recovering {
    async fn handle_connection(&self, client: Socket) -> HookResult {
        self.log.add(format!("connection {}", client.recovered()));
        if !client.recovered() {
            client.emit("hello", "");
        }
        Ok(())
    }
}

impl OnGatewayDisconnect for Recovering {
    async fn handle_disconnect(&self, _client: Socket, reason: DisconnectReason) -> HookResult {
        self.log.add(reason.to_string());
        Ok(())
    }
}

impl Recovering {
    /// Waits until so many clients are gone.
    async fn gone(&self, count: usize) {
        let reasons = ["transport close", "transport error", "forced close"];
        let is_gone = |entry: &&String| reasons.contains(&entry.as_str());
        self.log.until("the disconnect", |log| log.iter().filter(is_gone).count() >= count).await;
    }
}

#[tokio::test]
async fn everything_that_is_kept_has_an_offset_at_its_end() {
    let app = TestApp::serve::<Recovering>().await;
    let (mut client, ticket) = client_with_ticket(&app, "/").await;
    assert_eq!((ticket.sid.len(), ticket.pid.len()), (20, 20));
    assert_ne!(ticket.sid, ticket.pid);
    let asked = client.ask("kinds", json!([])).await;
    let mut lengths = Vec::new();
    let mut offsets = vec![ticket.offset];
    loop {
        let packet = client.packet().await;
        if packet.kind == '3' {
            assert_eq!((packet.id, packet.data), (Some(asked), json!(["an answer"])));
            break;
        }
        let data = packet.data.as_array().expect("an event");
        lengths.push((data[0].as_str().expect("a name").to_owned(), data.len()));
        offsets
            .extend(data.last().and_then(Value::as_str).filter(|_| data[0] != "volatile").map(str::to_owned));
    }
    let expected =
        [("volatile", 2), ("none", 2), ("several", 4), ("binary", 3), ("message", 3), ("everybody", 3)];
    assert_eq!(lengths, expected.map(|(name, length)| (name.to_owned(), length)));
    let count = offsets.len();
    assert_eq!(count, 6);
    offsets.sort();
    offsets.dedup();
    assert_eq!(offsets.len(), count, "each its own");
}

#[tokio::test]
async fn a_client_whose_connection_the_server_closes_may_come_back() {
    let app = TestApp::serve::<(Recovering,)>().await;
    let (mut client, ticket) = client_with_ticket(&app, "/").await;
    client.ask("hangUp", json!([])).await;
    assert_eq!(client.closed().await, [], "it is not sent away, as it is by `disconnect`");
    assert!(come_back(&app, &ticket).await.is_some());
}

#[tokio::test]
async fn a_stream_goes_on_where_it_was_cut() {
    let app = TestApp::serve::<Recovering>().await;
    let gateway = app.get::<Recovering>();
    let (mut client, mut ticket) = client_with_ticket(&app, "/").await;
    client.call("join", json!(["hall"])).await;
    client.emit("stream", json!([1000])).await;
    let mut numbers = Vec::new();
    for _ in 0..300 {
        let packet = client.packet().await;
        numbers.push(packet.data[1].clone());
        ticket.offset = packet.data[2].as_str().expect("an offset").to_owned();
    }
    drop(client);
    gateway.gone(1).await;
    gateway.gate.open();
    gateway.log.until_has("streamed").await;
    let (mut client, missed) = come_back(&app, &ticket).await.expect("it is known");
    numbers.extend(missed.iter().map(|packet| packet.data[1].clone()));
    assert_eq!(numbers, (0..1000).map(Value::from).collect::<Vec<_>>());
    let state = client.call("state", json!([])).await;
    assert_eq!(state, json!([{ "recovered": true, "rooms": ["hall"], "room": "hall" }]));
    gateway.log.until_has("connection true").await;
    // It is somebody whom broadcasts reach.
    gateway.server.to("hall").emit("news", 1);
    gateway.server.to(&ticket.sid).emit("for you", 2);
    assert_eq!(
        (client.packet().await.data[0].clone(), client.packet().await.data[0].clone()),
        (json!("news"), json!("for you"))
    );
}

#[tokio::test]
async fn only_what_was_for_the_client_is_sent_again() {
    let app = TestApp::serve::<Recovering>().await;
    let gateway = app.get::<Recovering>();
    let (mut client, ticket) = client_with_ticket(&app, "/").await;
    client.call("join", json!(["mine"])).await;
    drop(client);
    gateway.gone(1).await;
    let server = &gateway.server;
    server.emit("all", 1);
    server.to("mine").emit("room", 2);
    server.to("other").emit("not", 0);
    server.to(["other", "mine"]).emit("rooms", 3);
    server.except("mine").emit("not", 0);
    server.to("mine").except(&ticket.sid).emit("not", 0);
    server.to(&ticket.sid).emit("own", 4);
    server.volatile().emit("not", 0);
    server.local().emit("local", 5);
    server.of("/elsewhere").emit("not", 0);
    let (mut client, missed) = come_back(&app, &ticket).await.expect("it is known");
    let expected = json!([["all", 1], ["room", 2], ["rooms", 3], ["own", 4], ["local", 5]]);
    assert_eq!(Value::from(told(&missed)), expected);
    // Cut again, it goes on from the last one of these.
    let ticket = Ticket { offset: missed[4].data[2].as_str().expect("an offset").to_owned(), ..ticket };
    assert_eq!(client.call("state", json!([])).await[0]["recovered"], true);
    drop(client);
    gateway.gone(2).await;
    server.emit("all", 6);
    let (_, missed) = come_back(&app, &ticket).await.expect("it is known");
    assert_eq!(told(&missed), [json!(["all", 6])]);
}

#[tokio::test]
async fn who_shows_something_else_is_new() {
    let app = TestApp::serve::<Recovering>().await;
    let gateway = app.get::<Recovering>();
    let (client, ticket) = client_with_ticket(&app, "/").await;
    let (other, others) = client_with_ticket(&app, "/").await;
    assert!(come_back(&app, &ticket).await.is_none(), "the client is still there");
    drop((client, other));
    gateway.gone(3).await;
    let offset = &ticket.offset;
    for auth in [
        json!({ "pid": "AAAAAAAAAAAAAAAAAAAA", "offset": offset }),
        json!({ "pid": ticket.sid, "offset": offset }),
        json!({ "pid": ticket.pid, "offset": "unknown" }),
        json!({ "pid": ticket.pid, "offset": "" }),
        json!({ "pid": ticket.pid, "offset": format!("{offset}0000") }),
        json!({ "pid": ticket.pid, "offset": 7 }),
        json!({ "pid": [ticket.pid], "offset": offset }),
        json!({ "pid": ticket.pid }),
        json!({ "offset": offset }),
        json!({}),
    ] {
        assert!(come_back_with(&app, &ticket, &auth).await.is_none(), "{auth}");
    }
    // None of this has cost the client its session, which it gets once.
    let (_client, missed) = come_back(&app, &ticket).await.expect("it is known");
    assert_eq!(missed, []);
    assert!(come_back(&app, &ticket).await.is_none(), "twice at the same time");
    assert!(come_back(&app, &others).await.is_some(), "another client is not concerned");
}

#[tokio::test]
async fn who_left_or_was_sent_away_is_new() {
    let app = TestApp::serve::<Recovering>().await;
    let gateway = app.get::<Recovering>();
    let (mut client, ticket) = client_with_ticket(&app, "/").await;
    client.send_text("41").await;
    gateway.log.until_has("client namespace disconnect").await;
    assert!(come_back(&app, &ticket).await.is_none());
    for close in [false, true] {
        let (mut client, ticket) = client_with_ticket(&app, "/").await;
        client.emit("disconnect me", json!([close])).await;
        gateway.log.until_has("server namespace disconnect").await;
        assert!(come_back(&app, &ticket).await.is_none());
        gateway.log.add("next");
    }
    // Sent away while it was gone.
    let (mut client, ticket) = client_with_ticket(&app, "/").await;
    client.call("join", json!(["mine"])).await;
    drop(client);
    gateway
        .log
        .until("the disconnect", |log| log.last().is_some_and(|last| last.starts_with("transport")))
        .await;
    gateway.server.in_("mine").disconnect_sockets(true);
    assert!(come_back(&app, &ticket).await.is_none());
    // What is no packet ends the connection and not the session, as in Socket.IO.
    let (mut client, ticket) = client_with_ticket(&app, "/").await;
    client.send_text("4x").await;
    client.closed().await;
    gateway.log.until_has("forced close").await;
    assert!(come_back(&app, &ticket).await.is_some());
}

/// Remembers clients for a moment only.
#[web_socket_gateway(connection_state_recovery(max_disconnection_duration = 200))]
struct Forgetful {
    log: Log,
}

impl OnGatewayConnection for Forgetful {
    async fn handle_connection(&self, client: Socket) -> HookResult {
        client.emit("hello", "");
        Ok(())
    }
}

impl OnGatewayDisconnect for Forgetful {
    async fn handle_disconnect(&self, _client: Socket, reason: DisconnectReason) -> HookResult {
        self.log.add(reason.to_string());
        Ok(())
    }
}

#[tokio::test]
async fn who_comes_too_late_is_new() {
    let app = TestApp::serve::<Forgetful>().await;
    let (client, ticket) = client_with_ticket(&app, "/").await;
    drop(client);
    app.get::<Forgetful>().log.until_len(1).await;
    // What passes is what is tested.
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert!(come_back(&app, &ticket).await.is_none());
}

/// Asks its middleware about those who come back as well.
#[web_socket_gateway(connection_state_recovery(skip_middlewares = false))]
struct Asking {
    #[web_socket_server]
    server: Server,
    log: Log,
    #[inject]
    gate: Arc<AskingGate>,
}

#[injectable]
#[derive(Default)]
struct AskingGate(Gate);

impl OnGatewayInit for Asking {
    async fn after_init(&self, server: Server) -> HookResult {
        let (log, gate) = (self.log.clone(), self.gate.clone());
        server.use_middleware(move |client: Socket| {
            let (log, gate) = (log.clone(), gate.clone());
            async move {
                log.add(format!("middleware {} {:?}", client.recovered(), client.data_value::<u8>("number")));
                match client.handshake().auth()["how"].as_str() {
                    Some("refused") => return Err(ConnectError::new("no")),
                    Some("waits") => gate.0.passed().await,
                    _ => client.set_data("number", 7),
                }
                Ok(())
            }
        });
        Ok(())
    }
}

impl OnGatewayConnection for Asking {
    async fn handle_connection(&self, client: Socket) -> HookResult {
        if !client.recovered() {
            client.emit("hello", "");
        }
        Ok(())
    }
}

impl OnGatewayDisconnect for Asking {
    async fn handle_disconnect(&self, _client: Socket, reason: DisconnectReason) -> HookResult {
        self.log.add(reason.to_string());
        Ok(())
    }
}

#[tokio::test]
async fn middlewares_may_be_asked_about_those_who_come_back() {
    let app = TestApp::serve::<Asking>().await;
    let gateway = app.get::<Asking>();
    let (client, ticket) = client_with_ticket(&app, "/").await;
    drop(client);
    gateway.log.until_len(2).await;
    gateway.server.emit("missed", 1);

    let mut refused = Client::open(app.addr()).await;
    let mut auth = ticket.auth();
    auth["how"] = json!("refused");
    let (before, answer) = connect(&mut refused, "/", &auth).await;
    assert_eq!((before, answer.kind, answer.data), (Vec::new(), '4', json!({ "message": "no" })));
    gateway.log.until_has("middleware true Some(7)").await;

    // A connection that ends while the middleware waits does not cost the session either.
    auth["how"] = json!("waits");
    let mut cut = Client::open(app.addr()).await;
    cut.send_text(&format!("40{auth}")).await;
    gateway.log.until_len(4).await;
    drop(cut);
    let mut client = loop {
        // Until the server has seen the end of the other connection.
        let seen = gateway.log.entries().len();
        let mut client = Client::open(app.addr()).await;
        client.send_text(&format!("40{auth}")).await;
        let log = gateway.log.until_len(seen + 1).await;
        match log.last().map(String::as_str) {
            Some("middleware true Some(7)") => break client,
            _ => drop(client),
        }
    };
    // What is said while the middleware waits is not lost.
    gateway.server.emit("missed", 2);
    gateway.gate.0.open();
    let packets = [client.packet().await, client.packet().await];
    assert_eq!(told(&packets), [json!(["missed", 1]), json!(["missed", 2])]);
    let connected = client.packet().await;
    assert_eq!((connected.kind, &connected.data["sid"]), ('0', &json!(ticket.sid)));
}

#[tokio::test]
async fn who_is_disconnected_while_a_middleware_decides_does_not_come_back() {
    let app = TestApp::serve::<Asking>().await;
    let gateway = app.get::<Asking>();
    let (client, ticket) = client_with_ticket(&app, "/").await;
    drop(client);
    gateway.log.until_len(2).await;
    let mut auth = ticket.auth();
    auth["how"] = json!("waits");
    let mut client = Client::open(app.addr()).await;
    client.send_text(&format!("40{auth}")).await;
    gateway.log.until_has("middleware true Some(7)").await;
    gateway.server.in_(&ticket.sid).disconnect_sockets(true);
    gateway.gate.0.open();
    within("the end of the connection", client.gone()).await;
    assert!(come_back(&app, &ticket).await.is_none());
}

/// Its middleware is not asked about those who come back; rooms that clients make.
#[web_socket_gateway(namespace = Regex::new("^/room-[0-9]+$").expect("an expression"), connection_state_recovery = true)]
struct Rooms {
    #[web_socket_server]
    server: Server,
    log: Log,
}

impl OnGatewayInit for Rooms {
    async fn after_init(&self, server: Server) -> HookResult {
        let log = self.log.clone();
        server.use_middleware(move |_client: Socket| {
            log.add("middleware");
            std::future::ready(Ok(()))
        });
        Ok(())
    }
}

impl OnGatewayConnection for Rooms {
    async fn handle_connection(&self, client: Socket) -> HookResult {
        if !client.recovered() {
            client.emit("hello", "");
        }
        Ok(())
    }
}

impl OnGatewayDisconnect for Rooms {
    async fn handle_disconnect(&self, _client: Socket, _reason: DisconnectReason) -> HookResult {
        self.log.add("disconnect");
        Ok(())
    }
}

#[tokio::test]
async fn clients_come_back_to_namespaces_that_clients_made() {
    let app = TestApp::serve::<Rooms>().await;
    let gateway = app.get::<Rooms>();
    let (client, ticket) = client_with_ticket(&app, "/room-1").await;
    drop(client);
    gateway.log.until_has("disconnect").await;
    gateway.server.emit("missed", 1);
    gateway.server.of("/room-2").emit("not", 0);
    let mut elsewhere = Client::open(app.addr()).await;
    let (_, connected) = connect(&mut elsewhere, "/room-2", &ticket.auth()).await;
    assert_ne!(connected.data["sid"], json!(ticket.sid), "another namespace");
    let mut client = Client::open(app.addr()).await;
    let (missed, connected) = connect(&mut client, "/room-1", &ticket.auth()).await;
    assert_eq!(connected.data, json!({ "sid": ticket.sid, "pid": ticket.pid }));
    assert_eq!(told(&missed), [json!(["missed", 1])]);
    assert_eq!(gateway.log.entries(), ["middleware", "disconnect", "middleware"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_lost_or_doubled_however_often_the_client_is_cut() {
    const SENDERS: usize = 3;
    const EVENTS: usize = 400;
    let app = TestApp::serve::<Recovering>().await;
    let gateway = app.get::<Recovering>();
    let (mut client, mut ticket) = client_with_ticket(&app, "/").await;
    let senders: Vec<_> = (0..SENDERS)
        .map(|sender| {
            let server = gateway.server.clone();
            tokio::spawn(async move {
                for number in 0..EVENTS {
                    server.emit("number", json!([sender, number]));
                    if number % 4 == 0 {
                        tokio::time::sleep(Duration::from_millis(1)).await;
                    }
                }
            })
        })
        .collect();
    let mut received = vec![Vec::new(); SENDERS];
    let mut take = |packet: &Packet, ticket: &mut Ticket| {
        let [sender, number] = [0, 1].map(|index| packet.data[1][index].as_u64().expect("a number"));
        received[usize::try_from(sender).expect("a sender")].push(number);
        ticket.offset = packet.data[2].as_str().expect("an offset").to_owned();
        received.iter().map(Vec::len).sum::<usize>()
    };
    let (mut count, mut gone) = (0, 0);
    while count < SENDERS * EVENTS {
        let packet = client.packet().await;
        count = take(&packet, &mut ticket);
        if count % 100 == 0 && count < SENDERS * EVENTS {
            drop(client);
            gone += 1;
            gateway.gone(gone).await;
            let (again, missed) = come_back(&app, &ticket).await.expect("it is known");
            for packet in &missed {
                count = take(packet, &mut ticket);
            }
            client = again;
        }
    }
    for sender in senders {
        within("the sender", sender).await.expect("no panic");
    }
    let all: Vec<_> = (0..EVENTS as u64).collect();
    assert!(received.iter().all(|numbers| *numbers == all), "each once, in order");
}
