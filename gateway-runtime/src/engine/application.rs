//! The seam to the layer above: what a session calls, and nothing about how the answers come about.

use std::sync::Arc;
use std::task::Context;

use bytes::Bytes;

use super::{CloseReason, HandshakeRequest, SessionLink};

/// What is served over the sessions of one engine.
pub(crate) trait Application: Send + Sync + 'static {
    /// The protocol object of one session.
    type Connection: Connection;

    /// Called once a session is open. What the connection wants to send goes through the link, which
    /// must not be made to own the connection.
    fn connect(&self, link: Arc<SessionLink>, request: Arc<HandshakeRequest>) -> Self::Connection;
}

/// The protocol object of one session, owned by the session's task.
///
/// Everything here runs inside the task's one poll, so nothing may block, and a waker taken from the
/// context makes the session call [`poll_work`](Self::poll_work) again.
pub(crate) trait Connection: Send + Unpin + 'static {
    /// A text message, without its Engine.IO packet type, valid UTF-8.
    ///
    /// # Errors
    /// The reason ends the session, after everything sent so far has been written.
    fn on_text(&mut self, text: Bytes, cx: &mut Context<'_>) -> Result<(), CloseReason>;

    /// A binary message.
    ///
    /// # Errors
    /// As for [`on_text`](Self::on_text).
    fn on_binary(&mut self, bytes: Bytes, cx: &mut Context<'_>) -> Result<(), CloseReason>;

    /// Polls what runs: handlers, timers of the layer above. `Some(reason)` ends the session, after
    /// everything sent so far has been written.
    fn poll_work(&mut self, cx: &mut Context<'_>) -> Option<CloseReason>;

    /// The session has changed its transport, from polling to WebSocket.
    fn on_upgrade(&mut self, _cx: &mut Context<'_>) {}

    /// True while no more messages can be taken: the session stops reading and the heartbeat's
    /// deadline stands still, while its pings go on.
    fn is_saturated(&self) -> bool;

    /// The session has ended: whatever still runs is handed to somebody else. Called exactly once.
    fn on_close(self, reason: CloseReason);
}
