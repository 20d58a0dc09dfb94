//! The adapter on sharded channels.

use std::sync::Arc;

use gateway_core::adapter::{AdapterFactory, IntoAdapterFactory};
use gateway_core::{AdapterError, AdapterHealth, Room};

use super::bus;
use super::faults::until;
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

#[tokio::test(start_paused = true)]
async fn questions_end_when_nobody_can_answer() {
    let stub = StubDriver::default();
    let (here, there) =
        (over(&stub, SubscriptionMode::Dynamic).await, over(&stub, SubscriptionMode::Dynamic).await);
    let (one, other) = (node("n0", &here).await, node("n1", &there).await);
    let (mut near, mut far) = (one.client("a"), other.client("a"));
    far.socket.join("x");
    let answer = one.server.fetch_sockets().await.map(|sockets| sockets.len());
    assert_eq!(answer, Ok(2));
    stub.go_away();
    until("the outage", || here.health() != AdapterHealth::Up).await;
    let unavailable = |error: AdapterError| matches!(error, AdapterError::Unavailable(_));
    assert!(unavailable(one.server.fetch_sockets().await.unwrap_err()));
    assert!(unavailable(one.server.all_rooms().await.unwrap_err()));
    one.server.emit("on its own", ());
    near.expect(r#"42/chat,["on its own"]"#).await;

    stub.come_back();
    until("the connections", || here.health() == AdapterHealth::Up && there.health() == AdapterHealth::Up)
        .await;
    until("the room", || stub.subscribers("socket.io#/chat#x#") == 1).await;
    one.server.to("x").emit("again", ());
    let mut texts = Vec::new();
    while texts.last().is_none_or(|text| text != r#"42/chat,["again"]"#) {
        texts.push(far.next().await.as_str().to_owned());
    }
}

#[tokio::test]
async fn many_rooms_come_back_after_their_connection() {
    const ROOMS: usize = 5000;
    let redis = RedisServer::start().await;
    let mut nodes = Vec::new();
    for index in 0..2 {
        let adapter = ShardedRedisAdapter::connect(redis.url()).await.expect("Redis is there");
        nodes.push(node(&format!("n{index}"), &adapter).await);
    }
    let mut far = nodes[1].client("a");
    let rooms: Vec<_> = (0..ROOMS).map(|number| format!("room {number}")).collect();
    far.socket.join(&rooms);
    within("the subscriptions", nodes[1].server.adapter().ready()).await;
    nodes[0].server.to(&rooms[ROOMS - 1]).emit("n", 1);
    far.expect(r#"42/chat,["n",1]"#).await;

    redis.command(&["CLIENT", "KILL", "TYPE", "pubsub"]).await;
    let counted = async {
        while nodes[0].server.server_count().await != Ok(2) {
            tokio::task::yield_now().await;
        }
        nodes[1].server.adapter().ready().await;
    };
    within("the subscriptions", counted).await;
    nodes[0].server.to(&rooms[0]).emit("n", 2);
    far.expect(r#"42/chat,["n",2]"#).await;
    // Rooms that end have no subscriptions left.
    nodes[1].server.adapter().del_all(&far.socket);
    within("the subscriptions", nodes[1].server.adapter().ready()).await;
    let channels = redis.command(&["PUBSUB", "SHARDCHANNELS", "*room*"]).await;
    assert_eq!(channels, Some(redis::Value::Array(Vec::new())));
}
