//! The adapter on sharded channels.

use std::sync::Arc;

use gateway_core::Room;
use gateway_core::adapter::{AdapterFactory, IntoAdapterFactory};

use super::bus;
use super::redis_server::RedisServer;
use crate::adapters::conformance::{Node, run, within};
use crate::adapters::redis::bus::BusOptions;
use crate::adapters::redis::driver::stub::StubDriver;
use crate::adapters::redis::sharded::ShardedOptions;
use crate::{ShardedRedisAdapter, SubscriptionMode};

const MODES: [SubscriptionMode; 3] =
    [SubscriptionMode::Static, SubscriptionMode::Dynamic, SubscriptionMode::DynamicPrivate];

async fn over(stub: &StubDriver, subscription_mode: SubscriptionMode) -> ShardedRedisAdapter {
    let options = ShardedOptions { subscription_mode, ..ShardedOptions::default() };
    ShardedRedisAdapter::over(bus(Arc::new(stub.clone()), BusOptions::default()).await, options)
}

async fn node(name: &str, adapter: &ShardedRedisAdapter) -> Node {
    let factory: AdapterFactory = adapter.clone().into_adapter_factory();
    Node::new(name, "/chat", factory("/chat")).await
}

#[tokio::test]
async fn the_sharded_adapter_conforms_over_a_stub() {
    for mode in MODES {
        let stub = StubDriver::default();
        let mut nodes = Vec::new();
        for index in 0..3 {
            nodes.push(node(&format!("n{index}"), &over(&stub, mode).await).await);
        }
        run(&nodes).await;
        assert!(stub.published().iter().all(|publication| publication.sharded));
    }
}

#[tokio::test]
async fn the_sharded_adapter_conforms_over_redis() {
    let redis = RedisServer::start().await;
    for mode in MODES {
        let mut nodes = Vec::new();
        for index in 0..3 {
            let adapter = ShardedRedisAdapter::builder(redis.url()).subscription_mode(mode).connect().await;
            nodes.push(node(&format!("n{index}"), &adapter.expect("Redis is there")).await);
        }
        run(&nodes).await;
    }
}

#[tokio::test]
async fn rooms_with_members_are_subscribed_to() {
    // Rooms as they are published to: a public one, a socket's own, and a public one that looks like it.
    let (own, public) = ("n0-aaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbb");
    for (mode, subscribed) in [
        (SubscriptionMode::Static, [0, 0, 0]),
        (SubscriptionMode::Dynamic, [1, 0, 1]),
        (SubscriptionMode::DynamicPrivate, [1, 1, 1]),
    ] {
        let stub = StubDriver::default();
        let one = node("n0", &over(&stub, mode).await).await;
        let counts = async || {
            within("the subscriptions", one.server.adapter().ready()).await;
            ["x", own, public].map(|room| stub.subscribers(&format!("socket.io#/chat#{room}#")))
        };
        let a = one.client(own.strip_prefix("n0-").expect("the prefix"));
        let b = one.client("b");
        a.socket.join(["x", public]);
        b.socket.join("x");
        assert_eq!(counts().await, subscribed, "{mode:?}");
        a.socket.leave("x");
        assert_eq!(counts().await, subscribed, "{mode:?}");
        b.socket.leave("x");
        a.socket.leave(public);
        assert_eq!(counts().await, [0, subscribed[1], 0], "{mode:?}");
        one.server.adapter().del_all(&a.socket);
        assert_eq!(counts().await, [0, 0, 0], "{mode:?}");

        stub.published();
        one.server.to("x").emit("e", ());
        one.server.to(own).emit("e", ());
        one.server.to(["x", "y"]).emit("e", ());
        one.server.emit("e", ());
        one.server.adapter().close().await;
        let channels: Vec<_> =
            stub.published().iter().map(|publication| publication.channel.to_string()).collect();
        let common = "socket.io#/chat#".to_owned();
        let of = |room: &str, separate: bool| {
            if separate { format!("{common}{room}#") } else { common.clone() }
        };
        let (x, private) = (mode != SubscriptionMode::Static, mode == SubscriptionMode::DynamicPrivate);
        assert_eq!(channels, [of("x", x), of(own, private), common.clone(), common.clone()], "{mode:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_makes_no_sense_is_counted_and_ignored() {
    let stub = StubDriver::default();
    let here = over(&stub, SubscriptionMode::Static).await;
    let one = node("n0", &here).await;
    let mut near = one.client("a");
    let nonsense: [&[u8]; 8] = [
        b"",
        b"{",
        b"{}",
        b"\xc1",
        br#"{"type":99,"uid":"u","nsp":"/chat","data":{}}"#,
        br#"{"type":3,"uid":"u","nsp":"/chat","data":{}}"#,
        br#"{"type":3,"uid":"u","nsp":"/chat","data":{"packet":{"type":3,"data":["e"]},"opts":{}}}"#,
        &[0x91; 10_000],
    ];
    for message in nonsense {
        stub.publish_sharded("socket.io#/chat#", message.to_vec());
    }
    assert_eq!(here.stats().ignored, nonsense.len() as u64);
    // Another namespace, and an answer that nobody waits for, are nothing to wonder about.
    let others: [&[u8]; 2] = [
        br#"{"type":3,"uid":"u","nsp":"/x","data":{"packet":{"type":2,"data":["e"]},"opts":{}}}"#,
        br#"{"type":8,"uid":"u","nsp":"/chat","data":{"requestId":"r","sockets":[]}}"#,
    ];
    for message in others {
        stub.publish_sharded("socket.io#/chat#", message.to_vec());
    }
    assert_eq!(here.stats().ignored, nonsense.len() as u64);
    let message =
        br#"{"type":4,"uid":"u","nsp":"/chat","data":{"opts":{"rooms":[],"except":[]},"rooms":["r",1]}}"#;
    stub.publish_sharded("socket.io#/chat#", message.to_vec());
    let mut rooms = one.server.adapter().rooms();
    rooms.sort();
    assert_eq!(rooms, ["1", "r"].map(Room::from));
    one.server.emit("still here", ());
    near.expect(r#"42/chat,["still here"]"#).await;
}
