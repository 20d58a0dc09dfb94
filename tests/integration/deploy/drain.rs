//! Health, and how a real process stops on SIGTERM.

use std::net::SocketAddr;
use std::time::Duration;

use gateway_runtime::HealthState;
use gateway_runtime::prelude::*;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::support::app::{TestApp, builder};
use crate::support::client::{Client, within};
use crate::support::http::{get, request};
use crate::support::process::{Example, deploy_binary};

const READY: &str = r#"{"state":"ready","sessions":0,"connections":1}"#;

#[web_socket_gateway]
struct Echo;

#[subscribe_messages]
impl Echo {
    #[subscribe_message("echo")]
    fn echo(&self, #[message_body] body: Value) -> Value {
        body
    }
}

#[tokio::test]
async fn health_follows_the_life_of_the_app() {
    let app = builder::<Echo>().create().await.expect("an app");
    let handle = app.handle();
    assert_eq!(handle.health().state, HealthState::Starting);
    let app = TestApp::listen(app).await;
    assert!(handle.health().is_ready());
    let client = app.client().await;
    assert_eq!((handle.health().sessions, handle.health().connections), (1, 1));
    within("the stop", app.into_running().shutdown()).await;
    assert_eq!(handle.health().state, HealthState::Draining);
    assert_eq!(handle.health().sessions, 0);
    drop(client);
}

#[tokio::test]
async fn the_paths_answer_before_routes_and_gateways() {
    let options = builder::<Echo>().health_path("/healthz").ready_path("readyz");
    let app = options.create().await.expect("an app");
    let routes = axum::Router::new().fallback(|| async { "a route" });
    let app = TestApp::listen(app.with_router(routes)).await;
    for path in ["/healthz", "/readyz"] {
        let answer = get(app.addr(), path, &[]).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, READY));
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(request(app.addr(), "POST", path, &[], "x").await.status, 405);
    }
    assert_eq!(get(app.addr(), "/healthz/more", &[]).await.body, "a route");
}

/// While it drains an app serves those whom it has and those who come, and tells load balancers to send no more.
#[tokio::test]
async fn an_app_that_drains_is_not_ready_and_serves_on() {
    // Long: it is the test that ends it.
    let options = ShutdownOptions::new().signals(false).window(0).drain(3_600_000);
    let builder = builder::<Echo>().shutdown_options(options).health_path("/healthz").ready_path("/readyz");
    let app = TestApp::start(builder).await;
    let mut client = app.client().await;
    app.running().handle().shutdown();
    let draining = async { while get(app.addr(), "/readyz", &[]).await.status != 503 {} };
    within("the drain", draining).await;
    assert!(get(app.addr(), "/readyz", &[]).await.body.contains("\"draining\""));
    assert_eq!(get(app.addr(), "/healthz", &[]).await.status, 200, "it is alive");
    assert_eq!(client.call("echo", json!(["on"])).await, json!(["on"]));
    let mut late = app.client().await;
    assert_eq!(late.call("echo", json!(["late"])).await, json!(["late"]));
}

#[tokio::test]
async fn after_the_drain_it_stops() {
    let options = ShutdownOptions::new().signals(false).window(0).drain(300);
    let app = TestApp::start(builder::<Echo>().shutdown_options(options)).await;
    let (addr, mut client) = (app.addr(), app.client().await);
    let stopping = tokio::spawn(app.into_running().shutdown());
    assert_eq!(client.call("echo", json!(["on"])).await, json!(["on"]));
    client.closed().await;
    within("the stop", stopping).await.expect("it stops");
    assert!(TcpStream::connect(addr).await.is_err());
}

async fn deploy_app(environment: &[(&str, &str)]) -> (Example, SocketAddr) {
    let app = Example::start_command(deploy_binary(), "deploy-app", environment).await;
    let addr = app.addr();
    (app, addr)
}

#[tokio::test]
async fn sigterm_drains_then_disconnects_then_ends_the_process() {
    let (mut app, addr) = deploy_app(&[("DRAIN", "1500")]).await;
    let mut client = Client::connect(addr, "/").await;
    app.signal("TERM").await;
    let draining = async { while get(addr, "/readyz", &[]).await.status != 503 {} };
    within("the drain", draining).await;
    client.emit("echo", json!(["on"])).await;
    assert_eq!(client.event("echo").await, json!(["on"]));
    assert_eq!(client.closed().await, [], "it is disconnected, without an error");
    assert!(app.ended().await.success(), "the process ends with status 0\n{app}");
    assert!(TcpStream::connect(addr).await.is_err());
    let output = app.to_string();
    for line in ["SIGTERM: stopping", "draining for 1.5s", "stopped"] {
        assert!(output.contains(line), "{line} in\n{output}");
    }
}

#[tokio::test]
async fn a_second_signal_ends_the_drain() {
    let (mut app, addr) = deploy_app(&[("DRAIN", "3600000")]).await;
    let client = Client::connect(addr, "/").await;
    app.signal("TERM").await;
    let draining = async { while get(addr, "/readyz", &[]).await.status != 503 {} };
    within("the drain", draining).await;
    app.signal("INT").await;
    let ended = tokio::time::timeout(Duration::from_secs(30), app.ended()).await;
    assert!(ended.expect("it ends").success(), "{app}");
    drop(client);
}
