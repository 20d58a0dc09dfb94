//! From the network to requests of a router: sockets, TLS, limits on connections, who the client is.
//!
//! It must never know what is served: sessions, packets, gateways. Of the engine it knows the mark of an
//! encrypted connection.

mod accept;
mod activity;
mod connection;
mod direct;
mod limits;
pub(crate) mod open_files;
mod options;
mod socket;
mod stream;
#[cfg(feature = "tls")]
mod tls;
mod trust_proxy;

pub(crate) use accept::{Door, Site, serve};
#[cfg(feature = "testing")]
pub(crate) use connection::in_process;
pub(crate) use connection::{Entrance, identify};
pub(crate) use direct::{Direct, DirectAnswer, DirectRequest};
pub(crate) use limits::Connections;
pub use options::ConnectionOptions;
#[cfg(unix)]
pub(crate) use socket::bind_unix;
pub(crate) use socket::{ListenOptions, Listener};
#[cfg(feature = "tls")]
pub(crate) use tls::watch;
#[cfg(feature = "tls")]
pub use tls::{TlsError, TlsHandle, TlsOptions};
pub use trust_proxy::TrustProxy;
