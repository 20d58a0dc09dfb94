//! Many WebSocket connections in one thread: opens them, answers heartbeats, hands out what comes, writes what is answered, once
//! for each read. It must never know a workload.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use mio::{Events, Poll, Token};

use crate::{
    dialect::Dialect,
    frame::{self, Opcode},
    socket::{Incoming, SCRATCH, Socket},
    spec::Protocol,
};

/// After this long without a byte the run has failed.
const SILENCE: Duration = Duration::from_secs(20);

/// How far a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Connecting,
    Upgrading,
    /// Engine.IO's open packet is waited for.
    Opening,
    /// Socket.IO's CONNECT is waited for.
    Joining,
    Ready,
    /// A close frame was sent.
    Closing,
    Closed,
}

#[derive(Debug)]
struct Connection {
    socket: Socket,
    stage: Stage,
}

/// What happens on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Happening<'a> {
    /// It can be used.
    Ready,
    /// A text message.
    Text(&'a [u8]),
    /// A binary message.
    Binary(&'a [u8]),
    /// It was closed as we asked.
    Closed,
}

/// What a workload does with it: the number of the connection, what happens, and what is to be written to it.
pub(crate) type On<'a> = dyn FnMut(usize, Happening<'_>, &mut Vec<u8>) -> Result<()> + 'a;

/// The connections.
#[derive(Debug)]
pub(crate) struct Fleet {
    poll: Poll,
    events: Events,
    connections: Vec<Connection>,
    scratch: Vec<u8>,
    dialect: Dialect,
    upgrade: Vec<u8>,
    last: Instant,
    /// Connections that were opened so far: they have different addresses.
    opened: usize,
}

impl Fleet {
    /// Without connections yet.
    ///
    /// # Errors
    /// If the kernel gives no poll.
    pub(crate) fn new(dialect: Dialect) -> Result<Self> {
        Ok(Self {
            poll: Poll::new()?,
            events: Events::with_capacity(1024),
            connections: Vec::new(),
            scratch: vec![0; SCRATCH],
            upgrade: dialect.upgrade().into_bytes(),
            dialect,
            last: Instant::now(),
            opened: 0,
        })
    }

    /// How the server is spoken to.
    pub(crate) fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    /// How many connections there are, closed ones included.
    pub(crate) fn len(&self) -> usize {
        self.connections.len()
    }

    /// Begins one more connection.
    ///
    /// # Errors
    /// If there are no descriptors or ports left.
    pub(crate) fn connect(&mut self) -> Result<()> {
        let number = self.connections.len();
        let socket = self.socket(number)?;
        self.connections.push(Connection { socket, stage: Stage::Connecting });
        Ok(())
    }

    /// Begins a closed connection anew.
    ///
    /// # Errors
    /// If there are no descriptors or ports left.
    pub(crate) fn reconnect(&mut self, number: usize) -> Result<()> {
        let socket = self.socket(number)?;
        self.connections[number] = Connection { socket, stage: Stage::Connecting };
        Ok(())
    }

    fn socket(&mut self, number: usize) -> Result<Socket> {
        self.opened += 1;
        Socket::connect(self.dialect.port(), self.opened, self.poll.registry(), Token(number))
    }

    /// Opens so many more connections, `concurrency` at a time, and waits until all are ready.
    ///
    /// # Errors
    /// If one is refused.
    pub(crate) fn open(&mut self, count: usize, concurrency: usize) -> Result<()> {
        let target = self.connections.len() + count;
        let mut ready = self.connections.len();
        loop {
            while self.connections.len() < target && self.connections.len() < ready + concurrency {
                self.connect()?;
            }
            if ready == target {
                return Ok(());
            }
            self.turn(Some(Duration::from_millis(100)), &mut |number, happening, _| match happening {
                Happening::Ready => {
                    ready += 1;
                    Ok(())
                }
                other => bail!("connection {number} has {other:?} before anything was sent"),
            })?;
        }
    }

    /// Has `write` add to what a connection sends, and sends it.
    ///
    /// # Errors
    /// If the connection fails.
    pub(crate) fn send(&mut self, number: usize, write: impl FnOnce(&mut Vec<u8>)) -> Result<()> {
        let socket = &mut self.connections[number].socket;
        write(&mut socket.out);
        socket.flush().with_context(|| format!("connection {number}"))
    }

    /// Begins to close a connection, as a browser does.
    ///
    /// # Errors
    /// If the connection fails.
    pub(crate) fn close(&mut self, number: usize) -> Result<()> {
        self.connections[number].stage = Stage::Closing;
        self.send(number, |out| frame::write(Opcode::Close, &1000_u16.to_be_bytes(), out))
    }

