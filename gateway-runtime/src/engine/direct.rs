//! Requests of open polling sessions, answered without the HTTP server's types: nearly all that polling makes.
//!
//! Whatever is unusual about a request is not answered here but by [`Engine::handle`], which does the same for
//! these. It must never know how a request was read, nor how its answer is written.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt};
use http::Response;
use tokio::sync::oneshot;

use super::compression::ContentEncoding;
use super::link::Command;
use super::post::PostClaim;
use super::response::{self, Client};
use super::server::Engine;
use super::{Application, Revision, SessionLink, TransportName, request};

/// A request to a server's path, as far as an answer depends on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SessionRequest<'a> {
    /// What follows the question mark.
    pub(crate) query: &'a str,
    /// The body of a data request; `None` asks for packets.
    pub(crate) body: Option<&'a [u8]>,
    pub(crate) content_type: Option<&'a [u8]>,
    pub(crate) user_agent: Option<&'a [u8]>,
    pub(crate) accept_encoding: Option<&'a [u8]>,
}

/// What comes of it.
pub(super) type SessionAnswer = BoxFuture<'static, Response<Bytes>>;

impl<A: Application> Engine<A> {
    /// Whether nobody is to be asked about answers.
    pub(crate) fn answers_directly(&self) -> bool {
        self.config.transports.polling && !self.config.hooks.watch_answers()
    }

    /// Takes a request of an open session of revision 4; `None` leaves it to [`handle`](Self::handle).
    pub(crate) fn answer_directly(&self, request: &SessionRequest<'_>) -> Option<SessionAnswer> {
        let link = self.registry.find(session_id(request.query)?)?;
        if link.transport() != TransportName::Polling || link.revision() != Revision::V4 {
            return None;
        }
        match request.body {
            None => self.wait_for_packets(&link, request),
            Some(body) => self.take_packets(&link, body, request),
        }
    }

    fn wait_for_packets(&self, link: &SessionLink, request: &SessionRequest<'_>) -> Option<SessionAnswer> {
        let compression = self.config.http_compression.clone();
        let encoding = compression.as_ref().and(request.accept_encoding);
        let client = Client::new(request.user_agent, ContentEncoding::preferred_of(encoding));
        let (waiter, answer) = oneshot::channel();
        link.submit(Command::Poll(waiter)).ok()?;
        let answered =
            answer.map(move |answer| response::poll(answer.ok(), None, compression.as_deref(), client, None));
        Some(answered.boxed())
    }

    fn take_packets(
        &self,
        link: &Arc<SessionLink>,
        body: &[u8],
        request: &SessionRequest<'_>,
    ) -> Option<SessionAnswer> {
        if request.content_type.is_some_and(request::is_binary)
            || body.len() > self.config.max_http_buffer_size
        {
            return None;
        }
        let claim = PostClaim::new(link)?;
        let client = Client::new(request.user_agent, None);
        Some(claim.deliver(Bytes::copy_from_slice(body), false, client).boxed())
    }
}

/// The session that a query names: `None` as well if it says anything that asks for more than a look at it.
fn session_id(query: &str) -> Option<&str> {
    if !query.bytes().all(|byte| PLAIN[usize::from(byte)]) {
        return None;
    }
    let (mut sid, mut revision, mut transport) = (None, b"".as_slice(), b"".as_slice());
    // Of a repeated parameter the last counts. Others matter to clients of revision 3 only.
    for parameter in query.as_bytes().split(|byte| *byte == b'&') {
        if let Some(value) = parameter.strip_prefix(b"sid=") {
            sid = Some(value);
        } else if let Some(value) = parameter.strip_prefix(b"EIO=") {
            revision = value;
        } else if let Some(value) = parameter.strip_prefix(b"transport=") {
            transport = value;
        } else if matches!(parameter, b"sid" | b"EIO" | b"transport") {
            // Without a value it counts as well.
            return None;
        }
    }
    let is_known = revision == b"4" && transport == TransportName::Polling.as_str().as_bytes();
    let sid = sid.filter(|sid| is_known && !sid.is_empty())?;
    std::str::from_utf8(sid).ok()
}

/// Characters that stand for themselves in a query.
static PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        plain[byte as usize] = byte.is_ascii_alphanumeric()
            || matches!(byte, b'-' | b'_' | b'.' | b'~' | b'=' | b'&' | b',' | b'/' | b':');
        byte += 1;
    }
    plain
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_named_by_the_usual_query_only() {
        assert_eq!(session_id("EIO=4&transport=polling&t=abc.1&sid=aB-_9"), Some("aB-_9"));
        assert_eq!(session_id("sid=a&EIO=4&transport=polling&sid=b"), Some("b"));
        for other in [
            "",
            "EIO=4&transport=polling",
            "EIO=4&transport=polling&sid=",
            "EIO=3&transport=polling&sid=a",
            "EIO=4&transport=websocket&sid=a",
            "EIO=4&transport=polling&sid=%61",
            "EIO=4&transport=polling&sid=a+b",
            "EIO=4&transport=polling&sid=a#b",
            "EIO=4&transport=polling&sid=a&sid",
            "EIO=4&transport=polling&sid=a&transport",
        ] {
            assert_eq!(session_id(other), None, "{other}");
        }
    }
}
