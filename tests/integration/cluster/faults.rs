//! What happens to messages when Redis, a connection to it, or another server goes away while everybody speaks.
//!
//! A [`Station`] is a server with somebody who counts aloud at it, and a client that writes down what it hears. Of its own server
//! a client must hear every number once and in order, whatever happens; of another one each at most once and in order. What
//! a server has not got through to the others it has counted.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use gateway_runtime::prelude::*;
use gateway_runtime::{AdapterError, AdapterHealth, RedisAdapter, RedisAdapterBuilder};
use parking_lot::Mutex;
use tokio::task::JoinHandle;

use super::redis_server::RedisServer;
use crate::support::app::{TestApp, builder};
use crate::support::client::{Client, within};
use crate::support::process::Example;

/// Between two numbers.
const TEMPO: Duration = Duration::from_millis(2);

/// How long Redis may take to answer before its connection counts as lost.
const CONNECTION_TIMEOUT_MS: u32 = 2000;

/// How long other servers may take to answer.
const REQUESTS_TIMEOUT_MS: u32 = 1500;

/// In the namespace that the example `cluster` has as well, so that this can be another server of the cluster.
#[web_socket_gateway(namespace = "chats")]
struct CountingGateway {
    #[web_socket_server]
    server: Server,
}

#[subscribe_messages]
impl CountingGateway {}

/// Numbers, by who has said them.
type Heard = Arc<Mutex<HashMap<u64, Vec<u64>>>>;

struct Station {
    number: u64,
    adapter: RedisAdapter,
    server: Server,
    said: Arc<AtomicU64>,
    heard: Heard,
    speaker: JoinHandle<()>,
    _app: TestApp,
}

impl Station {
    async fn start(number: u64, redis: &RedisServer, options: Options) -> Self {
        let adapter = options(RedisAdapter::builder(redis.url()))
            .connection_timeout(CONNECTION_TIMEOUT_MS)
            .requests_timeout(REQUESTS_TIMEOUT_MS)
            .connect()
            .await
            .expect("Redis is there");
        let app =
            builder::<CountingGateway>().use_web_socket_adapter(IoAdapter::with_adapter(adapter.clone()));
        let app = TestApp::start(app).await;
        let server = app.get::<CountingGateway>().server.clone();
        let heard = Heard::default();
        tokio::spawn(listen(app.client_in("/chats").await, heard.clone()));
        let said = Arc::new(AtomicU64::new(0));
        let speaker = tokio::spawn(speak(number, server.clone(), said.clone()));
        Self { number, adapter, server, said, heard, speaker, _app: app }
    }

    fn said(&self) -> u64 {
        self.said.load(Ordering::SeqCst)
    }

    fn heard_of(&self, speaker: &Self) -> Vec<u64> {
        self.heard.lock().get(&speaker.number).cloned().unwrap_or_default()
    }

    fn last_heard_of(&self, speaker: &Self) -> Option<u64> {
        self.heard.lock().get(&speaker.number)?.last().copied()
    }

    /// All numbers of which it is known what has become of them.
    fn accounted(&self) -> u64 {
        let stats = self.adapter.stats();
        stats.published + stats.dropped + stats.unconfirmed + stats.refused
    }

    fn is_up(&self) -> bool {
        self.adapter.health() == AdapterHealth::Up
    }
}

impl Drop for Station {
    fn drop(&mut self) {
        self.speaker.abort();
    }
}

type Options = fn(RedisAdapterBuilder) -> RedisAdapterBuilder;

fn say(number: u64, server: &Server, said: &AtomicU64) {
    server.emit("number", Args((number, said.load(Ordering::SeqCst))));
    said.fetch_add(1, Ordering::SeqCst);
}

async fn speak(number: u64, server: Server, said: Arc<AtomicU64>) {
    loop {
        say(number, &server, &said);
        tokio::time::sleep(TEMPO).await;
    }
}

async fn listen(mut client: Client, heard: Heard) {
    while let Some(packet) = client.next_packet().await {
        if packet.data[0] == "number" {
            let (speaker, number) = (packet.data[1].as_u64(), packet.data[2].as_u64());
            let mut heard = heard.lock();
            heard.entry(speaker.expect("a speaker")).or_default().push(number.expect("a number"));
        }
    }
}

