//! Functions and layers around the HTTP of a server: who may connect, ids, headers, what is told of refusals.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use gateway_runtime::prelude::*;
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::support::app::{TestApp, builder};
use crate::support::http::{self, request, upgrade};

const POLLING: &str = "/socket.io/?EIO=4&transport=polling";
const WEBSOCKET: &str = "/socket.io/?EIO=4&transport=websocket";

async fn with_key(request: Handshake) -> Result<(), &'static str> {
    if request.header("x-key") == Some("secret") { Ok(()) } else { Err("no key") }
}

#[web_socket_gateway(allow_request = with_key)]
struct Keyed;

#[subscribe_messages]
impl Keyed {}

#[web_socket_gateway]
struct Open;

#[subscribe_messages]
impl Open {}

#[web_socket_gateway(initial_packet = "hello", add_trailing_slash = false)]
struct Greeting;

#[subscribe_messages]
impl Greeting {}

#[web_socket_gateway(
    max_payload = 100,
    verify_client = async |request: Handshake| request.query("token").is_some(),
    handle_protocols = |offered, _| offered.iter().find(|name| **name == "v2").map(ToString::to_string),
)]
struct Plain;

#[subscribe_messages]
impl Plain {}

#[tokio::test]
async fn requests_are_allowed_or_told_why_not() {
    let app = TestApp::serve::<Keyed>().await;
    let refused = http::get(app.addr(), POLLING, &[]).await;
    assert_eq!((refused.status, &*refused.body), (403, r#"{"code":4,"message":"no key"}"#));
    let refused = upgrade(app.addr(), WEBSOCKET, &[]).await;
    assert_eq!((refused.status, &*refused.body), (400, "no key"));
    assert_eq!(http::get(app.addr(), POLLING, &[("X-Key", "secret")]).await.status, 200);
    assert_eq!(upgrade(app.addr(), WEBSOCKET, &[("X-Key", "secret")]).await.status, 101);

    let adapter =
        IoAdapter::new().allow_request(async |request: Handshake| request.header("x-key").is_some());
    let app = TestApp::start(builder::<Keyed>().use_web_socket_adapter(adapter)).await;
    let refused = http::get(app.addr(), POLLING, &[]).await;
    assert_eq!((refused.status, &*refused.body), (403, r#"{"code":4,"message":"Forbidden"}"#));
    let refused = http::get(app.addr(), POLLING, &[("X-Key", "other")]).await;
    assert_eq!(refused.body, r#"{"code":4,"message":"no key"}"#, "the gateway is asked as well");
}

#[tokio::test]
async fn ids_and_headers_are_the_apps() {
    let adapter = IoAdapter::new()
        .generate_id(|request| format!("id-{}", request.query("who").unwrap_or_default()))
        .initial_headers(|headers, _| {
            headers.insert("x-first", HeaderValue::from_static("1"));
        })
        .headers(|headers, request| {
            let transport = request.query("transport").unwrap_or_default();
            headers.insert("x-transport", HeaderValue::try_from(&*transport).expect("a value"));
        });
    let app = TestApp::start(builder::<Open>().use_web_socket_adapter(adapter)).await;
    let path = format!("{POLLING}&who=ann");
    let open = http::get(app.addr(), &path, &[]).await;
    assert!(open.body.starts_with(r#"0{"sid":"id-ann","#), "{open:?}");
    assert_eq!((open.header("x-first"), open.header("x-transport")), (Some("1"), Some("polling")));
    let posted = request(app.addr(), "POST", &format!("{POLLING}&sid=id-ann"), &[], "40").await;
    assert_eq!(posted.body, "ok");
    assert_eq!((posted.header("x-first"), posted.header("x-transport")), (None, Some("polling")));
    let upgraded = upgrade(app.addr(), &format!("{WEBSOCKET}&who=bob"), &[]).await;
    assert_eq!((upgraded.header("x-first"), upgraded.header("x-transport")), (Some("1"), Some("websocket")));
    // Ids are unique: a taken one opens no session.
    let taken = http::get(app.addr(), &path, &[]).await;
    assert_eq!((taken.status, taken.header("x-first")), (400, None));
}

#[tokio::test]
async fn refusals_are_told_with_code_message_and_context() {
    let told = Arc::new(Mutex::new(Vec::<Value>::new()));
    let teller = told.clone();
    let adapter =
        IoAdapter::new().allow_request(
            async |request: Handshake| {
                if request.query("no").is_some() { Err("never") } else { Ok(()) }
            },
        );
    let adapter = adapter.connection_error(move |error| {
        assert_eq!(error.request.url().path(), "/socket.io/");
        teller.lock().push(json!([error.code, error.message, error.context]));
    });
    let app = TestApp::start(builder::<Open>().use_web_socket_adapter(adapter)).await;
    let open = http::get(app.addr(), POLLING, &[]).await;
    let sid = open.body.split('"').nth(3).expect("a sid");
    let mut expected = Vec::new();
    let base = "/socket.io/?EIO=4&transport";
    // As engine.io 6.6 tells them.
    for (method, path, error) in [
        ("GET", format!("{base}=tube"), json!([0, "Transport unknown", { "transport": "tube" }])),
        ("GET", format!("{POLLING}&sid=x"), json!([1, "Session ID unknown", { "sid": "x" }])),
        ("PUT", POLLING.to_owned(), json!([2, "Bad handshake method", { "method": "PUT" }])),
        ("GET", WEBSOCKET.to_owned(), json!([3, "Bad request", { "name": "TRANSPORT_HANDSHAKE_ERROR" }])),
        (
            "GET",
            format!("{WEBSOCKET}&sid={sid}"),
            json!([3, "Bad request", {
                "name": "TRANSPORT_MISMATCH", "transport": "websocket", "previousTransport": "polling",
            }]),
        ),
        (
            "GET",
            format!("/socket.io/?EIO=3&transport=polling&sid={sid}"),
            json!([3, "Bad request", { "name": "PROTOCOL_MISMATCH", "protocol": 3, "previousProtocol": 4 }]),
        ),
        ("GET", format!("{POLLING}&no=1"), json!([4, "Forbidden", { "message": "never" }])),
        (
            "GET",
            "/socket.io/?EIO=3&transport=polling".to_owned(),
            json!([5, "Unsupported protocol version", { "protocol": 3 }]),
        ),
    ] {
        let answer = request(app.addr(), method, &path, &[], "").await;
        assert!((400..404).contains(&answer.status), "{answer:?}");
        expected.push(error);
    }
    upgrade(app.addr(), &format!("{WEBSOCKET}&sid=y"), &[]).await;
    expected.push(json!([1, "Session ID unknown", { "sid": "y" }]));
    assert_eq!(*told.lock(), expected);
}

#[tokio::test]
async fn a_session_may_start_with_a_message_and_a_path_without_a_slash() {
    let app = TestApp::serve::<Greeting>().await;
    let open = http::get(app.addr(), "/socket.io?EIO=4&transport=polling", &[]).await;
    assert!(open.body.starts_with("0{") && open.body.ends_with("\u{1e}4hello"), "{open:?}");
    let app = TestApp::serve::<Open>().await;
    assert_eq!(http::get(app.addr(), "/socket.io?EIO=4&transport=polling", &[]).await.status, 404);
}

/// A small layer of an app: requests with a bad token go no further.
async fn no_bad_tokens(request: Request, next: Next) -> Response {
    if request.headers().get("x-token").is_some_and(|token| token == "bad") {
        return (StatusCode::UNAUTHORIZED, "bad token").into_response();
    }
    next.run(request).await
}

#[tokio::test]
async fn layers_are_around_polling_and_upgrades_and_the_first_is_outermost() {
    let header = |name, value| {
        tower_http::set_header::SetResponseHeaderLayer::if_not_present(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        )
    };
    let adapter = IoAdapter::new()
        .layer(header("x-outer", "1"))
        .layer(from_fn(no_bad_tokens))
        .layer(header("x-inner", "1"));
    let app = TestApp::start(builder::<Open>().use_web_socket_adapter(adapter)).await;
    let seen = |answer: &http::Response| {
        (answer.status, answer.header("x-outer").is_some(), answer.header("x-inner").is_some())
    };
    assert_eq!(seen(&http::get(app.addr(), POLLING, &[]).await), (200, true, true));
    assert_eq!(seen(&upgrade(app.addr(), WEBSOCKET, &[]).await), (101, true, true));
    for refused in [
        http::get(app.addr(), POLLING, &[("X-Token", "bad")]).await,
        upgrade(app.addr(), WEBSOCKET, &[("X-Token", "bad")]).await,
    ] {
        assert_eq!((seen(&refused), &*refused.body), ((401, true, false), "bad token"));
    }
    // What is not Engine.IO's is not touched.
    assert_eq!(seen(&http::get(app.addr(), "/elsewhere", &[]).await), (404, false, false));
    // The session behind the layers works.
    let mut client = app.client().await;
    client.emit("unknown", json!([])).await;
    client.close().await;
}

#[tokio::test]
async fn plain_connections_are_verified_and_choose_a_protocol() {
    let app = TestApp::serve_plain::<Plain>().await;
    let refused = upgrade(app.addr(), "/", &[]).await;
    assert_eq!((refused.status, &*refused.body), (401, "Unauthorized"));
    let protocol = |offered: &'static str| {
        let addr = app.addr();
        async move {
            let headers = [("Sec-WebSocket-Protocol", offered)];
            let answer = upgrade(addr, "/?token=1", &headers[..usize::from(!offered.is_empty())]).await;
            assert_eq!(answer.status, 101);
            answer.header("sec-websocket-protocol").map(str::to_owned)
        }
    };
    assert_eq!(protocol("v1, v2").await.as_deref(), Some("v2"));
    assert_eq!(protocol("v1").await, None);
    assert_eq!(protocol("").await, None);

    let adapter = WsAdapter::new()
        .verify_client(async |request: Handshake| match request.query("token") {
            Some(token) if token == "expired" => Err((403, "expired")),
            _ => Ok(()),
        })
        .headers(|headers, _| {
            headers.insert("x-node", HeaderValue::from_static("7"));
        });
    let app = TestApp::start(builder::<Open>().use_web_socket_adapter(adapter)).await;
    let refused = upgrade(app.addr(), "/?token=expired", &[]).await;
    assert_eq!((refused.status, &*refused.body), (403, "expired"));
    let first = upgrade(app.addr(), "/", &[("Sec-WebSocket-Protocol", "v1, v2")]).await;
    assert_eq!((first.status, first.header("sec-websocket-protocol")), (101, Some("v1")), "as in `ws`");
    assert_eq!(first.header("x-node"), Some("7"));
}
