//! One TCP connection that never blocks, with what has come in part and what is still to be written. It must never know a
//! protocol.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::{Ipv4Addr, SocketAddr},
};

use anyhow::{Context, Result, bail};
use mio::{Interest, Registry, Token, net::TcpStream};

/// Bytes that are read at once, over all connections: one buffer serves them all.
pub(crate) const SCRATCH: usize = 256 * 1024;

/// Loopback addresses that connections are spread over: each has its own ephemeral ports.
const ADDRESSES: usize = 64;

/// A connection.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: TcpStream,
    /// Of a message that has not come whole.
    carry: Vec<u8>,
    /// To be written.
    pub(crate) out: Vec<u8>,
    written: usize,
}

/// What a read has brought.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Incoming {
    /// So many bytes lie in the scratch buffer, or were added to the carry.
    Some(usize),
    /// Nothing for now.
    Nothing,
    /// The other side is gone.
    End,
}

impl Socket {
    /// The `number`th connection to a server on this port.
    ///
    /// # Errors
    /// If there are no descriptors or ports left.
    pub(crate) fn connect(port: u16, number: usize, registry: &Registry, token: Token) -> Result<Self> {
        let last = u8::try_from(1 + number % ADDRESSES)?;
        let address = SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), port));
        let mut stream = TcpStream::connect(address)
            .with_context(|| format!("cannot connect to {address} (number {number})"))?;
        stream.set_nodelay(true)?;
        registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        Ok(Self { stream, carry: Vec::new(), out: Vec::new(), written: 0 })
    }

    /// Reads once. A short read has emptied the socket, since readiness is told by edges.
    ///
    /// # Errors
    /// If the connection fails.
    pub(crate) fn read(&mut self, scratch: &mut [u8]) -> Result<Incoming> {
        loop {
            match self.stream.read(scratch) {
                Ok(0) => return Ok(Incoming::End),
                Ok(count) => return Ok(Incoming::Some(count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Incoming::Nothing),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(Incoming::End),
                Err(error) => bail!("reading: {error}"),
            }
        }
    }

    /// Hands what has come to `take`, which says how many bytes of it it has used; the rest is kept for next time.
    ///
    /// # Errors
    /// Those of `take`.
    pub(crate) fn consume(
        &mut self,
        fresh: &[u8],
        mut take: impl FnMut(&[u8], &mut Vec<u8>) -> Result<usize>,
    ) -> Result<()> {
        if self.carry.is_empty() {
            let used = take(fresh, &mut self.out)?;
            self.carry.extend_from_slice(&fresh[used..]);
            return Ok(());
        }
        self.carry.extend_from_slice(fresh);
        let used = take(&self.carry, &mut self.out)?;
        if used == self.carry.len() {
            self.carry = Vec::new();
        } else {
            self.carry.drain(..used);
        }
        Ok(())
    }

    /// Writes what is to be written, as far as the kernel takes it.
    ///
    /// # Errors
    /// If the connection fails.
    pub(crate) fn flush(&mut self) -> Result<()> {
        while self.written < self.out.len() {
            match self.stream.write(&self.out[self.written..]) {
                Ok(0) => bail!("the connection takes nothing"),
                Ok(count) => self.written += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::NotConnected => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => bail!("writing: {error}"),
            }
        }
        self.written = 0;
        if self.out.capacity() > SCRATCH {
            self.out = Vec::new();
        } else {
            self.out.clear();
        }
        Ok(())
    }

    /// Whether the connection stands; an error if it was refused.
    ///
    /// # Errors
    /// The reason of the refusal.
    pub(crate) fn established(&self) -> Result<bool> {
        if let Some(error) = self.stream.take_error()? {
            bail!("the connection failed: {error}");
        }
        match self.stream.peer_addr() {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotConnected => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes it out of the poll.
    ///
    /// # Errors
    /// If it was not in it.
    pub(crate) fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        registry.deregister(&mut self.stream)
    }
}
