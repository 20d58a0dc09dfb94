//! The cases that compare peers.

use bench_load::{Event, Workload};

use super::{Case, Length, Method, Mode, Participant, Section};

/// Socket.IO servers that issue and users name.
const SOCKET_IO: [&str; 3] = ["gateway", "socketioxide", "socketio-node"];
/// All of them.
const ALL_SOCKET_IO: [&str; 5] =
    ["gateway", "socketioxide", "socketio-node", "socketio-node-bufferutil", "nestjs-socketio"];
const PLAIN: [&str; 4] = ["gateway-plain", "nest-rs-ws", "arcly", "nestjs-ws"];
const CLUSTER: [&str; 3] = ["gateway-redis", "socketioxide-redis", "socketio-node-redis"];

/// Bytes of a message that fits into 64 KiB with its envelope: one of the peers takes no more.
const LARGE: usize = 65_000;
const LARGEST: usize = 500_000;

struct Builder {
    mode: Mode,
    cases: Vec<Case>,
}

impl Builder {
    /// Adds a case with CPU as its measure; the last one can be changed with the result.
    fn add(
        &mut self,
        section: Section,
        (id, title): (&str, &str),
        unit: &'static str,
        peers: &[&str],
        workload: &Workload,
        (rounds, measure): (usize, f64),
    ) -> &mut Case {
        let length = Length::of(self.mode, rounds, measure);
        let participants = peers.iter().map(|peer| Participant::new(peer, workload.clone())).collect();
        self.cases.push(Case {
            id: id.to_owned(),
            title: title.to_owned(),
            section,
            unit,
            method: Method::Cpu,
            participants,
            rounds: length.rounds,
            warm_up: length.warm_up,
            measure: length.measure,
            syscalls: false,
        });
        self.cases.last_mut().expect("it was added")
    }

    fn full<T>(&self, full: T, quick: T) -> T {
        match self.mode {
            Mode::Full => full,
            Mode::Quick => quick,
        }
    }
}

pub(super) fn all(mode: Mode) -> Vec<Case> {
    let mut builder = Builder { mode, cases: Vec::new() };
    push(&mut builder);
    echo(&mut builder);
    sizes(&mut builder);
    broadcasts(&mut builder);
    plain(&mut builder);
    connections(&mut builder);
    memory(&mut builder);
    tail(&mut builder);
    cluster(&mut builder);
    builder.cases
}

fn closed(event: Event, connections: usize, in_flight: usize, body: usize) -> Workload {
    Workload::Closed { event, connections, in_flight, body }
}

fn push(to: &mut Builder) {
    let (add, unit) = (Section::Messages, "message");
    let mut peers = ALL_SOCKET_IO.to_vec();
    peers.extend(["raw-axum", "raw-axum-batch"]);
    to.add(
        add,
        ("push-50x16", "`push`→`pop`, 50 connections, 16 in flight, 100 B"),
        unit,
        &peers,
        &closed(Event::Push, 50, 16, 100),
        (5, 1.0),
    )
    .syscalls = true;
    let peers = ["gateway", "raw-axum", "socketioxide", "socketio-node"];
    to.add(
        add,
        ("push-50x1", "`push`→`pop`, 50 connections, 1 in flight, 100 B"),
        unit,
        &peers,
        &closed(Event::Push, 50, 1, 100),
        (7, 1.0),
    )
    .syscalls = true;
    to.add(
        add,
        ("push-1x1", "`push`→`pop`, 1 connection, 1 in flight, 100 B"),
        unit,
        &peers,
        &closed(Event::Push, 1, 1, 100),
        (5, 0.8),
    )
    .syscalls = true;
    to.add(
        add,
        ("push-1x16", "`push`→`pop`, 1 connection, 16 in flight, 100 B"),
        unit,
        &SOCKET_IO,
        &closed(Event::Push, 1, 16, 100),
        (3, 0.8),
    );
    to.add(
        add,
        ("push-1000x1", "`push`→`pop`, 1,000 connections, 1 in flight, 100 B"),
        unit,
        &peers,
        &closed(Event::Push, 1_000, 1, 100),
        (3, 1.0),
    );
    to.add(
        add,
        ("push-1000x16", "`push`→`pop`, 1,000 connections, 16 in flight, 100 B"),
        unit,
        &SOCKET_IO,
        &closed(Event::Push, 1_000, 16, 100),
        (3, 1.0),
    );
}

