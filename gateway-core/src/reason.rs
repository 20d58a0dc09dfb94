//! Why a client is gone.

use std::borrow::Cow;
use std::fmt;

/// Why a client was disconnected, in Socket.IO's words (its `Display`); for plain WebSocket the
/// close code.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DisconnectReason {
    /// The client left the namespace (`socket.disconnect()`).
    ClientNamespaceDisconnect,
    /// The server disconnected it from the namespace.
    ServerNamespaceDisconnect,
    /// The connection was closed: the browser tab, the network.
    TransportClose,
    /// The connection failed, or was cut because the client took no data.
    TransportError,
    /// No answer to the heartbeat.
    PingTimeout,
    /// The client sent what the protocol does not allow.
    ParseError,
    /// The client closed the session.
    ForcedClose,
    /// The server closed the session.
    ForcedServerClose,
    /// The server stops.
    ServerShuttingDown,
    /// A plain WebSocket was closed, with the close code (1006: without a close frame) and the reason
    /// that came with it.
    Closed {
        /// The WebSocket close code.
        code: u16,
        /// The reason in the close frame; often empty.
        reason: Cow<'static, str>,
    },
}

impl DisconnectReason {
    /// The close code of a plain WebSocket; `None` for Socket.IO.
    pub fn code(&self) -> Option<u16> {
        match self {
            Self::Closed { code, .. } => Some(*code),
            _ => None,
        }
    }
}

impl DisconnectReason {
    /// The reason as a label of a metric: clients choose close codes, so only the usual ones are told
    /// apart.
    pub fn label(&self) -> &'static str {
        match self {
            Self::ClientNamespaceDisconnect => "client namespace disconnect",
            Self::ServerNamespaceDisconnect => "server namespace disconnect",
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

    /// Whether a client that has gone for this reason may come back to what it had
    /// (`connection_state_recovery`): it was not asked to go, and did not say that it goes.
    pub fn is_recoverable(&self) -> bool {
        matches!(
            self,
            Self::TransportClose
                | Self::TransportError
                | Self::PingTimeout
                | Self::ForcedClose
                | Self::ForcedServerClose
                | Self::ServerShuttingDown
        )
    }
}

impl fmt::Display for DisconnectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed { code, .. } => write!(f, "{code}"),
            named => f.write_str(named.label()),
        }
    }
}
