//! What puts other servers behind the operations of a namespace's adapter.
//!
//! It is reached through the trait `Adapter` of core only, and must never know a transport, a packet of a
//! client or a gateway.

#[cfg(test)]
mod conformance;
mod node_socket;
pub(crate) mod redis;
