//! What `listen` takes.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
#[cfg(unix)]
use std::path::PathBuf;

use futures_util::future::{BoxFuture, FutureExt as _};
use tokio::net::{TcpListener, lookup_host};

use super::GatewayError;
use crate::net::{ListenOptions, Listener};

/// Where to listen: a port (on all interfaces, as in NestJS), an address, a listening socket, or a path in the file
/// system; with the options of Node's `server.listen`.
///
/// ```
/// use gateway_runtime::ListenAddr;
///
/// let address = ListenAddr::from(("127.0.0.1", 3000)).backlog(4096);
/// # #[cfg(unix)]
/// let address = ListenAddr::unix("/run/chat/chat.sock").mode(0o660);
/// # drop(address);
/// ```
#[derive(Debug)]
pub struct ListenAddr {
    place: Place,
    options: ListenOptions,
    #[cfg(unix)]
    mode: Option<u32>,
}

#[derive(Debug)]
enum Place {
    Port(u16),
    Address(SocketAddr),
    Name(String),
    Listener(TcpListener),
    #[cfg(unix)]
    Path(PathBuf),
}

impl From<Place> for ListenAddr {
    fn from(place: Place) -> Self {
        Self {
            place,
            options: ListenOptions::default(),
            #[cfg(unix)]
            mode: None,
        }
    }
}

impl From<u16> for ListenAddr {
    fn from(port: u16) -> Self {
        Place::Port(port).into()
    }
}

impl From<SocketAddr> for ListenAddr {
    fn from(address: SocketAddr) -> Self {
        Place::Address(address).into()
    }
}

impl From<(IpAddr, u16)> for ListenAddr {
    fn from(address: (IpAddr, u16)) -> Self {
        Place::Address(address.into()).into()
    }
}

impl From<(Ipv4Addr, u16)> for ListenAddr {
    fn from((ip, port): (Ipv4Addr, u16)) -> Self {
        Place::Address((ip, port).into()).into()
    }
}

impl From<(&str, u16)> for ListenAddr {
    fn from((host, port): (&str, u16)) -> Self {
        Place::Name(format!("{host}:{port}")).into()
    }
}

impl From<&str> for ListenAddr {
    fn from(address: &str) -> Self {
        Place::Name(address.to_owned()).into()
    }
}

impl From<String> for ListenAddr {
    fn from(address: String) -> Self {
        Place::Name(address).into()
    }
}

impl From<TcpListener> for ListenAddr {
    fn from(listener: TcpListener) -> Self {
        Place::Listener(listener).into()
    }
}

impl ListenAddr {
    /// A Unix socket at this path, for a proxy on the same machine (Node's `path`). A file that a process left
    /// behind is replaced, and the file is removed at the stop. Clients have no address then, unless the proxy
    /// tells it and [`trust_proxy`](crate::GatewayAppBuilder::trust_proxy) (`"loopback"`, or 1) believes it.
    #[cfg(unix)]
    pub fn unix(path: impl Into<PathBuf>) -> Self {
        Place::Path(path.into()).into()
    }

    /// The permissions of a Unix socket's file, `0o660` for example (in Node `readableAll`, `writableAll`); default
    /// what the process's umask leaves. A proxy needs to read and write it.
    #[cfg(unix)]
    #[must_use]
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = Some(mode);
        self
    }

    /// Connections that may wait to be accepted; default 1024 (in Node 511), cut by the kernel to its
    /// `net.core.somaxconn`. It and the next two hold for the ports of gateways as well, and not for a listening
    /// socket that is given.
    #[must_use]
    pub fn backlog(mut self, connections: u32) -> Self {
        self.options.backlog = connections;
        self
    }

    /// Lets several processes listen on the port, between which the kernel spreads connections (`SO_REUSEPORT`,
    /// Node's `reusePort`); default false. Polling needs all requests of a session in one process, so use it with
    /// `transports = ["websocket"]`.
    #[must_use]
    pub fn reuse_port(mut self, reuse: bool) -> Self {
        self.options.reuse_port = reuse;
        self
    }

    /// Whether small messages leave at once instead of waiting for others (`TCP_NODELAY`, Node's `noDelay`);
    /// default true.
    #[must_use]
    pub fn nodelay(mut self, nodelay: bool) -> Self {
        self.options.nodelay = nodelay;
        self
    }

    /// The options of another socket.
    pub(crate) fn with_options(mut self, options: ListenOptions) -> Self {
        self.options = options;
        self
    }

    pub(crate) fn bind(self) -> BoxFuture<'static, Result<Listener, GatewayError>> {
        self.bound().boxed()
    }

    async fn bound(self) -> Result<Listener, GatewayError> {
        let options = self.options;
        let (bound, address, port) = match self.place {
            Place::Port(port) => (bind_all(port, options), format!("port {port}"), port),
            Place::Address(address) => (options.bind(address), address.to_string(), address.port()),
            Place::Name(name) => {
                let port = name.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or_default();
                (bind_name(&name, options).await, name, port)
            }
            Place::Listener(listener) => return Ok(Listener::tcp(listener, options)),
            #[cfg(unix)]
            Place::Path(path) => {
                return crate::net::bind_unix(&path, self.mode, options)
                    .await
                    .map_err(|source| GatewayError::ListenUnix { path, source });
            }
        };
        match bound {
            Ok(listener) => Ok(Listener::tcp(listener, options)),
            Err(source) => Err(GatewayError::Listen { address, port, source }),
        }
    }
}

/// IPv6 and IPv4 together, as Node does; IPv4 alone where there is no IPv6.
fn bind_all(port: u16, options: ListenOptions) -> io::Result<TcpListener> {
    match options.bind((Ipv6Addr::UNSPECIFIED, port).into()) {
        Ok(listener) => Ok(listener),
        Err(error) if matches!(error.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied) => {
            Err(error)
        }
        Err(_) => options.bind((Ipv4Addr::UNSPECIFIED, port).into()),
    }
}

/// The first address of a name that can be listened on.
async fn bind_name(name: &str, options: ListenOptions) -> io::Result<TcpListener> {
    let mut failed = None;
    for address in lookup_host(name).await? {
        match options.bind(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => failed = Some(error),
        }
    }
    Err(failed.unwrap_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the name has no address")))
}
