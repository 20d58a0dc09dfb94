//! Connection hooks: when they run, what they hold up, and what becomes of their errors and panics.

use futures_util::stream::{self, Stream, StreamExt};
use gateway_runtime::prelude::*;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::client::Client;
use crate::support::log::{Gate, Log};

/// Its connection hook waits at a gate.
#[web_socket_gateway(namespace = "patient")]
struct Patient {
    log: Log,
    gate: Gate,
}

#[subscribe_messages]
impl Patient {
    #[subscribe_message("event")]
    fn event(&self, #[message_body] number: u32) -> u32 {
        self.log.add(format!("event {number}"));
        number
    }
}

impl OnGatewayConnection for Patient {
    async fn handle_connection(&self, client: Socket) -> HookResult {
        self.log.add("connection starts");
        client.emit("welcome", ());
        self.gate.passed().await;
        self.log.add("connection ends");
        Ok(())
    }
}

impl OnGatewayDisconnect for Patient {
    async fn handle_disconnect(&self, _client: Socket, reason: DisconnectReason) -> HookResult {
        self.log.add(reason.to_string());
        Ok(())
    }
}

#[tokio::test]
async fn messages_wait_for_handle_connection_in_their_order() {
    let app = TestApp::serve::<(Patient, Beside)>().await;
    let patient = app.get::<Patient>();
    let mut client = app.client_in("/patient").await;
    assert_eq!(client.event("welcome").await, json!([]));
    for number in 0..3 {
        client.ask("event", json!([number])).await;
    }
    // The server has read them when it answers what was sent later.
    client.join("/beside").await;
    assert_eq!(patient.log.entries(), ["connection starts"]);
    patient.gate.open();
    for number in 0..3 {
        assert_eq!(client.acked(number).await, json!([number]));
    }
    let expected = ["connection starts", "connection ends", "event 0", "event 1", "event 2"];
    assert_eq!(patient.log.entries(), expected);
}

/// As in NestJS: messages race the hook.
#[web_socket_gateway(namespace = "hasty", concurrent_connection = true)]
struct Hasty {
    gate: Gate,
    log: Log,
}

#[subscribe_messages]
impl Hasty {
    #[subscribe_message("echo")]
    fn echo(&self, #[message_body] body: Value) -> Value {
        body
    }
}

impl OnGatewayConnection for Hasty {
    async fn handle_connection(&self, _client: Socket) -> HookResult {
        self.gate.passed().await;
        self.log.add("connection ends");
        Ok(())
    }
}

#[tokio::test]
async fn messages_race_a_concurrent_connection() {
    let app = TestApp::serve::<Hasty>().await;
    let hasty = app.get::<Hasty>();
    let mut client = app.client_in("/hasty").await;
    assert_eq!(client.call("echo", json!([1])).await, json!([1]));
    assert!(hasty.log.entries().is_empty(), "the hook still waits");
    hasty.gate.open();
    hasty.log.until_has("connection ends").await;
}

/// Its connection hook ends after the client has gone.
#[web_socket_gateway(namespace = "late")]
struct Late {
    log: Log,
    gate: Gate,
}

#[subscribe_messages]
impl Late {
    #[subscribe_message("event")]
    fn event(&self) {
        self.log.add("event");
    }
}

impl OnGatewayConnection for Late {
    async fn handle_connection(&self, client: Socket) -> HookResult {
        client.closed().await;
        self.log.add("the client is gone");
        self.gate.passed().await;
        self.log.add("connection ends");
        Ok(())
    }
}

impl OnGatewayDisconnect for Late {
    async fn handle_disconnect(&self, client: Socket, reason: DisconnectReason) -> HookResult {
        assert!(!client.connected() && client.rooms().is_empty());
        self.log.add(reason.to_string());
        Ok(())
    }
}

#[tokio::test]
async fn handle_disconnect_comes_after_handle_connection_and_what_the_client_sent() {
    let app = TestApp::serve::<Late>().await;
    let late = app.get::<Late>();
    let mut client = app.client_in("/late").await;
    client.emit("event", json!([])).await;
    client.close().await;
    late.log.until_has("the client is gone").await;
    late.gate.open();
    let log = late.log.until_len(4).await;
    assert_eq!(log, ["the client is gone", "connection ends", "event", "transport close"]);
}

/// Its connection hook does what the client's auth asks for.
#[web_socket_gateway]
struct Failing;

#[subscribe_messages]
impl Failing {
    #[subscribe_message("echo")]
    fn echo(&self, #[message_body] body: Value) -> Value {
        body
    }

    #[subscribe_message("sync")]
    fn sync(&self) -> u8 {
        panic!("a sync handler")
    }

    #[subscribe_message("async")]
    async fn asynchronous(&self) -> u8 {
        tokio::task::yield_now().await;
        panic!("an async handler")
    }

    #[subscribe_message("stream")]
    fn stream(&self) -> impl Stream<Item = WsResponse<u8>> + Send {
        stream::iter([1, 2]).map(|number| match number {
            1 => WsResponse::new("number", number),
            _ => panic!("a stream"),
        })
    }
}

