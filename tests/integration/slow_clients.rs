//! Clients that do not read: what they hold up (nothing), what they cost (their limit), how they end.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Stdio;
use std::time::Duration;

use gateway_runtime::prelude::*;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::support::app::{TestApp, builder};
use crate::support::client::{Client, within};
use crate::support::log::Log;

/// Sends more than the network takes to those who ask for it.
#[web_socket_gateway(ping_interval = 200, ping_timeout = 1500)]
struct Flood {
    log: Log,
}

#[subscribe_messages]
impl Flood {
    #[subscribe_message("flood")]
    fn flood(&self, #[connected_socket] client: &Socket) {
        let filling = "x".repeat(1_000_000);
        for _ in 0..12 {
            client.emit("much", &filling);
        }
        client.volatile().emit("lost", &filling);
        self.log.add("flooded");
    }

    #[subscribe_message("sync")]
    fn sync(&self, #[message_body] number: u32) {
        self.log.add(format!("sync {number}"));
    }

    #[subscribe_message("timer")]
    async fn timer(&self) {
        tokio::time::sleep(Duration::from_millis(20)).await;
        self.log.add("timer");
    }

    #[subscribe_message("drained")]
    async fn drained(&self, #[connected_socket] client: Socket) {
        let drained = client.drained().await;
        self.log.add(format!("drained: {}", drained.is_ok()));
    }

    #[subscribe_message("disconnect me")]
    fn disconnect_me(&self, #[connected_socket] client: &Socket) {
        client.disconnect(true);
    }
}

impl OnGatewayDisconnect for Flood {
    async fn handle_disconnect(&self, _client: Socket, reason: DisconnectReason) -> HookResult {
        self.log.add(reason.to_string());
        Ok(())
    }
}

#[tokio::test]
async fn a_peer_that_stops_reading_holds_up_no_handler_and_no_timer() {
    let app = TestApp::serve::<Flood>().await;
    let flood = app.get::<Flood>();
    let mut client = Client::open_with_small_buffer(app.addr()).await;
    client.enter("/").await;
    client.emit("flood", json!([])).await;
    for number in 0..50 {
        client.emit("sync", json!([number])).await;
    }
    client.emit("drained", json!([])).await;
    client.emit("timer", json!([])).await;
    // From here on nothing is read, the heartbeat neither.
    let log = flood.log.until_has("timer").await;
    assert_eq!(log[0], "flooded");
    assert_eq!(log[1..51], (0..50).map(|number| format!("sync {number}")).collect::<Vec<_>>());
    let log = flood.log.until_len(54).await;
    let mut end = log[52..].to_vec();
    end.sort();
    assert_eq!(end, ["drained: false", "ping timeout"]);
}

#[tokio::test]
async fn a_peer_that_stops_reading_is_disconnected_when_the_server_says_so() {
    let app = TestApp::serve::<Flood>().await;
    let flood = app.get::<Flood>();
    let mut client = Client::open_with_small_buffer(app.addr()).await;
    client.enter("/").await;
    client.emit("flood", json!([])).await;
    client.emit("disconnect me", json!([])).await;
    flood.log.until_has("server namespace disconnect").await;
}

#[tokio::test]
async fn volatile_events_are_dropped_while_a_client_is_behind() {
    let app = TestApp::serve::<Flood>().await;
    let flood = app.get::<Flood>();
    let mut client = app.client().await;
    client.emit("flood", json!([])).await;
    flood.log.until_has("flooded").await;
    for _ in 0..12 {
        client.event("much").await;
    }
    client.emit("disconnect me", json!([])).await;
    let rest: Vec<_> = client.closed().await.into_iter().map(|packet| packet.kind).collect();
    assert_eq!(rest, ['1'], "nothing but the disconnect");
}

#[tokio::test]
async fn drained_resolves_when_the_client_reads() {
    let app = TestApp::serve::<Flood>().await;
    let flood = app.get::<Flood>();
    let mut client = app.client().await;
    client.emit("flood", json!([])).await;
    client.emit("drained", json!([])).await;
    for _ in 0..12 {
        client.event("much").await;
    }
    flood.log.until_has("drained: true").await;
}

/// A client that takes nothing for this time is disconnected.
#[web_socket_gateway(write_timeout = 300)]
struct Impatient {
    #[web_socket_server]
    server: Server,
    log: Log,
}

#[subscribe_messages]
impl Impatient {}

impl OnGatewayDisconnect for Impatient {
    async fn handle_disconnect(&self, _client: Socket, reason: DisconnectReason) -> HookResult {
        self.log.add(reason.to_string());
        Ok(())
    }
}

#[tokio::test]
async fn a_client_without_progress_is_disconnected() {
    let app = TestApp::serve::<Impatient>().await;
    let impatient = app.get::<Impatient>();
    let mut client = Client::open_with_small_buffer(app.addr()).await;
    client.enter("/").await;
    impatient.server.emit("much", "x".repeat(15_000_000));
    impatient.log.until_has("transport error").await;
}

/// Bytes that may wait for one client of [`Broadcasts`].
const OUTBOX: usize = 256 << 10;

/// Broadcasts numbered messages when it is told to.
#[web_socket_gateway(max_outbox_bytes = OUTBOX)]
struct Broadcasts {
    #[web_socket_server]
    server: Server,
    log: Log,
}

/// A part of the flood: numbers from, up to, and the bytes of each message.
#[derive(serde::Deserialize)]
struct Part {
    from: u32,
    to: u32,
    size: usize,
}

