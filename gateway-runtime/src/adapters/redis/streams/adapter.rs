//! `RedisStreamsAdapter`: the connection that an application makes, and hands to its `IoAdapter`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use gateway_core::adapter::{Adapter, AdapterFactory, IntoAdapterFactory};
use gateway_core::{AdapterHealth, AdapterStatus, IntoMillis};

use super::StreamLog;
use crate::adapters::redis::bus::{Bus, BusOptions, ReadOptions, RedisAdapterStats};
use crate::adapters::redis::bus_state::bus_state;
use crate::adapters::redis::cluster::ClusterAdapter;
use crate::adapters::redis::connection_options::connection_options;
use crate::adapters::redis::error::RedisConnectError;
use crate::adapters::redis::target;

/// Several servers behind one Redis 6.0 or later whose messages are kept in a stream: an outage of Redis or of a connection loses
/// none of them, and clients come back to any server (`connection_state_recovery`).
///
/// Servers on Node are among them, with `createAdapter` of `@socket.io/redis-streams-adapter` 0.3 and the same options. It does not
/// understand servers with a [`RedisAdapter`](crate::RedisAdapter) or a [`ShardedRedisAdapter`](crate::ShardedRedisAdapter).
/// Addresses are those of `RedisAdapter`.
///
/// Broadcasts, joins, leaves and disconnects are entries of the stream. Questions to other servers, and events with
/// acknowledgements, are messages over channels: they are of use to nobody who is not there.
///
/// # While Redis is away
/// Messages wait in a buffer, up to [`max_buffered_messages`](RedisStreamsAdapterBuilder::max_buffered_messages) and
/// [`max_buffered_bytes`](RedisStreamsAdapterBuilder::max_buffered_bytes); what comes past that is dropped and counted. When Redis is there
/// again it is asked which of the last ones it has, so that none is missing and none is there twice; and every server reads on
/// where it was.
///
/// Clients of this server get everything as before. With `connection_state_recovery` events come to them out of the stream, so
/// they wait for [`local_delivery_after`](RedisStreamsAdapterBuilder::local_delivery_after) first.
///
/// ```no_run
/// use gateway_runtime::RedisStreamsAdapter;
/// use gateway_runtime::prelude::*;
///
/// #[web_socket_gateway(connection_state_recovery = true)]
/// struct Events {
///     #[web_socket_server]
///     server: Server,
/// }
///
/// #[subscribe_messages]
/// impl Events {}
///
/// #[tokio::main]
/// async fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let mut app = GatewayApp::create().await?;
///     let adapter = RedisStreamsAdapter::builder("redis://localhost:6379").max_len(50_000).connect().await?;
///     app.use_web_socket_adapter(IoAdapter::with_adapter(adapter));
///     app.listen(3000).await?;
///     Ok(())
/// }
/// ```
///
/// Cloning is cheap; all clones share the connections.
#[derive(Clone)]
pub struct RedisStreamsAdapter {
    bus: Bus,
    options: Arc<StreamsOptions>,
}

/// What is chosen for all namespaces.
#[derive(Clone, Debug)]
pub(in crate::adapters::redis) struct StreamsOptions {
    pub(in crate::adapters::redis) stream_name: String,
    pub(in crate::adapters::redis) stream_count: u32,
    pub(in crate::adapters::redis) channel_prefix: String,
    pub(in crate::adapters::redis) use_sharded_pub_sub: bool,
    pub(in crate::adapters::redis) max_len: usize,
    pub(in crate::adapters::redis) read: ReadOptions,
    pub(in crate::adapters::redis) session_key_prefix: String,
    pub(in crate::adapters::redis) only_plaintext: bool,
    pub(in crate::adapters::redis) requests_timeout: Duration,
    pub(in crate::adapters::redis) local_delivery_after: Duration,
}

impl Default for StreamsOptions {
    fn default() -> Self {
        Self {
            stream_name: "socket.io".into(),
            stream_count: 1,
            channel_prefix: "socket.io".into(),
            use_sharded_pub_sub: false,
            max_len: 10_000,
            read: ReadOptions { count: 100, block: Duration::from_secs(5) },
            session_key_prefix: "sio:session:".into(),
            only_plaintext: false,
            requests_timeout: Duration::from_secs(5),
            local_delivery_after: Duration::from_secs(1),
        }
    }
}

impl fmt::Debug for RedisStreamsAdapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStreamsAdapter").field("options", &self.options).finish_non_exhaustive()
    }
}

impl RedisStreamsAdapter {
    /// Connects, with the default options.
    ///
    /// # Errors
    /// The address is none, Redis is not there, or it refuses the connection.
    pub async fn connect(url: impl Into<String>) -> Result<Self, RedisConnectError> {
        Self::builder(url).connect().await
    }

    /// Connects with other options.
    pub fn builder(url: impl Into<String>) -> RedisStreamsAdapterBuilder {
        RedisStreamsAdapterBuilder {
            url: url.into(),
            options: StreamsOptions::default(),
            bus: BusOptions { adapter: "redis-streams", streams: true, ..BusOptions::default() },
            wait: Duration::ZERO,
        }
    }