impl OnGatewayConnection for Failing {
    async fn handle_connection(&self, client: Socket) -> HookResult {
        match client.handshake().auth_value::<String>("fail").as_deref() {
            Some("exception") => Err(WsException::new("not you").into()),
            Some("error") => Err(std::io::Error::other("the database's password").into()),
            Some("panic") => panic!("a hook"),
            _ => Ok(()),
        }
    }
}

#[tokio::test]
async fn errors_of_handle_connection_reach_the_client() {
    let app = TestApp::serve::<Failing>().await;
    for (fail, message) in
        [("exception", "not you"), ("error", "Internal server error"), ("panic", "Internal server error")]
    {
        let mut client = Client::connect_with(app.addr(), "/", json!({"fail": fail})).await;
        let expected =
            json!([{"status": "error", "message": message, "cause": {"pattern": "handleConnection"}}]);
        assert_eq!(client.event("exception").await, expected, "{fail}");
        assert_eq!(client.call("echo", json!(["still here"])).await, json!(["still here"]), "{fail}");
    }
}

#[tokio::test]
async fn a_panic_costs_an_exception_and_not_the_connection() {
    let app = TestApp::serve::<Failing>().await;
    let mut client = app.client().await;
    for event in ["sync", "async", "stream"] {
        client.ask(event, json!([{"a": 1}])).await;
        if event == "stream" {
            assert_eq!(client.event("number").await, json!([1]));
        }
        let expected = json!([{
            "status": "error",
            "message": "Internal server error",
            "cause": {"pattern": event, "data": {"a": 1}},
        }]);
        assert_eq!(client.event("exception").await, expected);
        assert_eq!(client.call("echo", json!([event])).await, json!([event]));
    }
}

/// A namespace beside that of the test: joining it answers after everything sent before was read.
#[web_socket_gateway(namespace = "beside")]
struct Beside;

#[subscribe_messages]
impl Beside {}

/// Two gateways of one namespace.
#[web_socket_gateway(namespace = "shared")]
struct First {
    log: Log,
}

#[web_socket_gateway(namespace = "shared")]
struct Second {
    #[inject]
    first: Arc<First>,
}

#[subscribe_messages]
impl First {}

#[subscribe_messages]
impl Second {}

impl OnGatewayInit for First {
    async fn after_init(&self, server: Server) -> HookResult {
        self.log.add(format!("first {}", server.name()));
        Ok(())
    }
}

impl OnGatewayInit for Second {
    async fn after_init(&self, server: Server) -> HookResult {
        self.first.log.add(format!("second {}", server.name()));
        Ok(())
    }
}

impl OnGatewayConnection for First {
    async fn handle_connection(&self, _client: Socket) -> HookResult {
        self.log.add("first");
        Ok(())
    }
}

impl OnGatewayConnection for Second {
    async fn handle_connection(&self, client: Socket) -> HookResult {
        self.first.log.add("second");
        client.emit("ready", ());
        Ok(())
    }
}

#[tokio::test]
async fn connections_go_to_each_gateway_of_a_namespace() {
    let app = TestApp::serve::<(First, Second)>().await;
    let mut client = app.client_in("/shared").await;
    client.event("ready").await;
    assert_eq!(app.get::<First>().log.entries(), ["first /shared", "second /shared", "first", "second"]);
}

/// Turns away whoever has no token, in its connection hook, as many NestJS gateways do.
#[web_socket_gateway(namespace = "door")]
struct Doorman {
    log: Log,
}

#[subscribe_messages]
impl Doorman {
    #[subscribe_message("event")]
    fn event(&self, #[connected_socket] client: &Socket) {
        self.log.add(format!("event, connected: {}", client.connected()));
    }
}

impl OnGatewayConnection for Doorman {
    async fn handle_connection(&self, client: Socket) -> HookResult {
        if let Some(close) = client.handshake().auth_value::<bool>("close") {
            client.emit("unauthorized", ());
            client.disconnect(close);
        }
        Ok(())
    }
}

impl OnGatewayDisconnect for Doorman {
    async fn handle_disconnect(&self, _client: Socket, reason: DisconnectReason) -> HookResult {
        self.log.add(reason.to_string());
        Ok(())
    }
}

#[tokio::test]
async fn handle_connection_may_turn_a_client_away() {
    let app = TestApp::serve::<(Doorman, Beside)>().await;
    let doorman = app.get::<Doorman>();
    let mut client = Client::connect_with(app.addr(), "/door", json!({"close": false})).await;
    assert_eq!(client.event("unauthorized").await, json!([]));
    assert_eq!(client.packet().await.kind, '1');
    client.join("/beside").await;
    doorman.log.until_len(1).await;

    let mut client = Client::connect_with(app.addr(), "/door", json!({"close": true})).await;
    assert_eq!(client.event("unauthorized").await, json!([]));
    assert_eq!(client.closed().await.len(), 1, "the disconnect, then the close");
    assert_eq!(doorman.log.until_len(2).await, ["server namespace disconnect"; 2]);
}
