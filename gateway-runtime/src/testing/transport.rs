//! What a test client is connected by: frames out, frames in, whatever carries them.

use std::net::SocketAddr;

use axum::body::Body;
use bytes::Bytes;
use gateway_core::Frames;
use http::{HeaderMap, HeaderValue, Method, Request, Response, header};
use hyper::body::Incoming as Answer;
use tokio::sync::mpsc;

use super::error::TestError;
use super::network::Network;

/// How many frames may be on their way in either direction.
pub(super) const FRAMES_IN_FLIGHT: usize = 64;

/// What the client sends.
#[derive(Debug)]
pub(super) enum Outgoing {
    /// A packet: text and attachments.
    Frames(Frames),
    /// A text frame, also an empty one.
    Text(String),
    /// WebSocket's ping.
    Ping,
    /// The end of the connection, for WebSocket with code and reason.
    Close(Option<(u16, String)>),
}

/// What the client receives.
#[derive(Debug)]
pub(super) enum Incoming {
    Text(Bytes),
    Binary(Bytes),
    /// The answer to a ping.
    Pong,
    /// The server closed the connection, for WebSocket with code and reason.
    Closed(Option<(u16, String)>),
    /// The connection was cut.
    Failed,
}

/// The client's end of a connection. It ends when `outgoing` is dropped.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) outgoing: mpsc::Sender<Outgoing>,
    pub(super) incoming: mpsc::Receiver<Incoming>,
}

/// The requests of one client: they differ in method, query and body only.
#[derive(Clone, Debug)]
pub(super) struct Requests {
    pub(super) network: Network,
    pub(super) port: Option<u16>,
    pub(super) address: SocketAddr,
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: HeaderMap,
}

impl Requests {
    /// Sends a request; its own headers go over those of all.
    pub(super) async fn send(
        &self,
        method: Method,
        headers: &[(header::HeaderName, HeaderValue)],
        body: Body,
    ) -> Result<Response<Answer>, TestError> {
        let mut uri = self.path.clone();
        if !self.query.is_empty() {
            uri.push(if uri.contains('?') { '&' } else { '?' });
            uri.push_str(&form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.query).finish());
        }
        let request = Request::builder().method(method).uri(uri).body(body);
        let mut request = request.map_err(|error| TestError::Request {
            what: format!("path {:?}", self.path),
            source: error.into(),
        })?;
        request.headers_mut().insert(header::HOST, HeaderValue::from_static("localhost"));
        request.headers_mut().extend(self.headers.clone());
        for (name, value) in headers {
            request.headers_mut().insert(name, value.clone());
        }
        self.network.send(self.port, self.address, request).await
    }
}
