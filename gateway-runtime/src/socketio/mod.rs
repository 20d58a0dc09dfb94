//! The Socket.IO protocol 5, and 4 for clients of Socket.IO 2, on top of the engine: packets, namespaces, the clients of a connection.
//!
//! It must never know gateways or handlers: they are seen through
//! [`NamespaceHandler`](crate::client::NamespaceHandler).

pub(crate) mod codec;
mod connection;
pub(crate) mod decoder;
pub(crate) mod encoder;
mod mailbox;
pub(crate) mod msgpack;
mod namespaces;
mod parent;
mod recovery;
mod server;
mod version_2;

pub(crate) use namespaces::NamespaceLimits;
pub(crate) use server::{SocketIoApplication, SocketIoConfig, SocketIoServer};
