//! How a client introduced itself: the HTTP request of its connection and its auth payload.
//!
//! All of it may hold tokens: `Debug` shows that something is there, and never what.

use std::borrow::Cow;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use http::{HeaderMap, Uri};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Headers whose values `Debug` shows; those of all others are redacted.
const SHOWN_HEADERS: [&str; 12] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "connection",
    "content-length",
    "content-type",
    "host",
    "origin",
    "sec-websocket-extensions",
    "sec-websocket-version",
    "upgrade",
    "user-agent",
];

/// Query parameters whose values `Debug` shows: those of Engine.IO that identify nobody.
const SHOWN_PARAMETERS: [&str; 3] = ["EIO", "transport", "b64"];

/// What `Debug` writes in the place of a value.
const REDACTED: &str = "[redacted]";

/// The HTTP request that opened a connection; shared by all namespaces of that connection.
#[derive(Clone)]
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

impl fmt::Debug for RequestHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestHead")
            .field("headers", &Headers(&self.headers))
            .field("path", &self.uri.path())
            .field("query", &Query(&self.uri))
            .field("address", &self.address)
            .field("secure", &self.secure)
            .field("issued", &self.issued)
            .finish()
    }
}

/// Headers without what identifies anybody.
struct Headers<'a>(&'a HeaderMap);

impl fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |name: &str| SHOWN_HEADERS.contains(&name);
        let redacted = self.0.iter().map(|(name, value)| {
            let value = value.to_str().ok().filter(|_| shown(name.as_str())).unwrap_or(REDACTED);
            (name.as_str(), value)
        });
        f.debug_map().entries(redacted).finish()
    }
}

/// Names of parameters without their values.
struct Query<'a>(&'a Uri);

impl fmt::Debug for Query<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let redacted = pairs(self.0).map(|(name, value)| {
            let shown = SHOWN_PARAMETERS.contains(&name.as_ref());
            (name, if shown { value } else { Cow::Borrowed(REDACTED) })
        });
        f.debug_map().entries(redacted).finish()
    }
}

fn pairs(uri: &Uri) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
}

/// What `client.handshake` is in Socket.IO.
#[derive(Clone, Default)]
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

    /// The request that opened the connection.
    pub fn request(&self) -> &RequestHead {
        &self.request
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
        pairs(&self.request.uri)
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

impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let auth = self.auth.as_ref().map(|_| REDACTED);
        f.debug_struct("Handshake").field("request", &self.request).field("auth", &auth).finish()
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_may_be_a_token_is_never_printed() {
        let mut request = RequestHead {
            uri: Uri::from_static("/ws/?EIO=4&transport=websocket&sid=SECRET&token=SECRET&a=%53ECRET"),
            ..RequestHead::default()
        };
        for name in ["authorization", "cookie", "sec-websocket-protocol", "x-access-token", "referer"] {
            request.headers.insert(name, HeaderValue::from_static("Bearer SECRET"));
        }
        request.headers.insert("user-agent", HeaderValue::from_static("browser"));
        let handshake = Handshake::new(Arc::new(request), Some(json!({ "token": "SECRET" })));
        for printed in [format!("{handshake:?}"), format!("{handshake:#?}")] {
            assert!(!printed.contains("SECRET"), "{printed}");
            for kept in ["/ws/", "EIO", "websocket", "token", "authorization", "browser", REDACTED] {
                assert!(printed.contains(kept), "{kept} in {printed}");
            }
        }
    }
}
