//! The master that sentinels name: they are asked anew for each connection.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt};
use redis::sentinel::{Sentinel, SentinelNodeConnectionInfo};
use redis::{ConnectionAddr, IntoConnectionInfo, ProtocolVersion, TlsMode};
use tokio::sync::Mutex;

use super::client::{self, connect};
use super::{Connection, Driver, DriverError, Receiver};

/// A Redis that may be another one after a failover.
pub(crate) struct SentinelDriver {
    sentinel: Mutex<Sentinel>,
    master: String,
    node: SentinelNodeConnectionInfo,
    timeout: Duration,
}

impl fmt::Debug for SentinelDriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SentinelDriver").field("master", &self.master).finish_non_exhaustive()
    }
}

impl SentinelDriver {
    /// The sentinels at `urls`. User, password, database and TLS of the master are those of the address `node`,
    /// whose host does not count.
    pub(crate) fn new(
        urls: Vec<String>,
        master: &str,
        node: &str,
        timeout: Duration,
    ) -> Result<Self, DriverError> {
        let invalid = |error: redis::RedisError| DriverError::Invalid(error.to_string());
        client::provide_cryptography();
        let info = node.into_connection_info().map_err(invalid)?;
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        let mut node = SentinelNodeConnectionInfo::default().set_redis_connection_info(settings);
        if matches!(info.addr(), ConnectionAddr::TcpTls { .. }) {
            node = node.set_tls_mode(TlsMode::Secure);
        }
        let sentinel = Mutex::new(Sentinel::build(urls).map_err(invalid)?);
        Ok(Self { sentinel, master: master.to_owned(), node, timeout })
    }
}

impl Driver for SentinelDriver {
    fn connect(&self, receiver: Option<Receiver>) -> BoxFuture<'_, Result<Arc<dyn Connection>, DriverError>> {
        async move {
            let asked = async {
                let mut sentinel = self.sentinel.lock().await;
                sentinel.async_master_for(&self.master, Some(&self.node)).await
            };
            let client = match tokio::time::timeout(self.timeout, asked).await {
                Ok(client) => client.map_err(client::error)?,
                Err(_) => return Err(DriverError::Lost("the sentinels do not answer".into())),
            };
            connect(&client, receiver, self.timeout).await
        }
        .boxed()
    }
}
