//! HTTP beside the gateways: cross-origin rules, the browser client, routes, ports, other servers.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use axum::Json;
use axum::routing::{get, post};
use gateway_runtime::prelude::*;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::app::{TestApp, builder};
use crate::support::client::Client;
use crate::support::http::{self, request, upgrade};

const FRIEND: (&str, &str) = ("Origin", "https://friend.example");
const STRANGER: (&str, &str) = ("Origin", "https://stranger.example");
const HANDSHAKE: &str = "/socket.io/?EIO=4&transport=polling";
const WEBSOCKET: &str = "/socket.io/?EIO=4&transport=websocket";

#[web_socket_gateway(cors(origin = ["https://friend.example"], credentials = true))]
struct Guarded {
    #[web_socket_server]
    server: Server,
}

#[subscribe_messages]
impl Guarded {
    #[subscribe_message("echo")]
    fn echo(&self, #[message_body] body: Value) -> Value {
        body
    }
}

#[web_socket_gateway(cors(origin = ["https://friend.example"]), check_origin = false)]
struct Unchecked;

#[subscribe_messages]
impl Unchecked {}

#[web_socket_gateway(cors = true)]
struct Open;

#[subscribe_messages]
impl Open {}

#[web_socket_gateway(cors(origin = "*", credentials = true))]
struct Mirrored;

#[subscribe_messages]
impl Mirrored {}

#[tokio::test]
async fn cors_headers_are_for_those_who_may_come() {
    let app = TestApp::serve::<Guarded>().await;
    let answer = http::get(app.addr(), HANDSHAKE, &[FRIEND]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://friend.example"));
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
    assert!(answer.header("vary").is_some_and(|vary| vary.to_lowercase().contains("origin")));
    let answer = http::get(app.addr(), HANDSHAKE, &[STRANGER]).await;
    assert_eq!(answer.header("access-control-allow-origin"), None);

    let app = TestApp::serve::<Open>().await;
    let answer = http::get(app.addr(), HANDSHAKE, &[STRANGER]).await;
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("access-control-allow-credentials"), None);

    // Browsers refuse `*` together with credentials.
    let app = TestApp::serve::<Mirrored>().await;
    let answer = http::get(app.addr(), HANDSHAKE, &[STRANGER]).await;
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://stranger.example"));
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
}

#[tokio::test]
async fn preflights_are_answered() {
    let app = TestApp::serve::<Guarded>().await;
    let headers = [
        FRIEND,
        ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", "x-custom,content-type"),
    ];
    let answer =
        request(app.addr(), "OPTIONS", "/socket.io/?EIO=4&transport=polling&sid=x", &headers, "").await;
    assert!(matches!(answer.status, 200 | 204), "{answer:?}");
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://friend.example"));
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
    let methods = answer.header("access-control-allow-methods").expect("methods");
    assert!(methods.contains("POST") && methods.contains("GET"), "{methods}");
    assert_eq!(answer.header("access-control-allow-headers"), Some("x-custom,content-type"));
}

#[tokio::test]
async fn cors_guards_the_upgrade_too_unless_it_must_not() {
    let app = TestApp::serve::<Guarded>().await;
    assert_eq!(upgrade(app.addr(), WEBSOCKET, &[FRIEND]).await.status, 101);
    assert_eq!(upgrade(app.addr(), WEBSOCKET, &[]).await.status, 101, "no browser");
    let own = format!("http://{}", app.addr());
    assert_eq!(upgrade(app.addr(), WEBSOCKET, &[("Origin", &own)]).await.status, 101, "its own page");
    let answer = upgrade(app.addr(), WEBSOCKET, &[STRANGER]).await;
    assert!((400..500).contains(&answer.status), "{answer:?}");

    let app = TestApp::serve::<Unchecked>().await;
    assert_eq!(upgrade(app.addr(), WEBSOCKET, &[STRANGER]).await.status, 101);
    let app = TestApp::serve::<Open>().await;
    assert_eq!(upgrade(app.addr(), WEBSOCKET, &[STRANGER]).await.status, 101);
}

/// Where the test below puts what npm would install.
const PACKAGE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/socket.io-client");

#[web_socket_gateway(serve_client = PACKAGE)]
struct FromFolder;

#[subscribe_messages]
impl FromFolder {}

#[web_socket_gateway(serve_client = ServeClient::folder("/no/such/folder").or_cdn())]
struct FromCdn;

#[subscribe_messages]
impl FromCdn {}

#[web_socket_gateway(serve_client = ServeClient::folder("/no/such/folder"))]
struct FromNowhere;

#[subscribe_messages]
impl FromNowhere {}

