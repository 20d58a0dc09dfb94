//! The well-behaved clients beside the hostile ones: they exchange numbers in pairs all the time and hear a clock, and
//! notice everything that is lost, late by a packet or out of order.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::support::client::{Client, Packet, within};

/// Between two numbers of a client.
const PAUSE: Duration = Duration::from_millis(50);

/// One well-behaved client.
struct SteadyClient {
    client: Client,
    partner: String,
    sent: u64,
    received: u64,
    strokes: u64,
    next_stroke: Option<u64>,
}

impl SteadyClient {
    async fn start(addr: SocketAddr, index: usize) -> Self {
        let client = Client::connect(addr, "/steady").await;
        let partner = room(index ^ 1);
        let mut steady = Self { client, partner, sent: 0, received: 0, strokes: 0, next_stroke: None };
        let id = steady.client.ask("join", json!([room(index)])).await;
        assert_eq!(steady.until_acked(id).await, json!([true]));
        steady
    }

    /// Sends the next number to the partner and hears what comes until the server has taken it.
    async fn exchange(&mut self) {
        let number = json!({"to": self.partner, "number": self.sent});
        let id = self.client.ask("number", json!([number])).await;
        assert_eq!(self.until_acked(id).await, json!([self.sent]));
        self.sent += 1;
    }

    async fn until_acked(&mut self, id: u64) -> Value {
        loop {
            let packet = self.client.packet().await;
            if packet.kind == '3' {
                assert_eq!(packet.id, Some(id), "acknowledgements come in order");
                return packet.data;
            }
            self.hear(&packet);
        }
    }

    fn hear(&mut self, packet: &Packet) {
        let value = packet.data[1].as_u64().expect("a number");
        match packet.data[0].as_str() {
            Some("number") => {
                assert_eq!(value, self.received, "the partner's numbers come in order, without a gap");
                self.received += 1;
            }
            Some("stroke") => {
                let due = self.next_stroke.unwrap_or(value);
                assert_eq!(value, due, "the strokes of the clock come in order, without a gap");
                self.next_stroke = Some(value + 1);
                self.strokes += 1;
            }
            _ => panic!("nobody sends {packet:?}"),
        }
    }
}

fn room(index: usize) -> String {
    format!("client {index}")
}

/// Many of them, which go on until they are told to stop.
pub(super) struct Steady {
    stop: watch::Sender<bool>,
    clients: Vec<JoinHandle<SteadyClient>>,
}

/// What they have exchanged.
#[derive(Debug)]
pub(super) struct Exchanged {
    pub(super) numbers: u64,
    pub(super) strokes: u64,
}

impl Steady {
    /// Connects this many, an even number, and lets them begin.
    pub(super) async fn start(addr: SocketAddr, count: usize) -> Self {
        let stop = watch::Sender::new(false);
        let mut started = Vec::new();
        for index in 0..count {
            started.push(SteadyClient::start(addr, index).await);
        }
        let run = |mut steady: SteadyClient| {
            let stopped = stop.subscribe();
            tokio::spawn(async move {
                while !*stopped.borrow() {
                    steady.exchange().await;
                    tokio::time::sleep(PAUSE).await;
                }
                steady
            })
        };
        let clients = started.into_iter().map(run).collect();
        Self { stop, clients }
    }

    /// Lets them come to an end, and sees to it that each has heard all that its partner said.
    pub(super) async fn finish(self) -> Exchanged {
        self.stop.send_replace(true);
        let mut ended = Vec::new();
        for client in self.clients {
            ended.push(within("a well-behaved client", client).await.expect("it lost nothing"));
        }
        let sent: Vec<u64> = ended.iter().map(|steady| steady.sent).collect();
        for (index, steady) in ended.iter_mut().enumerate() {
            while steady.received < sent[index ^ 1] {
                let packet = steady.client.packet().await;
                steady.hear(&packet);
            }
        }
        Exchanged {
            numbers: ended.iter().map(|steady| steady.received).sum(),
            strokes: ended.iter().map(|steady| steady.strokes).sum(),
        }
    }
}
