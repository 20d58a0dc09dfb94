//! What is measured: cases, each with its participants. It must never know how a run is done or reported.

mod cases;
mod scaling;

use std::collections::BTreeMap;

use bench_load::Workload;

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// About half an hour.
    Full,
    /// Under five minutes: nearly every case, fewer rounds, shorter.
    Quick,
}

/// Who takes part in a case, and with what.
#[derive(Clone, Debug)]
pub(crate) struct Participant {
    /// Its name in the tables.
    pub(crate) label: String,
    /// Its name in `peers.toml`.
    pub(crate) peer: String,
    /// Besides that of the peer.
    pub(crate) env: BTreeMap<String, String>,
    /// What is done with it.
    pub(crate) workload: Workload,
    /// Rooms that each connection joins first.
    pub(crate) join: usize,
    /// Namespaces that the connections are dealt to; 0 for the main one.
    pub(crate) namespaces: usize,
    /// See `Spec::handlers`.
    pub(crate) handlers: Option<usize>,
}

impl Participant {
    fn new(peer: &str, workload: Workload) -> Self {
        Self {
            label: peer.to_owned(),
            peer: peer.to_owned(),
            env: BTreeMap::new(),
            workload,
            join: 0,
            namespaces: 0,
            handlers: None,
        }
    }
}

/// How a case is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    /// Server CPU for each that is counted.
    Cpu,
    /// The same of the receiving server of two behind Redis.
    Remote,
    /// Resident memory for each connection.
    Memory,
    /// Latency at 70 % of a peer's own maximum: first the peer's maximum, then the peer and ours at that rate.
    Tail,
}

/// One row of a table: one workload, several participants in turn.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// For `--only`.
    pub(crate) id: String,
    /// In the report.
    pub(crate) title: String,
    /// Under which heading.
    pub(crate) section: Section,
    /// What is counted.
    pub(crate) unit: &'static str,
    /// How.
    pub(crate) method: Method,
    /// In turn; the first is ours, the others are compared to it.
    pub(crate) participants: Vec<Participant>,
    /// How often all of them.
    pub(crate) rounds: usize,
    /// Seconds that are not counted; Node gets three times that.
    pub(crate) warm_up: f64,
    /// Seconds that are counted.
    pub(crate) measure: f64,
    /// Whether syscalls are counted too, in a run of their own.
    pub(crate) syscalls: bool,
}

/// A heading of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    /// Messages that are answered to their sender.
    Messages,
    /// Messages to many.
    Broadcasts,
    /// Plain WebSocket.
    Plain,
    /// Connections that come and go.
    Connections,
    /// Memory.
    Memory,
    /// Latency.
    Latency,
    /// Several servers.
    Cluster,
    /// One server with more of everything.
    Scaling,
}

impl Section {
    /// All of them, in the order of the report.
    pub(crate) const ALL: [Self; 8] = [
        Self::Messages,
        Self::Broadcasts,
        Self::Plain,
        Self::Connections,
        Self::Memory,
        Self::Latency,
        Self::Cluster,
        Self::Scaling,
    ];
}

/// What a quick run leaves out: it says little that another case does not.
const FULL_ONLY: [&str; 10] = [
    "echo-1x1",
    "echo-1000x1",
    "echo-1k",
    "echo-16k",
    "push-1x16",
    "push-1000x16",
    "any-1k",
    "cast-10",
    "idle-500k",
    "idle-10000",
];

/// All cases of a mode, in the order of the report.
pub(crate) fn all(mode: Mode) -> Vec<Case> {
    let mut cases = cases::all(mode);
    cases.extend(scaling::all(mode));
    cases.retain(|case| mode == Mode::Full || !FULL_ONLY.contains(&case.id.as_str()));
    cases
}

/// How long a case is measured at least, in rounds and seconds, in each mode.
#[derive(Clone, Copy, Debug)]
struct Length {
    rounds: usize,
    warm_up: f64,
    measure: f64,
}

impl Length {
    const fn of(mode: Mode, rounds: usize, measure: f64) -> Self {
        match mode {
            Mode::Full => Self { rounds, warm_up: 0.6, measure },
            Mode::Quick => Self { rounds: if rounds > 3 { 2 } else { 1 }, warm_up: 0.3, measure: 0.4 },
        }
    }
}
