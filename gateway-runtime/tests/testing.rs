//! Whole applications tested within the process: what `TestingApp` and its clients promise.
#![allow(clippy::unused_self, reason = "handlers look like this")]

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::routing::get;
use gateway_runtime::prelude::*;
use gateway_runtime::testing::{TestClose, TestError, TestFrame, TestingApp};
use gateway_runtime::{Args, Transport};
use http::{Request, StatusCode};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tower::ServiceExt;

type TestResult = Result<(), Box<dyn std::error::Error>>;

// ---- A chat: rooms, an injected service, a guard -----------------------------------------------------

trait History: Send + Sync {
    fn last(&self, room: &str) -> Option<String>;
}

/// What production would use. No test may build it.
#[injectable(as dyn History)]
struct Database {
    #[inject]
    _connection: Arc<Connection>,
}

impl History for Database {
    fn last(&self, _room: &str) -> Option<String> {
        None
    }
}

/// Nothing provides it: an application that builds `Database` does not start.
struct Connection;

#[derive(Default)]
struct Remembered {
    asked: Mutex<Vec<String>>,
}

impl History for Remembered {
    fn last(&self, room: &str) -> Option<String> {
        self.asked.lock().push(room.to_owned());
        Some(format!("the last of {room}"))
    }
}

/// Nobody gets past it but in tests.
#[derive(Default)]
struct ClosedGuard;

impl CanActivate for ClosedGuard {
    async fn can_activate(&self, _context: &ExecutionContext) -> GuardResult {
        Ok(false)
    }
}

struct Open;

impl CanActivate for Open {
    async fn can_activate(&self, _context: &ExecutionContext) -> GuardResult {
        Ok(true)
    }
}

#[web_socket_gateway(namespace = "chats")]
struct ChatsGateway {
    #[web_socket_server]
    server: Server,
    #[inject]
    history: Arc<dyn History>,
}

#[subscribe_messages]
impl ChatsGateway {
    #[subscribe_message("joinRoom")]
    fn handle_join_room(
        &self,
        #[message_body("roomId")] room_id: String,
        #[message_body("userName")] user_name: String,
        #[connected_socket] client: Socket,
    ) -> Option<String> {
        client.join(&room_id);
        self.server.to(&room_id).emit("roomMessage", format!("{user_name} has joined room {room_id}"));
        self.history.last(&room_id)
    }

    #[use_guards(ClosedGuard)]
    #[subscribe_message("secret")]
    fn handle_secret(&self) -> &'static str {
        "the secret"
    }
}

impl OnGatewayConnection for ChatsGateway {
    async fn handle_connection(&self, client: Socket) -> HookResult {
        client.emit("welcome", format!("Welcome, {}!", client.id()));
        Ok(())
    }
}

impl OnGatewayDisconnect for ChatsGateway {
    async fn handle_disconnect(&self, _client: Socket, reason: DisconnectReason) -> HookResult {
        self.server.emit("left", reason.to_string());
        Ok(())
    }
}

fn join(room: &str, user: &str) -> Value {
    json!({ "roomId": room, "userName": user })
}

async fn chats() -> Result<TestingApp, GatewayError> {
    TestingApp::builder()
        .only::<ChatsGateway>()
        .override_provider_arc::<dyn History>(Arc::new(Remembered::default()))
        .create()
        .await
}