fn echo(to: &mut Builder) {
    let (add, unit) = (Section::Messages, "message");
    let peers = ["gateway", "socketioxide", "socketio-node", "nestjs-socketio"];
    for (id, what, connections, in_flight, body, peers) in [
        ("echo-50x16", "50 connections, 16 in flight, 100 B", 50, 16, 100, &peers[..]),
        ("echo-50x1", "50 connections, 1 in flight, 100 B", 50, 1, 100, &peers[..]),
        ("echo-1x1", "1 connection, 1 in flight, 100 B", 1, 1, 100, &SOCKET_IO[..]),
        ("echo-1000x1", "1,000 connections, 1 in flight, 100 B", 1_000, 1, 100, &SOCKET_IO[..]),
        ("echo-1k", "50×16, 1 KB", 50, 16, 1_024, &SOCKET_IO[..]),
        ("echo-16k", "50×16, 16 KB", 50, 16, 16_384, &SOCKET_IO[..]),
    ] {
        let title = format!("`echo` with acknowledgement, {what}");
        to.add(add, (id, &title), unit, peers, &closed(Event::Echo, connections, in_flight, body), (3, 0.8));
    }
    to.add(
        add,
        ("chat-100", "the chat's mix, 100 clients in rooms of ten"),
        unit,
        &peers,
        &Workload::Chat { clients: 100 },
        (3, 1.0),
    );
}

fn sizes(to: &mut Builder) {
    let (add, unit) = (Section::Messages, "message");
    let peers = ["gateway", "socketioxide", "socketio-node", "raw-axum-batch"];
    to.add(
        add,
        ("push-1k", "`push`→`pop`, 50×16, 1 KB"),
        unit,
        &peers,
        &closed(Event::Push, 50, 16, 1_024),
        (3, 1.0),
    );
    to.add(
        add,
        ("push-16k", "`push`→`pop`, 50×16, 16 KB"),
        unit,
        &peers,
        &closed(Event::Push, 50, 16, 16_384),
        (3, 1.0),
    );
    to.add(
        add,
        ("any-100", "`push`→`pop` untyped, 50×16, 100 B"),
        unit,
        &SOCKET_IO,
        &closed(Event::PushAny, 50, 16, 100),
        (3, 1.0),
    );
    to.add(
        add,
        ("any-1k", "`push`→`pop` untyped, 50×16, 1 KB"),
        unit,
        &SOCKET_IO,
        &closed(Event::PushAny, 50, 16, 1_024),
        (3, 0.8),
    );
    to.add(
        add,
        ("any-16k", "`push`→`pop` untyped, 50×16, 16 KB"),
        unit,
        &SOCKET_IO,
        &closed(Event::PushAny, 50, 16, 16_384),
        (3, 0.8),
    );
    let binary = Workload::Binary { connections: 10, in_flight: 2, bytes: 65_536 };
    to.add(add, ("binary-64k", "binary, 64 KiB there and back, 10×2"), unit, &SOCKET_IO, &binary, (3, 1.0));
    to.add(
        add,
        ("polling-50", "`push`→`pop` over polling, 50 sessions, 1 in flight"),
        unit,
        &SOCKET_IO,
        &Workload::Polling { sessions: 50, body: 100 },
        (3, 1.0),
    );
}

fn broadcasts(to: &mut Builder) {
    let (add, unit) = (Section::Broadcasts, "delivery");
    let cast = |receivers, in_flight| Workload::Broadcast { receivers, in_flight, body: 100 };
    let few = ["gateway", "socketioxide", "socketio-node", "raw-axum-cast"];
    let mut all = few.to_vec();
    all.push("nestjs-socketio");
    to.add(add, ("cast-10", "to 10, one at a time"), unit, &few, &cast(10, 1), (3, 0.8));
    to.add(add, ("cast-500", "to 500, one at a time"), unit, &all, &cast(500, 1), (5, 1.0)).syscalls = true;
    to.add(add, ("cast-500x4", "to 500, four at a time"), unit, &all, &cast(500, 4), (5, 1.0));
    to.add(add, ("cast-500x16", "to 500, sixteen at a time"), unit, &all, &cast(500, 16), (5, 1.0));
    to.add(add, ("cast-5000", "to 5,000, one at a time"), unit, &few, &cast(5_000, 1), (3, 1.0));
    let rooms = Workload::Rooms { connections: 1_000, rooms: 1_000, active: 16, body: 100 };
    to.add(add, ("rooms", "1,000 rooms of ten, 16 written to at a time"), unit, &SOCKET_IO, &rooms, (3, 1.0));
}

