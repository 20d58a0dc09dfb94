//! Limits on connections, on raw TCP.

use std::net::SocketAddr;

use gateway_runtime::ConnectionOptions;
use gateway_runtime::prelude::*;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::app::{TestApp, builder};
use crate::support::client::{Client, within};
use crate::support::http::{get, request};
use crate::support::log::Log;
use crate::support::process::Example;

const HANDSHAKE: &str = "/socket.io/?EIO=4&transport=polling";

#[web_socket_gateway(ping_interval = 300, ping_timeout = 200)]
struct Quick {
    log: Log,
}

#[subscribe_messages]
impl Quick {
    #[subscribe_message("echo")]
    fn echo(&self, #[message_body] body: Value) -> Value {
        body
    }
}

impl OnGatewayDisconnect for Quick {
    async fn handle_disconnect(&self, _client: Socket, reason: DisconnectReason) -> HookResult {
        self.log.add(format!("disconnected: {reason}"));
        Ok(())
    }
}

#[web_socket_gateway]
struct Echo;

#[subscribe_messages]
impl Echo {
    #[subscribe_message("echo")]
    fn echo(&self, #[message_body] body: Value) -> Value {
        body
    }
}

async fn serve(options: ConnectionOptions) -> TestApp {
    let builder = builder::<Echo>().connection_options(options).health_path("/healthz");
    TestApp::start(builder).await
}

/// All that the server says on a connection until it closes it.
async fn rest(tcp: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset is a close as well.
    let _ = within("the close", tcp.read_to_end(&mut bytes)).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn connect(addr: SocketAddr) -> TcpStream {
    within("a connection", TcpStream::connect(addr)).await.expect("the server listens")
}

#[tokio::test]
async fn one_connection_too_many_is_told_so_and_the_others_go_on() {
    let app = serve(ConnectionOptions::new().max_connections(2)).await;
    let (mut first, second) = (app.client().await, app.client().await);
    let refused = get(app.addr(), HANDSHAKE, &[]).await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("5")));
    assert_eq!(refused.header("connection"), Some("close"));
    let health = get(app.addr(), "/healthz", &[]).await;
    assert_eq!(health.status, 200, "the health paths answer however full it is");
    assert_eq!(health.body, r#"{"state":"ready","sessions":2,"connections":2}"#);
    assert_eq!(first.call("echo", json!(["on"])).await, json!(["on"]));
    second.close().await;
    let entered = async { while get(app.addr(), HANDSHAKE, &[]).await.status != 200 {} };
    within("room", entered).await;
}

/// A flood of silent connections past the limit takes no more than its share.
#[tokio::test]
async fn a_flood_is_cut_off() {
    let app = serve(ConnectionOptions::new().max_connections(20)).await;
    let mut client = app.client().await;
    let mut flood = Vec::new();
    for _ in 0..200 {
        flood.push(connect(app.addr()).await);
    }
    assert_eq!(client.call("echo", json!(["on"])).await, json!(["on"]));
    // The 19 that were let in stay for their header timeout; nearly all others are closed, without a word or with.
    let mut closed = 0;
    for tcp in flood.iter_mut().skip(60) {
        rest(tcp).await;
        closed += 1;
    }
    assert_eq!(closed, 140);
    let connections = app.running().handle().health().connections;
    assert!(connections <= 20, "{connections} connections are open");
}

/// Without descriptors no one can come, which is logged once, and those who are there stay.
#[tokio::test]
async fn a_process_without_descriptors_serves_whom_it_has() {
    let mut command = tokio::process::Command::new("sh");
    command.args(["-c", "ulimit -n 40; exec \"$0\""]).arg(env!("CARGO_BIN_EXE_deploy-app"));
    let app = Example::start_command(command, "deploy-app", &[("MAX_CONNECTIONS", "1000")]).await;
    assert!(app.to_string().contains("max_connections is 1000, but this process may have 40 files open"));
    let mut client = Client::connect(app.addr(), "/").await;
    let mut flood = Vec::new();
    for _ in 0..60 {
        flood.push(connect(app.addr()).await);
    }
    within("the log line", app.printed("no more can be accepted")).await;
    client.emit("echo", json!(["on"])).await;
    assert_eq!(client.event("echo").await, json!(["on"]));
    drop(flood);
    Client::connect(app.addr(), "/").await.close().await;
    assert_eq!(app.to_string().matches("no more can be accepted").count(), 1, "{app}");
}

