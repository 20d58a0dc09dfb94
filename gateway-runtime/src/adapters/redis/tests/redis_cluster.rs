//! The adapters on a Redis Cluster of two masters, each with half of the slots.

use std::net::TcpListener;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use gateway_core::ConnectionStateRecovery;
use gateway_core::adapter::IntoAdapterFactory;

use super::nodes;
use super::redis_server::RedisServer;
use crate::adapters::conformance::{Node, run, within};
use crate::{RedisAdapter, RedisStreamsAdapter, ShardedRedisAdapter, SubscriptionMode};

struct RedisCluster {
    masters: [RedisServer; 2],
    folder: PathBuf,
}

impl Drop for RedisCluster {
    fn drop(&mut self) {
        // The masters write nothing any more that anybody reads.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Ports that are free and differ.
fn free_ports() -> [u16; 4] {
    let listeners = [(); 4].map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"));
    listeners.map(|listener| listener.local_addr().expect("an address").port())
}

impl RedisCluster {
    async fn start() -> Self {
        let [one, other, one_bus, other_bus] = free_ports();
        let (ports, bus_ports) = ([one, other], [one_bus, other_bus]);
        let folder = std::env::temp_dir().join(format!("gateway-redis-cluster-{}", ports[0]));
        std::fs::create_dir_all(&folder).expect("a folder");
        let path = folder.to_str().expect("a name in UTF-8");
        let start = async |index: usize| {
            let (bus, file) = (bus_ports[index].to_string(), format!("nodes-{index}.conf"));
            let arguments = ["--cluster-enabled", "yes", "--cluster-port", &bus, "--dir", path];
            let arguments = [&arguments[..], &["--cluster-config-file", &file]].concat();
            RedisServer::start_on(ports[index], &arguments).await
        };
        let masters = [start(0).await, start(1).await];
        for (master, [first, last]) in masters.iter().zip([["0", "8191"], ["8192", "16383"]]) {
            master.command(&["CLUSTER", "ADDSLOTSRANGE", first, last]).await.expect("it owns them");
        }
        let (port, bus) = (ports[1].to_string(), bus_ports[1].to_string());
        masters[0].command(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus]).await.expect("they meet");
        for master in &masters {
            within("the cluster", async {
                loop {
                    let info = master.command(&["CLUSTER", "INFO"]).await;
                    let info: String =
                        info.and_then(|info| redis::from_redis_value(info).ok()).unwrap_or_default();
                    if info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:2") {
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            })
            .await;
        }
        Self { masters, folder }
    }

    fn url(&self) -> String {
        let [one, two] = self.masters.each_ref().map(RedisServer::port);
        format!("redis+cluster://127.0.0.1:{one},127.0.0.1:{two}")
    }
}

#[tokio::test]
async fn the_adapters_conform_on_a_redis_cluster() {
    let redis = RedisCluster::start().await;
    run(&nodes(3, async || RedisAdapter::connect(redis.url()).await.expect("Redis is there")).await).await;
    // In the other modes rooms are on several masters, and between those there is no order.
    run(&sharded(&redis, SubscriptionMode::Static, 3).await).await;
}

async fn sharded(redis: &RedisCluster, mode: SubscriptionMode, count: usize) -> Vec<Node> {
    let mut nodes = Vec::new();
    for index in 0..count {
        let adapter = ShardedRedisAdapter::builder(redis.url()).subscription_mode(mode).connect().await;
        let factory = adapter.expect("Redis is there").into_adapter_factory();
        nodes.push(Node::new(&format!("n{index}"), "/chat", factory("/chat")).await);
    }
    nodes
}

#[tokio::test]
async fn streams_conform_on_a_redis_cluster() {
    let redis = RedisCluster::start().await;
    let mut nodes = Vec::new();
    for index in 0..3 {
        let builder = RedisStreamsAdapter::builder(redis.url()).stream_count(4).use_sharded_pub_sub(true);
        let adapter = builder.connect().await.expect("Redis is there");
        nodes.push(super::streams::node(&format!("n{index}"), &adapter).await);
    }
    run(&nodes).await;
    nodes.iter().for_each(|node| node.recovers(ConnectionStateRecovery::default()));
    let mut client = nodes[0].recoverable_client("c");
    client.socket.join("x");
    for number in 0..100 {
        let (one, other) = (&nodes[number % 3], &nodes[(number + 1) % 3]);
        one.server.to("x").emit("n", number);
        let event = client.next().await;
        let (_, heard, offset): (String, usize, String) =
            serde_json::from_str(event.as_str().trim_start_matches("42/chat,")).expect("an event");
        assert_eq!(heard, number);
        client.cut();
        client = within("the session", async {
            loop {
                // It was handed over to Redis, and may not be there yet.
                if let Some(client) = other.come_back("c", &offset).await {
                    break client;
                }
            }
        })
        .await;
    }
}

#[tokio::test]
async fn rooms_are_on_the_masters_of_their_channels() {
    let redis = RedisCluster::start().await;
    let nodes = sharded(&redis, SubscriptionMode::Dynamic, 2).await;
    let mut far = nodes[1].client("a");
    let rooms: Vec<_> = (0..32).map(|number| format!("room {number}")).collect();
    far.socket.join(&rooms);
    within("the subscriptions", nodes[1].server.adapter().ready()).await;
    for (number, room) in rooms.iter().enumerate() {
        nodes[0].server.to(room).emit("n", number);
        far.expect(&format!(r#"42/chat,["n",{number}]"#)).await;
    }
    for master in &redis.masters {
        let channels = master.command(&["PUBSUB", "SHARDCHANNELS", "*room*"]).await.expect("an answer");
        let channels: Vec<String> = redis::from_redis_value(channels).expect("names");
        assert!(!channels.is_empty() && channels.len() < rooms.len(), "{channels:?}");
    }
}

impl RedisCluster {
    /// Moves a slot to the other master, as `redis-cli --cluster reshard` does with an empty one.
    async fn move_slot(&self, slot: i64) {
        let mut ids = Vec::new();
        for master in &self.masters {
            let id = master.command(&["CLUSTER", "MYID"]).await.expect("an answer");
            ids.push(redis::from_redis_value::<String>(id).expect("a name"));
        }
        let from = usize::from(slot > 8191);
        let (source, target, slot) = (&self.masters[from], &self.masters[1 - from], slot.to_string());
        let set_slot = async |master: &RedisServer, state: &str, id: &str| {
            let answer = master.command(&["CLUSTER", "SETSLOT", &slot, state, id]).await;
            assert!(answer.is_some(), "{state}");
        };
        set_slot(target, "IMPORTING", &ids[from]).await;
        set_slot(source, "MIGRATING", &ids[1 - from]).await;
        set_slot(target, "NODE", &ids[1 - from]).await;
        set_slot(source, "NODE", &ids[1 - from]).await;
    }

    async fn slot(&self, channel: &str) -> i64 {
        let slot = self.masters[0].command(&["CLUSTER", "KEYSLOT", channel]).await.expect("an answer");
        redis::from_redis_value(slot).expect("a number")
    }
}

#[tokio::test]
async fn a_slot_that_moves_takes_its_subscriptions_along() {
    let redis = RedisCluster::start().await;
    let nodes = sharded(&redis, SubscriptionMode::Dynamic, 2).await;
    let mut far = nodes[1].client("a");
    let rooms: Vec<_> = (0..8).map(|number| format!("room {number}")).collect();
    far.socket.join(&rooms);
    within("the subscriptions", nodes[1].server.adapter().ready()).await;
    for channel in ["socket.io#/chat#", "socket.io#/chat#room 0#", "socket.io#/chat#room 1#"] {
        redis.move_slot(redis.slot(channel).await).await;
    }
    let moved = Instant::now();
    for room in &rooms {
        // What is published before the other server has subscribed again is for nobody.
        let heard = async {
            loop {
                nodes[0].server.to(room).emit("n", room);
                let next = tokio::time::timeout(Duration::from_millis(20), far.next()).await;
                if next.is_ok_and(|frames| frames.as_str().contains(room.as_str())) {
                    break;
                }
            }
        };
        within(room, heard).await;
    }
    let counted = async {
        while nodes[0].server.server_count().await != Ok(2) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    within("the common channel", counted).await;
    println!("slots moved: all rooms were heard again after {:?}", moved.elapsed());
}