fn plain(to: &mut Builder) {
    let add = Section::Plain;
    let mut peers = PLAIN.to_vec();
    peers.push("raw-axum-batch");
    to.add(
        add,
        ("plain-50x16", "`push`→`pop`, 50 connections, 16 in flight, 100 B"),
        "message",
        &peers,
        &closed(Event::Push, 50, 16, 100),
        (5, 1.0),
    )
    .syscalls = true;
    to.add(
        add,
        ("plain-50x1", "`push`→`pop`, 50 connections, 1 in flight, 100 B"),
        "message",
        &PLAIN,
        &closed(Event::Push, 50, 1, 100),
        (3, 1.0),
    );
    let cast = Workload::Broadcast { receivers: 500, in_flight: 1, body: 100 };
    to.add(add, ("plain-cast-500", "broadcast to 500, one at a time"), "delivery", &PLAIN, &cast, (3, 1.0));
}

fn connections(to: &mut Builder) {
    let (add, unit) = (Section::Connections, "connection");
    let peers = ["gateway", "socketioxide", "socketio-node", "nestjs-socketio"];
    let count = to.full(3_000, 800);
    to.add(
        add,
        ("accept", "opened and kept: handshake to connected namespace"),
        unit,
        &peers,
        &Workload::Accept { connections: count, concurrency: 32 },
        (5, 1.0),
    );
    to.add(add, ("churn", "opened and closed"), unit, &peers, &Workload::Churn { concurrency: 32 }, (3, 1.0));
}

fn memory(to: &mut Builder) {
    let add = Section::Memory;
    let idle = |connections, sizes: &[usize]| Workload::Idle { connections, sizes: sizes.to_vec() };
    let mut peers = ALL_SOCKET_IO.to_vec();
    peers.retain(|peer| *peer != "socketio-node-bufferutil");
    peers.push("raw-axum");
    let (many, some) = (to.full(5_000, 500), to.full(1_000, 200));
    let title = format!("{many} idle WebSocket connections: unused, after 64 KB each way");
    to.add(add, ("idle", &title), "connection", &peers, &idle(many, &[LARGE]), (1, 1.0)).method =
        Method::Memory;
    let title = format!("{some} idle WebSocket connections: unused, after 64 KB, after 500 KB each way");
    let large = ["gateway", "socketioxide", "socketio-node"];
    to.add(add, ("idle-500k", &title), "connection", &large, &idle(some, &[LARGE, LARGEST]), (1, 1.0))
        .method = Method::Memory;
    let title = format!("{many} idle plain WebSocket connections: unused, after 64 KB each way");
    to.add(add, ("idle-plain", &title), "connection", &PLAIN, &idle(many, &[LARGE]), (1, 1.0)).method =
        Method::Memory;
    let most = to.full(10_000, 1_000);
    let title = format!("{most} idle WebSocket connections, unused");
    to.add(add, ("idle-10000", &title), "connection", &large, &idle(most, &[]), (1, 1.0)).method =
        Method::Memory;
    let title = format!("{many} polling sessions with their waiting request");
    to.add(
        add,
        ("idle-polling", &title),
        "session",
        &SOCKET_IO,
        &Workload::PollingIdle { sessions: many },
        (1, 1.0),
    )
    .method = Method::Memory;
}

fn tail(to: &mut Builder) {
    for peer in ["socketioxide", "raw-axum", "socketio-node", "nestjs-socketio"] {
        let title = format!("at 70 % of the most that {peer} serves");
        let workload = closed(Event::Push, 50, 16, 100);
        to.add(
            Section::Latency,
            (&format!("tail-{peer}"), &title),
            "message",
            &["gateway", peer],
            &workload,
            (3, 1.5),
        )
        .method = Method::Tail;
    }
}

fn cluster(to: &mut Builder) {
    // The port is filled in when both servers run.
    let remote = |in_flight| Workload::Remote { sender_port: 0, receivers: 500, in_flight, body: 100 };
    for (name, title, in_flight) in [
        ("remote-500", "broadcast over Redis to 500 clients of another server, one at a time", 1),
        ("remote-500x16", "the same, sixteen at a time", 16),
    ] {
        to.add(Section::Cluster, (name, title), "delivery", &CLUSTER, &remote(in_flight), (3, 1.0)).method =
            Method::Remote;
    }
}
