//! One measurement: a fresh server, the load generator, what came of it.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use bench_load::{Outcome, Spec, Workload};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{
    cores::Cores,
    peers::Peer,
    plan::{Case, Method, Participant},
    server::Server,
};

/// For servers of a cluster to find each other.
const ACQUAINTANCE: Duration = Duration::from_millis(500);

/// Share of a peer's maximum at which latency is compared.
const LOADED: f64 = 0.7;

/// How messages are measured.
#[derive(Debug)]
pub(crate) struct Bench {
    /// That of `peers.toml`.
    pub(crate) folder: PathBuf,
    /// Who runs where.
    pub(crate) cores: Cores,
    /// All of them.
    pub(crate) peers: Vec<Peer>,
    /// What counts syscalls here.
    pub(crate) counter: Counter,
}

/// What counts syscalls on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counter {
    /// `perf stat`, which costs the server least.
    Perf,
    /// `strace -c`.
    Strace,
    /// Nothing.
    None,
}

impl Counter {
    /// The best that works here.
    pub(crate) fn find() -> Self {
        let works = |program: &str, arguments: &[&str]| {
            let status = Command::new(program)
                .args(arguments)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            status.is_ok_and(|status| status.success())
        };
        if works("perf", &["stat", "-e", "raw_syscalls:sys_enter", "true"]) {
            Self::Perf
        } else if works("strace", &["-c", "true"]) {
            Self::Strace
        } else {
            Self::None
        }
    }

    fn attach(self, pid: i32, file: &Path, cores: &Cores) -> Result<Option<Child>> {
        let (pid, file) = (pid.to_string(), file.display().to_string());
        let mut command = match self {
            Self::Perf => {
                let mut perf = Command::new("perf");
                perf.args(["stat", "-x", ",", "-e", "raw_syscalls:sys_enter", "-p", &pid, "-o", &file]);
                perf
            }
            Self::Strace => {
                let mut strace = Command::new("strace");
                strace.args(["-c", "-f", "-p", &pid, "-o", &file]);
                strace
            }
            Self::None => return Ok(None),
        };
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = cores.load(&mut command)?;
        thread::sleep(Duration::from_millis(300));
        Ok(Some(child))
    }

    /// The number in what the counter has written.
    fn total(self, text: &str) -> Option<u64> {
        match self {
            Self::Perf => text
                .lines()
                .find(|line| line.contains("raw_syscalls"))?
                .split(',')
                .next()?
                .trim()
                .parse()
                .ok(),
            Self::Strace => {
                let total = text.lines().find(|line| line.trim_end().ends_with("total"))?;
                total.split_ascii_whitespace().nth(3)?.parse().ok()
            }
            Self::None => None,
        }
    }
}

impl Bench {
    /// A peer by its name.
    ///
    /// # Errors
    /// If there is none: a missing peer fails the run.
    pub(crate) fn peer(&self, name: &str) -> Result<&Peer> {
        self.peers
            .iter()
            .find(|peer| peer.name == name)
            .with_context(|| format!("peers.toml has no peer {name}"))
    }

    /// One round of a participant.
    ///
    /// # Errors
    /// If the peer is missing or answers wrongly.
    pub(crate) fn round(&self, case: &Case, participant: &Participant) -> Result<Outcome> {
        match case.method {
            Method::Cpu | Method::Memory => self.alone(case, participant, case.warm_up, case.measure),
            Method::Remote => self.remote(case, participant),
            Method::Tail => bail!("latency is measured in pairs"),
        }
    }

    /// Latency of ours and of the other participant, at a share of what the other one serves at most.
    ///
    /// # Errors
    /// If a peer is missing or answers wrongly.
    pub(crate) fn pair(&self, case: &Case) -> Result<Vec<Outcome>> {
        let [ours, theirs] = case.participants.as_slice() else { bail!("{} is not a pair", case.id) };
        let most = self.alone(case, theirs, case.warm_up, case.measure)?;
        let rate = most.count as f64 / most.wall * LOADED;
        let Workload::Closed { event, connections, body, .. } = theirs.workload else {
            bail!("{} has no rate", case.id)
        };
        let workload = Workload::Open { event, connections, rate, body };
        let at_rate = |participant: &Participant| {
            let participant = Participant { workload: workload.clone(), ..participant.clone() };
            self.alone(case, &participant, case.warm_up, case.measure)
        };
        Ok(vec![at_rate(ours)?, at_rate(theirs)?])
    }

