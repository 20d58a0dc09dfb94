//! What is known of the request that opened a session. Plain values, kept after the request is gone.

use std::any::Any;
use std::net::SocketAddr;
use std::time::SystemTime;

use axum::extract::{ConnectInfo, Query};
use http::request::Parts;
use http::{HeaderMap, Uri};
use parking_lot::Mutex;

/// Marks a request that came over TLS: the accept loop puts it into the request's extensions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SecureConnection;

/// What the application keeps with a request between its admission and its connection.
type Kept = Box<dyn Any + Send + Sync>;

/// The request that opened a session.
#[derive(Debug)]
pub(crate) struct HandshakeRequest {
    /// Path and query.
    pub(crate) uri: Uri,
    /// All headers.
    pub(crate) headers: HeaderMap,
    /// The client's address, if the accept loop provides `ConnectInfo<SocketAddr>`.
    pub(crate) remote_address: Option<SocketAddr>,
    /// Whether the connection is encrypted.
    pub(crate) secure: bool,
    /// When the request was received.
    pub(crate) issued: SystemTime,
    /// Set by whoever admits the request, taken by whoever makes its connection.
    kept: Mutex<Option<Kept>>,
}

impl HandshakeRequest {
    /// Takes over what is worth keeping of a request.
    pub(crate) fn from_parts(parts: Parts) -> Self {
        let remote_address = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
        let secure =
            parts.extensions.get::<SecureConnection>().is_some() || parts.uri.scheme_str() == Some("https");
        Self {
            uri: parts.uri,
            headers: parts.headers,
            remote_address,
            secure,
            issued: SystemTime::now(),
            kept: Mutex::default(),
        }
    }

    /// Keeps a value for whoever makes the connection.
    pub(crate) fn keep<T: Any + Send + Sync>(&self, value: T) {
        *self.kept.lock() = Some(Box::new(value));
    }

    /// Takes what was kept, if it is a `T`.
    pub(crate) fn take_kept<T: Any>(&self) -> Option<T> {
        self.kept.lock().take()?.downcast().ok().map(|kept| *kept)
    }

    /// The query's decoded names and values, in their order.
    #[cfg(test)]
    pub(crate) fn query_pairs(&self) -> Vec<(String, String)> {
        query_pairs(&self.uri)
    }
}

/// The decoded names and values of a query, in their order; empty if it does not decode.
pub(crate) fn query_pairs(uri: &Uri) -> Vec<(String, String)> {
    Query::<Vec<(String, String)>>::try_from_uri(uri).map(|Query(pairs)| pairs).unwrap_or_default()
}