#[tokio::test]
async fn the_browser_client_comes_from_where_the_option_says() {
    let dist = Path::new(PACKAGE).join("dist");
    std::fs::create_dir_all(&dist).expect("a folder for tests");
    std::fs::write(dist.join("socket.io.js"), "/* the client */").expect("a file for tests");
    std::fs::write(Path::new(PACKAGE).join("package.json"), "{}").expect("a file for tests");
    let app = TestApp::serve::<FromFolder>().await;
    let answer = http::get(app.addr(), "/socket.io/socket.io.js", &[]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/javascript; charset=utf-8"));
    assert_eq!(answer.body, "/* the client */");
    let etag = answer.header("etag").expect("an etag").to_owned();
    let answer = http::get(app.addr(), "/socket.io/socket.io.js", &[("If-None-Match", &etag)]).await;
    assert_eq!((answer.status, answer.body.as_str()), (304, ""));
    assert_eq!(
        http::get(app.addr(), "/socket.io/package.json", &[]).await.status,
        400,
        "no file of the client"
    );

    let app = TestApp::serve::<FromCdn>().await;
    let answer = http::get(app.addr(), "/socket.io/socket.io.min.js", &[]).await;
    assert_eq!(answer.status, 307);
    let location = answer.header("location").expect("a location");
    assert!(
        location.starts_with("https://cdn.socket.io/4.") && location.ends_with("/socket.io.min.js"),
        "{location}"
    );

    let app = TestApp::serve::<FromNowhere>().await;
    assert_eq!(http::get(app.addr(), "/socket.io/socket.io.js", &[]).await.status, 404);
    let app = TestApp::serve::<Open>().await;
    assert_eq!(
        http::get(app.addr(), "/socket.io/socket.io.js", &[]).await.status,
        400,
        "not served by default"
    );
}

async fn notify(Injected(gateway): Injected<Guarded>, Json(text): Json<String>) -> &'static str {
    gateway.server.emit("comment", text);
    "notified"
}

#[tokio::test]
async fn routes_beside_the_gateways_have_them_injected() {
    let router = axum::Router::new().route("/comments", post(notify)).route("/", get(async || "the page"));
    let app = builder::<Guarded>().create().await.expect("the providers fit together");
    let app = TestApp::listen(app.with_router(router)).await;
    let mut client = app.client().await;
    assert_eq!(http::get(app.addr(), "/", &[]).await.body, "the page");
    assert_eq!(http::get(app.addr(), "/nowhere", &[]).await.status, 404);
    let answer =
        request(app.addr(), "POST", "/comments", &[("Content-Type", "application/json")], "\"well done\"")
            .await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "notified"));
    assert_eq!(client.event("comment").await, json!(["well done"]));
}

#[tokio::test]
async fn an_axum_application_mounts_the_gateways() {
    let app = builder::<Guarded>().create().await.expect("the providers fit together");
    let handle = app.handle();
    let gateways = app.into_router().await.expect("it starts");
    let router = axum::Router::new()
        .route("/own", get(async || "own"))
        .route("/comments", post(notify).layer(handle.layer()))
        .route("/orphan", post(notify))
        .fallback_service(gateways);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let addr = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).await
    });
    assert_eq!(http::get(addr, "/own", &[]).await.body, "own");
    let mut client = Client::connect(addr, "/").await;
    assert_eq!(client.call("echo", json!([1])).await, json!([1]));
    let answer = request(addr, "POST", "/comments", &[("Content-Type", "application/json")], "\"t\"").await;
    assert_eq!(answer.body, "notified");
    assert_eq!(client.event("comment").await, json!(["t"]));
    let answer = request(addr, "POST", "/orphan", &[("Content-Type", "application/json")], "\"t\"").await;
    assert_eq!((answer.status, answer.body.as_str()), (500, ""), "without the layer: the log says so");
    handle.shutdown();
    assert_eq!(client.closed().await.len(), 0);
}

/// Listens on a port of its own, which the test chooses.
#[web_socket_gateway(free_port(), namespace = "elsewhere")]
struct Elsewhere;

#[subscribe_messages]
impl Elsewhere {
    #[subscribe_message("echo")]
    fn echo(&self, #[message_body] body: Value) -> Value {
        body
    }
}

/// A port that nobody listens on; the same one whenever it is asked.
fn free_port() -> u16 {
    static PORT: std::sync::OnceLock<u16> = std::sync::OnceLock::new();
    *PORT.get_or_init(|| {
        let listener = std::net::TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).expect("a free port");
        listener.local_addr().expect("an address").port()
    })
}

#[tokio::test]
async fn gateways_on_further_ports() {
    let app = TestApp::serve::<(Guarded, Elsewhere)>().await;
    let port = free_port();
    let [(configured, addr)] = app.running().gateway_addrs() else { panic!("one further port") };
    assert_eq!((*configured, addr.port()), (port, port));
    let elsewhere = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut beside = Client::connect(elsewhere, "/elsewhere").await;
    assert_eq!(beside.call("echo", json!([1])).await, json!([1]));
    let mut client = app.client().await;
    client.send_text("40/elsewhere,").await;
    assert_eq!(client.packet().await.data, json!({"message": "Invalid namespace"}), "another server");

    // Taken now, by the app above.
    let again = builder::<Elsewhere>().create().await.expect("the providers fit together");
    let error = again.start(("127.0.0.1", 0)).await.expect_err("the port is taken");
    let text = error.to_string();
    let expected =
        format!("cannot listen on port {port}: another program uses port {port}; stop it or choose another");
    assert!(text.starts_with(&expected), "{text}");

    // A gateway's port that is the app's own shares its listener.
    client.close().await;
    beside.close().await;
    app.into_running().shutdown().await;
    let shared = builder::<(Guarded, Elsewhere)>().create().await.expect("the providers fit together");
    let shared = shared.start((Ipv4Addr::LOCALHOST, port)).await.expect("the port is free again");
    assert!(shared.gateway_addrs().is_empty());
    let mut client = Client::connect(shared.local_addr(), "/").await;
    client.join("/elsewhere").await;
}
