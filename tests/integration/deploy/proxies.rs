//! Who the client is when proxies stand in front.

use axum::extract::ConnectInfo;
use axum::routing::get as route;
use gateway_runtime::prelude::*;
use gateway_runtime::{ThrottlerGuard, TrustProxy};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;

use crate::support::app::{TestApp, builder};
use crate::support::http::{get, request};

const HANDSHAKE: &str = "/socket.io/?EIO=4&transport=polling";

#[web_socket_gateway]
struct Mirror;

#[subscribe_messages]
impl Mirror {
    #[subscribe_message("whoami")]
    fn whoami(&self, #[connected_socket] client: Socket) -> Value {
        let handshake = client.handshake();
        json!([handshake.address().map(|address| address.ip().to_string()), handshake.secure()])
    }
}

/// What a session over polling is told of itself.
async fn whoami(app: &TestApp, headers: &[(&str, &str)]) -> Value {
    let opened = get(app.addr(), HANDSHAKE, headers).await;
    let open: Value =
        serde_json::from_str(opened.body.strip_prefix('0').expect("an open packet")).expect("JSON");
    let session = format!("{HANDSHAKE}&sid={}", open["sid"].as_str().expect("an id"));
    request(app.addr(), "POST", &session, headers, "40\u{1e}420[\"whoami\"]").await;
    loop {
        let polled = get(app.addr(), &session, headers).await;
        for packet in polled.body.split('\u{1e}') {
            if let Some(answer) = packet.strip_prefix("430") {
                let answer: Value = serde_json::from_str(answer).expect("JSON");
                return answer[0].clone();
            }
        }
    }
}

async fn serve(trust: Option<TrustProxy>) -> TestApp {
    let builder = builder::<Mirror>();
    TestApp::start(match trust {
        Some(trust) => builder.trust_proxy(trust),
        None => builder,
    })
    .await
}

const SPOOFED: [(&str, &str); 2] =
    [("X-Forwarded-For", "203.0.113.9, 10.0.0.7"), ("X-Forwarded-Proto", "https")];

#[tokio::test]
async fn headers_count_for_nothing_unless_their_sender_is_trusted() {
    let app = serve(None).await;
    assert_eq!(whoami(&app, &SPOOFED).await, json!(["127.0.0.1", false]));
    let app = serve(Some("10.0.0.0/8".into())).await;
    assert_eq!(whoami(&app, &SPOOFED).await, json!(["127.0.0.1", false]));
}

#[tokio::test]
async fn trusted_proxies_tell_address_and_protocol() {
    let app = serve(Some(1.into())).await;
    assert_eq!(whoami(&app, &SPOOFED).await, json!(["10.0.0.7", true]));
    let app = serve(Some("loopback, uniquelocal".into())).await;
    assert_eq!(whoami(&app, &SPOOFED).await, json!(["203.0.113.9", true]));
    assert_eq!(whoami(&app, &[]).await, json!(["127.0.0.1", false]));
    let app = serve(Some(TrustProxy::from(1).forwarded())).await;
    let forwarded = [("Forwarded", "for=192.0.2.5;proto=https"), SPOOFED[0]];
    assert_eq!(whoami(&app, &forwarded).await, json!(["192.0.2.5", true]));
}

#[web_socket_gateway]
#[use_guards(ThrottlerGuard::new(2, Duration::from_secs(600)).by_address())]
struct Throttled;

#[subscribe_messages]
impl Throttled {
    #[subscribe_message("whoami")]
    fn whoami(&self) -> Value {
        json!("welcome")
    }
}

#[tokio::test]
async fn the_throttler_counts_clients_and_not_their_proxy() {
    let app = TestApp::start(builder::<Throttled>().trust_proxy("loopback")).await;
    for address in ["203.0.113.1", "203.0.113.2", "203.0.113.3"] {
        for _ in 0..2 {
            assert_eq!(whoami(&app, &[("X-Forwarded-For", address)]).await, json!("welcome"));
        }
    }
}

/// HTTP handlers of the app see the same address, and so do they in a router that axum serves.
#[tokio::test]
async fn routes_see_the_same_address() {
    async fn address(ConnectInfo(address): ConnectInfo<SocketAddr>) -> String {
        address.ip().to_string()
    }
    let routes = || axum::Router::new().route("/address", route(address));
    let app = builder::<Mirror>().trust_proxy(1).create().await.expect("an app");
    let app = TestApp::listen(app.with_router(routes())).await;
    assert_eq!(get(app.addr(), "/address", &SPOOFED).await.body, "10.0.0.7");

    let app = builder::<Mirror>().trust_proxy(1).health_path("/healthz").create().await.expect("an app");
    let handle = app.handle();
    let router = app.with_router(routes()).into_router().await.expect("a router");
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let addr = listener.local_addr().expect("an address");
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    assert_eq!(get(addr, "/address", &SPOOFED).await.body, "10.0.0.7");
    assert_eq!(get(addr, "/healthz", &[]).await.status, 200);
    handle.shutdown();
}
