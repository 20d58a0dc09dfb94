//! What an application says of its Redis: in `handle.health()`, on the pages for probes, in the metrics.

use std::time::{Duration, SystemTime};

use gateway_runtime::prelude::*;
use gateway_runtime::{AdapterHealth, AdapterStatus, RedisAdapter};
use serde_json::{Value, json};

use super::redis_server::RedisServer;
use crate::support::app::{TestApp, builder};
use crate::support::client::within;
use crate::support::http::get;

/// A namespace of its own for each, on one Redis.
#[web_socket_gateway(namespace = "health-orders")]
struct OrdersGateway {
    #[web_socket_server]
    server: Server,
}

#[subscribe_messages]
impl OrdersGateway {}

#[web_socket_gateway(namespace = "health-users")]
struct UsersGateway;

#[subscribe_messages]
impl UsersGateway {}

async fn start(redis: &RedisServer) -> TestApp {
    let adapter = RedisAdapter::builder(redis.url())
        .connection_timeout(2000)
        .max_buffered_messages(10)
        .connect()
        .await
        .expect("Redis is there");
    let app = builder::<(OrdersGateway, UsersGateway)>()
        .health_path("/healthz")
        .ready_path("/readyz")
        .prometheus("/metrics")
        .use_web_socket_adapter(IoAdapter::with_adapter(adapter));
    TestApp::start(app).await
}

/// The only adapter that there is.
fn status(app: &TestApp) -> AdapterStatus {
    let mut adapters = app.running().handle().health().adapters;
    assert_eq!(adapters.len(), 1, "one for all namespaces: {adapters:?}");
    adapters.remove(0)
}

async fn until(what: &str, app: &TestApp, is_so: impl Fn(&AdapterStatus) -> bool) {
    within(what, async {
        while !is_so(&status(app)) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// The page at a path, without the numbers of connections.
async fn page(app: &TestApp, path: &str) -> (u16, Value) {
    let answer = get(app.addr(), path, &[]).await;
    let mut body: Value = serde_json::from_str(&answer.body).expect("JSON");
    body.as_object_mut().and_then(|body| body.remove("connections"));
    (answer.status, body)
}

/// A figure of the page for Prometheus. Other tests of this process add to it.
async fn figure(app: &TestApp, name: &str) -> u64 {
    let line = format!(r#"{name}{{adapter="redis"}} "#);
    let page = get(app.addr(), "/metrics", &[]).await.body;
    let figure = page.lines().find_map(|found| found.strip_prefix(&line));
    figure.expect("it is on the page").parse().expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_redis_is_seen_and_the_node_stays_ready() {
    let redis = RedisServer::start().await;
    let app = start(&redis).await;
    until("the subscriptions", &app, AdapterStatus::is_up).await;
    assert_eq!(status(&app), AdapterStatus::new("redis"));
    let ready = |adapter: Value| json!({ "state": "ready", "sessions": 0, "adapters": [adapter] });
    let up = json!({ "adapter": "redis", "up": true, "buffered": 0, "dropped": 0, "unconfirmed": 0 });
    assert_eq!(page(&app, "/readyz").await, (200, ready(up.clone())));
    assert!(figure(&app, "gateway_adapters_up").await >= 1);

    let before = SystemTime::now();
    let port = redis.kill().await;
    until("the outage", &app, |status| !status.is_up()).await;
    let server = app.get::<OrdersGateway>().server.clone();
    // The connection that publishes may be found dead by what is published: that is not known to have arrived.
    let mut emitted = 0;
    within("what is dropped", async {
        while status(&app).dropped < 5 || status(&app).buffered < 10 {
            server.emit("number", emitted);
            emitted += 1;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    let away = status(&app);
    assert!(matches!(&away.health, AdapterHealth::Degraded(reason) if !reason.is_empty()), "{away:?}");
    assert!(away.away_since.is_some_and(|since| since >= before && since <= SystemTime::now()), "{away:?}");
    assert!(away.buffered_bytes > 0, "{away:?}");
    let AdapterStatus { dropped, unconfirmed, .. } = away;
    assert_eq!(10 + dropped + unconfirmed, emitted, "each one is counted: {away:?}");
    for path in ["/readyz", "/healthz"] {
        let (code, mut body) = page(&app, path).await;
        let adapter = body["adapters"][0].as_object_mut().expect("the adapter");
        assert!(adapter.remove("away_ms").is_some_and(|time| time.is_u64()), "{adapter:?}");
        let down = json!({
            "adapter": "redis", "up": false, "buffered": 10, "dropped": dropped, "unconfirmed": unconfirmed,
        });
        assert_eq!((code, body), (200, ready(down)), "clients of this server are served");
    }
    within("the figure of what waits", async {
        while figure(&app, "gateway_adapter_buffered_messages").await < 10 {}
    })
    .await;

    let _redis = RedisServer::start_on(port).await;
    until("the end of the outage", &app, |status| status.is_up() && status.buffered == 0).await;
    let back = status(&app);
    assert_eq!((back.away_since, back.dropped, back.buffered_bytes), (None, dropped, 0));
    assert!(figure(&app, "gateway_adapters_up").await >= 1);
}
