//! `RedisAdapter`: the connection that an application makes, and hands to its `IoAdapter`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use gateway_core::adapter::{Adapter, AdapterFactory, IntoAdapterFactory};
use gateway_core::{AdapterHealth, AdapterStatus, IntoMillis};

use super::bus::{Bus, BusOptions, RedisAdapterStats};
use super::bus_state::bus_state;
use super::classic::{ClassicAdapter, ClassicOptions};
use super::connection_options::connection_options;
use super::error::RedisConnectError;
use super::target;

/// Several servers behind one Redis: what is emitted on one reaches the clients of all.
///
/// Servers on Node are among them, with `@socket.io/redis-adapter` 8 (`createAdapter`) and the same key: both
/// sides write and read the same messages. Redis 6.0 or later is needed.
///
/// ```no_run
/// use gateway_runtime::RedisAdapter;
/// use gateway_runtime::prelude::*;
///
/// #[tokio::main]
/// async fn main() -> Result<(), GatewayError> {
///     let mut app = GatewayApp::create().await?;
///     let adapter = RedisAdapter::connect("redis://localhost:6379").await?;
///     app.use_web_socket_adapter(IoAdapter::with_adapter(adapter));
///     app.listen(3000).await
/// }
/// ```
///
/// # Addresses
/// `redis://user:password@host:port/database`; `redis+unix:///path`; `rediss://` with TLS (feature `redis-tls`, for
/// certificates see `tls_ca` of the builder);
/// `redis+sentinel://host:26379,host:26379/mymaster` (feature `redis-sentinel`; also `rediss+sentinel`);
/// `redis+cluster://host:7000,host:7001` (feature `redis-cluster`; also `rediss+cluster`).
///
/// # While Redis is away
/// Clients of this server get everything as before. Messages to other servers wait in a buffer, up to
/// [`max_buffered_messages`](RedisAdapterBuilder::max_buffered_messages) and
/// [`max_buffered_bytes`](RedisAdapterBuilder::max_buffered_bytes); what comes past that is dropped and
/// counted. What was on the way when the connection broke is not sent again: it could arrive twice. The
/// connections come back by themselves. What asks other servers (`fetch_sockets`, `all_rooms`) ends with an
/// `AdapterError` that says how many have answered.
///
/// Cloning is cheap; all clones share the connections.
#[derive(Clone)]
pub struct RedisAdapter {
    bus: Bus,
    options: Arc<ClassicOptions>,
}

impl fmt::Debug for RedisAdapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisAdapter").field("options", &self.options).finish_non_exhaustive()
    }
}

impl RedisAdapter {
    /// Connects, with the default options.
    ///
    /// # Errors
    /// The address is none, Redis is not there, or it refuses the connection.
    pub async fn connect(url: impl Into<String>) -> Result<Self, RedisConnectError> {
        Self::builder(url).connect().await
    }

    /// Connects with other options.
    pub fn builder(url: impl Into<String>) -> RedisAdapterBuilder {
        RedisAdapterBuilder {
            url: url.into(),
            options: ClassicOptions {
                key: "socket.io".into(),
                requests_timeout: Duration::from_secs(5),
                publish_on_specific_response_channel: false,
            },
            bus: BusOptions::default(),
            wait: Duration::ZERO,
        }
    }

    bus_state!();

    #[cfg(test)]
    pub(super) fn over(bus: Bus, options: ClassicOptions) -> Self {
        Self { bus, options: Arc::new(options) }
    }
}

impl IntoAdapterFactory for RedisAdapter {
    fn into_adapter_factory(self) -> AdapterFactory {
        Arc::new(move |namespace| -> Arc<dyn Adapter> {
            ClassicAdapter::new(namespace, self.bus.clone(), self.options.clone())
        })
    }
}

/// Options of a [`RedisAdapter`].
#[must_use = "call `connect` to have an adapter"]
#[derive(Clone)]
pub struct RedisAdapterBuilder {
    url: String,
    options: ClassicOptions,
    bus: BusOptions,
    wait: Duration,
}

impl fmt::Debug for RedisAdapterBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address may hold a password.
        f.debug_struct("RedisAdapterBuilder").field("options", &self.options).finish_non_exhaustive()
    }
}

impl RedisAdapterBuilder {
    /// What the names of channels begin with (`key`); default `socket.io`. All servers of a cluster have the
    /// same, and no other cluster on this Redis has it.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.options.key = key.into();
        self
    }

    /// How long answers of other servers are waited for (`requestsTimeout`), in milliseconds or as a
    /// `Duration`; default 5 s.
    pub fn requests_timeout(mut self, time: impl IntoMillis) -> Self {
        self.options.requests_timeout = time.into_millis();
        self
    }

    /// Whether answers go to the server that has asked, instead of to all (`publishOnSpecificResponseChannel`);
    /// default false. Servers whose adapter does not listen to such channels do not get them: leave it off
    /// beside `@socket.io/redis-adapter` before version 7.
    pub fn publish_on_specific_response_channel(mut self, specific: bool) -> Self {
        self.options.publish_on_specific_response_channel = specific;
        self
    }

    connection_options!();

    /// Connects.
    ///
    /// # Errors
    /// The address is none, Redis is not there (in time), or it refuses the connection.
    pub async fn connect(self) -> Result<RedisAdapter, RedisConnectError> {
        let Self { url, options, bus, wait } = self;
        let (driver, address) = target::driver(&url, &bus)?;
        let bus = Bus::connect(driver, bus, wait, true).await;
        let bus = bus.map_err(|error| RedisConnectError::new(&address, error))?;
        Ok(RedisAdapter { bus, options: Arc::new(options) })
    }
}