    /// Syscalls for each that is counted, in a run of its own, since counting slows a server down.
    ///
    /// # Errors
    /// If the peer is missing or answers wrongly.
    pub(crate) fn syscalls(&self, case: &Case, participant: &Participant) -> Result<Option<f64>> {
        let peer = self.peer(&participant.peer)?;
        let server = Server::start(&self.folder, peer, &participant.env, &self.cores, true)?;
        let file = std::env::temp_dir().join(format!("bench-syscalls-{}", server.pid()));
        let spec = Spec { pause: true, ..spec(peer, participant, &server, Vec::new(), 0.0, case.measure) };
        let mut load = self.spawn(&spec)?;
        let mut output = BufReader::new(load.stdout.take().context("its output")?);
        let mut line = String::new();
        output.read_line(&mut line)?;
        ensure!(line == "connected\n", "the load generator says {line:?}");
        // It waits, so that neither handshakes nor a warm-up are counted.
        let Some(mut counter) = self.counter.attach(server.pid(), &file, &self.cores)? else {
            return Ok(None);
        };
        load.stdin.take().context("its input")?.write_all(b"\n")?;
        let mut answer = String::new();
        output.read_to_string(&mut answer)?;
        kill(Pid::from_raw(i32::try_from(counter.id())?), Signal::SIGINT)?;
        counter.wait()?;
        let outcome = answered(&load.wait_with_output()?, answer.as_bytes())?;
        let text = fs::read_to_string(&file).context("what the counter of syscalls has written")?;
        fs::remove_file(&file).ok();
        Ok(self.counter.total(&text).map(|total| total as f64 / outcome.count as f64))
    }

    fn alone(&self, case: &Case, participant: &Participant, warm_up: f64, measure: f64) -> Result<Outcome> {
        let peer = self.peer(&participant.peer)?;
        let server = Server::start(&self.folder, peer, &participant.env, &self.cores, true)?;
        // Node compiles while it runs.
        let warm_up = if peer.is_node() { warm_up * 3.0 } else { warm_up };
        self.load(&spec(peer, participant, &server, Vec::new(), warm_up, measure))
            .with_context(|| format!("{} of {}", case.id, participant.label))
    }

    /// Two servers behind a Redis: the clients are at the measured one, who sends is at the other.
    fn remote(&self, case: &Case, participant: &Participant) -> Result<Outcome> {
        let peer = self.peer(&participant.peer)?;
        let redis = Server::redis(&self.cores)?;
        let url = format!("redis://127.0.0.1:{}", redis.port);
        let env = BTreeMap::from([("REDIS_URL".to_owned(), url)]);
        let sender = Server::start(&self.folder, peer, &env, &self.cores, false)?;
        let server = Server::start(&self.folder, peer, &env, &self.cores, true)?;
        thread::sleep(ACQUAINTANCE);
        let mut participant = participant.clone();
        if let Workload::Remote { sender_port, .. } = &mut participant.workload {
            *sender_port = sender.port;
        }
        let others = vec![sender.pid(), redis.pid()];
        self.load(&spec(peer, &participant, &server, others, case.warm_up, case.measure))
            .with_context(|| format!("{} of {}", case.id, participant.label))
    }

    fn load(&self, spec: &Spec) -> Result<Outcome> {
        let output = self.spawn(spec)?.wait_with_output()?;
        answered(&output, &output.stdout)
    }

    fn spawn(&self, spec: &Spec) -> Result<Child> {
        let program = self.folder.join("target/release/bench-load");
        let mut command = Command::new(program);
        command.arg(serde_json::to_string(spec)?);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        self.cores.load(&mut command)
    }
}

fn answered(output: &Output, answer: &[u8]) -> Result<Outcome> {
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    serde_json::from_slice(answer).context("the answer of the load generator")
}

fn spec(
    peer: &Peer,
    participant: &Participant,
    server: &Server,
    others: Vec<i32>,
    warm_up: f64,
    measure: f64,
) -> Spec {
    let namespaces = match participant.namespaces {
        0 => vec!["/".to_owned()],
        count => (0..count).map(|number| format!("/n{number}")).collect(),
    };
    let mut pids = vec![server.pid()];
    pids.extend(others);
    Spec {
        port: server.port,
        pids,
        protocol: peer.protocol,
        path: peer.path(),
        frames: None,
        namespaces,
        // Of others it is counted: one of them promises no order.
        ordered: peer.is_ours(),
        handlers: participant.handlers,
        pause: false,
        join: participant.join,
        warm_up,
        measure,
        workload: participant.workload.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_totals_of_both_counters_are_read() {
        let perf = "# started on Fri\n\n159,,raw_syscalls:sys_enter,1000,100.00,,\n";
        assert_eq!(Counter::Perf.total(perf), Some(159));
        let strace = "% time     seconds  usecs/call     calls    errors syscall\n\
            ------ ----------- ----------- --------- --------- ----------------\n\
            60.00    0.000600           1       500           write\n\
            100.00    0.001000           1      1234         5 total\n";
        assert_eq!(Counter::Strace.total(strace), Some(1234));
        assert_eq!(Counter::Perf.total("<not counted>,,raw_syscalls:sys_enter"), None);
    }
}