/// Waits until this client has heard what is said at another server.
async fn hears_a_number(client: &mut Client) {
    while within("a number", client.packet()).await.data[0] != "number" {}
}

async fn stations(redis: &RedisServer, options: Options) -> [Station; 2] {
    let stations = [Station::start(0, redis, options).await, Station::start(1, redis, options).await];
    hear_each_other(&stations).await;
    stations
}

/// Waits until something is so.
async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    within(what, async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// Waits until everybody has heard of everybody what was said after this call.
async fn hear_each_other(stations: &[Station]) {
    for speaker in stations {
        let now = speaker.said();
        for listener in stations {
            let what = format!("what {} says at {}", speaker.number, listener.number);
            until(&what, || listener.last_heard_of(speaker).is_some_and(|number| number >= now)).await;
        }
    }
}

/// The clients of each server go on to hear what is said there.
async fn hear_themselves(stations: &[Station]) {
    for station in stations {
        let now = station.said();
        until("what is said here", || station.last_heard_of(station).is_some_and(|number| number > now))
            .await;
    }
}

/// Waits until servers hear each other, and says how long that took, to whoever reads the output.
async fn resumes(stations: &[Station], after: &str, answers: Instant) {
    hear_each_other(stations).await;
    println!("{after}: servers heard each other {:?} after Redis answered", answers.elapsed());
}

/// Everybody stops, and what was heard is looked at.
async fn count(stations: &[Station]) {
    for station in stations {
        station.speaker.abort();
        until("the end of the speaker", || station.speaker.is_finished()).await;
        until("what became of all", || station.accounted() == station.said()).await;
    }
    // What came before the last word has arrived with it.
    for station in stations {
        say(station.number, &station.server, &station.said);
    }
    hear_last_words(stations).await;
    for station in stations {
        assert_eq!(station.accounted(), station.said(), "{:?}", station.adapter.stats());
        let own = station.heard_of(station);
        assert!(own.iter().copied().eq(0..station.said()), "lost or doubled at {}: {own:?}", station.number);
        for other in stations.iter().filter(|other| other.number != station.number) {
            let heard = station.heard_of(other);
            let doubled = heard.windows(2).find(|pair| pair[0] >= pair[1]);
            assert!(doubled.is_none(), "{doubled:?} of {} at {}", other.number, station.number);
            let stats = other.adapter.stats();
            let lost = usize::try_from(stats.dropped).expect("a number of messages");
            assert!(heard.len() + lost <= usize::try_from(other.said()).expect("so many"), "{stats:?}");
        }
    }
}

async fn hear_last_words(stations: &[Station]) {
    for speaker in stations {
        let last = speaker.said() - 1;
        for listener in stations {
            until("the last word", || listener.last_heard_of(speaker) == Some(last)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_is_killed_and_started_again() {
    let redis = RedisServer::start().await;
    let stations = stations(&redis, |builder| builder.max_buffered_messages(100)).await;
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

#[tokio::test(flavor = "multi_thread")]
async fn redis_is_paused_for_ten_seconds() {
    let redis = RedisServer::start().await;
    let stations = stations(&redis, |builder| builder.max_buffered_messages(500)).await;
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

#[tokio::test(flavor = "multi_thread")]
async fn the_connections_are_cut() {
    let redis = RedisServer::start().await;
    let stations = stations(&redis, |builder| builder).await;
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

#[tokio::test(flavor = "multi_thread")]
async fn another_server_freezes_and_is_killed() {
    let redis = RedisServer::start().await;
    let stations = stations(&redis, |builder| builder).await;
    let [one, other] = &stations;
    let environment = [("REDIS_URL", redis.url()), ("NODE", "victim".to_owned())];
    let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
    let mut victim = Example::start("cluster", &environment).await;
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
    let again = Example::start("cluster", &environment).await;
    let mut client = Client::connect(again.addr(), "/chats").await;
    assert_eq!(other.server.server_count().await, Ok(3));
    hears_a_number(&mut client).await;
    for station in &stations {
        station.speaker.abort();
        until("the end of the speaker", || station.speaker.is_finished()).await;
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
