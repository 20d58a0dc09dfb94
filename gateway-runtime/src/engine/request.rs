//! Reads what a request below the path wants: its query, its body, whether it asks for a WebSocket.

use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use http::HeaderMap;
use http::Uri;
use http::header::{CONNECTION, UPGRADE};

use super::Revision;
use super::handshake::query_pairs;

/// The parameters of the Engine.IO protocol.
#[derive(Debug)]
pub(super) struct EngineQuery {
    pub(super) transport: String,
    pub(super) sid: Option<String>,
    /// Everything that does not say 4 is 3, as in engine.io.
    pub(super) revision: Revision,
    /// Revision 3: the client cannot take bytes over this transport.
    pub(super) base64: bool,
    /// Revision 3: the index of the callback that takes a polling answer (JSONP).
    pub(super) jsonp: Option<String>,
}

impl EngineQuery {
    pub(super) fn parse(uri: &Uri) -> Self {
        let mut query =
            Self { transport: String::new(), sid: None, revision: Revision::V3, base64: false, jsonp: None };
        // Of a repeated parameter the last counts.
        for (name, value) in query_pairs(uri) {
            match name.as_str() {
                "transport" => query.transport = value,
                "sid" => query.sid = Some(value).filter(|sid| !sid.is_empty()),
                "EIO" => query.revision = if value == "4" { Revision::V4 } else { Revision::V3 },
                "b64" => query.base64 = !value.is_empty(),
                "j" => query.jsonp = Some(value),
                _ => {}
            }
        }
        if query.revision == Revision::V4 {
            query.jsonp = None;
        }
        query.base64 |= query.jsonp.is_some();
        query
    }
}

/// Whether a request asks for a WebSocket.
pub(super) fn asks_for_websocket(headers: &HeaderMap) -> bool {
    let upgrade =
        headers.get(UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"));
    let connection = headers.get_all(CONNECTION).iter().any(|value| {
        value
            .as_bytes()
            .split(|byte| *byte == b',')
            .any(|token| token.trim_ascii().eq_ignore_ascii_case(b"upgrade"))
    });
    upgrade && connection
}

/// Whether a content type says that a body is bytes.
pub(super) fn is_binary(content_type: impl AsRef<[u8]>) -> bool {
    content_type.as_ref() == b"application/octet-stream"
}

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BodyError {
    #[error("the request body is over the limit")]
    TooLarge,
    #[error("the request body ended early")]
    Cut,
    #[error("the request body did not arrive in time")]
    TimedOut,
}

/// Reads a body of at most `limit` bytes.
pub(super) async fn read_body(body: Body, limit: usize, time: Duration) -> Result<Bytes, BodyError> {
    tokio::time::timeout(time, collect(body, limit)).await.unwrap_or(Err(BodyError::TimedOut))
}

async fn collect(body: Body, limit: usize) -> Result<Bytes, BodyError> {
    let announced = body.size_hint().lower();
    let mut chunks = body.into_data_stream();
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    let mut length = 0;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| BodyError::Cut)?;
        length += chunk.len();
        if length > limit || announced > limit as u64 {
            // What is on the way already is read and forgotten, within bounds: a client that is still
            // writing when the connection closes would see a reset instead of the answer.
            while length <= limit.saturating_mul(2)
                && let Some(Ok(chunk)) = chunks.next().await
            {
                length += chunk.len();
            }
            return Err(BodyError::TooLarge);
        }
        if first.is_empty() && rest.is_empty() {
            first = chunk;
            continue;
        }
        if rest.is_empty() {
            // The announced length is trusted no further than the limit allows.
            rest.reserve(usize::try_from(announced).unwrap_or(limit).min(limit).max(length));
            rest.extend_from_slice(&first);
        }
        rest.extend_from_slice(&chunk);
    }
    Ok(if rest.is_empty() { first } else { rest.freeze() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_a_repeated_parameter_counts_and_an_empty_sid_is_none() {
        let query = EngineQuery::parse(&"/?EIO=3&EIO=4&transport=polling&sid=".parse().expect("a uri"));
        assert_eq!(query.revision, Revision::V4);
        assert_eq!((query.transport.as_str(), query.sid), ("polling", None));
    }

    #[test]
    fn clients_of_revision_3_say_what_they_cannot_do() {
        let query =
            |query: &str| EngineQuery::parse(&format!("/?transport=polling&{query}").parse().expect("a uri"));
        let none = query("EIO=3&b64=");
        assert_eq!((none.revision, none.base64, none.jsonp), (Revision::V3, false, None));
        assert!(query("b64=1").base64);
        let jsonp = query("EIO=3&j=7");
        assert_eq!((jsonp.base64, jsonp.jsonp.as_deref()), (true, Some("7")));
        assert_eq!(query("EIO=4&j=7").jsonp, None);
    }

    #[test]
    fn an_upgrade_is_known_by_both_headers() {
        let mut headers = HeaderMap::new();
        headers.insert(UPGRADE, "WebSocket".parse().expect("a value"));
        assert!(!asks_for_websocket(&headers));
        headers.insert(CONNECTION, "keep-alive, Upgrade".parse().expect("a value"));
        assert!(asks_for_websocket(&headers));
    }

    #[tokio::test]
    async fn a_body_of_exactly_the_limit_passes() {
        let time = Duration::from_secs(5);
        assert_eq!(read_body(Body::from("12345"), 5, time).await, Ok(Bytes::from_static(b"12345")));
        assert_eq!(read_body(Body::from("123456"), 5, time).await, Err(BodyError::TooLarge));
        assert_eq!(read_body(Body::empty(), 5, time).await, Ok(Bytes::new()));
    }
}
