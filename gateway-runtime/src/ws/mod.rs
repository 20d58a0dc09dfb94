//! Plain WebSocket: messages `{"event": …, "data": …}` without Socket.IO, as NestJS's `WsAdapter`
//! has them.
//!
//! It must never know gateways or handlers: they are seen through
//! [`NamespaceHandler`](crate::client::NamespaceHandler).

mod connection;
pub(crate) mod encoder;
pub(crate) mod message;
mod server;

pub use message::{MessageParser, WsFrame, WsMessage};
pub(crate) use server::{WsApplication, WsConfig, WsServer};
