//! Servers where somebody speaks all the time, and who hears it.
//!
//! A [`Station`] is a server with somebody who counts aloud at it, and a client that writes down what it hears. Of its own server
//! a client must hear every number once and in order, whatever happens; of another one each at most once and in order. What
//! a server has not got through to the others it has counted. What goes away meanwhile is in `faults` and `sentinel`.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use gateway_runtime::adapter::IntoAdapterFactory;
use gateway_runtime::prelude::*;
use gateway_runtime::{
    AdapterHealth, RedisAdapter, RedisAdapterStats, RedisStreamsAdapter, ShardedRedisAdapter,
};
use parking_lot::Mutex;
use tokio::task::JoinHandle;

use crate::support::app::{TestApp, builder};
use crate::support::client::{Client, within};

/// Between two numbers.
const TEMPO: Duration = Duration::from_millis(2);

/// How long Redis may take to answer before its connection counts as lost.
const CONNECTION_TIMEOUT_MS: u32 = 2000;

/// How long other servers may take to answer.
const REQUESTS_TIMEOUT_MS: u32 = 1500;

/// The room that all clients are in: every other number is for it, the rest for everybody.
const ROOM: &str = "listeners";

/// An adapter whose servers go through faults.
pub(crate) trait Subject: IntoAdapterFactory + Clone + Send + Sync + 'static {
    /// What the program `cluster-app` calls it.
    const NAME: &'static str;

    /// Connects to Redis; so many messages may wait while that is away.
    async fn connect(url: &str, max_buffered_messages: usize) -> Self;

    fn health(&self) -> AdapterHealth;

    fn stats(&self) -> RedisAdapterStats;
}

macro_rules! subject {
    ($adapter:ident, $name:literal) => {
        impl Subject for $adapter {
            const NAME: &'static str = $name;

            async fn connect(url: &str, max_buffered_messages: usize) -> Self {
                let builder = $adapter::builder(url)
                    .connection_timeout(CONNECTION_TIMEOUT_MS)
                    .requests_timeout(REQUESTS_TIMEOUT_MS)
                    .max_buffered_messages(max_buffered_messages);
                builder.connect().await.expect("Redis is there")
            }

            fn health(&self) -> AdapterHealth {
                self.health()
            }

            fn stats(&self) -> RedisAdapterStats {
                self.stats()
            }
        }
    };
}

subject!(RedisAdapter, "classic");
subject!(ShardedRedisAdapter, "sharded");
subject!(RedisStreamsAdapter, "streams");

/// In the namespace that `cluster-app` has as well, so that it can be another server of the cluster.
#[web_socket_gateway(namespace = "chats")]
struct CountingGateway {
    #[web_socket_server]
    server: Server,
}

#[subscribe_messages]
impl CountingGateway {}

impl OnGatewayConnection for CountingGateway {
    async fn handle_connection(&self, client: Socket) -> HookResult {
        client.join(ROOM);
        Ok(())
    }
}

/// Numbers, by who has said them.
type Heard = Arc<Mutex<HashMap<u64, Vec<u64>>>>;

pub(crate) struct Station<A> {
    pub(crate) number: u64,
    pub(crate) adapter: A,
    pub(crate) server: Server,
    said: Arc<AtomicU64>,
    heard: Heard,
    speaker: JoinHandle<()>,
    app: TestApp,
}

impl<A: Subject> Station<A> {
    async fn start(number: u64, redis: &str, max_buffered_messages: usize) -> Self {
        Self::over(number, A::connect(redis, max_buffered_messages).await).await
    }

    /// A server with this adapter.
    pub(crate) async fn over(number: u64, adapter: A) -> Self {
        let app =
            builder::<CountingGateway>().use_web_socket_adapter(IoAdapter::with_adapter(adapter.clone()));
        let app = TestApp::start(app).await;
        let server = app.get::<CountingGateway>().server.clone();
        let heard = Heard::default();
        let client = app.client_in("/chats").await;
        within("the room", async {
            while !server.adapter().rooms().iter().any(|room| &**room == ROOM) {
                tokio::task::yield_now().await;
            }
            server.adapter().ready().await;
        })
        .await;
        tokio::spawn(listen(client, heard.clone()));
        let said = Arc::new(AtomicU64::new(0));
        let speaker = tokio::spawn(speak(number, server.clone(), said.clone()));
        Self { number, adapter, server, said, heard, speaker, app }
    }