#[tokio::test]
async fn one_address_has_a_limit_of_its_own() {
    let app = serve(ConnectionOptions::new().max_connections_per_ip(2)).await;
    let (mut first, _second) = (app.client().await, app.client().await);
    let refused = get(app.addr(), HANDSHAKE, &[]).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("5")));
    assert_eq!(first.call("echo", json!(["on"])).await, json!(["on"]));
}

/// Behind a proxy the address is the client's, for its WebSocket connections and for its requests while they are answered.
#[tokio::test]
async fn behind_a_proxy_the_limit_is_the_clients() {
    let options = ConnectionOptions::new().max_connections_per_ip(1);
    let app = TestApp::start(builder::<Echo>().connection_options(options).trust_proxy("loopback")).await;
    let from = |address| [("X-Forwarded-For", address)];
    let (one, other) = (from("203.0.113.1"), from("203.0.113.2"));
    for _ in 0..3 {
        assert_eq!(get(app.addr(), HANDSHAKE, &one).await.status, 200, "answered ones do not count");
    }
    let socket = WebSocket::open(app.addr(), "203.0.113.1").await;
    assert_eq!(get(app.addr(), HANDSHAKE, &one).await.status, 429);
    assert_eq!(get(app.addr(), HANDSHAKE, &other).await.status, 200);
    drop(socket);
    let entered = async { while get(app.addr(), HANDSHAKE, &one).await.status != 200 {} };
    within("room", entered).await;
}

