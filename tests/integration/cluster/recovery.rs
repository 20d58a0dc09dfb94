//! Clients that come back to another server of the cluster, on Rust or on Node, over `RedisStreamsAdapter` and
//! `@socket.io/redis-streams-adapter`.
//!
//! Somebody counts aloud into a room. A client is cut off in the middle, and shows another server what it has received last: it must
//! have every number once and in order, its rooms and its data.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use gateway_runtime::RedisStreamsAdapter;
use gateway_runtime::prelude::*;
use serde_json::{Map, Value, json};

use super::redis_server::{RedisServer, free_port};
use crate::support::app::{TestApp, builder};
use crate::support::client::{Client, Packet, within};
use crate::support::process::Example;

/// Between two numbers.
const TEMPO: Duration = Duration::from_millis(2);

/// The same as in `tests/nestjs/src/cluster`.
#[web_socket_gateway(namespace = "cluster", connection_state_recovery = true)]
struct RecoveringGateway {
    #[web_socket_server]
    server: Server,
}

#[subscribe_messages]
impl RecoveringGateway {
    #[subscribe_message("join")]
    fn join(&self, #[message_body] rooms: Vec<String>, #[connected_socket] client: Socket) -> bool {
        client.join(rooms);
        true
    }

    #[subscribe_message("set")]
    fn set(&self, #[message_body] data: Map<String, Value>, #[connected_socket] client: Socket) -> bool {
        client.data().extend(data);
        true
    }

    #[subscribe_message("state")]
    fn state(&self, #[connected_socket] client: &Socket) -> Value {
        let rooms = client.rooms();
        let rooms: Vec<_> = rooms.iter().filter(|room| *room != client.id()).collect();
        json!({ "recovered": client.recovered(), "rooms": rooms, "data": *client.data() })
    }
}

/// A server of the cluster.
enum Station {
    Rust(TestApp),
    Node(Example),
}

impl Station {
    async fn rust(redis: &RedisServer) -> Self {
        let options = RedisStreamsAdapter::builder(redis.url()).connection_timeout(2000);
        let adapter = options.connect().await.expect("Redis is there");
        let app = builder::<RecoveringGateway>().use_web_socket_adapter(IoAdapter::with_adapter(adapter));
        Self::Rust(TestApp::start(app).await)
    }

    async fn node(redis: &RedisServer, script: &str) -> Self {
        let url = redis.url();
        let environment =
            [("REDIS_URL", url.as_str()), ("NAME", script), ("ADAPTER", "streams"), ("RECOVERY", "1")];
        Self::Node(Example::start_node(&format!("dist/cluster/{script}.js"), &environment).await)
    }

    fn addr(&self) -> std::net::SocketAddr {
        match self {
            Self::Rust(app) => app.addr(),
            Self::Node(example) => example.addr(),
        }
    }

    /// Counts aloud into the room `x`: `["n", speaker, number, …]`.
    async fn speaker(&self, name: u64) -> Speaker {
        let voice = match self {
            Self::Rust(app) => Voice::Rust(app.get::<RecoveringGateway>().server.clone()),
            Self::Node(example) => Voice::Node(Box::new(Client::connect(example.addr(), "/control").await)),
        };
        let (said, silent) = (Arc::new(AtomicU64::new(0)), Arc::<Silence>::default());
        let task = tokio::spawn(speak(name, voice, said.clone(), silent.clone()));
        Speaker { name, said, silent, task }
    }
}

enum Voice {
    Rust(Server),
    Node(Box<Client>),
}

/// What a speaker is asked, and whether it has heard.
#[derive(Default)]
struct Silence {
    wanted: AtomicBool,
    kept: AtomicBool,
}

