//! What is asked of one run of the generator, and what it answers. Both are JSON: the runner writes the one and reads the other.

use serde::{Deserialize, Serialize};

use crate::latency::Percentiles;

/// What a server speaks.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// Socket.IO 5 over Engine.IO 4.
    SocketIo,
    /// Frames of JSON with an event and its data.
    Plain,
    /// Echoes frames of a bare WebSocket; it is sent what a Socket.IO client sends.
    Raw,
}

/// Which event is sent, and how it is answered.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Answered with `pop`; the handler has a struct.
    Push,
    /// Answered with `pop`; the handler has any JSON.
    PushAny,
    /// Answered with an acknowledgement.
    Echo,
}

impl Event {
    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::PushAny => "push_any",
            Self::Echo => "echo",
        }
    }
}

/// What is done.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Workload {
    /// Each connection keeps `in_flight` messages under way.
    Closed {
        /// What is sent.
        event: Event,
        /// How many there are.
        connections: usize,
        /// On each.
        in_flight: usize,
        /// Bytes of a message's JSON body.
        body: usize,
    },
    /// Messages at a fixed rate, whatever the server does.
    Open {
        /// What is sent.
        event: Event,
        /// How many there are.
        connections: usize,
        /// Messages a second, over all connections.
        rate: f64,
        /// Bytes of a message's JSON body.
        body: usize,
    },
    /// One client casts to all; the next cast is sent when fewer than `in_flight` are not yet received by all.
    Broadcast {
        /// Clients, the sender included.
        receivers: usize,
        /// Casts that are under way.
        in_flight: usize,
        /// Bytes of a cast's JSON body.
        body: usize,
    },
    /// The same with a sender that is connected to another server of the cluster.
    Remote {
        /// Where the other server listens.
        sender_port: u16,
        /// Clients of the measured server.
        receivers: usize,
        /// Casts that are under way.
        in_flight: usize,
        /// Bytes of a cast's JSON body.
        body: usize,
    },
    /// Each room has ten members.
    Rooms {
        /// Clients, all in as many rooms as that takes.
        connections: usize,
        /// How many there are.
        rooms: usize,
        /// Rooms that are written to at a time.
        active: usize,
        /// Bytes of a message's JSON body.
        body: usize,
    },
    /// Attachments, there and back.
    Binary {
        /// How many there are.
        connections: usize,
        /// On each.
        in_flight: usize,
        /// Of an attachment.
        bytes: usize,
    },
    /// As `Closed` with one in flight, over polling.
    Polling {
        /// How many there are.
        sessions: usize,
        /// Bytes of a message's JSON body.
        body: usize,
    },
    /// Opens connections and keeps them.
    Accept {
        /// How many are counted.
        connections: usize,
        /// How many are opened at a time.
        concurrency: usize,
    },
    /// Opens and closes connections.
    Churn {
        /// How many at a time.
        concurrency: usize,
    },
    /// Opens connections, reads the server's memory, and again after a message of each size both ways.
    Idle {
        /// How many there are.
        connections: usize,
        /// Bytes of the messages' JSON bodies.
        sizes: Vec<usize>,
    },
    /// Sessions over polling, each with its waiting request.
    PollingIdle {
        /// How many there are.
        sessions: usize,
    },
    /// The chat example: rooms of ten, who sends waits for the acknowledgement; one message of twenty joins the room (again).
    Chat {
        /// How many there are.
        clients: usize,
    },
}

impl Workload {
    /// Sockets that the server and the generator hold at a time, each of them.
    pub fn sockets(&self) -> usize {
        match *self {
            Self::Closed { connections, .. }
            | Self::Open { connections, .. }
            | Self::Rooms { connections, .. }
            | Self::Binary { connections, .. }
            | Self::Accept { connections, .. }
            | Self::Idle { connections, .. } => connections,
            Self::Broadcast { receivers, .. } | Self::Remote { receivers, .. } => receivers,
            Self::Polling { sessions, .. } | Self::PollingIdle { sessions } => sessions * 2,
            Self::Churn { concurrency } => concurrency,
            Self::Chat { clients } => clients,
        }
    }
}

/// One run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// Where the server listens, on all addresses of the loopback network.
    pub port: u16,
    /// Processes that are accounted; the first is the one that is measured.
    pub pids: Vec<i32>,
    /// What the server speaks.
    pub protocol: Protocol,
    /// Of the WebSocket request; for Socket.IO without the query.
    pub path: String,
    /// How a plain message is written, if not as `{"event":"$event","data":$data}`.
    #[serde(default)]
    pub frames: Option<String>,
    /// Namespaces that the connections are dealt to.
    #[serde(default = "main_namespace")]
    pub namespaces: Vec<String>,
    /// Whether answers that come out of order are an error; they are counted in any case.
    #[serde(default)]
    pub ordered: bool,
    /// Event names end with the number of the connection modulo this: `push0`, `push1`, …
    #[serde(default)]
    pub handlers: Option<usize>,
    /// Says `connected` on stdout before the first message, and waits for a line on stdin: for what is to be counted without the
    /// handshakes.
    #[serde(default)]
    pub pause: bool,
    /// Rooms that each connection joins first.
    #[serde(default)]
    pub join: usize,
    /// Seconds that are not counted.
    pub warm_up: f64,
    /// Seconds that are counted.
    pub measure: f64,
    /// What is done.
    pub workload: Workload,
}

fn main_namespace() -> Vec<String> {
    vec!["/".to_owned()]
}

/// What came of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Outcome {
    /// Messages that were answered, deliveries, or connections that were opened: what the workload counts.
    pub count: u64,
    /// Seconds on the wall.
    pub wall: f64,
    /// User and system seconds of each server.
    pub server_cpu: Vec<f64>,
    /// User and system seconds of this process.
    pub load_cpu: f64,
    /// From the time that a message was sent, at a fixed rate from the time that it was due.
    pub latency: Percentiles,
    /// At a fixed rate: how much later than due messages were sent. What is late here is not the server's fault.
    #[serde(default)]
    pub late: Percentiles,
    /// Answers that overtook others of their connection.
    pub reordered: u64,
    /// Resident bytes of the measured server, after its start and at each step.
    pub resident: Vec<u64>,
}

impl Outcome {
    /// Microseconds of the measured server for each that was counted.
    pub fn micros_each(&self) -> f64 {
        self.server_cpu.first().map_or(f64::NAN, |seconds| seconds * 1e6 / self.count as f64)
    }
}
