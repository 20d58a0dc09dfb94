//! Several servers, Rust and Node, behind one Redis.
//!
//! From the bottom: `driver/` is what is needed of Redis, `bus/` the connections of this process and what
//! happens when they break, `classic/` the adapter of a namespace. `adapter` and `emitter` are what
//! applications see.

mod adapter;
mod bus;
mod classic;
mod driver;
mod emitter;
mod error;
mod id;
mod target;
#[cfg(test)]
mod tests;

pub use adapter::{RedisAdapter, RedisAdapterBuilder};
pub use bus::RedisAdapterStats;
pub use emitter::{RedisBroadcastOperator, RedisEmitter};
pub use error::RedisConnectError;
