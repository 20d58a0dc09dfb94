//! How many connections are open, in all and by client address.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gateway_core::telemetry;
use parking_lot::Mutex;

use super::ConnectionOptions;

/// One client has all addresses of a network of this many bits.
const IPV6_NETWORK_BITS: u32 = 64;

/// Which limit was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Full {
    /// `max_connections`.
    Server,
    /// `max_connections_per_ip`.
    Client,
}

impl Full {
    /// The option's name.
    pub(crate) fn limit(self) -> &'static str {
        match self {
            Self::Server => "max_connections",
            Self::Client => "max_connections_per_ip",
        }
    }
}

/// The open connections of an application.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    open: AtomicUsize,
    max: Option<usize>,
    max_per_ip: Option<usize>,
    by_ip: Mutex<HashMap<IpAddr, usize>>,
}

impl Connections {
    pub(crate) fn new(options: &ConnectionOptions) -> Arc<Self> {
        Arc::new(Self {
            max: options.max_connections,
            max_per_ip: options.max_connections_per_ip,
            ..Self::default()
        })
    }

    /// How many are open.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Counts a connection, until its ticket is dropped.
    pub(crate) fn enter(self: &Arc<Self>) -> Result<Ticket, Full> {
        let before = self.open.fetch_add(1, Ordering::Relaxed);
        // Dropped, it gives back what was just taken.
        let ticket = Ticket { connections: self.clone(), client: Mutex::default() };
        if self.max.is_some_and(|max| before >= max) {
            telemetry::limit_exceeded(Full::Server.limit());
            return Err(Full::Server);
        }
        Ok(ticket)
    }
}

/// An open connection.
#[derive(Debug)]
pub(crate) struct Ticket {
    connections: Arc<Connections>,
    /// Whose it is, if that is counted.
    client: Mutex<Option<IpAddr>>,
}

impl Ticket {
    /// Counts the connection as one of this address, and no longer as one of another.
    pub(crate) fn claim(&self, address: IpAddr) -> Result<(), Full> {
        let Some(max) = self.connections.max_per_ip else { return Ok(()) };
        let address = network(address);
        let mut client = self.client.lock();
        if *client == Some(address) {
            return Ok(());
        }
        let mut by_ip = self.connections.by_ip.lock();
        if let Some(before) = client.take() {
            give_back(&mut by_ip, before);
        }
        let count = by_ip.entry(address).or_default();
        if *count >= max {
            telemetry::limit_exceeded(Full::Client.limit());
            return Err(Full::Client);
        }
        *count += 1;
        *client = Some(address);
        Ok(())
    }

    /// Whether it matters whose connection it is.
    pub(crate) fn counts_clients(&self) -> bool {
        self.connections.max_per_ip.is_some()
    }

    /// The connection is nobody's: one of a proxy between two requests.
    pub(crate) fn disclaim(&self) {
        if let Some(before) = self.client.lock().take() {
            give_back(&mut self.connections.by_ip.lock(), before);
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.disclaim();
        self.connections.open.fetch_sub(1, Ordering::Relaxed);
    }
}

fn give_back(by_ip: &mut HashMap<IpAddr, usize>, address: IpAddr) {
    if let Entry::Occupied(mut count) = by_ip.entry(address) {
        *count.get_mut() -= 1;
        if *count.get() == 0 {
            count.remove();
        }
    }
}

/// An address, or the network that one client has.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let host_bits = 128 - IPV6_NETWORK_BITS;
            Ipv6Addr::from_bits(address.to_bits() >> host_bits << host_bits).into()
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn connections(options: ConnectionOptions) -> Arc<Connections> {
        Connections::new(&options)
    }

    #[test]
    fn one_more_than_the_limit_is_refused_until_one_leaves() {
        let connections = connections(ConnectionOptions::new().max_connections(2));
        let first = connections.enter().expect("room");
        let _second = connections.enter().expect("room");
        assert_eq!(connections.enter().expect_err("full"), Full::Server);
        assert_eq!(connections.open(), 2);
        drop(first);
        assert!(connections.enter().is_ok());
    }

    #[test]
    fn an_address_has_its_own_limit_and_ipv6_counts_by_network() {
        let connections = connections(ConnectionOptions::new().max_connections_per_ip(1));
        let enter = || connections.enter().expect("room");
        let (first, second, other) = (enter(), enter(), enter());
        assert_eq!(first.claim(ip("2001:db8::1")), Ok(()));
        assert_eq!(second.claim(ip("2001:db8::2")), Err(Full::Client));
        assert_eq!(other.claim(ip("2001:db8:0:1::1")), Ok(()));
        first.disclaim();
        assert_eq!(second.claim(ip("2001:db8::2")), Ok(()));
        assert_eq!(first.claim(ip("192.0.2.1")), Ok(()));
        assert_eq!(enter().claim(ip("::ffff:192.0.2.1")), Err(Full::Client));
    }

    #[test]
    fn nothing_is_remembered_of_those_that_left() {
        let connections = connections(ConnectionOptions::new().max_connections_per_ip(5));
        for address in 0..100 {
            let ticket = connections.enter().expect("room");
            assert_eq!(ticket.claim(IpAddr::from([192, 0, 2, address])), Ok(()));
            // The next client behind the same proxy.
            assert_eq!(ticket.claim(ip("198.51.100.1")), Ok(()));
        }
        assert_eq!(connections.open(), 0);
        assert!(connections.by_ip.lock().is_empty());
    }
}
