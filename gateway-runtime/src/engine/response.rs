//! The HTTP answers of the reference server, byte for byte where clients look. Knows no session.

use bytes::Bytes;
use gateway_core::{ConnectionError, Handshake};
use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, SET_COOKIE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use serde_json::Value;

use super::compression::{ContentEncoding, HttpCompression};
use super::jsonp;
use super::transport::PollAnswer;

/// Errors of the Engine.IO protocol, by engine.io's names, codes and texts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ProtocolError {
    #[error("Transport unknown")]
    UnknownTransport,
    #[error("Session ID unknown")]
    UnknownSid,
    #[error("Bad handshake method")]
    BadHandshakeMethod,
    #[error("Bad request")]
    BadRequest,
    #[error("{0}")]
    Forbidden(String),
    #[error("Unsupported protocol version")]
    UnsupportedProtocolVersion,
}

impl ProtocolError {
    /// A refusal that has no words of its own.
    pub(super) fn forbidden() -> Self {
        Self::Forbidden("Forbidden".to_owned())
    }

    /// The text of the code, whatever the client is told.
    fn message(&self) -> &'static str {
        match self {
            Self::UnknownTransport => "Transport unknown",
            Self::UnknownSid => "Session ID unknown",
            Self::BadHandshakeMethod => "Bad handshake method",
            Self::BadRequest => "Bad request",
            Self::Forbidden(_) => "Forbidden",
            Self::UnsupportedProtocolVersion => "Unsupported protocol version",
        }
    }

    /// The same, with what engine.io's `connection_error` event tells besides.
    pub(super) fn with_context(self, context: Value) -> Rejection {
        Rejection { error: self, context }
    }

    fn code(&self) -> u8 {
        match self {
            Self::UnknownTransport => 0,
            Self::UnknownSid => 1,
            Self::BadHandshakeMethod => 2,
            Self::BadRequest => 3,
            Self::Forbidden(_) => 4,
            Self::UnsupportedProtocolVersion => 5,
        }
    }

    /// The answer to a polling request.
    pub(super) fn into_polling_response<B: From<Bytes>>(self) -> Response<B> {
        Rejection::from(self).into_polling_response()
    }

    /// The answer to a WebSocket request.
    pub(super) fn into_upgrade_response<B: From<Bytes>>(self) -> Response<B> {
        Rejection::from(self).into_upgrade_response()
    }

    fn polling_response<B: From<Bytes>>(&self) -> Response<B> {
        let status =
            if matches!(self, Self::Forbidden(_)) { StatusCode::FORBIDDEN } else { StatusCode::BAD_REQUEST };
        let body = format!(r#"{{"code":{},"message":{}}}"#, self.code(), json_string(&self.to_string()));
        with_type(status, "application/json", body.into())
    }

    fn upgrade_response<B: From<Bytes>>(&self) -> Response<B> {
        let mut response = with_type(StatusCode::BAD_REQUEST, "text/html", self.to_string().into());
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        response
    }
}

/// A request that opens no session and belongs to none, and why. Kept with its answer, for those who are told.
#[derive(Clone, Debug)]
pub(super) struct Rejection {
    error: ProtocolError,
    context: Value,
}

impl From<ProtocolError> for Rejection {
    fn from(error: ProtocolError) -> Self {
        Self { error, context: Value::Null }
    }
}

impl Rejection {
    /// Whether the request was forbidden.
    pub(super) fn is_forbidden(&self) -> bool {
        matches!(self.error, ProtocolError::Forbidden(_))
    }

    /// The answer to a polling request.
    pub(super) fn into_polling_response<B: From<Bytes>>(self) -> Response<B> {
        let mut response = self.error.polling_response();
        response.extensions_mut().insert(self);
        response
    }

    /// The answer to a WebSocket request.
    pub(super) fn into_upgrade_response<B: From<Bytes>>(self) -> Response<B> {
        let mut response = self.error.upgrade_response();
        response.extensions_mut().insert(self);
        response
    }

    /// What is told of the request.
    pub(super) fn into_connection_error(self, request: Handshake) -> ConnectionError {
        ConnectionError::new(request, self.error.code(), self.error.message(), self.context)
    }
}