    bus_state!();

    #[cfg(test)]
    pub(in crate::adapters::redis) fn over(bus: Bus, options: StreamsOptions) -> Self {
        Self { bus, options: Arc::new(options) }
    }
}

impl IntoAdapterFactory for RedisStreamsAdapter {
    fn into_adapter_factory(self) -> AdapterFactory {
        Arc::new(move |namespace| -> Arc<dyn Adapter> {
            ClusterAdapter::new(namespace, self.bus.clone(), self.options.requests_timeout, |uid| {
                Box::new(StreamLog::new(self.bus.clone(), self.options.clone(), namespace, uid))
            })
        })
    }
}

/// Options of a [`RedisStreamsAdapter`]. All servers of a cluster have the same.
#[must_use = "call `connect` to have an adapter"]
#[derive(Clone)]
pub struct RedisStreamsAdapterBuilder {
    url: String,
    options: StreamsOptions,
    bus: BusOptions,
    wait: Duration,
}

impl fmt::Debug for RedisStreamsAdapterBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address may hold a password.
        f.debug_struct("RedisStreamsAdapterBuilder").field("options", &self.options).finish_non_exhaustive()
    }
}

impl RedisStreamsAdapterBuilder {
    /// The name of the stream (`streamName`); default `socket.io`.
    pub fn stream_name(mut self, name: impl Into<String>) -> Self {
        self.options.stream_name = name.into();
        self
    }

    /// Over how many streams namespaces are spread (`streamCount`), each on one of them; default 1. With more than one their names
    /// end in a number, and each has a connection of its own. 0 is 1.
    ///
    /// For some namespaces the number is negative, and version 0.3.1 on Node writes such streams and does not read them: there
    /// try your namespaces first (`docs/scaling.md`).
    pub fn stream_count(mut self, count: u32) -> Self {
        self.options.stream_count = count.max(1);
        self
    }

    /// What the names of channels begin with (`channelPrefix`); default `socket.io`.
    pub fn channel_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.options.channel_prefix = prefix.into();
        self
    }

    /// Whether channels are sharded ones (`useShardedPubSub`), for a Redis Cluster 7.0 or later; default false.
    pub fn use_sharded_pub_sub(mut self, sharded: bool) -> Self {
        self.options.use_sharded_pub_sub = sharded;
        self
    }

    /// About how many entries a stream keeps (`maxLen`); default 10,000, at least 1. It must last for the longest outage, and with
    /// `connection_state_recovery` for the time that clients may be gone.
    pub fn max_len(mut self, entries: usize) -> Self {
        self.options.max_len = entries.max(1);
        self
    }

    /// How many entries are read at once (`readCount`); default 100, at least 1.
    pub fn read_count(mut self, entries: usize) -> Self {
        self.options.read.count = entries.max(1);
        self
    }

    /// How long one question waits for entries (`blockTimeInMs`), in milliseconds or as a `Duration`; default 5 s, at least 1 ms.
    pub fn block_time_in_ms(mut self, time: impl IntoMillis) -> Self {
        self.options.read.block = time.into_millis().max(Duration::from_millis(1));
        self
    }

    /// What the keys of sessions begin with (`sessionKeyPrefix`); default `sio:session:`.
    pub fn session_key_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.options.session_key_prefix = prefix.into();
        self
    }

    /// Whether entries are never looked at for bytes (`onlyPlaintext`); default false. With it bytes arrive at other servers as
    /// `JSON.stringify` writes a `Buffer`.
    pub fn only_plaintext(mut self, only: bool) -> Self {
        self.options.only_plaintext = only;
        self
    }

    /// How long answers of other servers are waited for, in milliseconds or as a `Duration`; default 5 s.
    pub fn requests_timeout(mut self, time: impl IntoMillis) -> Self {
        self.options.requests_timeout = time.into_millis();
        self
    }

    /// With `connection_state_recovery`: how long an event waits for its place in the stream before clients of this server get it
    /// without, in milliseconds or as a `Duration`; default 1 s. Those after it do not wait until Redis is quick again.
    pub fn local_delivery_after(mut self, time: impl IntoMillis) -> Self {
        self.options.local_delivery_after = time.into_millis();
        self
    }

    connection_options!();

    /// Connects.
    ///
    /// # Errors
    /// The address is none, Redis is not there (in time), it refuses the connection, or channels are to be sharded and it is older
    /// than 7.0.
    pub async fn connect(self) -> Result<RedisStreamsAdapter, RedisConnectError> {
        let Self { url, options, bus, wait } = self;
        let (driver, address) = target::driver(&url, &bus)?;
        let failed = |error| RedisConnectError::new(&address, error);
        let bus = Bus::connect(driver, bus, wait, true).await.map_err(failed)?;
        if options.use_sharded_pub_sub {
            bus.require_sharded_channels(&options.channel_prefix).await.map_err(failed)?;
        }
        Ok(RedisStreamsAdapter { bus, options: Arc::new(options) })
    }
}
