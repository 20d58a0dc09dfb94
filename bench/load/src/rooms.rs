//! Rooms of ten, many of them: a message to a room is ten deliveries.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::{
    dialect::{Dialect, filler},
    fleet::{Fleet, Happening},
    frame::{self, Opcode},
    latency::Latencies,
    phases::{Phase, Phases},
    spec::{Outcome, Protocol, Spec},
    template::{FIRST_ID, Template},
};

/// Members of a room.
pub(crate) const MEMBERS: usize = 10;

/// From one member of a room to the next, so that rooms in a row have other members: batches would hide what a delivery costs.
const STRIDE: usize = 101;

const FIRST_NAME: usize = 10_000;

/// A name of six bytes.
pub(crate) fn name(room: usize) -> String {
    format!("r{}", FIRST_NAME + room)
}

/// The rooms of a connection, when `rooms` rooms of ten are dealt to `connections`.
fn rooms_of(number: usize, connections: usize, rooms: usize) -> Vec<usize> {
    let first = |member: usize| (number + connections * STRIDE - member * STRIDE) % connections;
    (0..MEMBERS).flat_map(|member| (first(member)..rooms).step_by(connections)).collect()
}

/// One of a room's members.
fn member(room: usize, connections: usize) -> usize {
    room % connections
}

/// Has each connection join the rooms that `of` names for it, one at a time, and waits for the acknowledgements.
///
/// # Errors
/// If one is not acknowledged.
pub(crate) fn join(fleet: &mut Fleet, rooms: usize, of: impl Fn(usize, usize) -> String) -> Result<()> {
    let protocol = fleet.dialect().protocol;
    if protocol == Protocol::Raw {
        return Ok(());
    }
    for step in 0..rooms {
        let count = fleet.len();
        for block in 0..count.div_ceil(256) {
            let numbers = block * 256..count.min((block + 1) * 256);
            let mut waiting = numbers.len();
            for number in numbers {
                let data = format!("\"{}\"", of(number, step));
                let ack = (protocol == Protocol::SocketIo).then_some(step as u64);
                let message = fleet.dialect().event(number, "join", ack, &data)?;
                fleet.send(number, |out| frame::write(Opcode::Text, message.as_bytes(), out))?;
            }
            while waiting > 0 {
                fleet.turn(Some(Duration::from_millis(100)), &mut |_, happening, _| {
                    let Happening::Text(answer) = happening else {
                        bail!("{happening:?} instead of an acknowledgement")
                    };
                    let text = std::str::from_utf8(answer)?;
                    let right = match protocol {
                        Protocol::SocketIo => {
                            text.starts_with("43") && text.ends_with(&format!("{step}[true]"))
                        }
                        // Bare, or in an envelope.
                        Protocol::Plain | Protocol::Raw => text.contains("true"),
                    };
                    ensure!(right, "a wrong answer to join: {text}");
                    waiting -= 1;
                    Ok(())
                })?;
            }
        }
    }
    Ok(())
}

/// Has each connection join so many rooms that nobody else is in.
///
/// # Errors
/// If one is not acknowledged.
pub(crate) fn join_own(fleet: &mut Fleet, rooms: usize) -> Result<()> {
    join(fleet, rooms, |number, step| format!("own-{number}-{step}"))
}

/// Messages to rooms and what has come of them.
#[derive(Debug)]
struct Traffic {
    sends: Vec<Template>,
    /// Answers by room, and where the name of the room is in them.
    replies: Vec<Template>,
    name_at: Option<usize>,
    /// Since when a room waits for how many deliveries of which id.
    open: Vec<(u64, usize, Instant)>,
    latencies: Latencies,
    deliveries: u64,
}

impl Traffic {
    fn receive(&mut self, happening: Happening<'_>) -> Result<Option<usize>> {
        let Happening::Text(message) = happening else { bail!("{happening:?} instead of a message") };
        let wrong = || format!("a wrong message: {}", String::from_utf8_lossy(message));
        if self.name_at.is_none() {
            self.learn(message).with_context(wrong)?;
        }
        let at = self.name_at.context("the name of the room was learned")?;
        let digits = message.get(at + 1..at + 6).with_context(wrong)?;
        let number: usize = std::str::from_utf8(digits)?.parse().with_context(wrong)?;
        let room = number.checked_sub(FIRST_NAME).with_context(wrong)?;
        let id = self.replies.get(room).and_then(|reply| reply.read(message)).with_context(wrong)?;
        let (expected, waiting, since) = &mut self.open[room];
        ensure!(id == *expected && *waiting > 0, "{}, waiting for {expected} {waiting} times", wrong());
        *waiting -= 1;
        self.latencies.record(*since, Instant::now());
        self.deliveries += 1;
        Ok((*waiting == 0).then_some(room))
    }

