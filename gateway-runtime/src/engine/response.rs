//! The HTTP answers of the reference server, byte for byte where clients look. Knows no session.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use gateway_core::{ConnectionError, Handshake};
use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, SET_COOKIE, USER_AGENT};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::Value;

use super::compression::ContentEncoding;

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
    pub(super) fn into_polling_response(self) -> Response {
        Rejection::from(self).into_polling_response()
    }

    /// The answer to a WebSocket request.
    pub(super) fn into_upgrade_response(self) -> Response {
        Rejection::from(self).into_upgrade_response()
    }

    fn polling_response(&self) -> Response {
        let status =
            if matches!(self, Self::Forbidden(_)) { StatusCode::FORBIDDEN } else { StatusCode::BAD_REQUEST };
        let body = format!(r#"{{"code":{},"message":{}}}"#, self.code(), json_string(&self.to_string()));
        with_type(status, "application/json", body.into())
    }

    fn upgrade_response(&self) -> Response {
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
    pub(super) fn into_polling_response(self) -> Response {
        let mut response = self.error.polling_response();
        response.extensions_mut().insert(self);
        response
    }

    /// The answer to a WebSocket request.
    pub(super) fn into_upgrade_response(self) -> Response {
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

/// The answer to a poll: a payload, on the handshake with the session cookie.
pub(super) fn payload(
    payload: Bytes,
    kind: PayloadType,
    encoded: Option<(ContentEncoding, Bytes)>,
    request: &HeaderMap,
    cookie: Option<HeaderValue>,
) -> Response {
    let content_type = match kind {
        PayloadType::Text => "text/plain; charset=UTF-8",
        PayloadType::Binary => "application/octet-stream",
        PayloadType::Script => "text/javascript; charset=UTF-8",
    };
    let (encoding, body) = match encoded {
        Some((encoding, body)) => (Some(encoding), body),
        None => (None, payload),
    };
    let mut response = with_type(StatusCode::OK, content_type, body.into());
    if let Some(encoding) = encoding {
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(encoding.as_str()));
    }
    add_session_headers(&mut response, request);
    if let Some(cookie) = cookie {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}

/// The answer to a data request whose packets were taken.
pub(super) fn taken(request: &HeaderMap) -> Response {
    let mut response = with_type(StatusCode::OK, "text/html", "ok".into());
    add_session_headers(&mut response, request);
    response
}

/// An answer that is a status and nothing else.
pub(super) fn bare(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// A refused plain WebSocket request.
pub(super) fn refused(status: StatusCode, message: String) -> Response {
    with_type(status, "text/plain; charset=UTF-8", message.into())
}

fn with_type(status: StatusCode, content_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn add_session_headers(response: &mut Response, request: &HeaderMap) {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Internet Explorer takes payloads for an attack otherwise.
    let agent = request.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    if agent.contains(";MSIE") || agent.contains("Trident/") {
        headers.insert("x-xss-protection", HeaderValue::from_static("0"));
    }
}

/// A JSON string; strings always serialize.
pub(super) fn json_string(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_else(|_| r#""""#.to_owned())
}
