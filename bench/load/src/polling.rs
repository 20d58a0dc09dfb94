//! Sessions over Engine.IO's polling, as a browser holds them: one connection on which a request always waits, one for what is
//! sent.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use mio::{Events, Poll, Token};

use crate::{
    dialect::{Dialect, Replies, body},
    http,
    latency::Latencies,
    phases::{Phase, Phases},
    socket::{Incoming, SCRATCH, Socket},
    spec::{Outcome, Spec},
    template::{FIRST_ID, Template},
    window::Window,
};

/// Sessions that are opened at a time.
const OPENING: usize = 32;

/// After this long without a byte the run has failed.
const SILENCE: Duration = Duration::from_secs(20);

const SEPARATOR: u8 = 0x1E;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Connecting,
    /// The handshake is waited for.
    Opening,
    /// That CONNECT was taken.
    Posting,
    /// The answer to CONNECT.
    Joining,
    Ready,
}

#[derive(Debug)]
struct Session {
    /// Where a request waits.
    polls: Socket,
    /// Where messages are sent; opened with the first one.
    posts: Option<Socket>,
    stage: Stage,
    sid: String,
    request: Vec<u8>,
}

/// Sessions over polling.
#[derive(Debug)]
pub(crate) struct Pollers {
    poll: Poll,
    events: Events,
    sessions: Vec<Session>,
    scratch: Vec<u8>,
    dialect: Dialect,
    ready: usize,
    last: Instant,
}

/// A message of a session: its number and the packet, without Engine.IO's type.
type On<'a> = dyn FnMut(usize, &[u8]) -> Result<()> + 'a;

impl Pollers {
    /// Without sessions yet.
    ///
    /// # Errors
    /// If the kernel gives no poll.
    pub(crate) fn new(dialect: Dialect) -> Result<Self> {
        Ok(Self {
            poll: Poll::new()?,
            events: Events::with_capacity(1024),
            sessions: Vec::new(),
            scratch: vec![0; SCRATCH],
            dialect,
            ready: 0,
            last: Instant::now(),
        })
    }

    /// Opens so many more sessions and waits until each is connected and has its request waiting.
    ///
    /// # Errors
    /// If one is refused.
    pub(crate) fn open(&mut self, count: usize) -> Result<()> {
        let target = self.sessions.len() + count;
        while self.ready < target {
            while self.sessions.len() < target && self.sessions.len() < self.ready + OPENING {
                let number = self.sessions.len();
                let polls =
                    Socket::connect(self.dialect.port(), number, self.poll.registry(), Token(number * 2))?;
                let session = Session {
                    polls,
                    posts: None,
                    stage: Stage::Connecting,
                    sid: String::new(),
                    request: Vec::new(),
                };
                self.sessions.push(session);
            }
            self.turn(&mut |_, message| {
                bail!("{} before anything was sent", String::from_utf8_lossy(message))
            })?;
        }
        Ok(())
    }

    /// Sends packets of a session.
    ///
    /// # Errors
    /// If the connection fails.
    pub(crate) fn post(&mut self, number: usize, packets: &str) -> Result<()> {
        let session = &mut self.sessions[number];
        let request = self.dialect.poll(Some(&session.sid), Some(packets));
        let posts = match &mut session.posts {
            Some(posts) => posts,
            none => none.insert(Socket::connect(
                self.dialect.port(),
                number,
                self.poll.registry(),
                Token(number * 2 + 1),
            )?),
        };
        posts.out.extend_from_slice(request.as_bytes());
        posts.flush()
    }

    /// Waits for what happens, and takes one round of it.
    ///
    /// # Errors
    /// If a session fails, if nothing comes for long, or those of `on`.
    pub(crate) fn turn(&mut self, on: &mut On<'_>) -> Result<()> {
        match self.poll.poll(&mut self.events, Some(Duration::from_millis(100))) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => return Ok(()),
            other => other?,
        }
        let now = Instant::now();
        if self.events.is_empty() {
            ensure!(now - self.last < SILENCE, "nothing has come for {SILENCE:?}");
            return Ok(());
        }
        self.last = now;
        let mut pongs = Vec::new();
        for event in &self.events {
            let Token(token) = event.token();
            let session = &mut self.sessions[token / 2];
            let mut place = Place {
                number: token / 2,
                session,
                dialect: &self.dialect,
                ready: &mut self.ready,
                pongs: &mut pongs,
            };
            let taken = if token % 2 == 0 {
                place.polled(event.is_readable(), &mut self.scratch, on)
            } else {
                place.posted(&mut self.scratch)
            };
            taken.with_context(|| format!("session {}", token / 2))?;
        }
        for number in pongs {
            self.post(number, "3")?;
        }
        Ok(())
    }
}

struct Place<'a> {
    number: usize,
    session: &'a mut Session,
    dialect: &'a Dialect,
    ready: &'a mut usize,
    /// Sessions whose heartbeat is to be answered.
    pongs: &'a mut Vec<usize>,
}

