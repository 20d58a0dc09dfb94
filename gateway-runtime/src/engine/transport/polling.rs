//! The session's side of long-polling: the one request that waits for an answer.
//!
//! Knows that an answer is one payload; it must never know HTTP or what the payload holds.

use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::sync::oneshot;

/// What a waiting polling request is answered with.
#[derive(Debug)]
pub(crate) enum PollAnswer {
    /// Packets for the client.
    Payload {
        payload: Bytes,
        /// Bytes instead of text (Engine.IO revision 3).
        binary: bool,
        /// Whether it may be compressed.
        compress: bool,
    },
    /// Another request waits already.
    Overlap,
}

/// Fulfils one polling request; dropped unanswered, the request is told that its session is gone.
pub(crate) type PollWaiter = oneshot::Sender<PollAnswer>;

/// The current polling request, if there is one.
#[derive(Debug, Default)]
pub(crate) struct PollingTransport {
    waiter: Option<PollWaiter>,
}

impl PollingTransport {
    /// Takes a new polling request.
    ///
    /// # Errors
    /// Another one waits: the new one has been told so.
    pub(crate) fn wait(&mut self, waiter: PollWaiter) -> Result<(), Overlap> {
        if self.waiter.as_ref().is_some_and(|current| !current.is_closed()) {
            // A request that has gone meanwhile needs no answer.
            let _ = waiter.send(PollAnswer::Overlap);
            return Err(Overlap);
        }
        self.waiter = Some(waiter);
        Ok(())
    }

    /// Whether a request waits for an answer.
    pub(crate) fn is_waiting(&self) -> bool {
        self.waiter.is_some()
    }

    /// Ready if the client has given the waiting request up.
    pub(crate) fn poll_aborted(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.waiter {
            Some(waiter) => waiter.poll_closed(cx),
            None => Poll::Pending,
        }
    }

    /// Answers the waiting request; false if the client has given it up.
    pub(crate) fn answer(&mut self, answer: PollAnswer) -> bool {
        self.waiter.take().is_some_and(|waiter| waiter.send(answer).is_ok())
    }
}

/// Two polling requests of one session at a time.
#[derive(Debug)]
pub(crate) struct Overlap;
