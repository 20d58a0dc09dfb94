//! Hostile clients against a server in a process of its own, beside a hundred well-behaved ones.
//!
//! The cases are in `hostile/`: what each sends stands there, and what must come back. All of them are run twice. After
//! each time the server must hold what it held before: as many sessions, sockets, rooms, waiting handlers and tasks
//! exactly, and as many bytes, but for what fluctuates with messages that are on their way. Meanwhile the
//! well-behaved clients must lose nothing, and nothing may panic.

mod deflate;
mod floods;
mod frames;
mod msgpack;
mod packets;
mod requests;
mod revision3;
mod steady;

use std::net::SocketAddr;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use tokio::process::Command;
use tokio::time::{Instant, sleep};

use self::floods::{FLOODS, Flood};
use self::steady::Steady;
use crate::support::client::Client;
use crate::support::process::Example;
use crate::support::wire::{Case, Server, run_all};

/// The well-behaved clients.
const STEADY: usize = 100;

/// How many bytes the server may hold more after the second time than after the first: what is on its way to a hundred
/// clients that exchange messages, and maps that keep some memory.
const FLUCTUATION: usize = 256 << 10;

/// How long sessions that were left alone live on: the limits of the server's heartbeat, and more.
const QUIET_LIMIT: Duration = Duration::from_secs(40);

/// A case whose client has joined the main namespace over the WebSocket `w`; its id there is `<socket>`.
macro_rules! joined {
    ($name:literal, $($line:literal),+ $(,)?) => {
        Case {
            name: $name,
            script: concat!(
                "w open EIO=4&transport=websocket\n",
                "w < 0{\"sid\":\"<sid>\",<*>\n",
                "w > 40\n",
                "w < 40{\"sid\":\"<socket>\"}\n",
                $($line, "\n",)+
            ),
        }
    };
}
use joined;

/// What the server holds, by its own account.
#[derive(Clone, Debug, Deserialize)]
struct Figures {
    live_bytes: usize,
    sessions: usize,
    sockets: usize,
    rooms: usize,
    waiting: usize,
    tasks: usize,
    panics: u64,
}

impl Figures {
    /// What must be the same before and after.
    fn registries(&self) -> [usize; 5] {
        [self.sessions, self.sockets, self.rooms, self.waiting, self.tasks]
    }
}

/// Asks the server what it holds.
async fn figures(addr: SocketAddr) -> Figures {
    let mut client = Client::connect(addr, "/watch").await;
    let answer = client.call("figures", json!([])).await;
    serde_json::from_value(answer[0].clone()).expect("figures")
}

/// Waits until the server holds as much as before.
async fn quiet(addr: SocketAddr, before: &Figures) -> Figures {
    let begun = Instant::now();
    loop {
        let now = figures(addr).await;
        if now.registries() == before.registries() {
            return now;
        }
        assert!(begun.elapsed() < QUIET_LIMIT, "the server still holds {now:?}, before it was {before:?}");
        sleep(Duration::from_millis(100)).await;
    }
}

/// Runs every case; returns how many there were, and what went otherwise than written.
async fn attack(addr: SocketAddr) -> (usize, Vec<String>) {
    let tables: [&'static [Case]; 6] =
        [frames::CASES, deflate::CASES, packets::CASES, msgpack::CASES, requests::CASES, revision3::CASES];
    let (mut count, mut failures) = (0, Vec::new());
    for cases in tables {
        count += cases.len();
        failures.extend(run_all(Server::Rust, addr, cases).await);
    }
    for (name, flood) in FLOODS as &[Flood] {
        count += 1;
        println!("{name}");
        flood(addr).await;
    }
    (count, failures)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_clients_cost_nobody_else_anything() {
    let command = Command::new(env!("CARGO_BIN_EXE_hostile-app"));
    let app = Example::start_command(command, "hostile-app", &[("RUST_LOG", "error")]).await;
    let addr = app.addr();
    let steady = Steady::start(addr, STEADY).await;
    let before = figures(addr).await;
    assert_eq!(before.sessions, STEADY + 1, "and who asks: {before:?}");

    let mut after = Vec::new();
    for _ in 0..2 {
        let (count, failures) = attack(addr).await;
        assert!(failures.is_empty(), "otherwise than written:\n{}\n{app}", failures.join("\n"));
        assert!(count >= 150, "{count} cases");
        let figures = quiet(addr, &before).await;
        println!("{count} cases of hostile clients; before {before:?}, after {figures:?}");
        assert_eq!(figures.panics, 0, "{app}");
        after.push(figures);
    }
    let exchanged = steady.finish().await;
    println!("{STEADY} well-behaved clients: {exchanged:?}, nothing lost, all in order");
    assert!(exchanged.numbers > 0 && exchanged.strokes > 0);
    let (first, second) = (after[0].live_bytes, after[1].live_bytes);
    assert!(second <= first + FLUCTUATION, "{second} bytes after the second time, {first} after the first");
}