/// What a payload is, for whoever reads it.
#[derive(Clone, Copy, Debug)]
pub(super) enum PayloadType {
    /// Packets as text.
    Text,
    /// Packets as bytes (revision 3). Clients compare it to the character.
    Binary,
    /// A script around packets (revision 3, JSONP).
    Script,
}

/// What the answers to a client depend on beside what they say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Client {
    encoding: Option<ContentEncoding>,
    is_explorer: bool,
}

impl Client {
    /// As its request's headers say.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let agent = headers.get(USER_AGENT).map(HeaderValue::as_bytes);
        Self::new(agent, ContentEncoding::preferred(headers))
    }

    pub(super) fn new(user_agent: Option<&[u8]>, encoding: Option<ContentEncoding>) -> Self {
        let agent = user_agent.and_then(|agent| std::str::from_utf8(agent).ok()).unwrap_or_default();
        Self { encoding, is_explorer: agent.contains(";MSIE") || agent.contains("Trident/") }
    }
}

/// The answer to a polling request; without one from the session, that is gone.
pub(super) fn poll<B: From<Bytes>>(
    answer: Option<PollAnswer>,
    jsonp: Option<&str>,
    compression: Option<&HttpCompression>,
    client: Client,
    cookie: Option<HeaderValue>,
) -> Response<B> {
    match answer {
        Some(PollAnswer::Payload { payload: packets, binary, compress }) => {
            let (packets, kind) = match (jsonp, binary) {
                (_, true) => (packets, PayloadType::Binary),
                (None, false) => (packets, PayloadType::Text),
                // Always valid: the payload is made of strings.
                (Some(index), false) => (
                    jsonp::script(index, std::str::from_utf8(&packets).unwrap_or_default()),
                    PayloadType::Script,
                ),
            };
            let compression = compression.filter(|_| compress);
            let encoded = compression.and_then(|compression| compression.encode(&packets, client.encoding));
            payload(packets, kind, encoded, client, cookie)
        }
        Some(PollAnswer::Overlap) => bare(StatusCode::BAD_REQUEST),
        None => ProtocolError::UnknownSid.into_polling_response(),
    }
}

/// A payload, on the handshake with the session cookie.
fn payload<B: From<Bytes>>(
    payload: Bytes,
    kind: PayloadType,
    encoded: Option<(ContentEncoding, Bytes)>,
    client: Client,
    cookie: Option<HeaderValue>,
) -> Response<B> {
    let content_type = match kind {
        PayloadType::Text => "text/plain; charset=UTF-8",
        PayloadType::Binary => "application/octet-stream",
        PayloadType::Script => "text/javascript; charset=UTF-8",
    };
    let (encoding, body) = match encoded {
        Some((encoding, body)) => (Some(encoding), body),
        None => (None, payload),
    };
    let mut response = with_type(StatusCode::OK, content_type, body);
    if let Some(encoding) = encoding {
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(encoding.as_str()));
    }
    add_session_headers(&mut response, client);
    if let Some(cookie) = cookie {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}

/// The answer to a data request whose packets were taken.
pub(super) fn taken<B: From<Bytes>>(client: Client) -> Response<B> {
    let mut response = with_type(StatusCode::OK, "text/html", Bytes::from_static(b"ok"));
    add_session_headers(&mut response, client);
    response
}

/// An answer that is a status and nothing else.
pub(super) fn bare<B: From<Bytes>>(status: StatusCode) -> Response<B> {
    let mut response = Response::new(B::from(Bytes::new()));
    *response.status_mut() = status;
    response
}

/// A refused plain WebSocket request.
pub(super) fn refused<B: From<Bytes>>(status: StatusCode, message: String) -> Response<B> {
    with_type(status, "text/plain; charset=UTF-8", message.into())
}

fn with_type<B: From<Bytes>>(status: StatusCode, content_type: &'static str, body: Bytes) -> Response<B> {
    let mut response = Response::new(B::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn add_session_headers<B>(response: &mut Response<B>, client: Client) {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Internet Explorer takes payloads for an attack otherwise.
    if client.is_explorer {
        headers.insert("x-xss-protection", HeaderValue::from_static("0"));
    }
}

/// A JSON string; strings always serialize.
pub(super) fn json_string(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_else(|_| r#""""#.to_owned())
}
