//! The seam below the session: how frames get in and out. Knows no Engine.IO packet and no session.

mod polling;
mod websocket;

pub(crate) use polling::{PollAnswer, PollWaiter, PollingTransport};
pub(crate) use websocket::{
    DeflateOptions, DeflateServer, Failure, Incoming, MAX_SERVER_HEAD, Outgoing, WebSocketConfig,
    WebSocketTransport, WebSocketUpgrade, append_frame,
};

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use websocket::fuzzing;
#[cfg(feature = "measuring")]
pub(crate) use websocket::measuring;
