//! Every option and limit of the engine layer, with its default. Holds values only.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use gateway_core::Frames;
use http::{HeaderMap, StatusCode};

use super::{CookieOptions, DeflateOptions, EngineHooks, HandshakeRequest, HttpCompression};

/// Decides whether a handshake may go on; engine.io's `allowRequest`.
pub(crate) type AllowRequest =
    Arc<dyn Fn(Arc<HandshakeRequest>) -> BoxFuture<'static, Result<(), Refusal>> + Send + Sync>;

/// Decides from the headers whether the origin of a WebSocket request may connect.
pub(crate) type CheckOrigin = Arc<dyn Fn(&HeaderMap) -> bool + Send + Sync>;

/// A handshake that was not allowed.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    /// The status of a refused plain WebSocket request. Engine.IO has fixed statuses of its own.
    pub(crate) status: StatusCode,
    /// What the client is told.
    pub(crate) message: String,
}

impl Refusal {
    /// A refusal with status 403.
    #[cfg(test)]
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { status: StatusCode::FORBIDDEN, message: message.into() }
    }
}

/// The name of a transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TransportName {
    /// HTTP long-polling.
    Polling,
    /// WebSocket.
    WebSocket,
}

impl TransportName {
    /// The name in queries and on `socket.conn.transport.name`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Polling => "polling",
            Self::WebSocket => "websocket",
        }
    }
}

impl fmt::Display for TransportName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A revision of the Engine.IO protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Revision {
    /// Of Socket.IO 2 and before: the client pings.
    V3,
    /// Of Socket.IO 3 and later: the server pings.
    V4,
}

/// The transports a client may use; engine.io's `transports`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Transports {
    /// HTTP long-polling.
    pub(crate) polling: bool,
    /// WebSocket.
    pub(crate) websocket: bool,
}

impl Default for Transports {
    fn default() -> Self {
        Self { polling: true, websocket: true }
    }
}

impl Transports {
    /// The enabled transport of that name.
    pub(crate) fn find(self, name: &str) -> Option<TransportName> {
        match name {
            "polling" if self.polling => Some(TransportName::Polling),
            "websocket" if self.websocket => Some(TransportName::WebSocket),
            _ => None,
        }
    }
}

/// What one session may use of the process.
#[derive(Clone, Debug)]
pub(crate) struct SessionLimits {
    /// Bytes that may wait for one client; past it the client is disconnected. Default 16 MiB.
    pub(crate) max_outbox_bytes: usize,
    /// How long a WebSocket client may take no frame at all while something waits for it. Default 20 s.
    pub(crate) write_timeout: Duration,
    /// How long a close waits for what was sent before, and for the client's side of it. Default 5 s.
    pub(crate) close_timeout: Duration,
    /// Messages read in one turn of a session before others get theirs. Default 64.
    pub(crate) read_budget_frames: usize,
    /// Bytes read in one turn of a session before others get theirs. Default 256 KiB.
    pub(crate) read_budget_bytes: usize,
    /// Bytes gathered before they are written to the socket without waiting for more. Default 8 KiB.
    pub(crate) write_buffer_size: usize,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self {
            max_outbox_bytes: 16 << 20,
            write_timeout: Duration::from_secs(20),
            close_timeout: Duration::from_secs(5),
            read_budget_frames: 64,
            read_budget_bytes: 256 << 10,
            write_buffer_size: 8 << 10,
        }
    }
}

/// Options of an Engine.IO server, by engine.io's names and with its defaults.
#[derive(Clone)]
pub(crate) struct EngineConfig {
    /// The transports that clients may use. Default both.
    pub(crate) transports: Transports,
    /// Whether a polling session may move to WebSocket. Default true.
    pub(crate) allow_upgrades: bool,
    /// Whether clients of revision 3 may connect; engine.io's `allowEIO3`. Default false.
    pub(crate) allow_eio3: bool,
    /// How long after an answered heartbeat the next one is sent. Default 25 s.
    pub(crate) ping_interval: Duration,
    /// How long the client has to answer a heartbeat. Default 20 s.
    pub(crate) ping_timeout: Duration,
    /// How long an upgrade may take before its WebSocket is closed. Default 10 s.
    pub(crate) upgrade_timeout: Duration,
    /// The largest message, or request body of polling, in bytes. Default 1,000,000.
    pub(crate) max_http_buffer_size: usize,
    /// A cookie with the session id in the answer to a polling handshake. Default none.
    pub(crate) cookie: Option<CookieOptions>,
    /// A message that every session starts with, behind the open packet. Default none.
    pub(crate) initial_packet: Option<Frames>,
    /// Asked about each handshake. Default: all are allowed.
    pub(crate) allow_request: Option<AllowRequest>,
    /// Asked about each WebSocket request. Default: all origins are allowed.
    pub(crate) check_origin: Option<CheckOrigin>,
    /// Compression of WebSocket messages. Default off.
    pub(crate) per_message_deflate: Option<DeflateOptions>,
    /// Compression of the answers to polling requests. Default on.
    pub(crate) http_compression: Option<Arc<HttpCompression>>,
    /// Functions that are asked about requests and answers. Default none.
    pub(crate) hooks: Arc<EngineHooks>,
    /// What one session may use of the process.
    pub(crate) limits: SessionLimits,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            transports: Transports::default(),
            allow_upgrades: true,
            allow_eio3: false,
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
            upgrade_timeout: Duration::from_secs(10),
            max_http_buffer_size: 1_000_000,
            cookie: None,
            initial_packet: None,
            allow_request: None,
            check_origin: None,
            per_message_deflate: None,
            http_compression: HttpCompression::by_default(),
            hooks: Arc::default(),
            limits: SessionLimits::default(),
        }
    }
}

/// Options of a plain WebSocket server.
#[derive(Clone)]
pub(crate) struct PlainConfig {
    /// Sends a WebSocket ping this often. Default none, as in the `ws` package.
    pub(crate) ping_interval: Option<Duration>,
    /// How long the client has to answer a ping. Default 20 s.
    pub(crate) ping_timeout: Duration,
    /// The largest message in bytes. Default 100 MiB, as in the `ws` package.
    pub(crate) max_payload: usize,
    /// Asked about each request. Default: all are allowed.
    pub(crate) allow_request: Option<AllowRequest>,
    /// Asked about the origin of each request. Default: all origins are allowed.
    pub(crate) check_origin: Option<CheckOrigin>,
    /// Compression of WebSocket messages. Default off.
    pub(crate) per_message_deflate: Option<DeflateOptions>,
    /// Functions that are asked about requests and answers. Default none.
    pub(crate) hooks: Arc<EngineHooks>,
    /// What one session may use of the process.
    pub(crate) limits: SessionLimits,
}

impl Default for PlainConfig {
    fn default() -> Self {
        Self {
            ping_interval: None,
            ping_timeout: Duration::from_secs(20),
            max_payload: 100 << 20,
            allow_request: None,
            check_origin: None,
            per_message_deflate: None,
            hooks: Arc::default(),
            limits: SessionLimits::default(),
        }
    }
}
