//! How a client introduced itself: the HTTP request of its connection and its auth payload.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use http::{HeaderMap, Uri};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The HTTP request that opened a connection; shared by all namespaces of that connection.
#[derive(Clone, Debug)]
pub struct RequestHead {
    /// The request's headers.
    pub headers: HeaderMap,
    /// Path and query.
    pub uri: Uri,
    /// The peer's address, if the server knows it.
    pub address: Option<SocketAddr>,
    /// Whether the connection is encrypted.
    pub secure: bool,
    /// When it was opened.
    pub issued: SystemTime,
}

impl Default for RequestHead {
    fn default() -> Self {
        Self {
            headers: HeaderMap::new(),
            uri: Uri::from_static("/socket.io/"),
            address: None,
            secure: false,
            issued: SystemTime::now(),
        }
    }
}

/// What `client.handshake` is in Socket.IO.
#[derive(Clone, Debug, Default)]
pub struct Handshake {
    request: Arc<RequestHead>,
    auth: Option<Arc<Value>>,
}

impl Handshake {
    /// The handshake of a connection, with the `auth` payload of this namespace.
    pub fn new(request: Arc<RequestHead>, auth: Option<Value>) -> Self {
        Self { request, auth: auth.map(Arc::new) }
    }

    /// A handshake with this `auth` payload and an empty request, for unit tests.
    pub fn with_auth(auth: impl Into<Value>) -> Self {
        Self { request: Arc::default(), auth: Some(Arc::new(auth.into())) }
    }

    /// The headers of the request.
    pub fn headers(&self) -> &HeaderMap {
        &self.request.headers
    }

    /// One header as text; `None` if it is missing or not text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.request.headers.get(name)?.to_str().ok()
    }

    /// One parameter of the query string, percent-decoded; the first of that name.
    pub fn query(&self, name: &str) -> Option<Cow<'_, str>> {
        self.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// All parameters of the query string, percent-decoded.
    pub fn query_pairs(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        form_urlencoded::parse(self.request.uri.query().unwrap_or_default().as_bytes())
    }

    /// The `auth` payload that the client connected with; null if it sent none.
    pub fn auth(&self) -> &Value {
        static NULL: Value = Value::Null;
        self.auth.as_deref().unwrap_or(&NULL)
    }

    /// One member of the `auth` payload, decoded; `None` if it is missing or of another type.
    pub fn auth_value<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        self.auth().get(key).and_then(|value| T::deserialize(value).ok())
    }

    /// The peer's address.
    pub fn address(&self) -> Option<SocketAddr> {
        self.request.address
    }

    /// Path and query of the request.
    pub fn url(&self) -> &Uri {
        &self.request.uri
    }

    /// Whether the connection is encrypted.
    pub fn secure(&self) -> bool {
        self.request.secure
    }

    /// Whether the request came from another origin (it has an `Origin` header).
    pub fn xdomain(&self) -> bool {
        self.request.headers.contains_key(http::header::ORIGIN)
    }

    /// When the connection was opened, in milliseconds since 1970.
    pub fn issued(&self) -> u64 {
        let since_1970 = self.request.issued.duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX)
    }

    /// When the connection was opened.
    pub fn time(&self) -> SystemTime {
        self.request.issued
    }
}
