//! A Redis with replicas that sentinels watch over: its master dies, and is changed on purpose, while everybody speaks.

use std::time::Instant;

use gateway_runtime::{RedisAdapter, ShardedRedisAdapter};

use super::redis_server::{RedisServer, free_port};
use super::stations::{Station, Subject, count, hear_themselves, resumes, stations, until};
use crate::support::certificates::Folder;
use crate::support::client::within;

/// A master, a replica, and three sentinels who agree that it is gone after half a second.
struct Watched {
    master: RedisServer,
    replica: RedisServer,
    sentinels: Vec<RedisServer>,
    _files: Folder,
}

impl Watched {
    async fn start(name: &str) -> Self {
        // They write and flush them at each vote, and one that stands still for two seconds meanwhile rests for thirty.
        let files = Folder::in_memory(name);
        let master = RedisServer::start().await;
        let replica = replica_of(master.port(), free_port()).await;
        let mut sentinels = Vec::new();
        for number in 0..3 {
            let (port, file) = (free_port(), files.path(&format!("sentinel-{number}.conf")));
            let watched = master.port();
            let text = format!(
                "port {port}\nsentinel monitor chats 127.0.0.1 {watched} 2\n\
                 sentinel down-after-milliseconds chats 500\nsentinel failover-timeout chats 3000\n"
            );
            std::fs::write(&file, text).expect("written");
            let file = file.to_str().expect("a name in UTF-8");
            sentinels.push(RedisServer::start_with(port, &[file, "--sentinel"]).await);
        }
        // Sentinels never choose one that had not got there before its master died.
        is_synchronized(&replica).await;
        let watched = Self { master, replica, sentinels, _files: files };
        watched.complete().await;
        watched
    }

    /// Waits until each sentinel knows the others and the replica.
    async fn complete(&self) {
        for sentinel in &self.sentinels {
            within("the sentinels", async {
                loop {
                    let known = sentinel.info("SENTINEL MASTER chats").await;
                    if known.contains("\r\nnum-slaves\r\n$1\r\n1\r\n")
                        && known.contains("\r\nnum-other-sentinels\r\n$1\r\n2\r\n")
                    {
                        break;
                    }
                    tokio::task::yield_now().await;
                }
            })
            .await;
        }
    }

    fn url(&self) -> String {
        let hosts: Vec<_> =
            self.sentinels.iter().map(|sentinel| format!("127.0.0.1:{}", sentinel.port())).collect();
        format!("redis+sentinel://{}/chats", hosts.join(","))
    }
}

async fn replica_of(master: u16, port: u16) -> RedisServer {
    let (master, own) = (master.to_string(), port.to_string());
    RedisServer::start_with(port, &["--port", &own, "--replicaof", "127.0.0.1", &master]).await
}

/// Waits until a replica has what its master has.
async fn is_synchronized(replica: &RedisServer) {
    within("the replica", async {
        while !replica.info("ROLE").await.contains("connected") {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// Waits until both servers have their two connections to this Redis. Sentinels speak an older protocol.
async fn both_are_at(redis: &RedisServer) {
    within("the connections", async {
        while redis.info("CLIENT LIST").await.matches("resp=3").count() != 4 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

async fn the_master_changes<A: Subject>() {
    let watched = Watched::start(A::NAME).await;
    let stations = stations::<A>(&watched.url(), 65_536).await;
    let Watched { master, replica, sentinels, _files } = watched;
    let killed = Instant::now();
    let port = master.kill().await;
    until("the outage", || !stations.iter().any(Station::is_up)).await;
    hear_themselves(&stations).await;
    resumes(&stations, "the master killed (from then on)", killed).await;
    until("the end of the outage", || stations.iter().all(Station::is_up)).await;
    both_are_at(&replica).await;

    // The former one comes back as a replica, and the sentinels are asked to change them.
    let reconnects = stations.each_ref().map(|station| station.adapter.stats().reconnects);
    let former = replica_of(replica.port(), port).await;
    is_synchronized(&former).await;
    within("the sentinels", async {
        // They do not change masters again at once.
        while !sentinels[0].command("SENTINEL FAILOVER chats").await.starts_with("+OK") {
            tokio::task::yield_now().await;
        }
    })
    .await;
    // Sentinels leave a master that is alive as it is for 8 s, with all who are at it.
    until("the change", || {
        stations.iter().zip(reconnects).any(|(station, before)| station.adapter.stats().reconnects > before)
    })
    .await;
    let changed = Instant::now();
    both_are_at(&former).await;
    resumes(&stations, "the master changed on purpose (from the end of connections on)", changed).await;
    count(&stations).await;
    for station in &stations {
        assert_eq!(station.adapter.stats().dropped, 0, "the buffer is for so short a time");
    }
    assert_eq!(stations[0].server.server_count().await, Ok(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_master_changes_under_the_adapter() {
    the_master_changes::<RedisAdapter>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_master_changes_under_the_sharded_adapter() {
    the_master_changes::<ShardedRedisAdapter>().await;
}

#[tokio::test]
async fn what_sentinels_do_not_know_is_an_error() {
    let sentinel = free_port();
    let error = RedisAdapter::connect(format!("redis+sentinel://127.0.0.1:{sentinel}/chats")).await;
    let error = error.expect_err("nobody is there").to_string();
    assert!(
        error.contains(&format!("cannot connect to Redis at redis+sentinel://127.0.0.1:{sentinel}/chats")),
        "{error}"
    );
    let watched = Watched::start("unknown").await;
    let error = RedisAdapter::connect(watched.url().replace("/chats", "/orders")).await;
    let error = error.expect_err("no such master").to_string();
    assert!(error.contains("/orders"), "{error}");
}
