//! Why a step of a test failed, in words that say what was awaited and what came instead.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use gateway_core::{ConnectError, DecodeError, EncodeError};

/// What came instead of what was awaited: received and not taken yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Instead(pub(super) Vec<String>);

/// How many of the waiting messages an error prints.
const PRINTED_MESSAGES: usize = 10;

/// How much of each.
const PRINTED_CHARS: usize = 300;

impl Instead {
    pub(super) fn of<M: fmt::Debug>(waiting: impl Iterator<Item = M>) -> Self {
        Self(waiting.map(|message| shortened(&message)).collect())
    }

    /// The messages as text, in the order in which they came.
    pub fn messages(&self) -> &[String] {
        &self.0
    }
}

/// A message as an error prints it.
pub(super) fn shortened(message: &impl fmt::Debug) -> String {
    let text = format!("{message:?}");
    match text.char_indices().nth(PRINTED_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

impl fmt::Display for Instead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("nothing else came");
        }
        f.write_str("what came instead: ")?;
        for (index, message) in self.0.iter().take(PRINTED_MESSAGES).enumerate() {
            write!(f, "{}{message}", if index == 0 { "" } else { ", " })?;
        }
        match self.0.len().saturating_sub(PRINTED_MESSAGES) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// Why a step of a test failed.
///
/// `Debug` prints the whole chain of causes, so that `unwrap()` and a test that returns
/// `Result<(), TestError>` end with a readable message.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum TestError {
    /// The namespace refused the client: a middleware, a guard of the connection, or there is no such
    /// namespace.
    #[error("connect_error")]
    ConnectError(#[from] ConnectError),

    /// The HTTP request was refused: the upgrade of a WebSocket, or Engine.IO's handshake.
    #[error("the server answered with HTTP status {status}: {body}")]
    Http {
        /// The status.
        status: u16,
        /// The body of the answer.
        body: String,
    },

    /// What was awaited did not come in time.
    #[error("{awaited} did not come within {limit:?}; {instead}")]
    Timeout {
        /// What was awaited.
        awaited: String,
        /// The time limit.
        limit: Duration,
        /// What came instead.
        instead: Instead,
    },

    /// Something else came.
    #[error("expected {awaited}, but {came} came")]
    Unexpected {
        /// What was awaited.
        awaited: String,
        /// What came.
        came: String,
    },

    /// The connection ended before.
    #[error("{awaited} cannot come any more, the connection is closed ({reason}); {instead}")]
    Closed {
        /// What was awaited.
        awaited: String,
        /// Why it ended.
        reason: String,
        /// What came instead.
        instead: Instead,
    },

    /// The connection ended before this could be sent.
    #[error("{what} cannot be sent, the connection is closed ({reason})")]
    NotSent {
        /// What was to be sent.
        what: String,
        /// Why the connection ended.
        reason: String,
    },

    /// What came is not of the type that the test asked for.
    #[error("{what} does not decode: {json}")]
    Decode {
        /// What came.
        what: String,
        /// Its JSON text.
        json: String,
        /// What does not fit.
        source: DecodeError,
    },

    /// What the test sends does not serialize.
    #[error("what the test sends does not serialize")]
    Encode(#[from] EncodeError),

    /// The server did not ask for an acknowledgement of this event.
    #[error("the server did not ask for an acknowledgement of {event:?}")]
    NoAcknowledgement {
        /// The event.
        event: String,
    },

    /// A header, a query parameter or the auth payload cannot be sent.
    #[error("the client's request cannot be made: {what}")]
    Request {
        /// What is wrong.
        what: String,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },

    /// No gateway of the application has this port.
    #[error("nothing is served on port {port}: the ports of the gateways are {ports:?}")]
    NoSuchPort {
        /// The port.
        port: u16,
        /// The ports that there are.
        ports: Vec<u16>,
    },

    /// The application has been closed, or dropped.
    #[error("the application has been closed (a `TestingApp` that is dropped closes its application)")]
    AppClosed,

    /// The server's side of the connection broke off, or spoke another protocol.
    #[error("the connection failed: {what}")]
    Connection {
        /// What was attempted.
        what: &'static str,
        /// Why it failed.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl TestError {
    pub(super) fn connection(what: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Connection { what, source: source.into() }
    }

    /// The refusal by the namespace, if it is one: `error.message` and `error.data` of a
    /// `connect_error`.
    pub fn connect_error(&self) -> Option<&ConnectError> {
        match self {
            Self::ConnectError(error) => Some(error),
            _ => None,
        }
    }

    /// The HTTP status, if the request was refused.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Http { status, .. } => Some(*status),
            _ => None,
        }
    }
}

impl fmt::Debug for TestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        let mut source = self.source();
        while let Some(error) = source {
            write!(f, "\n  caused by: {error}")?;
            source = error.source();
        }
        Ok(())
    }
}