#[tokio::test]
async fn two_clients_and_a_room() -> TestResult {
    let app = chats().await?;
    let ann = app.connect("/chats").await?;
    let bob = app.connect("chats").await?;
    assert_eq!(ann.expect_event("welcome").await?.body::<String>()?, format!("Welcome, {}!", ann.id()));
    assert_ne!(ann.id(), bob.id());

    let last: String = ann.emit_with_ack("joinRoom", join("general", "Ann")).await?;
    assert_eq!(last, "the last of general");
    assert_eq!(bob.expect_event("welcome").await?.name(), "welcome");
    bob.no_more_events().await?;

    bob.emit("joinRoom", join("general", "Bob")).await?;
    for client in [&ann, &bob] {
        let expected = "Bob has joined room general";
        if client.id() == ann.id() {
            assert_eq!(client.next::<String>("roomMessage").await?, "Ann has joined room general");
        }
        assert_eq!(client.next::<String>("roomMessage").await?, expected);
        client.no_more_events().await?;
    }

    bob.disconnect().await?;
    assert_eq!(bob.closed().await?, "io client disconnect");
    assert!(!bob.is_connected());
    assert_eq!(ann.next::<String>("left").await?, "client namespace disconnect");
    let refused = bob.emit("joinRoom", join("general", "Bob")).await.unwrap_err();
    assert!(matches!(refused, TestError::NotSent { .. }), "{refused:?}");

    for transport in [Transport::WebSocket, Transport::Polling] {
        drop(app.client().transport(transport).namespace("/chats").connect().await?);
        assert_eq!(ann.next::<String>("left").await?, "transport close");
    }

    app.close().await;
    assert_eq!(ann.closed().await?, "transport close");
    Ok(())
}

#[tokio::test]
async fn overrides_stand_in_for_providers() -> TestResult {
    let history = Arc::new(Remembered::default());
    let app =
        TestingApp::of(GatewayApp::builder().provide_arc::<dyn History>(Arc::new(Remembered::default())))
            // Before what it overrides: the order of the calls does not matter.
            .override_provider_arc::<dyn History>(history.clone())
            .provide_arc::<dyn History>(Arc::new(Remembered::default()))
            .only::<ChatsGateway>()
            .create()
            .await?;
    let client = app.connect("/chats").await?;
    let _: String = client.emit_with_ack("joinRoom", join("general", "Ann")).await?;
    assert_eq!(*history.asked.lock(), ["general"]);
    assert!(Arc::ptr_eq(&app.get::<dyn History>()?, &(history as Arc<dyn History>)));
    assert_eq!(app.get::<ChatsGateway>()?.server.name(), "/chats");

    let error = TestingApp::builder().only::<ChatsGateway>().create().await.unwrap_err();
    assert!(format!("{error:?}").contains("Connection"), "{error:?}");
    Ok(())
}

#[tokio::test]
async fn a_guard_is_overridden() -> TestResult {
    let guarded = chats().await?;
    let client = guarded.connect("/chats").await?;
    client.emit("secret", ()).await?;
    assert_eq!(client.exception().await?["message"], "Forbidden resource");

    let app = TestingApp::builder()
        .only::<ChatsGateway>()
        .override_provider_arc::<dyn History>(Arc::new(Remembered::default()))
        .override_guard::<ClosedGuard>(Open)
        .create()
        .await?;
    let client = app.connect("/chats").await?;
    assert_eq!(client.emit_with_ack::<String>("secret", ()).await?, "the secret");
    Ok(())
}

// ---- Every other enhancer ------------------------------------------------------------------------------

/// Lets a client in by its token; in production it would ask somebody.
#[injectable]
struct TokenGuard {
    #[inject]
    _connection: Arc<Connection>,
}

impl CanActivate for TokenGuard {
    async fn can_activate(&self, _context: &ExecutionContext) -> GuardResult {
        Err(WsException::new("asked the real one"))?
    }
}

/// What stands in for it.
struct TokenIsGood;

impl CanActivate for TokenIsGood {
    async fn can_activate(&self, context: &ExecutionContext) -> GuardResult {
        match context.socket().handshake().query("token").as_deref() {
            Some("good") => Ok(true),
            Some(_) => {
                Err(WsException::from_value(json!({ "message": "bad token", "code": "INVALID_TOKEN" })))?
            }
            None => Ok(false),
        }
    }
}

