//! Subscriptions that Redis refuses, ends unasked, or that two namespaces share.

use std::sync::Arc;
use std::time::Duration;

use gateway_core::AdapterHealth;
use gateway_core::adapter::IntoAdapterFactory;

use super::faults::until;
use super::redis_server::RedisServer;
use super::{adapter, bus};
use crate::adapters::conformance::{Node, within};
use crate::adapters::redis::bus::BusOptions;
use crate::adapters::redis::driver::stub::StubDriver;
use crate::adapters::redis::sharded::ShardedOptions;
use crate::{RedisAdapter, ShardedRedisAdapter};

async fn node(name: &str, namespace: &str, adapters: impl IntoAdapterFactory) -> Node {
    Node::new(name, namespace, adapters.into_adapter_factory()(namespace)).await
}

async fn sharded(stub: &StubDriver) -> ShardedRedisAdapter {
    ShardedRedisAdapter::over(
        bus(Arc::new(stub.clone()), BusOptions::default()).await,
        ShardedOptions::default(),
    )
}

fn is_refused(health: &AdapterHealth) -> bool {
    let said = |why: &String| {
        let of_channel = why.starts_with("Redis has refused the subscription to socket.io-re");
        of_channel && why.to_lowercase().contains("noperm")
    };
    matches!(health, AdapterHealth::Degraded(why) if said(why))
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_is_told_and_the_rest_works() {
    let stub = StubDriver::default();
    let request = "socket.io-request#/chat#";
    stub.forbid(request, true);
    let (here, there) = (adapter(&stub).await, adapter(&stub).await);
    let (one, other) =
        (node("one", "/chat", here.clone()).await, node("other", "/chat", there.clone()).await);
    let mut far = other.client("a");
    assert!(is_refused(&here.health()), "{:?}", here.health());
    assert_eq!(here.status().away_since, None, "Redis is there");
    one.server.emit("heard", ());
    far.expect(r#"42/chat,["heard"]"#).await;

    // So it is on the next connection.
    stub.cut_connections();
    until("new connections", || here.stats().reconnects >= 2 && there.stats().reconnects >= 2).await;
    let reconnects = there.stats().reconnects;
    until("the subscriptions", || stub.subscribers("socket.io#/chat#*") == 2).await;
    one.server.emit("heard", ());
    far.expect(r#"42/chat,["heard"]"#).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(is_refused(&there.health()), "{:?}", there.health());
    assert_eq!(there.stats().reconnects, reconnects, "its connection stays");

    // An operator allows it.
    stub.forbid(request, false);
    until("the rest", || here.health() == AdapterHealth::Up && there.health() == AdapterHealth::Up).await;
    assert_eq!(one.server.server_count().await, Ok(2));
}

#[tokio::test]
async fn an_acl_of_redis_refuses_a_channel() {
    let redis = RedisServer::start().await;
    let limited = ["on", ">pw", "+@all", "resetchannels", "&socket.io#/chat#*"];
    redis.command(&[&["ACL", "SETUSER", "limited"], &limited[..]].concat()).await.expect("a user");
    let url = redis.url().replace("redis://", "redis://limited:pw@");
    let here = RedisAdapter::builder(url).ping_interval(50).connect().await.expect("Redis is there");
    let there = RedisAdapter::connect(redis.url()).await.expect("Redis is there");
    let (one, other) = (node("one", "/chat", here.clone()).await, node("other", "/chat", there).await);
    let mut near = one.client("a");
    assert!(is_refused(&here.health()), "{:?}", here.health());
    other.server.emit("heard", ());
    near.expect(r#"42/chat,["heard"]"#).await;
    assert_eq!((here.stats().reconnects, here.stats().refused), (0, 0));

    redis.command(&["ACL", "SETUSER", "limited", "&socket.io-*"]).await.expect("it is allowed");
    until("the rest", || here.health() == AdapterHealth::Up).await;
    assert_eq!(other.server.fetch_sockets().await.map(|sockets| sockets.len()), Ok(1));
}

#[tokio::test(start_paused = true)]
async fn subscriptions_that_end_unasked_come_back() {
    let stub = StubDriver::default();
    let (here, there) = (sharded(&stub).await, sharded(&stub).await);
    let (one, other) =
        (node("one", "/chat", here.clone()).await, node("other", "/chat", there.clone()).await);
    let mut far = other.client("a");
    far.socket.join("x");
    within("the room", other.server.adapter().ready()).await;
    for (channel, subscribers) in [("socket.io#/chat#x#", 1), ("socket.io#/chat#", 2)] {
        assert_eq!(stub.subscribers(channel), subscribers);
        stub.move_slot(channel);
        until("the subscriptions", || stub.subscribers(channel) == subscribers).await;
    }
    one.server.to("x").emit("e", 1);
    far.expect(r#"42/chat,["e",1]"#).await;
    one.server.emit("e", 2);
    far.expect(r#"42/chat,["e",2]"#).await;
    assert_eq!((here.stats().reconnects, there.stats().reconnects), (0, 0));
    // One that has ended on purpose does not.
    far.socket.leave("x");
    within("the room", other.server.adapter().ready()).await;
    assert_eq!(stub.subscribers("socket.io#/chat#x#"), 0);
}

/// The channel of the room `b` of `/a` is that of the namespace `/a#b`.
#[tokio::test(start_paused = true)]
async fn a_room_and_a_namespace_may_have_one_channel() {
    let stub = StubDriver::default();
    let (here, there) = (sharded(&stub).await, sharded(&stub).await);
    let (a, ab) = (node("a", "/a", here.clone()).await, node("ab", "/a#b", here.clone()).await);
    let (far_a, far_ab) = (node("far-a", "/a", there.clone()).await, node("far-ab", "/a#b", there).await);
    let (mut in_a, mut in_ab) = (a.client("c"), ab.client("c"));
    in_a.socket.join("b");
    within("the room", a.server.adapter().ready()).await;
    for number in 0..2 {
        far_a.server.to("b").emit("room", number);
        far_ab.server.emit("namespace", number);
        in_ab.expect(&format!(r#"42/a#b,["namespace",{number}]"#)).await;
        if number == 0 {
            in_a.expect(r#"42/a,["room",0]"#).await;
            // The namespace goes on without the room.
            in_a.socket.leave("b");
            within("the room", a.server.adapter().ready()).await;
            assert_eq!(stub.subscribers("socket.io#/a#b#"), 2);
        }
    }
    far_a.server.emit("last", ());
    in_a.expect(r#"42/a,["last"]"#).await;
    // And the room without the namespace.
    in_a.socket.join("b");
    ab.server.adapter().close().await;
    within("the room", a.server.adapter().ready()).await;
    far_a.server.to("b").emit("room", 2);
    in_a.expect(r#"42/a,["room",2]"#).await;
    assert_eq!(here.stats().ignored, 0);
}
