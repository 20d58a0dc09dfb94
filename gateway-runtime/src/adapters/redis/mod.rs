//! Several servers, Rust and Node, behind one Redis.
//!
//! From the bottom: `driver/` is what is needed of Redis, `bus/` the connections of this process and what
//! happens when they break. `classic/` is the adapter of a namespace on common channels, `cluster/` the one
//! whose messages travel in several ways: `sharded/` and `streams/` are two of them. `adapter`, `sharded/adapter`,
//! `streams/adapter` and `emitter` are what applications see.

mod adapter;
mod bus;
mod bus_state;
mod certificates;
mod classic;
mod cluster;
mod connection_options;
mod driver;
mod emitter;
mod error;
mod id;
mod pending;
mod sharded;
mod streams;
mod target;
#[cfg(test)]
mod tests;

pub use adapter::{RedisAdapter, RedisAdapterBuilder};
pub use bus::RedisAdapterStats;
pub use emitter::{RedisBroadcastOperator, RedisEmitter, RedisEmitterBuilder};
pub use error::RedisConnectError;
pub use sharded::{ShardedRedisAdapter, ShardedRedisAdapterBuilder, SubscriptionMode};
pub use streams::{RedisStreamsAdapter, RedisStreamsAdapterBuilder};
