//! What happens to messages when Redis, a connection to it, or another server goes away while everybody speaks, with each
//! adapter.

use std::time::{Duration, Instant};

use gateway_runtime::{AdapterError, RedisAdapter, RedisStreamsAdapter, ShardedRedisAdapter};
use tokio::process::Command;

use super::redis_server::{RedisServer, free_port};
use super::stations::{
    Station, Subject, count, hear_each_other, hear_last_words, hear_themselves, hears_a_number,
    nothing_is_missing, resumes, stations, until,
};
use crate::support::client::{Client, within};
use crate::support::process::Example;

/// Each fault is a test of its own for each adapter.
macro_rules! faults {
    ($($module:ident: $adapter:ty),* $(,)?) => {
        $(faults!(@ $module: $adapter;
            redis_is_killed_and_started_again,
            redis_is_paused_for_ten_seconds,
            the_connections_are_cut,
            another_server_freezes_and_is_killed,
        );)*
    };
    (@ $module:ident: $adapter:ty; $($fault:ident),* $(,)?) => {
        mod $module {
            use super::*;

            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $fault() {
                    super::$fault::<$adapter>().await;
                }
            )*
        }
    };
}

faults! {
    classic: RedisAdapter,
    sharded: ShardedRedisAdapter,
    streams: RedisStreamsAdapter,
}

/// Another server of the cluster, in a process of its own.
async fn another<A: Subject>(redis: &RedisServer) -> Example {
    let command = Command::new(env!("CARGO_BIN_EXE_cluster-app"));
    let environment = [("REDIS_URL", redis.url()), ("ADAPTER", A::NAME.to_owned())];
    let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
    Example::start_command(command, "cluster-app", &environment).await
}

async fn redis_is_killed_and_started_again<A: Subject>() {
    let redis = RedisServer::start().await;
    let stations = stations::<A>(&redis.url(), 100).await;
    let port = redis.kill().await;
    until("drops", || stations.iter().all(|station| station.adapter.stats().dropped > 50)).await;
    assert!(!stations.iter().any(Station::is_up), "the outage is visible");
    hear_themselves(&stations).await;
    let error = stations[0].server.fetch_sockets().await.expect_err("nobody can be asked");
    assert!(matches!(error, AdapterError::Unavailable(_)), "{error}");

    let _redis = RedisServer::start_on(port).await;
    resumes(&stations, "killed and started again", Instant::now()).await;
    until("the end of the outage", || stations.iter().all(Station::is_up)).await;
    count(&stations).await;
    assert_eq!(stations[0].server.server_count().await, Ok(2));
}

async fn redis_is_paused_for_ten_seconds<A: Subject>() {
    let redis = RedisServer::start().await;
    let stations = stations::<A>(&redis.url(), 500).await;
    redis.signal("STOP").await;
    let paused = tokio::time::sleep(Duration::from_secs(10));
    let meanwhile = async {
        let error = stations[0].server.fetch_sockets().await.expect_err("nobody can be asked");
        assert!(matches!(error, AdapterError::Unavailable(_)), "{error}");
        until("the outage", || !stations.iter().any(Station::is_up)).await;
        hear_themselves(&stations).await;
    };
    tokio::join!(paused, meanwhile);
    assert!(stations.iter().all(|station| station.adapter.stats().dropped > 0), "more was said than fits");
    redis.signal("CONT").await;
    resumes(&stations, "paused for 10 s", Instant::now()).await;
    until("the end of the outage", || stations.iter().all(Station::is_up)).await;
    count(&stations).await;
}

async fn the_connections_are_cut<A: Subject>() {
    let redis = RedisServer::start().await;
    let stations = stations::<A>(&redis.url(), 65_536).await;
    for kind in ["normal", "pubsub", "normal", "pubsub"] {
        let reconnects = stations.each_ref().map(|station| station.adapter.stats().reconnects);
        let cut = Instant::now();
        let answer = redis.command(&format!("CLIENT KILL TYPE {kind}")).await;
        assert!(answer.starts_with(':'), "{answer}");
        until("new connections", || {
            stations
                .iter()
                .zip(reconnects)
                .all(|(station, before)| station.adapter.stats().reconnects > before)
        })
        .await;
        resumes(&stations, &format!("connections of the type {kind} cut"), cut).await;
    }
    count(&stations).await;
    for station in &stations {
        assert_eq!(station.adapter.stats().dropped, 0, "the buffer is for so short a time");
    }
}