    /// Waits for what happens, and takes one round of it.
    ///
    /// # Errors
    /// If a connection fails or ends, if nothing comes for long, or those of `on`.
    pub(crate) fn turn(&mut self, timeout: Option<Duration>, on: &mut On<'_>) -> Result<()> {
        match self.poll.poll(&mut self.events, timeout) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => return Ok(()),
            other => other?,
        }
        let now = Instant::now();
        if self.events.is_empty() {
            ensure!(now - self.last < SILENCE, "nothing has come for {SILENCE:?}");
            return Ok(());
        }
        self.last = now;
        let Self { poll, events, connections, scratch, dialect, upgrade, .. } = self;
        for event in &*events {
            let Token(number) = event.token();
            let connection = &mut connections[number];
            if connection.stage == Stage::Closed {
                continue;
            }
            let mut place = Place { number, connection, dialect };
            place.established(upgrade).with_context(|| format!("connection {number}"))?;
            if event.is_readable() {
                place
                    .read(scratch, event.is_read_closed(), on)
                    .with_context(|| format!("connection {number}"))?;
            }
            let connection = place.connection;
            if connection.stage == Stage::Closed {
                connection.socket.deregister(poll.registry())?;
                on(number, Happening::Closed, &mut connection.socket.out)?;
                continue;
            }
            connection.socket.flush().with_context(|| format!("connection {number}"))?;
        }
        Ok(())
    }

    /// Forgets that nothing has come for a while: the workload was busy otherwise.
    pub(crate) fn awake(&mut self) {
        self.last = Instant::now();
    }
}

/// A connection and who speaks on it.
struct Place<'a> {
    number: usize,
    connection: &'a mut Connection,
    dialect: &'a Dialect,
}

impl Place<'_> {
    fn established(&mut self, upgrade: &[u8]) -> Result<()> {
        if self.connection.stage == Stage::Connecting && self.connection.socket.established()? {
            self.connection.stage = Stage::Upgrading;
            self.connection.socket.out.extend_from_slice(upgrade);
        }
        Ok(())
    }

    /// Reads until the socket is empty. A short read has emptied it, but for the end of the connection, of which nothing more
    /// is told.
    fn read(&mut self, scratch: &mut [u8], ends: bool, on: &mut On<'_>) -> Result<()> {
        loop {
            match self.connection.socket.read(scratch)? {
                Incoming::Nothing => return Ok(()),
                Incoming::End if self.connection.stage == Stage::Closing => {
                    self.connection.stage = Stage::Closed;
                    return Ok(());
                }
                Incoming::End => bail!("the server has ended it ({:?})", self.connection.stage),
                Incoming::Some(count) => {
                    self.take(&scratch[..count], on)?;
                    if count < scratch.len() && !ends {
                        return Ok(());
                    }
                }
            }
        }
    }

    fn take(&mut self, fresh: &[u8], on: &mut On<'_>) -> Result<()> {
        let Self { number, connection: Connection { socket, stage }, dialect } = self;
        socket.consume(fresh, |input, out| {
            let mut used = 0;
            if *stage == Stage::Upgrading {
                let Some(length) = Dialect::upgraded(input)? else { return Ok(0) };
                used = length;
                *stage = match dialect.protocol {
                    Protocol::SocketIo => Stage::Opening,
                    Protocol::Plain | Protocol::Raw => Stage::Ready,
                };
                if *stage == Stage::Ready {
                    on(*number, Happening::Ready, out)?;
                }
            }
            while let Some(frame) = frame::scan(&input[used..])? {
                used += frame.length;
                match frame.opcode {
                    Opcode::Text => text(*number, stage, dialect, frame.payload, out, on)?,
                    Opcode::Binary => on(*number, Happening::Binary(frame.payload), out)?,
                    Opcode::Ping => frame::write(Opcode::Pong, frame.payload, out),
                    Opcode::Close if *stage == Stage::Closing => {}
                    Opcode::Close => bail!("the server closes: {:?}", frame.payload),
                    Opcode::Pong => {}
                }
            }
            Ok(used)
        })
    }
}

fn text(
    number: usize,
    stage: &mut Stage,
    dialect: &Dialect,
    payload: &[u8],
    out: &mut Vec<u8>,
    on: &mut On<'_>,
) -> Result<()> {
    if dialect.protocol == Protocol::SocketIo && payload == b"2" {
        frame::write(Opcode::Text, b"3", out);
        return Ok(());
    }
    match stage {
        Stage::Ready => on(number, Happening::Text(payload), out),
        Stage::Opening => {
            ensure!(payload.starts_with(b"0{"), "no open packet: {}", String::from_utf8_lossy(payload));
            frame::write(Opcode::Text, dialect.connect(number).as_bytes(), out);
            *stage = Stage::Joining;
            Ok(())
        }
        Stage::Joining => {
            ensure!(payload.starts_with(b"40"), "not connected: {}", String::from_utf8_lossy(payload));
            *stage = Stage::Ready;
            on(number, Happening::Ready, out)
        }
        Stage::Closing => Ok(()),
        Stage::Connecting | Stage::Upgrading | Stage::Closed => bail!("a message before the upgrade"),
    }
}
