//! Which certificate is served, and how.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use gateway_core::IntoMillis;
use tokio_rustls::rustls::ServerConfig;

/// Where a certificate comes from.
#[derive(Clone)]
pub(super) enum Source {
    Files { certificate: PathBuf, key: PathBuf },
    Pem { certificate: Vec<u8>, key: Vec<u8> },
    Config(Arc<ServerConfig>),
}

/// Never shows a key.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Files { certificate, key } => {
                f.debug_struct("Files").field("certificate", certificate).field("key", key).finish()
            }
            Self::Pem { .. } => f.write_str("Pem"),
            Self::Config(_) => f.write_str("Config"),
        }
    }
}

/// TLS for all TCP ports of an application: `https://` and `wss://` (feature `tls`; rustls with TLS 1.2 and 1.3).
///
/// ```no_run
/// use gateway_runtime::{GatewayApp, TlsOptions};
///
/// let tls = TlsOptions::from_pem_files("/etc/tls/tls.crt", "/etc/tls/tls.key");
/// let builder = GatewayApp::builder().tls(tls.reload_interval(10_000));
/// # drop(builder);
/// ```
///
/// New certificates are taken for new connections, and open ones go on: when the files change (looked at once a
/// minute), on SIGHUP, and by [`TlsHandle`](crate::TlsHandle). One that cannot be used is logged, and the old one stays.
#[derive(Clone, Debug)]
pub struct TlsOptions {
    pub(super) source: Source,
    pub(super) handshake_timeout: Duration,
    pub(super) reload_interval: Duration,
    pub(super) reload_on_sighup: bool,
}

impl TlsOptions {
    /// Serves the certificate chain (the server's own certificate first) and the private key (PKCS#8, PKCS#1 or
    /// SEC1) of these PEM files.
    pub fn from_pem_files(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self::new(Source::Files { certificate: certificate.into(), key: key.into() })
    }

    /// Serves a certificate chain and a private key in PEM.
    pub fn from_pem(certificate: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        Self::new(Source::Pem { certificate: certificate.into(), key: key.into() })
    }

    /// Serves what a configuration of rustls says: client certificates (mTLS), certificates by server name, other
    /// protocol versions. `gateway_runtime::rustls` is the version to make it with. `alpn_protocols` holds `http/1.1`
    /// or nothing.
    pub fn from_server_config(config: impl Into<Arc<ServerConfig>>) -> Self {
        Self::new(Source::Config(config.into()))
    }

    fn new(source: Source) -> Self {
        Self {
            source,
            handshake_timeout: Duration::from_secs(10),
            reload_interval: Duration::from_secs(60),
            reload_on_sighup: true,
        }
    }

    /// Time for a client to complete the handshake; default 10 s. Then it is disconnected.
    #[must_use]
    pub fn handshake_timeout(mut self, time: impl IntoMillis) -> Self {
        self.handshake_timeout = time.into_millis();
        self
    }

    /// How often the files are looked at; default once a minute, 0 is never.
    #[must_use]
    pub fn reload_interval(mut self, time: impl IntoMillis) -> Self {
        self.reload_interval = time.into_millis();
        self
    }

    /// Whether SIGHUP reads the files again; default true. While the app listens the signal no longer ends the
    /// process then.
    #[must_use]
    pub fn reload_on_sighup(mut self, reload: bool) -> Self {
        self.reload_on_sighup = reload;
        self
    }
}
