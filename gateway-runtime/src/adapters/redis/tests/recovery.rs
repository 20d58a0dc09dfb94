//! Clients that come back to another server, whatever happens to Redis meanwhile.

use std::collections::HashMap;
use std::time::Duration;

use gateway_core::{ConnectionStateRecovery, Frames};

use super::faults::until;
use super::streams::{node, over};
use crate::RedisStreamsAdapter;
use crate::adapters::conformance::{Client, Node, within};
use crate::adapters::redis::bus::BusOptions;
use crate::adapters::redis::driver::stub::StubDriver;
use crate::adapters::redis::streams::StreamsOptions;

async fn recovering(name: &str, stub: &StubDriver) -> (Node, RedisStreamsAdapter) {
    let adapter = over(stub, StreamsOptions::default(), BusOptions::default()).await;
    let node = node(name, &adapter).await;
    node.recovers(ConnectionStateRecovery::default());
    (node, adapter)
}

/// The speaker, the number and the offset of an event `["n", speaker, number, offset]`.
fn event(frames: &Frames) -> (u64, u64, String) {
    let array = frames.as_str().find('[').map(|at| &frames.as_str()[at..]).expect("an event");
    let (name, speaker, number, offset): (String, u64, u64, String) =
        serde_json::from_str(array).expect("a number");
    assert_eq!(name, "n");
    (speaker, number, offset)
}

async fn next(client: &mut Client) -> (u64, u64, String) {
    event(&client.next().await)
}

fn say(node: &Node, speaker: u64, number: u64) {
    node.server.to("x").emit("n", gateway_core::Args((speaker, number)));
}