struct Speaker {
    name: u64,
    said: Arc<AtomicU64>,
    silent: Arc<Silence>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Speaker {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Speaker {
    fn said(&self) -> u64 {
        self.said.load(Ordering::SeqCst)
    }

    fn speaks(&self) {
        self.silent.kept.store(false, Ordering::SeqCst);
        self.silent.wanted.store(false, Ordering::SeqCst);
    }

    /// Returns when nothing that it says is on its way to its server.
    async fn is_silent(&self) {
        self.silent.wanted.store(true, Ordering::SeqCst);
        within("silence", async {
            while !self.silent.kept.load(Ordering::SeqCst) {
                tokio::time::sleep(TEMPO).await;
            }
        })
        .await;
    }

    async fn has_said(&self, more: u64) {
        let said = self.said() + more;
        within("more numbers", async {
            while self.said() < said {
                tokio::time::sleep(TEMPO).await;
            }
        })
        .await;
    }
}

async fn speak(name: u64, mut voice: Voice, said: Arc<AtomicU64>, silent: Arc<Silence>) {
    loop {
        tokio::time::sleep(TEMPO).await;
        if silent.wanted.load(Ordering::SeqCst) {
            silent.kept.store(true, Ordering::SeqCst);
            continue;
        }
        let number = said.load(Ordering::SeqCst);
        // Some of them with bytes.
        match &mut voice {
            Voice::Rust(server) if number.is_multiple_of(3) => {
                server.to("x").emit("n", Args((name, number, Binary::from(b"\x00\xff"))));
            }
            Voice::Rust(server) => server.to("x").emit("n", Args((name, number))),
            Voice::Node(control) => {
                let mut args = json!([name, number]);
                if number.is_multiple_of(3) {
                    args.as_array_mut().expect("an array").push(json!({ "$bin": [0, 255] }));
                }
                control
                    .call("op", json!([{ "op": "emit", "rooms": ["x"], "event": "n", "args": args }]))
                    .await;
            }
        }
        said.fetch_add(1, Ordering::SeqCst);
    }
}

/// A client, and what it knows when it is cut off.
struct Listener {
    client: Client,
    sid: Value,
    pid: Value,
    offset: Value,
    heard: Vec<(u64, u64)>,
}

impl Listener {
    async fn new(station: &Station) -> Self {
        let (client, connected) = connect(station, &json!({})).await;
        let mut listener = Self {
            client,
            sid: connected.data["sid"].clone(),
            pid: connected.data["pid"].clone(),
            offset: Value::Null,
            heard: Vec::new(),
        };
        assert_eq!(listener.ask("set", json!({ "user": "Ann" })).await, json!([true]));
        assert_eq!(listener.ask("join", json!(["x", "y"])).await, json!([true]));
        listener
    }

    /// Writes down what comes before the answer.
    async fn ask(&mut self, event: &str, body: Value) -> Value {
        let args = if body.is_null() { json!([event]) } else { json!([event, body]) };
        self.client.send_text(&format!("42/cluster,99{args}")).await;
        loop {
            let packet = self.client.packet().await;
            if packet.kind == '3' {
                return packet.data;
            }
            self.hear(&packet);
        }
    }

    fn hear(&mut self, packet: &Packet) {
        assert_eq!((packet.kind, &packet.data[0]), ('2', &json!("n")), "{packet:?}");
        let event = packet.data.as_array().expect("an event");
        let number = |index: usize| event[index].as_u64().expect("a number");
        self.heard.push((number(1), number(2)));
        if number(2).is_multiple_of(3) {
            assert_eq!(packet.attachments, [&b"\x00\xff"[..]]);
        }
        self.offset = event.last().filter(|last| last.is_string()).expect("an offset").clone();
    }

    /// Waits until all that was said until now was heard.
    async fn hears_all(&mut self, speakers: &[Speaker]) {
        let said: Vec<_> = speakers.iter().map(|speaker| (speaker.name, speaker.said())).collect();
        let is_missing = |heard: &[(u64, u64)], (name, said): (u64, u64)| {
            said > 0 && !heard.iter().rev().any(|(speaker, number)| *speaker == name && *number >= said - 1)
        };
        while said.iter().any(|said| is_missing(&self.heard, *said)) {
            let packet = self.client.packet().await;
            self.hear(&packet);
        }
    }

    /// Is cut off, and comes back to another server.
    async fn comes_back_to(&mut self, station: &Station, redis: &RedisServer, meanwhile: impl AsyncFnOnce()) {
        let Self { sid, pid, offset, .. } = self;
        let auth = json!({ "pid": pid, "offset": offset });
        let key = format!("sio:session:{}", pid.as_str().expect("a private id"));
        // The connection breaks, without a word.
        let gone = std::mem::replace(&mut self.client, Client::open(station.addr()).await);
        drop(gone);
        within("the session", async {
            while redis.command(&format!("EXISTS {key}")).await != ":1\r\n" {
                tokio::time::sleep(TEMPO).await;
            }
        })
        .await;
        meanwhile().await;
        let (next, (before, connected)) = come_back(station, &auth).await;
        assert_eq!((&connected.data["sid"], &connected.data["pid"]), (&*sid, &*pid), "{auth}");
        self.client = next;
        before.iter().for_each(|packet| self.hear(packet));
        let state = self.ask("state", Value::Null).await;
        assert_eq!(state[0]["recovered"], true);
        assert_eq!(state[0]["data"], json!({ "user": "Ann" }));
        let mut rooms: Vec<_> =
            serde_json::from_value::<Vec<String>>(state[0]["rooms"].clone()).expect("rooms");
        rooms.sort();
        assert_eq!(rooms, ["x", "y"]);
    }

    /// Every number once and in order, of each speaker.
    fn has_heard_all(&self, speakers: &[Speaker]) {
        for speaker in speakers {
            let numbers =
                self.heard.iter().filter(|(name, _)| *name == speaker.name).map(|(_, number)| *number);
            let numbers: Vec<_> = numbers.collect();
            let last = *numbers.last().expect("some numbers");
            assert!(numbers.iter().copied().eq(numbers[0]..=last), "of {}: {numbers:?}", speaker.name);
        }
    }
}

async fn connect(station: &Station, auth: &Value) -> (Client, Packet) {
    let (client, (before, connected)) = come_back(station, auth).await;
    assert_eq!(before, []);
    (client, connected)
}

/// What comes before the answer to CONNECT, and that.
async fn come_back(station: &Station, auth: &Value) -> (Client, (Vec<Packet>, Packet)) {
    let mut client = Client::open(station.addr()).await;
    client.send_text(&format!("40/cluster,{auth}")).await;
    let mut before = Vec::new();
    loop {
        let packet = client.packet().await;
        match packet.kind {
            '0' => return (client, (before, packet)),
            _ => before.push(packet),
        }
    }
}

/// A client of one server comes back to another one. Servers on Node have an order of their own for what they emit themselves, and
/// lose what comes while somebody comes back (both was seen): so there only one speaks, and it is silent for that moment.
async fn comes_back(redis: &RedisServer, [from, to]: [&Station; 2], speakers: &[Speaker], pauses: bool) {
    for speaker in speakers {
        speaker.speaks();
    }
    let mut listener = Listener::new(from).await;
    speakers[0].has_said(20).await;
    listener.hears_all(speakers).await;
    let mut witness = Listener::new(to).await;
    let meanwhile = async || {
        for speaker in speakers {
            speaker.has_said(30).await;
        }
        if pauses {
            for speaker in speakers {
                speaker.is_silent().await;
            }
            // Then nothing is on its way.
            witness.hears_all(speakers).await;
        }
    };
    listener.comes_back_to(to, redis, meanwhile).await;
    for speaker in speakers {
        speaker.speaks();
        speaker.has_said(30).await;
    }
    listener.hears_all(speakers).await;
    listener.has_heard_all(speakers);
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_come_back_to_another_server_in_rust_under_traffic() {
    let redis = RedisServer::start().await;
    let (one, two) = tokio::join!(Station::rust(&redis), Station::rust(&redis));
    let node = Station::node(&redis, "plain").await;
    let speakers = [one.speaker(1).await, two.speaker(2).await, node.speaker(3).await];
    for _ in 0..5 {
        comes_back(&redis, [&one, &two], &speakers, false).await;
        comes_back(&redis, [&two, &one], &speakers, false).await;
        comes_back(&redis, [&one, &one], &speakers, false).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_of_node_come_back_to_rust_under_traffic() {
    let redis = RedisServer::start().await;
    let rust = Station::rust(&redis).await;
    for script in ["plain", "nest"] {
        let node = Station::node(&redis, script).await;
        for station in [&rust, &node] {
            let speakers = [station.speaker(1).await];
            comes_back(&redis, [&node, &rust], &speakers, false).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_of_rust_come_back_to_node() {
    let redis = RedisServer::start().await;
    let rust = Station::rust(&redis).await;
    for script in ["plain", "nest"] {
        let node = Station::node(&redis, script).await;
        for station in [&rust, &node] {
            let speakers = [station.speaker(1).await];
            comes_back(&redis, [&rust, &node], &speakers, true).await;
        }
    }
}

/// Listeners hear their own servers, whatever the others do, for as long as this takes.
async fn hear_themselves(
    listeners: &mut [Listener; 2],
    speakers: &[Speaker; 2],
    meanwhile: impl Future<Output = ()>,
) {
    let is_over = AtomicBool::new(false);
    // A client that is given up in the middle of a packet would not know where it is.
    let hear = async {
        while !is_over.load(Ordering::SeqCst) {
            for (listener, speaker) in listeners.iter_mut().zip(speakers) {
                speaker.has_said(5).await;
                listener.hears_all(std::slice::from_ref(speaker)).await;
            }
        }
    };
    let meanwhile = async {
        meanwhile.await;
        is_over.store(true, Ordering::SeqCst);
    };
    tokio::join!(hear, meanwhile);
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_come_back_after_an_outage() {
    let port = free_port();
    let folder = std::env::temp_dir().join(format!("gateway-recovery-{port}"));
    let mut redis = RedisServer::start_persistent(port, &folder).await;
    let (one, two) = tokio::join!(Station::rust(&redis), Station::rust(&redis));
    let speakers = [one.speaker(1).await, two.speaker(2).await];
    let mut steady = [Listener::new(&one).await, Listener::new(&two).await];
    let mut wanderer = Listener::new(&one).await;
    for (from, to) in [(0, &two), (1, &one)] {
        speakers[0].has_said(20).await;
        for listener in steady.iter_mut().chain([&mut wanderer]) {
            listener.hears_all(&speakers).await;
        }
        redis.kill().await;
        // Events come without their places in the stream.
        hear_themselves(&mut steady, &speakers, speakers[0].has_said(100)).await;
        wanderer.hears_all(&speakers[from..=from]).await;
        // It goes while Redis is away, with what its server has sent it early.
        let left = async || {
            speakers[from].has_said(50).await;
        };
        let away = std::mem::replace(&mut wanderer.client, Client::open(to.addr()).await);
        drop(away);
        left().await;
        redis = RedisServer::start_persistent(port, &folder).await;
        let back = Instant::now();
        wanderer.comes_back_to(to, &redis, async || {}).await;
        for listener in steady.iter_mut().chain([&mut wanderer]) {
            listener.hears_all(&speakers).await;
            listener.has_heard_all(&speakers);
        }
        println!("with recovery: everybody had heard everything {:?} after Redis was back", back.elapsed());
    }
    redis.signal("STOP").await;
    hear_themselves(&mut steady, &speakers, tokio::time::sleep(Duration::from_secs(10))).await;
    redis.signal("CONT").await;
    let back = Instant::now();
    for listener in steady.iter_mut().chain([&mut wanderer]) {
        listener.hears_all(&speakers).await;
    }
    println!("with recovery: everybody had heard everything {:?} after Redis went on", back.elapsed());
    for _ in 0..10 {
        redis.command("CLIENT KILL TYPE normal").await;
        speakers[0].has_said(50).await;
    }
    wanderer.hears_all(&speakers).await;
    wanderer.comes_back_to(&two, &redis, async || {}).await;
    for speaker in &speakers {
        speaker.is_silent().await;
    }
    for listener in steady.iter_mut().chain([&mut wanderer]) {
        listener.hears_all(&speakers).await;
        listener.has_heard_all(&speakers);
    }
    drop(redis);
    std::fs::remove_dir_all(&folder).expect("nobody writes there any more");
}
