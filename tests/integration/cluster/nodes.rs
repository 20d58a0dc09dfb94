//! The servers of a cluster, of each kind, and clients of them.

use std::net::SocketAddr;

use gateway_runtime::prelude::*;
use gateway_runtime::{
    RedisAdapter, RedisEmitter, RedisStreamsAdapter, ShardedRedisAdapter, SubscriptionMode,
};
use serde_json::{Value, json};

use super::operations::{ClusterGateway, ControlGateway};
use super::redis_server::RedisServer;
use crate::support::app::{TestApp, builder};
use crate::support::client::{Client, within};
use crate::support::process::Example;

/// Which adapter the servers of a cluster have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `RedisAdapter`
    Classic,
    /// `ShardedRedisAdapter`
    Sharded(SubscriptionMode),
    /// `RedisStreamsAdapter`
    Streams,
    /// And with more than one stream, and sharded channels.
    SeveralStreams,
}

/// Two streams and sharded channels, for servers on Node. With two of them `/cluster` and `/control` have numbers that Node reads.
const SEVERAL_STREAMS: &str = r#"{ "streamCount": 2, "useShardedPubSub": true }"#;

impl Kind {
    /// `ADAPTER` and `MODE` of the servers on Node.
    fn environment(self) -> [(&'static str, &'static str); 2] {
        let mode = match self {
            Self::Classic => return [("ADAPTER", "classic"), ("MODE", "")],
            Self::Streams => return [("ADAPTER", "streams"), ("MODE", "")],
            Self::SeveralStreams => return [("ADAPTER", "streams"), ("MODE", SEVERAL_STREAMS)],
            Self::Sharded(SubscriptionMode::Static) => "static",
            Self::Sharded(SubscriptionMode::DynamicPrivate) => "dynamic-private",
            Self::Sharded(_) => "dynamic",
        };
        [("ADAPTER", "sharded"), ("MODE", mode)]
    }

    async fn io_adapter(self, redis: &str) -> IoAdapter {
        match self {
            Self::Classic => {
                IoAdapter::with_adapter(RedisAdapter::connect(redis).await.expect("Redis is there"))
            }
            Self::Sharded(mode) => {
                let adapter = ShardedRedisAdapter::builder(redis).subscription_mode(mode).connect().await;
                IoAdapter::with_adapter(adapter.expect("Redis is there"))
            }
            Self::Streams | Self::SeveralStreams => {
                let mut builder = RedisStreamsAdapter::builder(redis);
                if self == Self::SeveralStreams {
                    builder = builder.stream_count(2).use_sharded_pub_sub(true);
                }
                IoAdapter::with_adapter(builder.connect().await.expect("Redis is there"))
            }
        }
    }
}

/// What a server runs on.
pub(crate) enum Process {
    /// In this process, with connections of its own to Redis.
    Rust(TestApp),
    /// `node`.
    Node(Example),
}

/// One server of a cluster.
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) process: Process,
    control: Client,
}

impl Node {
    /// A server of this framework.
    async fn rust(name: &str, redis: &str, kind: Kind) -> Self {
        let adapter = kind.io_adapter(redis).await;
        let emitter = RedisEmitter::connect(redis).await.expect("Redis is there");
        let app = builder::<(ClusterGateway, ControlGateway)>()
            .provide_token("NODE_NAME", name.to_owned())
            .provide(emitter)
            .use_web_socket_adapter(adapter);
        Self::of(name, Process::Rust(TestApp::start(app).await)).await
    }

    /// A server on Node: a script of `tests/nestjs/dist/cluster`.
    async fn node(name: &str, script: &str, redis: &str, kind: Kind) -> Self {
        let [adapter, mode] = kind.environment();
        let environment = [("REDIS_URL", redis), ("NAME", name), adapter, mode];
        let script = format!("dist/cluster/{script}.js");
        Self::of(name, Process::Node(Example::start_node(&script, &environment).await)).await
    }

    async fn of(name: &str, process: Process) -> Self {
        let addr = match &process {
            Process::Rust(app) => app.addr(),
            Process::Node(example) => example.addr(),
        };
        Self { name: name.to_owned(), process, control: Client::connect(addr, "/control").await }
    }

    /// Where it listens.
    pub(crate) fn addr(&self) -> SocketAddr {
        match &self.process {
            Process::Rust(app) => app.addr(),
            Process::Node(example) => example.addr(),
        }
    }

    /// Asks it to do something, and waits until it is done.
    pub(crate) async fn perform(&mut self, operation: Value) -> Value {
        within(&format!("{operation} at {}", self.name), self.control.call("op", json!([operation]))).await[0]
            .clone()
    }

    /// Asks it to do something whose answer depends on what the test does next.
    pub(crate) async fn begin(&mut self, operation: Value) -> u64 {
        self.control.ask("op", json!([operation])).await
    }

    /// The answer to [`begin`](Self::begin).
    pub(crate) async fn end(&mut self, asked: u64) -> Value {
        within(&format!("an answer of {}", self.name), self.control.acked(asked)).await[0].clone()
    }

    /// A client in `/cluster` that is in these rooms.
    pub(crate) async fn client(&self, rooms: &[&str]) -> Client {
        let mut client = Client::connect_with(self.addr(), "/cluster", json!({ "token": self.name })).await;
        if !rooms.is_empty() {
            assert_eq!(client.call("join", json!([rooms])).await, json!([true]));
        }
        client
    }
}

/// A Redis and the servers behind it.
pub(crate) struct Cluster {
    pub(crate) nodes: Vec<Node>,
    kind: Kind,
    redis: RedisServer,
}

impl Cluster {
    /// Two servers of this framework, one of `socket.io`, one NestJS app.
    pub(crate) async fn start() -> Self {
        Self::start_with(Kind::Classic).await
    }

    /// [`start`](Self::start) with another adapter.
    pub(crate) async fn start_with(kind: Kind) -> Self {
        let redis = RedisServer::start().await;
        let url = redis.url();
        let (one, two, plain, nest) = tokio::join!(
            Node::rust("rust-1", &url, kind),
            Node::rust("rust-2", &url, kind),
            Node::node("node", "plain", &url, kind),
            Node::node("nest", "nest", &url, kind),
        );
        let mut cluster = Self { nodes: vec![one, two, plain, nest], kind, redis };
        cluster.complete().await;
        cluster
    }

    /// Whether the adapter is the one on common channels: it has an emitter, and a question for all rooms.
    pub(crate) fn is_classic(&self) -> bool {
        self.kind == Kind::Classic
    }

    /// Waits until so many servers follow each of these rooms, if rooms have channels of their own: nobody says
    /// when they do.
    pub(crate) async fn rooms_are_followed_by(&self, servers: usize, rooms: &[&str]) {
        let Kind::Sharded(SubscriptionMode::Dynamic | SubscriptionMode::DynamicPrivate) = self.kind else {
            return;
        };
        for room in rooms {
            let channel = format!("socket.io#/cluster#{room}#");
            within("the subscriptions", async {
                while self.redis.shard_subscribers(&channel).await != servers {
                    tokio::task::yield_now().await;
                }
            })
            .await;
        }
    }

    /// Waits until each server knows of all others: those on Node listen before they have subscribed.
    async fn complete(&mut self) {
        let all = self.nodes.len();
        for node in &mut self.nodes {
            within("all servers", async {
                while node.perform(json!({ "op": "serverCount" })).await != all {
                    tokio::task::yield_now().await;
                }
            })
            .await;
        }
    }
}
