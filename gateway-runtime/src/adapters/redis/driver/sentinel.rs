//! The master that sentinels name: they are asked anew for each connection.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt};
use redis::sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType};
use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, ProtocolVersion, RedisError, TlsMode};
use tokio::sync::Mutex;

use super::super::certificates::Certificates;
use super::client::{self, connect};
use super::{Connection, Driver, DriverError, Receiver};

/// A Redis that may be another one after a failover.
pub(crate) struct SentinelDriver {
    client: Mutex<SentinelClient>,
    master: String,
    timeout: Duration,
}

impl fmt::Debug for SentinelDriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SentinelDriver").field("master", &self.master).finish_non_exhaustive()
    }
}

fn invalid(error: RedisError) -> DriverError {
    DriverError::Invalid(error.to_string())
}

impl SentinelDriver {
    /// The sentinels at `urls`. User, password, database and TLS of the master are those of the address `node`,
    /// whose host does not count.
    pub(crate) fn new(
        urls: Vec<String>,
        master: &str,
        node: &str,
        timeout: Duration,
        certificates: &Certificates,
    ) -> Result<Self, DriverError> {
        client::provide_cryptography();
        let info = node.into_connection_info().map_err(invalid)?;
        let addresses: Result<Vec<_>, _> = urls
            .iter()
            .map(|url| url.as_str().into_connection_info().map(|info| info.addr().clone()))
            .collect();
        let builder =
            SentinelClientBuilder::new(addresses.map_err(invalid)?, master, SentinelServerType::Master);
        let mut builder = with_settings(builder.map_err(invalid)?, &info);
        if matches!(info.addr(), ConnectionAddr::TcpTls { .. }) {
            builder = with_certificates(builder.set_client_to_redis_tls_mode(TlsMode::Secure), certificates);
        }
        let client = Mutex::new(builder.build().map_err(invalid)?);
        Ok(Self { client, master: master.to_owned(), timeout })
    }
}

/// The master is spoken to as the address says.
fn with_settings(builder: SentinelClientBuilder, info: &ConnectionInfo) -> SentinelClientBuilder {
    let settings = info.redis_settings();
    let mut builder =
        builder.set_client_to_redis_protocol(ProtocolVersion::RESP3).set_client_to_redis_db(settings.db());
    if let Some(user) = settings.username() {
        builder = builder.set_client_to_redis_username(user);
    }
    if let Some(password) = settings.password() {
        builder = builder.set_client_to_redis_password(password);
    }
    builder
}

#[cfg(feature = "redis-tls")]
fn with_certificates(builder: SentinelClientBuilder, certificates: &Certificates) -> SentinelClientBuilder {
    match certificates.for_redis() {
        Some(certificates) => builder
            .set_client_to_redis_certificates(certificates.clone())
            .set_client_to_sentinel_certificates(certificates),
        None => builder,
    }
}

#[cfg(not(feature = "redis-tls"))]
fn with_certificates(builder: SentinelClientBuilder, _: &Certificates) -> SentinelClientBuilder {
    builder
}

impl SentinelDriver {
    fn connect_with(
        &self,
        receiver: Option<Receiver>,
        block: Duration,
    ) -> BoxFuture<'_, Result<Arc<dyn Connection>, DriverError>> {
        async move {
            let asked = async { self.client.lock().await.async_get_client().await };
            let client = match tokio::time::timeout(self.timeout, asked).await {
                Ok(client) => client.map_err(client::error)?,
                Err(_) => return Err(DriverError::Lost("the sentinels do not answer".into())),
            };
            connect(&client, receiver, self.timeout, block).await
        }
        .boxed()
    }
}

impl Driver for SentinelDriver {
    fn connect(&self, receiver: Option<Receiver>) -> BoxFuture<'_, Result<Arc<dyn Connection>, DriverError>> {
        self.connect_with(receiver, Duration::ZERO)
    }

    fn connect_to_read(&self, block: Duration) -> BoxFuture<'_, Result<Arc<dyn Connection>, DriverError>> {
        self.connect_with(None, block)
    }
}
