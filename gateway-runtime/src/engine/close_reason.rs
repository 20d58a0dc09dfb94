//! Why a session ended, in Socket.IO's words. Knows no transport and no policy.

use std::fmt;

/// Why a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CloseReason {
    /// The client closed the connection, or it was cut.
    TransportClose,
    /// The connection failed: a protocol violation, a write error, a limit that was passed.
    TransportError,
    /// The client did not answer the heartbeat in time.
    PingTimeout,
    /// The client sent something that is no packet.
    ParseError,
    /// The server closed the session.
    ForcedClose,
    /// The server closed the session on request of the application.
    ForcedServerClose,
    /// The server is going down.
    ServerShuttingDown,
    /// A plain WebSocket connection was closed, with the close code (RFC 6455, 7.4) and text.
    Closed {
        /// The close code; 1005 if the frame had none, 1006 if the connection was cut.
        code: u16,
        /// The text of the close frame.
        reason: String,
    },
}

impl CloseReason {
    /// A plain WebSocket connection that ended without a close frame.
    pub(crate) fn cut() -> Self {
        Self::Closed { code: 1006, reason: String::new() }
    }
}

impl CloseReason {
    /// The reason as a label of a metric. Clients choose close codes: only the usual ones are told apart.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Self::TransportClose => "transport close",
            Self::TransportError => "transport error",
            Self::PingTimeout => "ping timeout",
            Self::ParseError => "parse error",
            Self::ForcedClose => "forced close",
            Self::ForcedServerClose => "forced server close",
            Self::ServerShuttingDown => "server shutting down",
            Self::Closed { code: 1000, .. } => "1000",
            Self::Closed { code: 1001, .. } => "1001",
            Self::Closed { code: 1005, .. } => "1005",
            Self::Closed { code: 1006, .. } => "1006",
            Self::Closed { .. } => "another close code",
        }
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed { code, .. } => write!(formatter, "closed with code {code}"),
            named => formatter.write_str(named.label()),
        }
    }
}