async fn another_server_freezes_and_is_killed<A: Subject>() {
    let redis = RedisServer::start().await;
    let stations = stations::<A>(&redis.url(), 65_536).await;
    let [one, other] = &stations;
    let mut victim = another::<A>(&redis).await;
    let mut client = Client::connect(victim.addr(), "/chats").await;
    assert_eq!(one.server.server_count().await, Ok(3));
    assert_eq!(one.server.fetch_sockets().await.map(|sockets| sockets.len()), Ok(3));
    hears_a_number(&mut client).await;

    victim.signal("STOP").await;
    let expected = AdapterError::Timeout { answered: 1, expected: 2 };
    assert_eq!(one.server.fetch_sockets().await.expect_err("one is silent"), expected);
    assert_eq!(other.server.all_rooms().await.expect_err("one is silent"), expected);
    // It is killed while it is waited for.
    let asked = one.server.fetch_sockets();
    let killed = async {
        victim.signal("KILL").await;
        victim.ended().await
    };
    let (error, status) = tokio::join!(asked, killed);
    assert_eq!(error.expect_err("one is dead"), expected);
    assert!(!status.success());
    within("the servers that are left", async {
        while one.server.server_count().await != Ok(2) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    assert_eq!(one.server.fetch_sockets().await.map(|sockets| sockets.len()), Ok(2));
    hear_each_other(&stations).await;

    // Another one takes its place.
    let again = another::<A>(&redis).await;
    let mut client = Client::connect(again.addr(), "/chats").await;
    assert_eq!(other.server.server_count().await, Ok(3));
    hears_a_number(&mut client).await;
    for station in &stations {
        station.silence().await;
    }
    hear_last_words(&stations).await;
    // Redis was there all the time: nothing is missing anywhere.
    for station in &stations {
        for speaker in &stations {
            let heard = station.heard_of(speaker);
            assert!(heard.iter().copied().eq(heard[0]..speaker.said()), "of {}: {heard:?}", speaker.number);
        }
        let stats = station.adapter.stats();
        assert_eq!((stats.dropped, stats.unconfirmed, stats.reconnects), (0, 0, 0));
    }
}

/// What streams are for: Redis, which keeps its data, and the connections go away and come back, and nobody misses anything.
#[tokio::test(flavor = "multi_thread")]
async fn streams_lose_nothing() {
    let port = free_port();
    let folder = std::env::temp_dir().join(format!("gateway-streams-{port}"));
    let mut redis = RedisServer::start_persistent(port, &folder).await;
    let stations = stations::<RedisStreamsAdapter>(&redis.url(), 65_536).await;
    for _ in 0..2 {
        redis.kill().await;
        until("the outage", || !stations.iter().any(Station::is_up)).await;
        hear_themselves(&stations).await;
        redis = RedisServer::start_persistent(port, &folder).await;
        resumes(&stations, "killed and started again with its data", Instant::now()).await;
    }
    redis.signal("STOP").await;
    let paused = tokio::time::sleep(Duration::from_secs(10));
    let meanwhile = async {
        until("the outage", || !stations.iter().any(Station::is_up)).await;
        hear_themselves(&stations).await;
    };
    tokio::join!(paused, meanwhile);
    redis.signal("CONT").await;
    resumes(&stations, "paused for 10 s with nothing dropped", Instant::now()).await;
    for _ in 0..20 {
        let reconnects = stations.each_ref().map(|station| station.adapter.stats().reconnects);
        redis.command("CLIENT KILL TYPE normal").await;
        let is_back = |(station, before): (&Station<RedisStreamsAdapter>, u64)| {
            station.adapter.stats().reconnects > before
        };
        until("new connections", || stations.iter().zip(reconnects).all(is_back)).await;
    }
    count(&stations).await;
    nothing_is_missing(&stations);
    drop(redis);
    std::fs::remove_dir_all(&folder).expect("nobody writes there any more");
}