    /// Another client of it.
    pub(crate) async fn client(&self) -> Client {
        self.app.client_in("/chats").await
    }

    pub(crate) fn said(&self) -> u64 {
        self.said.load(Ordering::SeqCst)
    }

    pub(crate) fn heard_of(&self, speaker: &Self) -> Vec<u64> {
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

    pub(crate) fn is_up(&self) -> bool {
        self.adapter.health() == AdapterHealth::Up
    }
}

impl<A> Drop for Station<A> {
    fn drop(&mut self) {
        self.speaker.abort();
    }
}

fn say(number: u64, server: &Server, said: &AtomicU64) {
    let count = said.load(Ordering::SeqCst);
    if count.is_multiple_of(2) {
        server.emit("number", Args((number, count)));
    } else {
        server.to(ROOM).emit("number", Args((number, count)));
    }
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
pub(crate) async fn hears_a_number(client: &mut Client) {
    while within("a number", client.packet()).await.data[0] != "number" {}
}

/// Two servers behind the Redis at this address, who hear each other.
pub(crate) async fn stations<A: Subject>(redis: &str, max_buffered_messages: usize) -> [Station<A>; 2] {
    let start = |number| Station::start(number, redis, max_buffered_messages);
    let stations = [start(0).await, start(1).await];
    hear_each_other(&stations).await;
    // What was heard before all subscriptions has gaps.
    for station in &stations {
        station.heard.lock().retain(|speaker, _| *speaker == station.number);
    }
    hear_each_other(&stations).await;
    stations
}

/// Waits until something is so.
pub(crate) async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    within(what, async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// Waits until everybody has heard of everybody what was said after this call.
pub(crate) async fn hear_each_other<A: Subject>(stations: &[Station<A>]) {
    for speaker in stations {
        let now = speaker.said();
        for listener in stations {
            let what = format!("what {} says at {}", speaker.number, listener.number);
            until(&what, || listener.last_heard_of(speaker).is_some_and(|number| number >= now)).await;
        }
    }
}

/// The clients of each server go on to hear what is said there.
pub(crate) async fn hear_themselves<A: Subject>(stations: &[Station<A>]) {
    for station in stations {
        let now = station.said();
        until("what is said here", || station.last_heard_of(station).is_some_and(|number| number > now))
            .await;
    }
}

/// Waits until servers hear each other, and says how long that took, to whoever reads the output.
pub(crate) async fn resumes<A: Subject>(stations: &[Station<A>], after: &str, answers: Instant) {
    hear_each_other(stations).await;
    println!("{}, {after}: servers heard each other {:?} after Redis answered", A::NAME, answers.elapsed());
}

impl<A> Station<A> {
    /// Says nothing more.
    pub(crate) async fn silence(&self) {
        self.speaker.abort();
        until("the end of the speaker", || self.speaker.is_finished()).await;
    }
}

/// Everybody stops, and what was heard is looked at.
pub(crate) async fn count<A: Subject>(stations: &[Station<A>]) {
    for station in stations {
        station.silence().await;
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

/// After [`count`]: nobody has missed anything, whoever said it.
pub(crate) fn nothing_is_missing<A: Subject>(stations: &[Station<A>]) {
    for station in stations {
        for speaker in stations {
            let heard = station.heard_of(speaker);
            let first = *heard.first().expect("some numbers");
            assert!(heard.iter().copied().eq(first..speaker.said()), "of {}: {heard:?}", speaker.number);
        }
        let stats = station.adapter.stats();
        assert_eq!((stats.dropped, stats.unconfirmed, stats.refused), (0, 0, 0), "{stats:?}");
    }
}

pub(crate) async fn hear_last_words<A: Subject>(stations: &[Station<A>]) {
    for speaker in stations {
        let last = speaker.said() - 1;
        for listener in stations {
            until("the last word", || listener.last_heard_of(speaker) == Some(last)).await;
        }
    }
}
