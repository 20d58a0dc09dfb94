//! What `listen` takes.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::TcpListener;

use super::GatewayError;

/// Where to listen: a port (on all interfaces, as in NestJS), an address, or a listening socket.
#[derive(Debug)]
pub struct ListenAddr(Kind);

#[derive(Debug)]
enum Kind {
    Port(u16),
    Address(SocketAddr),
    Name(String),
    Listener(TcpListener),
}

impl From<u16> for ListenAddr {
    fn from(port: u16) -> Self {
        Self(Kind::Port(port))
    }
}

impl From<SocketAddr> for ListenAddr {
    fn from(address: SocketAddr) -> Self {
        Self(Kind::Address(address))
    }
}

impl From<(IpAddr, u16)> for ListenAddr {
    fn from(address: (IpAddr, u16)) -> Self {
        Self(Kind::Address(address.into()))
    }
}

impl From<(Ipv4Addr, u16)> for ListenAddr {
    fn from((ip, port): (Ipv4Addr, u16)) -> Self {
        Self(Kind::Address((ip, port).into()))
    }
}

impl From<(&str, u16)> for ListenAddr {
    fn from((host, port): (&str, u16)) -> Self {
        Self(Kind::Name(format!("{host}:{port}")))
    }
}

impl From<&str> for ListenAddr {
    fn from(address: &str) -> Self {
        Self(Kind::Name(address.to_owned()))
    }
}

impl From<String> for ListenAddr {
    fn from(address: String) -> Self {
        Self(Kind::Name(address))
    }
}

impl From<TcpListener> for ListenAddr {
    fn from(listener: TcpListener) -> Self {
        Self(Kind::Listener(listener))
    }
}

impl ListenAddr {
    pub(crate) async fn bind(self) -> Result<TcpListener, GatewayError> {
        let (bound, address, port) = match self.0 {
            Kind::Port(port) => (bind_all(port).await, format!("port {port}"), port),
            Kind::Address(address) => (TcpListener::bind(address).await, address.to_string(), address.port()),
            Kind::Name(name) => {
                let port = name.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or_default();
                (TcpListener::bind(&name).await, name, port)
            }
            Kind::Listener(listener) => return Ok(listener),
        };
        bound.map_err(|source| GatewayError::Listen { address, port, source })
    }
}

/// IPv6 and IPv4 together, as Node does; IPv4 alone where there is no IPv6.
async fn bind_all(port: u16) -> io::Result<TcpListener> {
    match TcpListener::bind((Ipv6Addr::UNSPECIFIED, port)).await {
        Ok(listener) => Ok(listener),
        Err(error) if matches!(error.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied) => {
            Err(error)
        }
        Err(_) => TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).await,
    }
}
