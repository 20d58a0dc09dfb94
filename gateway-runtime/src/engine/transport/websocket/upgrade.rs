//! The WebSocket handshake (RFC 6455, 4.2): from a request to the answer and the connection behind it.
//!
//! Knows headers; it must never know why a WebSocket is opened.

use std::future::Future;
use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use sha1::{Digest as _, Sha1};
use tracing::debug;

use super::deflate::Agreement;
use super::{Deflate, DeflateServer, WebSocketTransport};

/// What the key of a request is joined with (RFC 6455, 1.3).
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// How a WebSocket connection is set up.
#[derive(Clone, Debug)]
pub(crate) struct WebSocketConfig {
    /// The largest message of the peer in bytes.
    pub(crate) max_message: usize,
    /// Bytes gathered before they are written without waiting for more.
    pub(crate) write_buffer_size: usize,
    /// Compresses messages of peers that can read it.
    pub(crate) deflate: Option<Arc<DeflateServer>>,
}

/// A valid WebSocket handshake.
pub(crate) struct WebSocketUpgrade {
    on_upgrade: OnUpgrade,
    accept: HeaderValue,
    protocol: Option<HeaderValue>,
    deflate: Option<(Arc<DeflateServer>, Agreement)>,
    config: WebSocketConfig,
}

impl WebSocketUpgrade {
    /// Takes the connection out of a request; `None` if its handshake is invalid.
    pub(crate) fn from_parts(parts: &mut Parts, config: &WebSocketConfig) -> Option<Self> {
        let headers = &parts.headers;
        let version_13 = headers.get(SEC_WEBSOCKET_VERSION).is_some_and(|version| version == "13");
        if parts.method != Method::GET || !version_13 {
            return None;
        }
        let accept = accept(valid_key(headers)?)?;
        let deflate = config.deflate.as_ref().and_then(|server| {
            Agreement::negotiate(headers, &server.options).map(|agreement| (Arc::clone(server), agreement))
        });
        // Browsers close a connection none of whose protocols was taken: as in `ws`, that is the first.
        let protocol = protocols(headers).next().and_then(|first| HeaderValue::from_str(first).ok());
        let on_upgrade = parts.extensions.remove::<OnUpgrade>()?;
        Some(Self { on_upgrade, accept, protocol, deflate, config: config.clone() })
    }

    /// Lets a function choose among the offered protocols, if there are any.
    pub(crate) fn choose_protocol(
        &mut self,
        request: &HeaderMap,
        choose: impl FnOnce(&[&str]) -> Option<String>,
    ) {
        let offered: Vec<_> = protocols(request).collect();
        if !offered.is_empty() {
            self.protocol = choose(&offered).and_then(|protocol| HeaderValue::try_from(protocol).ok());
        }
    }

    /// The answer to the request. What the closure makes of the connection runs in a task of its own.
    pub(crate) fn on_upgrade<F, R>(self, run: F) -> Response
    where
        F: FnOnce(WebSocketTransport) -> R + Send + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_ACCEPT, self.accept);
        if let Some(protocol) = self.protocol {
            headers.insert(SEC_WEBSOCKET_PROTOCOL, protocol);
        }
        if let Some((_, agreement)) = &self.deflate {
            headers.insert(SEC_WEBSOCKET_EXTENSIONS, agreement.header());
        }
        let (on_upgrade, config) = (self.on_upgrade, self.config);
        let deflate = self.deflate.map(|(server, agreement)| Box::new(Deflate::new(server, agreement)));
        tokio::spawn(async move {
            match on_upgrade.await {
                Ok(io) => run(WebSocketTransport::new(TokioIo::new(io), &config, deflate)).await,
                Err(error) => debug!("websocket error before upgrade: {error}"),
            }
        });
        response
    }
}

/// The subprotocols that a client offers, in its order.
fn protocols(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|protocol| !protocol.is_empty())
}

/// The one key of a handshake: 16 bytes in base64 (RFC 6455, 4.2.1).
fn valid_key(headers: &HeaderMap) -> Option<&HeaderValue> {
    let mut keys = headers.get_all(SEC_WEBSOCKET_KEY).iter();
    let (Some(key), None) = (keys.next(), keys.next()) else { return None };
    let alphabet = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let digits = key.as_bytes().strip_suffix(b"==")?;
    (digits.len() == 22 && digits.iter().all(alphabet)).then_some(key)
}

/// The answer to a key.
fn accept(key: &HeaderValue) -> Option<HeaderValue> {
    let digest = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    HeaderValue::from_str(&BASE64.encode(digest)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_to_a_key_is_that_of_the_rfc() {
        let key = HeaderValue::from_static("dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(accept(&key).expect("an answer"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn a_key_is_sixteen_bytes_in_base64() {
        let valid = |key: &'static str| {
            valid_key(&[(SEC_WEBSOCKET_KEY, HeaderValue::from_static(key))].into_iter().collect()).is_some()
        };
        assert!(valid("dGhlIHNhbXBsZSBub25jZQ=="));
        for key in
            ["", "short", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ===", "dGhlIHNhbXBsZSBub25j_Q=="]
        {
            assert!(!valid(key), "{key}");
        }
        assert!(valid_key(&HeaderMap::new()).is_none());
    }

    #[test]
    fn protocols_of_several_headers_are_one_list() {
        let mut headers = HeaderMap::new();
        headers.append(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("a, b,,"));
        headers.append(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("c"));
        assert_eq!(protocols(&headers).collect::<Vec<_>>(), ["a", "b", "c"]);
    }
}
