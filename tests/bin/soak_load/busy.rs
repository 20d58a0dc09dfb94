//! Clients that work: acknowledged events, rooms, casts to a room of ten, and a new connection now and then.
//!
//! A cast is numbered by its sender and goes to the whole room, the sender included. Who hears a gap in a sender's
//! numbers has lost one; so has a sender whose cast is acknowledged before it came back.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;

use crate::client::{Client, Heard, Trouble};
use crate::figures::Totals;

/// Clients of one room.
const ROOM: usize = 10;

/// Between two rounds of one client.
const PAUSE: Duration = Duration::from_millis(100);

/// Rounds of one connection: a client connects anew after about half a minute, each at a time of its own.
const ROUNDS: usize = 250;

/// One of them.
pub(crate) struct Busy {
    server: SocketAddr,
    index: usize,
    number: u64,
    /// The number that is due of each sender, since this connection.
    due: HashMap<u64, u64>,
    totals: Arc<Totals>,
    stop: watch::Receiver<bool>,
}

impl Busy {
    pub(crate) fn new(
        server: SocketAddr,
        index: usize,
        totals: Arc<Totals>,
        stop: watch::Receiver<bool>,
    ) -> Self {
        Self { server, index, number: 0, due: HashMap::new(), totals, stop }
    }

    /// Works until it is told to stop.
    pub(crate) async fn run(mut self) {
        while !*self.stop.borrow() {
            if let Err(trouble) = self.connection().await {
                eprintln!("a busy client: {trouble}");
                self.totals.count_dropped();
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// One connection, from its handshake to its close.
    async fn connection(&mut self) -> Result<(), Trouble> {
        let mut client = Client::connect(self.server, self.index, "/soak").await?;
        self.due.clear();
        let room = format!("room {}", self.index / ROOM);
        self.ask(&mut client, "join", &json!(room)).await?;
        let rounds = ROUNDS / 2 + (self.index * 37) % ROUNDS;
        for round in 0..rounds {
            if *self.stop.borrow() {
                break;
            }
            self.round(&mut client, &room, round).await?;
            tokio::time::sleep(PAUSE).await;
        }
        client.close().await?;
        self.totals.count_reconnect();
        Ok(())
    }

    async fn round(&mut self, client: &mut Client, room: &str, round: usize) -> Result<(), Trouble> {
        let body = json!({"round": round, "text": "x".repeat(round % 200)});
        let echoed = self.ask(client, "echo", &body).await?;
        if echoed != json!([body]) {
            return Err(Trouble::Unexpected(echoed.to_string()));
        }
        let other = json!(format!("{} {}", self.index, round % 7));
        self.ask(client, "join", &other).await?;
        let me = self.index as u64;
        let cast = json!({"room": room, "sender": me, "number": self.number});
        self.ask(client, "cast", &cast).await?;
        self.number += 1;
        if self.due.get(&me) != Some(&self.number) {
            eprintln!("a cast was acknowledged before it came back");
            self.totals.count_lost();
        }
        self.ask(client, "leave", &other).await?;
        Ok(())
    }

    /// Emits, and hears what comes until the acknowledgement.
    async fn ask(&mut self, client: &mut Client, event: &str, body: &Value) -> Result<Value, Trouble> {
        let id = client.ask(event, body).await?;
        loop {
            match client.hear().await? {
                Heard::Ack(acknowledged, data) if acknowledged == id => {
                    self.totals.count_acknowledged();
                    return Ok(data);
                }
                Heard::Event(data) => self.heard(&data),
                Heard::Ack(..) => self.totals.count_lost(),
            }
        }
    }

    fn heard(&mut self, data: &Value) {
        let (Some(sender), Some(number)) = (data[1].as_u64(), data[2].as_u64()) else { return };
        let due = self.due.insert(sender, number + 1);
        if due.is_some_and(|due| due != number) {
            eprintln!("{due:?} was due of {sender}, not {number}");
            self.totals.count_lost();
        }
        self.totals.count_heard();
    }
}
