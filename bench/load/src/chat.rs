//! The chat example: rooms of ten, each client sends, waits for its acknowledgement and for what its room hears.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::{
    dialect::{Dialect, filler},
    fleet::{Fleet, Happening},
    latency::Latencies,
    phases::{Phase, Phases},
    rooms::{self, MEMBERS},
    spec::{Outcome, Protocol, Spec},
    template::{FIRST_ID, Template},
};

/// One message of so many joins the room instead.
const JOINS: u64 = 20;

/// What one client has under way.
#[derive(Clone, Copy, Debug)]
struct Turn {
    id: u64,
    since: Instant,
    /// Whether its message was `joinRoom`.
    joins: bool,
}

/// A room's messages that wait for their deliveries: by the member that sent them, the id and how many.
type Open = Vec<[(u64, usize); MEMBERS]>;

/// Each client has one message under way; counted are acknowledgements.
///
/// # Errors
/// If an acknowledgement or a delivery is wrong or does not come.
pub(crate) fn run(spec: &Spec, clients: usize) -> Result<Outcome> {
    ensure!(
        spec.protocol == Protocol::SocketIo && clients.is_multiple_of(MEMBERS),
        "the chat is Socket.IO's, in rooms of ten"
    );
    let mut fleet = Fleet::new(Dialect::of(spec))?;
    fleet.open(clients, 64)?;
    let mut chat = Chat::new(&fleet, clients)?;
    for number in 0..clients {
        fleet.send(number, |out| chat.join(number, out))?;
    }
    while chat.count < clients as u64 {
        fleet.turn(Some(Duration::from_millis(100)), &mut |number, happening, _| {
            chat.receive(number, happening)
        })?;
    }
    for number in 0..clients {
        fleet.send(number, |out| chat.send(number, out))?;
    }
    let mut phases = Phases::start(spec)?;
    let mut over = false;
    let mut end = Instant::now();
    while !over || chat.waiting > 0 {
        fleet.turn(Some(Duration::from_millis(100)), &mut |number, happening, out| {
            let before = chat.count;
            chat.receive(number, happening)?;
            if chat.count > before && !over {
                chat.send(number, out);
            }
            Ok(())
        })?;
        if over {
            ensure!(end.elapsed() < Duration::from_secs(20), "{} messages have not come", chat.waiting);
            continue;
        }
        match phases.tick(chat.count)? {
            Phase::Begins => chat.latencies.reset(),
            Phase::Over => (over, end) = (true, Instant::now()),
            Phase::WarmUp | Phase::Measuring => {}
        }
    }
    phases.outcome(&chat.latencies, 0)
}

#[derive(Debug)]
struct Chat {
    messages: Vec<Template>,
    joins: Vec<Template>,
    /// By the member of a room that sends.
    heard: Vec<Template>,
    sent: Template,
    turns: Vec<Turn>,
    open: Open,
    /// Acknowledgements and deliveries that are waited for.
    waiting: usize,
    count: u64,
    latencies: Latencies,
}

impl Chat {
    fn new(fleet: &Fleet, clients: usize) -> Result<Self> {
        let text = filler(60);
        let user = |member: usize| format!("user-{}", char::from(b'a' + member as u8));
        let of_client = |number: usize, event: &str, more: &str| {
            let (room, user) = (rooms::name(number / MEMBERS), user(number % MEMBERS));
            fleet.dialect().frame(
                0,
                event,
                true,
                &format!(r#"{{"roomId":"{room}","userName":"{user}"{more}}}"#),
            )
        };
        let message = format!(r#","message":"{FIRST_ID} {text}""#);
        let template = |text: &str| Template::of(text.as_bytes(), FIRST_ID);
        Ok(Self {
            messages: (0..clients)
                .map(|number| of_client(number, "sendMessage", &message))
                .collect::<Result<_>>()?,
            joins: (0..clients).map(|number| of_client(number, "joinRoom", "")).collect::<Result<_>>()?,
            heard: (0..MEMBERS)
                .map(|member| {
                    template(&format!(r#"42["roomMessage","{}: {FIRST_ID} {text}"]"#, user(member)))
                })
                .collect(),
            sent: template(&format!(r#"43{FIRST_ID}["sent"]"#)),
            turns: vec![Turn { id: FIRST_ID, since: Instant::now(), joins: false }; clients],
            open: vec![[(FIRST_ID, 0); MEMBERS]; clients / MEMBERS],
            waiting: 0,
            count: 0,
            latencies: Latencies::new()?,
        })
    }

    fn next(&mut self, number: usize, joins: bool) -> u64 {
        let turn = &mut self.turns[number];
        *turn = Turn { id: turn.id + 1, since: Instant::now(), joins };
        self.waiting += 1;
        turn.id
    }

    fn join(&mut self, number: usize, out: &mut Vec<u8>) {
        let id = self.next(number, true);
        self.joins[number].write(id, out);
    }

    fn send(&mut self, number: usize, out: &mut Vec<u8>) {
        if (self.turns[number].id + number as u64).is_multiple_of(JOINS) {
            return self.join(number, out);
        }
        let id = self.next(number, false);
        self.waiting += MEMBERS;
        self.open[number / MEMBERS][number % MEMBERS] = (id, MEMBERS);
        self.messages[number].write(id, out);
    }

    fn receive(&mut self, number: usize, happening: Happening<'_>) -> Result<()> {
        let Happening::Text(message) = happening else { bail!("{happening:?} in a chat") };
        let wrong = || format!("client {number}: wrong: {}", String::from_utf8_lossy(message));
        self.waiting = self.waiting.checked_sub(1).with_context(wrong)?;
        if message.starts_with(b"43") {
            let turn = self.turns[number];
            if turn.joins {
                let right = format!("43{}[", turn.id);
                ensure!(message.starts_with(right.as_bytes()), "{}", wrong());
            } else {
                ensure!(self.sent.read(message) == Some(turn.id), "{}", wrong());
            }
            self.latencies.record(turn.since, Instant::now());
            self.count += 1;
            return Ok(());
        }
        let (member, id) = self
            .heard
            .iter()
            .enumerate()
            .find_map(|(member, heard)| heard.read(message).map(|id| (member, id)))
            .with_context(wrong)?;
        // Who has its acknowledgement may send the next message before all have heard the last one: those count to it.
        let (newest, waiting) = &mut self.open[number / MEMBERS][member];
        ensure!(id <= *newest && id + 2 * JOINS > *newest, "{}", wrong());
        if id == *newest {
            *waiting = waiting.checked_sub(1).with_context(wrong)?;
        }
        Ok(())
    }
}