impl Place<'_> {
    /// Something has happened where messages are sent: each is answered with `ok`.
    fn posted(&mut self, scratch: &mut [u8]) -> Result<()> {
        let posts = self.session.posts.as_mut().context("nothing was sent yet")?;
        match posts.read(scratch)? {
            Incoming::Nothing => {}
            Incoming::End => bail!("the server has closed the connection for requests"),
            Incoming::Some(count) => posts.consume(&scratch[..count], |input, _| {
                let mut used = 0;
                while let Some(answer) = http::scan(&input[used..])? {
                    ensure!(
                        answer.body == b"ok",
                        "a POST is answered with {:?}",
                        String::from_utf8_lossy(&answer.body)
                    );
                    used += answer.length;
                }
                Ok(used)
            })?,
        }
        posts.flush()
    }

    /// Something has happened where the request waits.
    fn polled(&mut self, readable: bool, scratch: &mut [u8], on: &mut On<'_>) -> Result<()> {
        if self.session.stage == Stage::Connecting && self.session.polls.established()? {
            self.session.stage = Stage::Opening;
            self.session.polls.out.extend_from_slice(self.dialect.poll(None, None).as_bytes());
        }
        if readable {
            match self.session.polls.read(scratch)? {
                Incoming::Nothing => {}
                Incoming::End => bail!("the server has closed the connection of the session"),
                Incoming::Some(count) => {
                    let mut bodies = Vec::new();
                    self.session.polls.consume(&scratch[..count], |input, _| {
                        let Some(answer) = http::scan(input)? else { return Ok(0) };
                        bodies.push(answer.body);
                        Ok(answer.length)
                    })?;
                    for body in bodies {
                        self.answered(&body, on)?;
                    }
                }
            }
        }
        self.session.polls.flush()
    }

    /// The waiting request, or one of the opening, was answered.
    fn answered(&mut self, body: &[u8], on: &mut On<'_>) -> Result<()> {
        let shown = || String::from_utf8_lossy(body).into_owned();
        let next = match self.session.stage {
            Stage::Connecting => bail!("an answer before the request"),
            Stage::Opening => {
                let open: serde_json::Value =
                    serde_json::from_slice(body.strip_prefix(b"0").with_context(shown)?)
                        .with_context(shown)?;
                self.session.sid = open["sid"].as_str().with_context(shown)?.to_owned();
                self.session.request = self.dialect.poll(Some(&self.session.sid), None).into_bytes();
                self.session.stage = Stage::Posting;
                self.dialect
                    .poll(Some(&self.session.sid), Some(&self.dialect.connect(self.number)))
                    .into_bytes()
            }
            Stage::Posting => {
                ensure!(body == b"ok", "CONNECT is answered with {}", shown());
                self.session.stage = Stage::Joining;
                self.session.request.clone()
            }
            Stage::Joining => {
                for packet in body.split(|byte| *byte == SEPARATOR) {
                    if packet == b"2" {
                        self.pongs.push(self.number);
                        continue;
                    }
                    ensure!(packet.starts_with(b"40"), "not connected: {}", shown());
                    self.session.stage = Stage::Ready;
                    *self.ready += 1;
                }
                self.session.request.clone()
            }
            Stage::Ready => {
                for packet in body.split(|byte| *byte == SEPARATOR) {
                    match packet {
                        b"2" => self.pongs.push(self.number),
                        // An empty one ends a poll.
                        b"6" => {}
                        packet => on(self.number, packet)?,
                    }
                }
                self.session.request.clone()
            }
        };
        self.session.polls.out.extend_from_slice(&next);
        Ok(())
    }
}

/// Each session has one message under way; an answer is two requests.
///
/// # Errors
/// If an answer is wrong or does not come.
pub(crate) fn run(spec: &Spec, sessions: usize, size: usize) -> Result<Outcome> {
    let mut pollers = Pollers::new(Dialect::of(spec))?;
    pollers.open(sessions)?;
    let data = body(FIRST_ID, size)?;
    let packet = Template::of(pollers.dialect.event(0, "push", None, &data)?.as_bytes(), FIRST_ID);
    let mut replies = Replies::with(&data, 1)?;
    let mut windows: Vec<Window> = (0..sessions).map(|_| Window::default()).collect();
    let (mut latencies, mut count) = (Latencies::new()?, 0_u64);
    let mut phases = Phases::start(spec)?;
    let mut to_send: Vec<usize> = (0..sessions).collect();
    let mut over = false;
    while !over || windows.iter().any(|window| window.waiting() > 0) {
        for number in to_send.drain(..) {
            let mut packets = Vec::new();
            packet.write(windows[number].send(Instant::now()), &mut packets);
            pollers.post(number, std::str::from_utf8(&packets)?)?;
        }
        pollers.turn(&mut |number, message| {
            let id = replies.read(number, message)?;
            latencies.record(windows[number].receive(id)?.since, Instant::now());
            count += 1;
            if !over {
                to_send.push(number);
            }
            Ok(())
        })?;
        if over {
            continue;
        }
        match phases.tick(count)? {
            Phase::Begins => latencies.reset(),
            Phase::Over => {
                over = true;
                to_send.clear();
            }
            Phase::WarmUp | Phase::Measuring => {}
        }
    }
    phases.outcome(&latencies, 0)
}
