//! Socket.IO 5 on top of the engine: packets, namespaces, the clients of a connection.
//!
//! It must never know gateways or handlers: they are seen through
//! [`NamespaceHandler`](crate::client::NamespaceHandler).

pub(crate) mod codec;
mod connection;
pub(crate) mod encoder;
mod mailbox;
mod server;

pub(crate) use server::{SocketIoApplication, SocketIoConfig, SocketIoServer};