    /// Messages of all rooms differ by the name of the room only.
    fn learn(&mut self, message: &[u8]) -> Result<()> {
        let text = std::str::from_utf8(message)?;
        let at = text.find("\"r1").context("no name of a room")? + 1;
        let json: serde_json::Value = serde_json::from_str(text.strip_prefix("42").context("no event")?)?;
        ensure!(
            json[0] == "room" && json[1]["text"].is_string() && json[1]["id"].is_u64(),
            "not what was sent"
        );
        let id = json[1]["id"].as_u64().context("no id")?;
        self.name_at = Some(at);
        self.replies = (0..self.sends.len())
            .map(|room| {
                let mut of_room = message.to_vec();
                of_room[at..at + 6].copy_from_slice(name(room).as_bytes());
                Template::of(&of_room, id)
            })
            .collect();
        Ok(())
    }

    fn send(&mut self, room: usize, out: &mut Vec<u8>) {
        let (id, waiting, since) = &mut self.open[room];
        *id += 1;
        *waiting = MEMBERS;
        *since = Instant::now();
        self.sends[room].write(*id, out);
    }
}

/// Writes to `active` rooms at a time, in turn, each time by one of the room's members.
///
/// # Errors
/// If a delivery is wrong or does not come.
pub(crate) fn run(
    spec: &Spec,
    connections: usize,
    rooms: usize,
    active: usize,
    size: usize,
) -> Result<Outcome> {
    let mut fleet = Fleet::new(Dialect::of(spec))?;
    fleet.open(connections, 64)?;
    ensure!(connections > (MEMBERS - 1) * STRIDE, "a room would have a member twice");
    let dealt: Vec<Vec<usize>> =
        (0..connections).map(|number| rooms_of(number, connections, rooms)).collect();
    let most = dealt.iter().map(Vec::len).max().unwrap_or_default();
    // Who is in fewer rooms than others sits in one that nobody writes to.
    join(&mut fleet, most, |number, step| {
        dealt[number].get(step).map_or("elsewhere".to_owned(), |room| name(*room))
    })?;
    let sends = (0..rooms)
        .map(|room| {
            let head = format!(r#"{{"room":"{}","id":{FIRST_ID},"text":""#, name(room));
            let text = filler(size.saturating_sub(head.len() + 2));
            fleet.dialect().frame(0, "room", false, &format!("{head}{text}\"}}"))
        })
        .collect::<Result<_>>()?;
    let mut traffic = Traffic {
        sends,
        replies: Vec::new(),
        name_at: None,
        open: vec![(FIRST_ID, 0, Instant::now()); rooms],
        latencies: Latencies::new()?,
        deliveries: 0,
    };
    let mut phases = Phases::start(spec)?;
    let (mut next, mut idle) = (active % rooms, Vec::new());
    for room in 0..active.min(rooms) {
        fleet.send(member(room, connections), |out| traffic.send(room, out))?;
    }
    let mut under_way = active.min(rooms);
    let mut over = false;
    while under_way > 0 {
        fleet.turn(Some(Duration::from_millis(100)), &mut |_, happening, _| {
            idle.extend(traffic.receive(happening)?);
            Ok(())
        })?;
        for _ in idle.drain(..) {
            if over {
                under_way -= 1;
                continue;
            }
            // The next room that is not under way.
            while traffic.open[next].1 > 0 {
                next = (next + 1) % rooms;
            }
            fleet.send(member(next, connections), |out| traffic.send(next, out))?;
            next = (next + 1) % rooms;
        }
        if over {
            continue;
        }
        match phases.tick(traffic.deliveries)? {
            Phase::Begins => traffic.latencies.reset(),
            Phase::Over => over = true,
            Phase::WarmUp | Phase::Measuring => {}
        }
    }
    phases.outcome(&traffic.latencies, 0)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_room_has_ten_members_and_who_writes_is_one_of_them() {
        for (connections, rooms) in [(1_000, 100), (1_000, 1_000), (1_000, 10_000), (2_000, 300)] {
            let mut members = vec![HashSet::new(); rooms];
            for number in 0..connections {
                for room in rooms_of(number, connections, rooms) {
                    assert!(members[room].insert(number));
                }
            }
            for (room, members) in members.iter().enumerate() {
                assert_eq!(members.len(), MEMBERS, "room {room} of {rooms}");
                assert!(members.contains(&member(room, connections)), "room {room} of {rooms}");
            }
            assert!(members[0].is_disjoint(&members[1]), "rooms in a row have other members");
        }
    }
}