#[tokio::test(start_paused = true)]
async fn a_client_gets_what_it_has_missed_on_another_server() {
    let stub = StubDriver::default();
    let ((one, _a), (two, _b)) = (recovering("n0", &stub).await, recovering("n1", &stub).await);
    let mut client = one.recoverable_client("c");
    client.socket.join("x");
    client.socket.set_data("user", "Ann");
    say(&one, 0, 0);
    say(&two, 1, 0);
    let mut offset = next(&mut client).await.2;
    offset = offset.max(next(&mut client).await.2);
    client.cut();
    until("the session", || stub.get("sio:session:c").is_some()).await;
    say(&one, 0, 1);
    two.server.to("y").emit("n", ());
    two.server.to("x").except("x").emit("n", ());
    one.server.to("x").volatile().emit("n", ());
    say(&two, 1, 1);
    until("all of it", || stub.entries("socket.io").len() == 7).await;
    for (pid, offset) in [("c", "0-0"), ("d", offset.as_str()), ("c", "x"), ("c", "")] {
        // Nothing that makes no sense costs the session.
        if offset == "0-0" {
            continue;
        }
        assert!(two.come_back(pid, offset).await.is_none(), "{pid} {offset}");
    }
    let mut back = two.come_back("c", &offset).await.expect("it is known");
    assert!(stub.get("sio:session:c").is_none() && back.socket.recovered());
    assert!(back.socket.rooms().contains("x") && back.socket.rooms().contains("c"));
    assert_eq!(back.socket.data_value::<String>("user").as_deref(), Some("Ann"));
    let missed = [next(&mut back).await, next(&mut back).await];
    let mut numbers: Vec<_> = missed.iter().map(|(speaker, number, _)| (*speaker, *number)).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [(0, 1), (1, 1)]);
    say(&one, 0, 2);
    assert_eq!(next(&mut back).await.1, 2);
    assert!(one.come_back("c", &offset).await.is_none(), "once");

    // Who is told to go does not come back.
    back.cut();
    until("the session", || stub.get("sio:session:c").is_some()).await;
    one.server.in_("x").disconnect_sockets(false);
    until("that too", || stub.entries("socket.io").len() == 9).await;
    assert!(one.come_back("c", &missed[1].2).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn sessions_that_make_no_sense_are_none() {
    let stub = StubDriver::default();
    let (one, _adapter) = recovering("n0", &stub).await;
    let offset = stub.add("socket.io", &[("some", "thing")]).to_string();
    for value in ["", "!", "e30=", "wcHB", "gqNzaWSjc2lk", "////"] {
        stub.set("sio:session:c", value);
        assert!(one.come_back("c", &offset).await.is_none(), "{value}");
    }
    // No server gives such ids, and Redis is not asked for them.
    for pid in ["c".repeat(10_000), "c:d".into(), "{c}".into(), "c\n".into()] {
        let key = format!("sio:session:{pid}");
        stub.set(&key, "!");
        assert!(one.come_back(&pid, &offset).await.is_none());
        assert!(stub.get(&key).is_some(), "nobody has taken {key}");
    }
    // As Node writes it, and then one whose offset is not there.
    let value = "hKNzaWSjc2lko3BpZKNwaWSlcm9vbXOSo3NpZKF4pGRhdGGBoW4B";
    stub.set("sio:session:pid", value);
    let back = one.come_back("pid", &offset).await.expect("it is known");
    assert_eq!(back.socket.id(), "sid");
    for offset in ["1-0", "99999999-0", "18446744073709551615-18446744073709551615"] {
        stub.set("sio:session:pid", value);
        assert!(one.come_back("pid", offset).await.is_none(), "{offset}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_redis_events_come_early_and_once() {
    let stub = StubDriver::default();
    let ((one, here), (two, _there)) = (recovering("n0", &stub).await, recovering("n1", &stub).await);
    let (mut near, mut far) = (one.recoverable_client("near"), two.recoverable_client("far"));
    near.socket.join("x");
    far.socket.join("x");
    say(&one, 0, 0);
    assert_eq!((next(&mut near).await.1, next(&mut far).await.1), (0, 0));
    stub.stall(true);
    (1..5).for_each(|number| say(&one, 0, number));
    // They have waited for a second; those after them do not.
    let start = tokio::time::Instant::now();
    for number in 1..5 {
        assert_eq!(next(&mut near).await.1, number);
    }
    assert!(start.elapsed() >= Duration::from_millis(900));
    (5..8).for_each(|number| say(&one, 0, number));
    let mut last = String::new();
    for number in 5..8 {
        let event = next(&mut near).await;
        (last, _) = (event.2, assert_eq!(event.1, number));
    }
    stub.stall(false);
    for number in 1..8 {
        assert_eq!(next(&mut far).await.1, number);
    }
    // The stream is quick again.
    let is_regular = |offset: &str| offset.split('-').nth(1).is_some_and(|number| number.len() < 11);
    assert!(!is_regular(&last));
    let mut number = 8;
    within("an offset of the stream", async {
        loop {
            say(&one, 0, number);
            let (_, heard, offset) = next(&mut near).await;
            assert_eq!((heard, next(&mut far).await.1), (number, number));
            number += 1;
            if is_regular(&offset) {
                break;
            }
        }
    })
    .await;
    assert!(near.take(1).is_empty() && far.take(1).is_empty());
    assert_eq!(here.stats().dropped, 0);
}

/// Numbers that look random, and are the same again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.roll(length as u64)).expect("an index")
    }
}

/// A client as it is at its own end: what it has received, by speaker, since it is what it is.
struct Listener {
    name: String,
    client: Client,
    offset: Option<String>,
    heard: HashMap<u64, u64>,
    recovered: usize,
}

impl Listener {
    fn hear(&mut self, most: usize, seed: u64) {
        for frames in self.client.take(most) {
            let (speaker, number, offset) = event(&frames);
            if let Some(former) = self.heard.insert(speaker, number) {
                assert_eq!(
                    number,
                    former + 1,
                    "of {speaker} at {}, {} recovered, seed {seed}",
                    self.name,
                    self.recovered
                );
            }
            self.offset = Some(offset);
        }
    }
}

/// Servers whose Redis comes and goes, and clients that are cut off at any moment, with anything on its way, and come back anywhere.
async fn wander(seed: u64) -> usize {
    let mut dice = Dice(seed);
    dice.roll(2);
    let stub = StubDriver::default();
    let mut nodes = Vec::new();
    for index in 0..3 {
        nodes.push(recovering(&format!("n{index}"), &stub).await.0);
    }
    let mut said = [0_u64; 3];
    let new = |nodes: &[Node], index: usize, name: String| {
        let client = nodes[index].recoverable_client(&name);
        client.socket.join("x");
        Listener { name, client, offset: None, heard: HashMap::new(), recovered: 0 }
    };
    let mut listeners: Vec<_> = (0..6).map(|number| new(&nodes, number % 3, format!("c{number}"))).collect();
    let mut recovered = 0;
    for turn in 0..400 {
        match dice.roll(20) {
            0 => stub.go_away(),
            1 | 2 => stub.come_back(),
            3 => stub.cut_connections(),
            4 => stub.lose_next_answer(),
            5 => stub.stall(true),
            6 | 7 => stub.stall(false),
            8 | 9 => tokio::time::sleep(Duration::from_millis(dice.roll(3000))).await,
            10..=12 => {
                let index = dice.index(listeners.len());
                let most = dice.index(20);
                listeners[index].hear(most, seed);
                // What is left in its outbox is lost with the connection.
                listeners[index].client.cut();
                listeners[index].client.take(usize::MAX);
                if dice.roll(2) == 0 {
                    tokio::time::sleep(Duration::from_millis(dice.roll(2000))).await;
                }
                let station = dice.index(nodes.len());
                let (pid, offset) =
                    (listeners[index].client.socket.id().to_owned(), listeners[index].offset.clone());
                // And others go on.
                let turns: Vec<_> = (0..dice.roll(12)).map(|_| dice.index(4)).collect();
                let meanwhile = async {
                    for speaker in turns {
                        tokio::task::yield_now().await;
                        if let Some(number) = said.get_mut(speaker) {
                            say(&nodes[speaker], speaker as u64, *number);
                            *number += 1;
                        }
                    }
                };
                let back = async {
                    match &offset {
                        Some(offset) => nodes[station].come_back(&pid, offset).await,
                        None => None,
                    }
                };
                let (back, ()) = tokio::join!(back, meanwhile);
                if let Some(client) = back {
                    recovered += 1;
                    listeners[index].recovered += 1;
                    listeners[index].client = client;
                } else {
                    listeners[index] = new(&nodes, station, format!("{turn}-{index}"));
                }
            }
            _ => {
                let speaker = dice.index(3);
                say(&nodes[speaker], speaker as u64, said[speaker]);
                said[speaker] += 1;
                if dice.roll(3) == 0 {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
        }
        if dice.roll(4) == 0 {
            let index = dice.index(listeners.len());
            let most = dice.index(10);
            listeners[index].hear(most, seed);
        }
    }
    stub.stall(false);
    stub.come_back();
    tokio::time::sleep(Duration::from_secs(20)).await;
    for (speaker, node) in nodes.iter().enumerate() {
        say(node, speaker as u64, said[speaker]);
    }
    tokio::time::sleep(Duration::from_secs(5)).await;
    for listener in &mut listeners {
        listener.hear(usize::MAX, seed);
        for (speaker, last) in said.iter().enumerate() {
            assert_eq!(
                listener.heard.get(&(speaker as u64)),
                Some(last),
                "the last word at {}, seed {seed}",
                listener.name
            );
        }
    }
    recovered
}

#[tokio::test(start_paused = true)]
async fn clients_that_wander_miss_nothing_and_get_nothing_twice() {
    let mut recovered = 0;
    for seed in 0..40 {
        recovered += wander(seed).await;
    }
    assert!(recovered > 500, "{recovered} came back");
}
