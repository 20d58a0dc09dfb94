//! Redis goes away and comes back; other programs talk on its channels.

use std::sync::Arc;
use std::time::Duration;

use gateway_core::adapter::IntoAdapterFactory;
use gateway_core::{AdapterError, AdapterHealth};

use super::redis_server::RedisServer;
use super::{adapter, bus, nodes, options};
use crate::adapters::conformance::{Node, within};
use crate::adapters::redis::bus::{BusOptions, Receive};
use crate::adapters::redis::driver::stub::StubDriver;
use crate::adapters::redis::driver::{Delivery, Topic};
use crate::{RedisAdapter, RedisConnectError};

/// Waits until something is so.
pub(super) async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    within(what, async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

async fn node(name: &str, adapter: &RedisAdapter) -> Node {
    Node::new(name, "/chat", adapter.clone().into_adapter_factory()("/chat")).await
}

#[tokio::test(start_paused = true)]
async fn messages_wait_up_to_a_bound_and_what_is_dropped_is_counted() {
    let stub = StubDriver::default();
    let limits = BusOptions { max_buffered_messages: 10, ..BusOptions::default() };
    let here = RedisAdapter::over(bus(Arc::new(stub.clone()), limits).await, options());
    let there = adapter(&stub).await;
    let (one, other) = (node("one", &here).await, node("other", &there).await);
    let (mut near, mut far) = (one.client("a"), other.client("a"));

    stub.go_away();
    until("the outage", || here.health() != AdapterHealth::Up).await;
    for number in 0..15 {
        one.server.emit("n", number);
    }
    for number in 0..15 {
        near.expect(&format!(r#"42/chat,["n",{number}]"#)).await;
    }
    assert_eq!(here.stats().dropped, 5);

    // Of each connection the first tries fail.
    within("tries to reconnect", stub.tried(12)).await;
    stub.come_back();
    until("the connections", || here.health() == AdapterHealth::Up && there.health() == AdapterHealth::Up)
        .await;
    // What has waited is published when the other server has subscribed again.
    for number in 0..10 {
        far.expect(&format!(r#"42/chat,["n",{number}]"#)).await;
    }
    one.server.emit("after", ());
    far.expect(r#"42/chat,["after"]"#).await;
    let stats = here.stats();
    assert_eq!((stats.published, stats.dropped, stats.unconfirmed), (11, 5, 0));
    assert_eq!(stub.published().len(), 11);
}

#[tokio::test(start_paused = true)]
async fn what_was_being_sent_is_not_sent_again() {
    let stub = StubDriver::default();
    let here = adapter(&stub).await;
    let one = node("one", &here).await;
    stub.lose_next_answer();
    one.server.emit("n", 1);
    until("the loss", || here.stats().unconfirmed == 1).await;
    until("the connections", || here.health() == AdapterHealth::Up).await;
    one.server.emit("n", 2);
    until("the next one", || here.stats().published == 1).await;
    assert_eq!(stub.published().len(), 2);
    assert_eq!(here.stats().reconnects, 1);
}

#[tokio::test(start_paused = true)]
async fn subscriptions_come_back() {
    let stub = StubDriver::default();
    let (here, there) = (adapter(&stub).await, adapter(&stub).await);
    let (one, other) = (node("one", &here).await, node("other", &there).await);
    let mut far = other.client("a");
    for round in 0..3 {
        stub.cut_connections();
        until("the loss", || here.stats().reconnects >= 2 * (round + 1)).await;
        until("the count", || stub.subscribers("socket.io-request#/chat#") == 2).await;
        one.server.emit("round", round);
        far.expect(&format!(r#"42/chat,["round",{round}]"#)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn questions_end_when_nobody_can_answer() {
    let stub = StubDriver::default();
    let here = adapter(&stub).await;
    let one = node("one", &here).await;
    let mut near = one.client("a");
    stub.go_away();
    until("the outage", || here.health() != AdapterHealth::Up).await;
    let unavailable = |error: AdapterError| matches!(error, AdapterError::Unavailable(_));
    assert!(unavailable(one.server.fetch_sockets().await.unwrap_err()));
    assert!(unavailable(one.server.all_rooms().await.unwrap_err()));
    assert!(unavailable(one.server.server_count().await.unwrap_err()));
    let told = one.server.server_side_emit_with_ack::<u8>("e", ()).await.unwrap_err();
    assert!(unavailable(told.error) && told.responses.is_empty());
    // Clients of this server are asked all the same.
    let timeout = Duration::from_millis(200);
    let asked = one.server.timeout(timeout).emit_with_ack::<u8>("q", ()).await.unwrap_err();
    assert_eq!((asked.expected, asked.missing_servers), (1, 1));
    near.next().await;
    assert_eq!(one.server.local().fetch_sockets().await.unwrap().len(), 1);
}

/// A server that is counted and never answers.
struct Silent;

impl Receive for Silent {
    fn receive(&self, _delivery: Delivery) {}
}

#[tokio::test(start_paused = true)]
async fn a_time_out_tells_how_many_have_answered() {
    let stub = StubDriver::default();
    let (here, there) = (adapter(&stub).await, adapter(&stub).await);
    let (one, _other) = (node("one", &here).await, node("other", &there).await);
    let silent: Arc<dyn Receive> = Arc::new(Silent);
    let silent_bus = bus(Arc::new(stub.clone()), BusOptions::default()).await;
    let topics = vec![Topic::Channel("socket.io-request#/chat#".into())];
    let membership = silent_bus.join(Arc::downgrade(&silent), topics);
    membership.ready().await;
    assert_eq!(one.server.server_count().await, Ok(3));
    let expected = AdapterError::Timeout { answered: 1, expected: 2 };
    assert_eq!(one.server.fetch_sockets().await.unwrap_err(), expected);
    assert_eq!(one.server.all_rooms().await.unwrap_err(), expected);
    membership.leave().await;
    assert_eq!(one.server.server_count().await, Ok(2));
    assert_eq!(one.server.fetch_sockets().await.unwrap().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_makes_no_sense_is_counted_and_ignored() {
    let stub = StubDriver::default();
    let here = adapter(&stub).await;
    let one = node("one", &here).await;
    let mut near = one.client("a");
    let nonsense: [&[u8]; 9] = [
        b"",
        b"{",
        b"{}",
        b"\xc1",
        b"\x93\xa1u\x80",
        // Another type of packet
        b"\x92\xa1u\x83\xa4type\x03\xa4data\x91\xa1e\xa3nsp\xa5/chat",
        b"{\"type\":99,\"uid\":\"u\"}",
        b"{\"type\":6,\"uid\":\"u\",\"data\":[]}",
        &[0x91; 10_000],
    ];
    for channel in ["socket.io#/chat#", "socket.io-request#/chat#", "socket.io-response#/chat#"] {
        for message in nonsense {
            stub.publish(channel, message.to_vec());
        }
    }
    let expected = 3 * nonsense.len() as u64;
    assert_eq!(here.stats().ignored, expected);
    // Another namespace, and a room that nobody is in, are nothing to wonder about.
    stub.publish("socket.io#/chat#nobody#", b"\xc1".to_vec());
    stub.publish("socket.io#/chat#", b"\x92\xa1u\x83\xa4type\x02\xa4data\x91\xa1e\xa3nsp\xa2/x".to_vec());
    assert_eq!(here.stats().ignored, expected);
    one.server.emit("still here", ());
    near.expect(r#"42/chat,["still here"]"#).await;
}

#[tokio::test(start_paused = true)]
async fn a_namespace_that_closes_leaves_the_cluster() {
    let stub = StubDriver::default();
    let here = adapter(&stub).await;
    let one = node("one", &here).await;
    let request = "socket.io-request#/chat#";
    assert_eq!(stub.subscribers(request), 1);
    one.server.emit("last", ());
    one.server.adapter().close().await;
    assert_eq!((stub.subscribers(request), stub.published().len()), (0, 1));
    // The next one of the same name, and one that is dropped without a word.
    let again = node("again", &here).await;
    assert_eq!(stub.subscribers(request), 1);
    drop(again);
    until("the end", || stub.subscribers(request) == 0).await;
}

#[tokio::test]
async fn redis_restarts() {
    let redis = RedisServer::start().await;
    let connect = async || {
        let builder = RedisAdapter::builder(redis.url()).connection_timeout(1000);
        builder.connect().await.expect("Redis is there")
    };
    let nodes = nodes(2, connect).await;
    let mut far = nodes[1].client("a");
    let port = redis.port();
    drop(redis);
    let adapters = [nodes[0].server.adapter(), nodes[1].server.adapter()];
    until("the outage", || adapters.iter().all(|adapter| adapter.health() != AdapterHealth::Up)).await;
    let redis = RedisServer::start_on(port, &[]).await;
    until("the connections", || adapters.iter().all(|adapter| adapter.health() == AdapterHealth::Up)).await;
    nodes[0].server.emit("back", 1);
    far.expect(r#"42/chat,["back",1]"#).await;
    assert_eq!(nodes[0].server.server_count().await, Ok(2));

    // Somebody cuts all connections.
    let killed = redis.command(&["CLIENT", "KILL", "TYPE", "pubsub"]).await;
    assert_eq!(killed, Some(redis::Value::Int(2)));
    let counted = async {
        while nodes[0].server.server_count().await != Ok(2) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    within("the subscriptions", counted).await;
    nodes[0].server.emit("back", 2);
    far.expect(r#"42/chat,["back",2]"#).await;
}

#[tokio::test]
async fn a_start_without_redis_fails_or_waits() {
    let redis = RedisServer::start().await;
    let (url, port) = (redis.url(), redis.port());
    drop(redis);
    let error = RedisAdapter::connect(url.replace("redis://", "redis://:SECRET@")).await.unwrap_err();
    assert!(matches!(error, RedisConnectError::Unreachable { .. }), "{error}");
    assert!(!error.to_string().contains("SECRET") && error.to_string().contains("wait_for_redis"), "{error}");
    let waiting = tokio::spawn(RedisAdapter::builder(url).wait_for_redis(20_000).connect());
    let _redis = RedisServer::start_on(port, &[]).await;
    assert!(within("the connection", waiting).await.expect("no panic").is_ok());

    let guarded = RedisServer::start_on(free_port(), &["--requirepass", "right"]).await;
    let error = RedisAdapter::connect(guarded.url()).await.unwrap_err();
    assert!(matches!(error, RedisConnectError::Refused { .. }), "{error}");
    let url = guarded.url().replace("redis://", "redis://:right@");
    assert!(RedisAdapter::connect(url).await.is_ok());
    let error = RedisAdapter::connect("redis:/localhost").await.unwrap_err();
    assert!(matches!(error, RedisConnectError::Address { .. }), "{error}");
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    listener.expect("a free port").port()
}