/// Adds its word to a text.
#[derive(Default)]
struct Append(Option<&'static str>);

impl PipeTransform<String> for Append {
    type In = String;

    async fn transform(&self, value: String, _metadata: &ArgumentMetadata) -> Result<String, HandlerError> {
        Ok(format!("{value} pipe:{}", self.0.unwrap_or("real")))
    }
}

/// Adds its word to the reply.
#[derive(Default)]
struct Around(Option<&'static str>);

impl Interceptor for Around {
    async fn intercept<'a>(&'a self, _: &'a ExecutionContext, next: Next<'a>) -> ReplyResult<'a> {
        let word = self.0.unwrap_or("real");
        Ok(next.handle().await?.map(move |text: String| format!("{text} interceptor:{word}")))
    }
}

/// Tells the client its word.
#[derive(Default)]
struct Catches(Option<&'static str>);

impl ExceptionFilter for Catches {
    type Exception = WsException;

    async fn catch(&self, _: WsException, context: &ExecutionContext) -> FilterResult {
        context.socket().emit("caught", self.0.unwrap_or("real"));
        Ok(())
    }
}

#[web_socket_gateway]
#[use_guards(TokenGuard, on = "connection")]
#[use_interceptors(Around)]
#[use_filters(Catches)]
struct EnhancedGateway;

#[subscribe_messages]
impl EnhancedGateway {
    #[subscribe_message("say")]
    fn say(&self, #[message_body(Append)] text: String) -> Result<String, WsException> {
        if text.starts_with("fail") { Err(WsException::new("asked to fail")) } else { Ok(text) }
    }
}

#[tokio::test]
async fn every_enhancer_is_overridden() -> TestResult {
    let app = TestingApp::builder()
        .only::<EnhancedGateway>()
        .override_guard::<TokenGuard>(TokenIsGood)
        .override_interceptor::<Around>(Around(Some("test")))
        .override_filter::<Catches>(Catches(Some("test")))
        // A pipe of a parameter is part of the handler's types: another value of its type.
        .override_provider(Append(Some("test")))
        .create()
        .await?;
    let refused = app.client().query("token", "bad").connect().await.unwrap_err();
    let error = refused.connect_error().ok_or("no connect_error")?;
    assert_eq!(error.message, "bad token", "{error:?}");
    assert_eq!(
        app.connect("/").await.unwrap_err().connect_error().map(|error| &*error.message),
        Some("Forbidden resource")
    );

    let client = app.client().query("token", "good").connect().await?;
    assert_eq!(client.emit_with_ack::<String>("say", "hi").await?, "hi pipe:test interceptor:test");
    client.emit("say", "fail").await?;
    assert_eq!(client.next::<String>("caught").await?, "test");
    Ok(())
}

#[tokio::test]
async fn guards_refuse_the_upgrade_of_a_plain_websocket() -> TestResult {
    let app = TestingApp::builder()
        .only::<EnhancedGateway>()
        .override_guard::<TokenGuard>(TokenIsGood)
        .use_web_socket_adapter(WsAdapter::new())
        .create()
        .await?;
    match app.connect_ws("/?token=bad").await {
        Err(TestError::Http { status: 401, body }) => assert!(body.contains("bad token"), "{body}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(app.connect_ws("/").await.unwrap_err().status(), Some(403));
    let client = app.connect_ws("/?token=good").await?;
    client.send("say", "hi").await?;
    assert_eq!(client.next_message::<String>().await?, "hi pipe:real interceptor:real");
    Ok(())
}

// ---- Everything that a message can be ----------------------------------------------------------------

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Upload {
    name: String,
    content: Binary,
}

#[web_socket_gateway]
struct EchoGateway {
    #[web_socket_server]
    server: Server,
}

#[subscribe_messages]
impl EchoGateway {
    #[subscribe_message("echo")]
    fn echo(&self, #[message_body] body: Data) -> Data {
        body
    }

    #[subscribe_message("upload")]
    fn upload(&self, #[message_body] upload: Upload, #[connected_socket] client: &Socket) -> usize {
        let size = upload.content.len();
        client.emit("uploaded", Args((size, upload)));
        size
    }

    #[subscribe_message("ask")]
    async fn ask(&self, #[connected_socket] client: Socket) -> Result<String, AckError> {
        let answer: String =
            client.timeout(Duration::from_secs(60)).emit_with_ack("question", "tea?").await?;
        Ok(format!("you said {answer}"))
    }

    #[subscribe_message("fail")]
    fn fail(&self) -> Result<(), WsException> {
        Err(WsException::from_value(json!({ "code": 7 })))
    }

    #[subscribe_message("silence")]
    fn silence(&self) {}

    #[subscribe_message("flood")]
    fn flood(&self, #[message_body] count: usize, #[connected_socket] client: &Socket) {
        (0..count).for_each(|number| client.emit("drop", number));
    }

    #[subscribe_message("kick")]
    fn kick(&self, #[message_body] close: bool, #[connected_socket] client: &Socket) {
        client.emit("bye", ());
        client.disconnect(close);
    }

    #[subscribe_message("whoami")]
    fn whoami(&self, #[connected_socket] client: &Socket) -> Value {
        let handshake = client.handshake();
        json!({
            "auth": handshake.auth(),
            "tag": handshake.header("x-tag"),
            "room": handshake.query("room"),
            "address": handshake.address(),
            "transport": client.transport().name(),
        })
    }
}

impl OnGatewayInit for EchoGateway {
    async fn after_init(&self, server: Server) -> HookResult {
        server.use_middleware(|client: Socket| async move {
            match client.handshake().auth()["token"].as_str() {
                Some("bad") => Err(ConnectError::new("bad token").with_data(json!({ "code": 401 }))),
                _ => Ok(()),
            }
        });
        Ok(())
    }
}

async fn echo() -> Result<TestingApp, GatewayError> {
    TestingApp::builder().only::<EchoGateway>().create().await
}

#[tokio::test]
async fn acknowledgements_go_both_ways() -> TestResult {
    let app = echo().await?;
    let client = app.connect("/").await?;
    let asking = client.emit_with_ack::<String>("ask", ());
    let answering = async {
        let question = client.expect_event("question").await?;
        assert!(question.wants_acknowledgement());
        assert_eq!(question.body::<String>()?, "tea?");
        question.reply("yes").await
    };
    let (answer, answered) = tokio::join!(asking, answering);
    answered?;
    assert_eq!(answer?, "you said yes");
    Ok(())
}

#[tokio::test]
async fn bodies_are_any_values() -> TestResult {
    let app = echo().await?;
    for transport in [Transport::WebSocket, Transport::Polling] {
        let client = app.client().transport(transport).connect().await?;
        assert_eq!(
            client.emit_with_ack::<Value>("echo", json!({ "a": [1, null] })).await?,
            json!({ "a": [1, null] })
        );
        let several: (u8, String) = client.emit_with_ack("echo", Args((1, "b"))).await?;
        assert_eq!(several, (1, "b".to_owned()));
        let bytes: Binary = client.emit_with_ack("echo", Binary::from(b"\x00\xff")).await?;
        assert_eq!(bytes, Binary::from(b"\x00\xff"));

        let upload = Upload { name: "cat.png".to_owned(), content: Binary::from(b"png") };
        client.emit("upload", &upload).await?;
        let event = client.next_event().await?;
        assert_eq!((event.name(), event.arguments().len()), ("uploaded", 2));
        assert!(!event.wants_acknowledgement());
        assert_eq!((event.argument::<usize>(0)?, event.argument::<Upload>(1)?), (3, upload));
        assert!(matches!(event.reply("x").await, Err(TestError::NoAcknowledgement { .. })));
        client.disconnect().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_handshake_has_what_the_client_said() -> TestResult {
    let app = echo().await?;
    for transport in [Transport::WebSocket, Transport::Polling] {
        let client = app
            .client()
            .transport(transport)
            .auth(json!({ "token": "good" }))
            .header("X-Tag", "blue")
            .query("room", "a b&c")
            .address(([10, 0, 0, 1], 1234).into())
            .connect()
            .await?;
        let seen: Value = client.emit_with_ack("whoami", ()).await?;
        let expected = json!({
            "auth": { "token": "good" },
            "tag": "blue",
            "room": "a b&c",
            "address": "10.0.0.1:1234",
            "transport": transport.name(),
        });
        assert_eq!(seen, expected);
    }
    let impossible = app.client().header("no header", "x").connect().await.unwrap_err();
    assert!(matches!(impossible, TestError::Request { .. }), "{impossible:?}");
    Ok(())
}

#[tokio::test]
async fn a_refused_connection_has_message_and_data() -> TestResult {
    let app = echo().await?;
    for transport in [Transport::WebSocket, Transport::Polling] {
        let refused =
            app.client().transport(transport).auth(json!({ "token": "bad" })).connect().await.unwrap_err();
        let error = refused.connect_error().ok_or("no connect_error")?;
        assert_eq!((&*error.message, &error.data), ("bad token", &Some(json!({ "code": 401 }))));
    }
    let unknown = app.connect("/nowhere").await.unwrap_err();
    assert_eq!(format!("{unknown:?}"), "connect_error\n  caused by: Invalid namespace");
    let wrong = app.client().path("/elsewhere").connect().await.unwrap_err();
    assert_eq!(wrong.status(), Some(404));
    let port = app.client().port(81).connect().await.unwrap_err();
    assert!(matches!(port, TestError::NoSuchPort { port: 81, .. }), "{port:?}");
    Ok(())
}

#[tokio::test]
async fn errors_are_exceptions() -> TestResult {
    let app = echo().await?;
    let client = app.connect("/").await?;
    client.emit("fail", ()).await?;
    assert_eq!(client.exception().await?, json!({ "code": 7 }));
    client.emit("upload", json!({ "name": 5, "content": null })).await?;
    assert_eq!(client.exception().await?["status"], "error");
    client.no_more_events().await?;
    Ok(())
}

#[tokio::test]
async fn the_server_disconnects() -> TestResult {
    let app = echo().await?;
    for (transport, close) in [
        (Transport::WebSocket, false),
        (Transport::WebSocket, true),
        (Transport::Polling, false),
        (Transport::Polling, true),
    ] {
        let client = app.client().transport(transport).connect().await?;
        client.emit("kick", close).await?;
        assert_eq!(client.closed().await?, "io server disconnect");
        client.expect_event("bye").await?;
        client.no_more_events().await?;
        let late = client.next_event().await.unwrap_err();
        assert!(
            matches!(&late, TestError::Closed { reason, .. } if reason == "io server disconnect"),
            "{late:?}"
        );
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn what_does_not_come_is_told_with_what_came_instead() -> TestResult {
    let app = echo().await?;
    let client = app.client().timeout(300).connect().await?;
    client.emit("fail", ()).await?;
    let error = client.emit_with_ack::<String>("silence", ()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the acknowledgement of \"silence\" did not come within 300ms; \
         what came instead: \"exception\"({\"code\":7})"
    );
    let error = client.next::<String>("welcome").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the event \"welcome\" did not come within 300ms; what came instead: \"exception\"({\"code\":7})"
    );
    let error = client.no_more_events().await.unwrap_err();
    assert_eq!(error.to_string(), "expected no more events, but \"exception\"({\"code\":7}) came");
    let error = client.expect_event("welcome").await.unwrap_err();
    assert_eq!(error.to_string(), "expected the event \"welcome\", but \"exception\"({\"code\":7}) came");
    let error = client.next_event().await.unwrap_err();
    assert_eq!(error.to_string(), "an event did not come within 300ms; nothing else came");
    let error = client.emit_with_ack::<bool>("echo", "text").await.unwrap_err();
    assert!(error.to_string().ends_with("does not decode: \"text\""), "{error}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn heartbeats_are_answered_while_time_flies() -> TestResult {
    let app = echo().await?;
    for transport in [Transport::WebSocket, Transport::Polling] {
        let client = app.client().transport(transport).connect().await?;
        tokio::time::sleep(Duration::from_secs(600)).await;
        assert!(client.emit_with_ack::<bool>("echo", true).await?);
    }
    Ok(())
}

#[tokio::test]
async fn no_more_events_sees_everything_that_handlers_have_sent() -> TestResult {
    let app = echo().await?;
    for transport in [Transport::WebSocket, Transport::Polling] {
        let client = app.client().transport(transport).connect().await?;
        client.emit("flood", 500).await?;
        let error = client.no_more_events().await.unwrap_err();
        assert!(error.to_string().contains("\"drop\"(499)"), "{error}");
        for number in 0..500 {
            assert_eq!(client.next::<usize>("drop").await?, number);
        }
        client.no_more_events().await?;

        client.emit("flood", 20_000).await?;
        assert_eq!(client.closed().await?, "more events came than the test takes");
    }
    Ok(())
}

#[tokio::test]
async fn an_app_that_is_closed_takes_nobody() -> TestResult {
    let app = echo().await?;
    let client = app.connect("/").await?;
    app.handle().shutdown();
    assert_eq!(client.closed().await?, "transport close");
    assert!(matches!(app.connect("/").await, Err(TestError::AppClosed)));
    app.close().await;

    let client = echo().await?.connect("/").await;
    // Dropped at the end of that statement.
    assert_eq!(client?.closed().await?, "transport close");
    Ok(())
}

// ---- The app beside its gateways ---------------------------------------------------------------------

struct RefuseAll;

impl CanActivate for RefuseAll {
    async fn can_activate(&self, _context: &ExecutionContext) -> GuardResult {
        Ok(false)
    }
}

#[tokio::test]
async fn global_guards_and_http_routes() -> TestResult {
    async fn name(Injected(gateway): Injected<EchoGateway>) -> String {
        gateway.server.name().to_owned()
    }
    let app = TestingApp::builder()
        .only::<EchoGateway>()
        .use_global_guard(RefuseAll)
        .with_router(axum::Router::new().route("/name", get(name)))
        .create()
        .await?;
    let client = app.connect("/").await?;
    client.emit("silence", ()).await?;
    assert_eq!(client.exception().await?["message"], "Forbidden resource");

    let response = app.router().oneshot(Request::get("/name").body(Body::empty())?).await?;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(axum::body::to_bytes(response.into_body(), 100).await?, "/");
    Ok(())
}

#[web_socket_gateway(8081, path = "/own")]
struct OwnPortGateway;

#[subscribe_messages]
impl OwnPortGateway {
    #[subscribe_message("where")]
    fn here(&self) -> &'static str {
        "own port"
    }
}

#[tokio::test]
async fn a_gateway_with_a_port_of_its_own_needs_no_port() -> TestResult {
    let app = TestingApp::builder().only::<OwnPortGateway>().create().await?;
    let client = app.client().port(8081).path("/own/").connect().await?;
    assert_eq!(client.emit_with_ack::<String>("where", ()).await?, "own port");
    assert_eq!(app.client().path("/own/").connect().await.unwrap_err().status(), Some(404));
    Ok(())
}

// ---- Plain WebSocket ---------------------------------------------------------------------------------

#[web_socket_gateway(path = "/plain", cors(origin = ["http://localhost:3001"]))]
struct PlainGateway;

#[subscribe_messages]
impl PlainGateway {
    #[subscribe_message("events")]
    fn events(&self, #[message_body] data: Value) -> WsResponse<Value> {
        WsResponse { event: "events".into(), data }
    }

    #[subscribe_message("bare")]
    fn bare(&self, #[message_body] data: Value) -> Value {
        data
    }

    #[subscribe_message("fail")]
    fn fail(&self) -> Result<(), WsException> {
        Err(WsException::new("no"))
    }

    #[subscribe_message("raw")]
    fn raw(&self, #[connected_socket] client: &Socket) {
        client.send("text");
        client.send(Binary::from(b"\x01"));
    }

    #[subscribe_message("kick")]
    fn kick(&self, #[connected_socket] client: &Socket) {
        client.disconnect(true);
    }
}

#[tokio::test]
async fn plain_websockets() -> TestResult {
    let app = TestingApp::builder()
        .only::<PlainGateway>()
        .use_web_socket_adapter(WsAdapter::new())
        .create()
        .await?;
    let client = app.connect_ws("/plain?token=x").await?;
    client.send("events", json!({ "id": 1 })).await?;
    let event = client.expect_event("events").await?;
    assert_eq!(event.body::<Value>()?, json!({ "id": 1 }));

    client.send_text(r#"{"event":"bare","data":[5]}"#).await?;
    assert_eq!(client.next_message::<Vec<u8>>().await?, [5]);
    client.send_binary(&br#"{"event":"events","data":"binary"}"#[..]).await?;
    assert_eq!(client.next::<String>("events").await?, "binary");
    client.send("fail", ()).await?;
    assert_eq!(client.exception().await?["message"], "no");

    client.send("raw", ()).await?;
    assert_eq!(client.next_frame().await?, TestFrame::Text("text".to_owned()));
    assert_eq!(client.next_frame().await?, TestFrame::Binary(vec![1].into()));
    client.no_more_messages().await?;

    client.send("events", 2).await?;
    let error = client.no_more_messages().await.unwrap_err();
    assert_eq!(error.to_string(), r#"expected no more messages, but {"event":"events","data":2} came"#);
    let error = client.expect_event("other").await.unwrap_err();
    assert_eq!(error.to_string(), r#"expected the event "other", but {"event":"events","data":2} came"#);

    client.send("kick", ()).await?;
    assert_eq!(client.closed().await?, TestClose { code: 1000, reason: String::new() });
    assert!(matches!(client.send("events", 1).await, Err(TestError::NotSent { .. })));
    Ok(())
}

#[tokio::test]
async fn a_refused_upgrade_has_status_and_body() -> TestResult {
    let app = TestingApp::builder()
        .only::<PlainGateway>()
        .use_web_socket_adapter(WsAdapter::new())
        .create()
        .await?;
    let foreign = app.client().path("/plain").header("origin", "http://evil.test").connect_ws().await;
    match foreign {
        Err(TestError::Http { status: 403, body }) => assert_eq!(body, "Forbidden"),
        other => panic!("{other:?}"),
    }
    assert_eq!(app.connect_ws("/other").await.unwrap_err().status(), Some(404));

    let client = app.client().path("/plain").header("origin", "http://localhost:3001").connect_ws().await?;
    client.disconnect_with(4001, "done").await?;
    assert_eq!(client.closed().await?, TestClose { code: 4001, reason: "done".to_owned() });
    Ok(())
}

static ENTRANCES: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);

/// A guard that is counted when it is made.
struct Entrance;

impl Entrance {
    fn open() -> Self {
        ENTRANCES.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Self
    }
}

impl CanActivate for Entrance {
    async fn can_activate(&self, _: &ExecutionContext) -> GuardResult {
        Ok(true)
    }
}

#[web_socket_gateway(namespace = "entrance")]
#[use_guards(Entrance::open())]
struct EntranceGateway;

#[subscribe_messages]
impl EntranceGateway {
    #[subscribe_message("one")]
    fn one() -> u8 {
        1
    }

    #[subscribe_message("two")]
    fn two() -> u8 {
        2
    }
}

#[tokio::test]
async fn a_guard_of_a_gateway_is_one_for_all_its_handlers() -> Result<(), Box<dyn std::error::Error>> {
    let app = TestingApp::builder().only::<EntranceGateway>().create().await?;
    let client = app.connect("/entrance").await?;
    assert_eq!(client.emit_with_ack::<u8>("one", ()).await?, 1);
    assert_eq!(client.emit_with_ack::<u8>("two", ()).await?, 2);
    assert_eq!(ENTRANCES.load(std::sync::atomic::Ordering::Relaxed), 1);
    Ok(())
}