#[subscribe_messages]
impl Broadcasts {
    #[subscribe_message("broadcast")]
    fn broadcast(&self, #[message_body] part: Part) -> u32 {
        let filling = "x".repeat(part.size);
        for number in part.from..part.to {
            self.server.to("readers").to("slow").emit("number", Args((number, &filling)));
        }
        part.to
    }

    #[subscribe_message("join")]
    fn join(&self, #[message_body] room: String, #[connected_socket] client: &Socket) -> bool {
        client.set_data("room", &room);
        client.join(&room);
        true
    }

    #[subscribe_message("left")]
    async fn left(&self) -> Vec<String> {
        self.log.until_len(1).await
    }
}

impl OnGatewayDisconnect for Broadcasts {
    async fn handle_disconnect(&self, client: Socket, reason: DisconnectReason) -> HookResult {
        self.log.add(format!("{} {reason}", client.data_value::<String>("room").unwrap_or_default()));
        Ok(())
    }
}

/// Tells this executable that it is the server of the test below.
const SERVER: &str = "GATEWAY_TESTS_SLOW_CLIENTS_SERVER";

/// The server of the test below, in a process of its own: its memory is the server's and nobody else's.
/// Without the variable it is no test at all.
#[test]
fn server_process() {
    if std::env::var_os(SERVER).is_none() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let app = runtime.block_on(TestApp::start(builder::<Broadcasts>()));
    println!("\nport {}", app.addr().port());
    // The test ends with its end of this pipe.
    std::io::read_to_string(std::io::stdin()).expect("a pipe");
    runtime.shutdown_background();
}

/// A server in a process of its own.
struct ServerProcess {
    addr: SocketAddr,
    child: Child,
}

impl ServerProcess {
    async fn start() -> Self {
        let mut child = Command::new(std::env::current_exe().expect("the test's executable"))
            .args(["slow_clients::server_process", "--exact", "--nocapture"])
            .env(SERVER, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the test's executable");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let port = within("the server's port", async {
            loop {
                let line = lines.next_line().await.expect("text").expect("the server starts");
                if let Some(port) = line.strip_prefix("port ") {
                    break port.parse().expect("a port");
                }
            }
        });
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, port.await));
        Self { addr, child }
    }

    /// Bytes of memory that the server holds now (`VmRSS`), or has held at most (`VmHWM`).
    fn memory(&self, key: &str) -> usize {
        let path = format!("/proc/{}/status", self.child.id().expect("it runs"));
        let status = std::fs::read_to_string(path).expect("the state of the process");
        let line = status.lines().find_map(|line| line.strip_prefix(key)).expect("the memory of the process");
        let kilobytes: usize = line.trim_matches([':', ' ', '\t', 'k', 'B']).parse().expect("a number");
        kilobytes << 10
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_slow_client_costs_its_outbox_and_fifty_others_miss_nothing() {
    const READERS: usize = 50;
    const MESSAGES: u32 = 2000;
    const SIZE: usize = 10_000;
    const PART: u32 = 10;

    let server = ServerProcess::start().await;
    let mut slow = Client::open_with_small_buffer(server.addr).await;
    slow.enter("/").await;
    assert_eq!(slow.call("join", json!(["slow"])).await, json!([true]));
    let mut control = Client::connect(server.addr, "/").await;
    let mut readers = Vec::new();
    for _ in 0..READERS {
        let mut reader = Client::connect(server.addr, "/").await;
        assert_eq!(reader.call("join", json!(["readers"])).await, json!([true]));
        readers.push(reader);
    }
    let start = server.memory("VmRSS");

    // The readers keep up: each part is read by all before the next is sent.
    for from in (0..MESSAGES).step_by(PART as usize) {
        let part = json!([{"from": from, "to": from + PART, "size": SIZE}]);
        assert_eq!(control.call("broadcast", part).await, json!([from + PART]));
        for reader in &mut readers {
            for number in from..from + PART {
                // The whole of it, but without a JSON parser: a gigabyte comes through here.
                let (text, head) = (reader.raw().await, format!(r#"42["number",{number},"x"#));
                assert!(text.starts_with(&head), "{number} was due, not {text:.40}");
                assert_eq!(text.len(), head.len() - 1 + SIZE + 2);
            }
        }
    }

    assert_eq!(control.call("left", json!([])).await, json!([["slow transport error"]]));
    let (peak, limits) = (server.memory("VmHWM"), (READERS + 2) * OUTBOX);
    let held = peak.saturating_sub(start);
    println!("start {} KiB, peak {} KiB, limits {} KiB", start >> 10, peak >> 10, limits >> 10);
    assert!(held <= limits, "the server held {held} bytes more than at its start; the limits allow {limits}");
    let everything = MESSAGES as usize * SIZE;
    assert!(limits < everything, "or this test would show nothing");
    drop(slow);
}

/// A client may not fill the server by sending either: see `sessions` for the queue of its events.
#[tokio::test]
async fn a_slow_client_costs_others_no_time() {
    let app = TestApp::serve::<Flood>().await;
    let mut slow = Client::open_with_small_buffer(app.addr()).await;
    slow.enter("/").await;
    slow.emit("flood", json!([])).await;
    app.get::<Flood>().log.until_has("flooded").await;
    let mut other = app.client().await;
    other.emit("flood", json!([])).await;
    for _ in 0..12 {
        assert_eq!(other.event("much").await[0].as_str().map(str::len), Some(1_000_000));
    }
    drop(slow);
}
