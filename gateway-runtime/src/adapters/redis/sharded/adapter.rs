//! `ShardedRedisAdapter`: the connection that an application makes, and hands to its `IoAdapter`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use gateway_core::adapter::{Adapter, AdapterFactory, IntoAdapterFactory};
use gateway_core::{AdapterHealth, AdapterStatus, IntoMillis};

use super::{ShardedChannels, SubscriptionMode};
use crate::adapters::redis::bus::{Bus, BusOptions, RedisAdapterStats};
use crate::adapters::redis::bus_state::bus_state;
use crate::adapters::redis::cluster::ClusterAdapter;
use crate::adapters::redis::connection_options::connection_options;
use crate::adapters::redis::error::RedisConnectError;
use crate::adapters::redis::target;

/// Several servers behind one Redis 7.0 or later, over sharded channels: in a Redis Cluster a message goes to
/// the nodes of its channel's shard instead of to all.
///
/// Servers on Node are among them, with `createShardedAdapter` of `@socket.io/redis-adapter` 8 and the same
/// options. It does not understand servers with a [`RedisAdapter`](crate::RedisAdapter). Addresses, and what
/// happens while Redis is away, are those of `RedisAdapter`.
///
/// In a Redis Cluster channels are on several masters, and between those there is no order: with
/// [`SubscriptionMode::Dynamic`] an event to one room and one to another may change places on other servers.
/// With `Static` all that is sent in a namespace keeps its order.
///
/// `all_rooms` asks the other servers for all their sockets: this protocol has no smaller question.
///
/// ```no_run
/// use gateway_runtime::prelude::*;
/// use gateway_runtime::{ShardedRedisAdapter, SubscriptionMode};
///
/// #[tokio::main]
/// async fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let mut app = GatewayApp::create().await?;
///     let adapter = ShardedRedisAdapter::builder("redis://localhost:6379")
///         .subscription_mode(SubscriptionMode::Static)
///         .connect()
///         .await?;
///     app.use_web_socket_adapter(IoAdapter::with_adapter(adapter));
///     app.listen(3000).await?;
///     Ok(())
/// }
/// ```
///
/// Cloning is cheap; all clones share the connections.
#[derive(Clone)]
pub struct ShardedRedisAdapter {
    bus: Bus,
    options: Arc<ShardedOptions>,
}

/// What is chosen for all namespaces.
#[derive(Clone, Debug)]
pub(in crate::adapters::redis) struct ShardedOptions {
    pub(in crate::adapters::redis) channel_prefix: String,
    pub(in crate::adapters::redis) subscription_mode: SubscriptionMode,
    pub(in crate::adapters::redis) requests_timeout: Duration,
}

impl Default for ShardedOptions {
    fn default() -> Self {
        Self {
            channel_prefix: "socket.io".into(),
            subscription_mode: SubscriptionMode::default(),
            requests_timeout: Duration::from_secs(5),
        }
    }
}

impl fmt::Debug for ShardedRedisAdapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShardedRedisAdapter").field("options", &self.options).finish_non_exhaustive()
    }
}

impl ShardedRedisAdapter {
    /// Connects, with the default options.
    ///
    /// # Errors
    /// The address is none, Redis is not there or older than 7.0, or it refuses the connection.
    pub async fn connect(url: impl Into<String>) -> Result<Self, RedisConnectError> {
        Self::builder(url).connect().await
    }

    /// Connects with other options.
    pub fn builder(url: impl Into<String>) -> ShardedRedisAdapterBuilder {
        ShardedRedisAdapterBuilder {
            url: url.into(),
            options: ShardedOptions::default(),
            bus: BusOptions { adapter: "redis-sharded", ..BusOptions::default() },
            wait: Duration::ZERO,
        }
    }

    bus_state!();

    #[cfg(test)]
    pub(in crate::adapters::redis) fn over(bus: Bus, options: ShardedOptions) -> Self {
        Self { bus, options: Arc::new(options) }
    }
}

impl IntoAdapterFactory for ShardedRedisAdapter {
    fn into_adapter_factory(self) -> AdapterFactory {
        Arc::new(move |namespace| -> Arc<dyn Adapter> {
            let ShardedOptions { channel_prefix, subscription_mode, requests_timeout } = &*self.options;
            ClusterAdapter::new(namespace, self.bus.clone(), *requests_timeout, |uid| {
                let bus = self.bus.clone();
                Box::new(ShardedChannels::new(bus, *subscription_mode, channel_prefix, namespace, uid))
            })
        })
    }
}

/// Options of a [`ShardedRedisAdapter`].
#[must_use = "call `connect` to have an adapter"]
#[derive(Clone)]
pub struct ShardedRedisAdapterBuilder {
    url: String,
    options: ShardedOptions,
    bus: BusOptions,
    wait: Duration,
}

impl fmt::Debug for ShardedRedisAdapterBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address may hold a password.
        f.debug_struct("ShardedRedisAdapterBuilder").field("options", &self.options).finish_non_exhaustive()
    }
}

impl ShardedRedisAdapterBuilder {
    /// What the names of channels begin with (`channelPrefix`); default `socket.io`. All servers of a cluster
    /// have the same, and no other cluster on this Redis has it.
    pub fn channel_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.options.channel_prefix = prefix.into();
        self
    }

    /// Which channels are used (`subscriptionMode`); default [`SubscriptionMode::Dynamic`]. All servers of a
    /// cluster have the same.
    pub fn subscription_mode(mut self, mode: SubscriptionMode) -> Self {
        self.options.subscription_mode = mode;
        self
    }

    /// How long answers of other servers are waited for, in milliseconds or as a `Duration`; default 5 s.
    pub fn requests_timeout(mut self, time: impl IntoMillis) -> Self {
        self.options.requests_timeout = time.into_millis();
        self
    }

    connection_options!();

    /// Connects.
    ///
    /// # Errors
    /// The address is none, Redis is not there (in time) or older than 7.0, or it refuses the connection.
    pub async fn connect(self) -> Result<ShardedRedisAdapter, RedisConnectError> {
        let Self { url, options, bus, wait } = self;
        let (driver, address) = target::driver(&url, &bus)?;
        let failed = |error| RedisConnectError::new(&address, error);
        let bus = Bus::connect(driver, bus, wait, true).await.map_err(failed)?;
        bus.require_sharded_channels(&options.channel_prefix).await.map_err(failed)?;
        Ok(ShardedRedisAdapter { bus, options: Arc::new(options) })
    }
}