/// An open WebSocket that a proxy forwards.
struct WebSocket(#[expect(dead_code, reason = "open while it lives")] TcpStream);

impl WebSocket {
    async fn open(addr: SocketAddr, address: &str) -> Self {
        let mut tcp = connect(addr).await;
        let head = format!(
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nX-Forwarded-For: {address}\r\n\r\n"
        );
        within("a write", tcp.write_all(head.as_bytes())).await.expect("the server reads");
        let mut answer = [0; 12];
        within("the upgrade", tcp.read_exact(&mut answer)).await.expect("an answer");
        assert_eq!(&answer, b"HTTP/1.1 101");
        Self(tcp)
    }
}

#[tokio::test]
async fn headers_that_trickle_end_with_their_time() {
    let app = serve(ConnectionOptions::new().header_read_timeout(300).keep_alive_timeout(60_000)).await;
    let mut silent = connect(app.addr()).await;
    let mut slow = connect(app.addr()).await;
    within("a write", slow.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nX-")).await.expect("the server reads");
    assert_eq!(rest(&mut silent).await, "");
    assert_eq!(rest(&mut slow).await, "");
}

#[tokio::test]
async fn an_idle_connection_ends_with_its_time_and_a_long_poll_does_not() {
    let app = serve(ConnectionOptions::new().header_read_timeout(30_000).keep_alive_timeout(400)).await;
    let opened = get(app.addr(), HANDSHAKE, &[]).await;
    let open: Value =
        serde_json::from_str(opened.body.strip_prefix('0').expect("an open packet")).expect("JSON");
    let session = format!("{HANDSHAKE}&sid={}", open["sid"].as_str().expect("an id"));
    // Waits longer than an idle connection may.
    let poll = tokio::spawn({
        let (addr, session) = (app.addr(), session.clone());
        async move { get(addr, &session, &[]).await }
    });
    let mut idle = connect(app.addr()).await;
    let head = b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n";
    within("a write", idle.write_all(head)).await.expect("the server reads");
    assert!(rest(&mut idle).await.starts_with("HTTP/1.1 404"), "the answer, then the close");
    assert!(!poll.is_finished(), "the long poll waits on");
    let joined = request(app.addr(), "POST", &session, &[], "40").await;
    assert_eq!(joined.body, "ok");
    assert!(within("the poll", poll).await.expect("an answer").body.starts_with("40{"));
}

/// A client that takes nothing of a large answer does not keep it in memory.
#[tokio::test]
async fn an_answer_that_nobody_takes_is_given_up() {
    let options = ConnectionOptions::new().header_read_timeout(400).keep_alive_timeout(400);
    let app = builder::<Echo>().connection_options(options).create().await.expect("an app");
    let large = axum::Router::new().route("/large", axum::routing::get(|| async { vec![0; 30_000_000] }));
    let app = TestApp::listen(app.with_router(large)).await;
    let mut tcp = connect(app.addr()).await;
    within("a write", tcp.write_all(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n"))
        .await
        .expect("the server reads");
    let mut head = [0; 12];
    within("the answer", tcp.read_exact(&mut head)).await.expect("an answer");
    let closed = async {
        while app.running().handle().health().connections > 0 {
            tokio::task::yield_now().await;
        }
    };
    within("the close", closed).await;
}

#[tokio::test]
async fn headers_have_a_size_and_a_number() {
    let options = ConnectionOptions::new().max_headers(20).max_header_size(8192);
    let app = serve(options).await;
    let long = "x".repeat(9000);
    assert_eq!(get(app.addr(), "/healthz", &[("X-Long", &long)]).await.status, 431);
    let many: Vec<_> = (0..30).map(|number| format!("X-{number}")).collect();
    let many: Vec<_> = many.iter().map(|name| (name.as_str(), "x")).collect();
    assert_eq!(get(app.addr(), "/healthz", &many).await.status, 431);
    assert_eq!(get(app.addr(), "/healthz", &many[..10]).await.status, 200);
}

/// What waits in the buffer of a connection is bounded by the headers' size, bodies are not.
#[tokio::test]
async fn a_large_body_passes_a_small_header_limit() {
    let app = serve(ConnectionOptions::new().max_header_size(8192)).await;
    let opened = get(app.addr(), HANDSHAKE, &[]).await;
    let open: Value =
        serde_json::from_str(opened.body.strip_prefix('0').expect("an open packet")).expect("JSON");
    let session = format!("{HANDSHAKE}&sid={}", open["sid"].as_str().expect("an id"));
    assert_eq!(request(app.addr(), "POST", &session, &[], "40").await.body, "ok");
    let text = "y".repeat(500_000);
    assert_eq!(
        request(app.addr(), "POST", &session, &[], &format!(r#"420["echo","{text}"]"#)).await.body,
        "ok"
    );
    let mut received = String::new();
    while !received.contains("430[") {
        received = get(app.addr(), &session, &[]).await.body;
    }
    assert!(received.contains(&text));
}

/// A client that neither polls nor posts any more ends with its heartbeat.
#[tokio::test]
async fn a_polling_session_without_requests_ends_with_its_heartbeat() {
    let app = TestApp::serve::<Quick>().await;
    let opened = get(app.addr(), HANDSHAKE, &[]).await;
    let open: Value =
        serde_json::from_str(opened.body.strip_prefix('0').expect("an open packet")).expect("JSON");
    let session = format!("{HANDSHAKE}&sid={}", open["sid"].as_str().expect("an id"));
    request(app.addr(), "POST", &session, &[], "40").await;
    app.get::<Quick>().log.until_has("disconnected: ping timeout").await;
    assert_eq!(get(app.addr(), &session, &[]).await.status, 400, "the session is gone");
    let gone = async { while app.running().handle().health().sessions > 0 {} };
    within("the end of the session", gone).await;
}

#[tokio::test]
async fn mistakes_are_errors_of_the_start() {
    let options = ConnectionOptions::new().max_connections(0).max_header_size(100);
    let error = builder::<Echo>().connection_options(options).trust_proxy("nowhere").create().await;
    let text = error.expect_err("a mistake").to_string();
    for expected in ["max_connections is 0", "max_header_size is 100", "\"nowhere\""] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
}

#[tokio::test]
async fn connections_are_counted_until_they_end() {
    let app = serve(ConnectionOptions::new()).await;
    let handle = app.running().handle().clone();
    let client = Client::connect(app.addr(), "/").await;
    assert_eq!((handle.health().connections, handle.health().sessions), (1, 1));
    client.close().await;
    let gone = async {
        while handle.health().connections > 0 {
            tokio::task::yield_now().await;
        }
    };
    within("the end of the connection", gone).await;
}
