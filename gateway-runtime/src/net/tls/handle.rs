//! The certificate that is served now, and the handshakes with it.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use gateway_core::telemetry;
use parking_lot::{Mutex, RwLock};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::server::TlsStream;

use super::options::Source;
use super::{TlsError, TlsOptions, pem};

/// What is told to a client that speaks plain HTTP.
const PLAIN_HTTP: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\ncontent-length: 64\r\n\
    connection: close\r\n\r\nplain HTTP was sent to a TLS port: use https:// and wss:// URLs\n";

/// The certificate that an application serves. Cloning is cheap; from
/// [`AppHandle::tls`](crate::AppHandle::tls).
#[derive(Clone, Debug)]
pub struct TlsHandle(Arc<Served>);

#[derive(Debug)]
struct Served {
    options: TlsOptions,
    current: RwLock<Arc<ServerConfig>>,
    /// The files as they were when they were last read.
    seen: Mutex<Option<Fingerprint>>,
    /// Whether plain HTTP was logged already.
    warned: AtomicBool,
}

/// Tells a file from its predecessor: when it was changed and how long it is, through symbolic links.
type Stamp = Option<(SystemTime, u64)>;

#[derive(Debug, PartialEq, Eq)]
struct Fingerprint {
    certificate: Stamp,
    key: Stamp,
}

impl TlsHandle {
    pub(crate) fn new(options: TlsOptions) -> Result<Self, TlsError> {
        let seen = fingerprint(&options.source);
        let current = RwLock::new(pem::load(&options.source)?);
        Ok(Self(Arc::new(Served { options, current, seen: Mutex::new(seen), warned: AtomicBool::default() })))
    }

    pub(super) fn is_from_files(&self) -> bool {
        matches!(self.0.options.source, Source::Files { .. })
    }

    pub(super) fn options(&self) -> &TlsOptions {
        &self.0.options
    }

    /// Reads the files again, for connections from now on; open ones go on. After an error the old certificate
    /// stays.
    ///
    /// # Errors
    /// The files cannot be used (the error says why), or the certificate does not come from files.
    pub fn reload(&self) -> Result<(), TlsError> {
        let source = &self.0.options.source;
        if !self.is_from_files() {
            return Err(TlsError::NotFromFiles);
        }
        // Before they are read: a change meanwhile is seen at the next look.
        *self.0.seen.lock() = fingerprint(source);
        let config = pem::load(source)?;
        *self.0.current.write() = config;
        Ok(())
    }

    /// Serves another certificate or configuration from now on; open connections go on. Only the certificate of
    /// the options counts, and a reload of the app's own files takes its place again.
    ///
    /// # Errors
    /// It cannot be used; the old one stays.
    pub fn replace(&self, options: &TlsOptions) -> Result<(), TlsError> {
        let config = pem::load(&options.source)?;
        *self.0.current.write() = config;
        Ok(())
    }

    /// Whether the files are others than those that were last read.
    pub(super) fn has_changed(&self) -> bool {
        *self.0.seen.lock() != fingerprint(&self.0.options.source)
    }

    /// The handshake; `None` if it came to nothing.
    pub(crate) async fn accept(
        &self,
        stream: TcpStream,
        peer: Option<SocketAddr>,
    ) -> Option<Box<TlsStream<TcpStream>>> {
        let time = self.0.options.handshake_timeout;
        match tokio::time::timeout(time, self.handshake(stream)).await {
            Ok(Ok(stream)) => stream.map(Box::new),
            Ok(Err(error)) => {
                tracing::debug!(%error, ?peer, "a TLS handshake failed");
                None
            }
            Err(_) => {
                telemetry::limit_exceeded("handshake_timeout");
                tracing::debug!(?peer, "a TLS handshake took longer than handshake_timeout = {time:?}");
                None
            }
        }
    }

    async fn handshake(&self, stream: TcpStream) -> io::Result<Option<TlsStream<TcpStream>>> {
        let mut first = [0];
        if stream.peek(&mut first).await? == 0 {
            return Ok(None);
        }
        // TLS begins with a record's type, which is no letter; HTTP with a method.
        if first[0].is_ascii_uppercase() {
            self.refuse_plain_http(stream).await?;
            return Ok(None);
        }
        let config = self.0.current.read().clone();
        TlsAcceptor::from(config).accept(stream).await.map(Some)
    }

    async fn refuse_plain_http(&self, mut stream: TcpStream) -> io::Result<()> {
        if self.0.warned.swap(true, Ordering::Relaxed) {
            tracing::debug!("plain HTTP was sent to a TLS port");
        } else {
            tracing::warn!(
                peer = ?stream.peer_addr().ok(),
                "plain HTTP was sent to a TLS port: that client needs https:// or wss:// (or the proxy in front does \
                 TLS already, then leave `tls` out); further ones are logged at debug level"
            );
        }
        // What was sent is read, or the close would reset the connection before the answer is seen.
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).await?;
        stream.write_all(PLAIN_HTTP).await?;
        stream.shutdown().await
    }
}

fn fingerprint(source: &Source) -> Option<Fingerprint> {
    let Source::Files { certificate, key } = source else { return None };
    let stamp = |path: &Path| -> Stamp {
        let file = fs::metadata(path).ok()?;
        Some((file.modified().ok()?, file.len()))
    };
    Some(Fingerprint { certificate: stamp(certificate), key: stamp(key) })
}
