//! What is known of the request that opened a session. Plain values, kept after the request is gone.

use std::any::Any;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

use axum::extract::{ConnectInfo, Query};
use bytes::BytesMut;
use gateway_core::{Handshake, RequestHead};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Uri};
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
        // The scheme of a request's target is the client's word: only the connection tells.
        let secure = parts.extensions.get::<SecureConnection>().is_some();
        let (uri, headers) = own(parts.uri, &parts.headers);
        Self { uri, headers, remote_address, secure, issued: SystemTime::now(), kept: Mutex::default() }
    }

    /// What hooks may know of it.
    pub(crate) fn to_handshake(&self) -> Handshake {
        let head = RequestHead {
            headers: self.headers.clone(),
            uri: self.uri.clone(),
            address: self.remote_address,
            secure: self.secure,
            issued: self.issued,
        };
        Handshake::new(Arc::new(head), None)
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

/// What hooks may know of a request that opens no session.
pub(super) fn request_head(parts: &Parts) -> Handshake {
    let mut copy = http::Request::new(()).into_parts().0;
    copy.uri = parts.uri.clone();
    copy.headers = parts.headers.clone();
    copy.extensions = parts.extensions.clone();
    HandshakeRequest::from_parts(copy).to_handshake()
}

/// The same in memory of its own: as they come, they keep the buffer that the request was read into, which is
/// larger than all else that an idle connection holds.
fn own(uri: Uri, headers: &HeaderMap) -> (Uri, HeaderMap) {
    let uri_text = uri.to_string();
    let length = headers.values().map(HeaderValue::len).sum::<usize>() + uri_text.len();
    let mut bytes = BytesMut::with_capacity(length);
    bytes.extend_from_slice(uri_text.as_bytes());
    for value in headers.values() {
        bytes.extend_from_slice(value.as_bytes());
    }
    let mut rest = bytes.freeze();
    let uri = Uri::from_maybe_shared(rest.split_to(uri_text.len())).unwrap_or(uri);
    let mut owned = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let copy = rest.split_to(value.len());
        owned.append(name, HeaderValue::from_maybe_shared(copy).unwrap_or_else(|_| value.clone()));
    }
    (uri, owned)
}

/// The decoded names and values of a query, in their order; empty if it does not decode.
pub(crate) fn query_pairs(uri: &Uri) -> Vec<(String, String)> {
    Query::<Vec<(String, String)>>::try_from_uri(uri).map(|Query(pairs)| pairs).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_of_a_request_is_the_same_in_other_memory() {
        let text = bytes::Bytes::from_static(b"/ws/?a=%20&b=1");
        let uri = Uri::from_maybe_shared(text.clone()).expect("a uri");
        let mut headers = HeaderMap::new();
        for value in ["one", "", "two"] {
            headers.append("x-many", HeaderValue::from_static(value));
        }
        headers.insert("host", HeaderValue::from_bytes(b"caf\xe9").expect("opaque bytes"));
        let (kept_uri, kept) = own(uri.clone(), &headers);
        assert_eq!((&kept_uri, &kept), (&uri, &headers));
        assert_ne!(kept_uri.path().as_ptr(), uri.path().as_ptr());
        assert_ne!(kept["x-many"].as_bytes().as_ptr(), headers["x-many"].as_bytes().as_ptr());
    }
}
