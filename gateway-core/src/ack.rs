//! Acknowledgements that the server waits for, from one client each.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use tokio::sync::oneshot;

use crate::arguments::{Arguments, DecodeError};
use crate::broadcast_acks::Asked;
use crate::payload::EncodeError;
use crate::socket::Socket;

/// Why no acknowledgement came.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AckError {
    /// The client did not answer within the timeout ("operation has timed out").
    #[error("operation has timed out")]
    Timeout,
    /// The client is gone.
    #[error("the client disconnected before it acknowledged")]
    Disconnected,
    /// The protocol has no acknowledgements: plain WebSocket.
    #[error("clients of a plain WebSocket server do not acknowledge: let them answer with an event")]
    Unsupported,
    /// The answer is not of the type that was asked for.
    #[error("the acknowledgement does not decode")]
    Decode(#[from] DecodeError),
    /// The event was not sent.
    #[error("the event was not sent")]
    Encode(#[from] EncodeError),
}

/// The acknowledgements that one socket owes, by number.
#[derive(Debug, Default)]
pub(crate) struct PendingAcks {
    waiters: Mutex<Waiters>,
}

#[derive(Debug, Default)]
struct Waiters {
    closed: bool,
    by_id: HashMap<u64, Waiter>,
}

#[derive(Debug)]
pub(crate) enum Waiter {
    /// Of an event to this client.
    One(oneshot::Sender<Arguments>),
    /// Of a broadcast, which this client was one of many to get.
    Many(Asked),
}

impl PendingAcks {
    pub(crate) fn insert(&self, id: u64, waiter: Waiter) {
        let mut waiters = self.waiters.lock();
        // To a closed socket nothing is sent: dropping the waiter says so to the one who waits.
        if !waiters.closed {
            waiters.by_id.insert(id, waiter);
        }
    }

    pub(crate) fn remove(&self, id: u64) -> Option<Waiter> {
        let mut waiters = self.waiters.lock();
        let waiter = waiters.by_id.remove(&id);
        if waiters.by_id.is_empty() {
            // An idle connection keeps no table.
            waiters.by_id = HashMap::new();
        }
        waiter
    }

    /// Hands an acknowledgement to the one who waits; one that nobody waits for is ignored.
    pub(crate) fn resolve(&self, id: u64, arguments: Arguments) {
        match self.remove(id) {
            // Whoever stopped waiting does not want it.
            Some(Waiter::One(waiter)) => drop(waiter.send(arguments)),
            Some(Waiter::Many(asked)) => asked.answer(arguments),
            None => tracing::debug!(id, "an acknowledgement that nobody waits for"),
        }
    }

    /// Ends all that wait as [`AckError::Disconnected`].
    pub(crate) fn close(&self) {
        let mut waiters = self.waiters.lock();
        waiters.closed = true;
        let waiting = std::mem::take(&mut waiters.by_id);
        drop(waiters);
        drop(waiting);
    }
}

/// The acknowledgement of one event by one client: a future of its decoded answer.
///
/// The event has been sent when this exists. Without a timeout it waits as long as the client is
/// connected. An answer of several arguments decodes as a tuple.
#[must_use = "await the answer, or use `emit` for an event that needs none"]
pub struct AckFuture<R> {
    state: AckState,
    answer: PhantomData<fn() -> R>,
}

enum AckState {
    Failed(Option<AckError>),
    Waiting {
        socket: Socket,
        id: u64,
        answer: oneshot::Receiver<Arguments>,
        /// Made on the first poll, so that a detached socket needs no async runtime.
        timeout: Timeout,
    },
}

/// When waiting ends, if it does: a timer that is made on the first poll.
pub(crate) enum Timeout {
    None,
    After(Duration),
    Running(Pin<Box<tokio::time::Sleep>>),
}

impl Timeout {
    pub(crate) fn new(timeout: Option<Duration>) -> Self {
        timeout.map_or(Self::None, Self::After)
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Self::After(timeout) = *self {
            *self = Self::Running(Box::pin(tokio::time::sleep(timeout)));
        }
        match self {
            Self::Running(sleep) => sleep.as_mut().poll(cx),
            Self::None | Self::After(_) => Poll::Pending,
        }
    }
}

impl<R> AckFuture<R> {
    pub(crate) fn failed(error: AckError) -> Self {
        Self { state: AckState::Failed(Some(error)), answer: PhantomData }
    }

    pub(crate) fn expect(socket: &Socket, id: u64, timeout: Option<Duration>) -> Self {
        let (sender, answer) = oneshot::channel();
        socket.pending_acks().insert(id, Waiter::One(sender));
        let timeout = Timeout::new(timeout);
        Self { state: AckState::Waiting { socket: socket.clone(), id, answer, timeout }, answer: PhantomData }
    }
}

impl<R: DeserializeOwned> Future for AckFuture<R> {
    type Output = Result<R, AckError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.state {
            AckState::Failed(error) => Poll::Ready(Err(error.take().unwrap_or(AckError::Disconnected))),
            AckState::Waiting { answer, timeout, .. } => match Pin::new(answer).poll(cx) {
                Poll::Ready(Ok(arguments)) => Poll::Ready(decode(&arguments)),
                Poll::Ready(Err(_)) => Poll::Ready(Err(AckError::Disconnected)),
                Poll::Pending => timeout.poll(cx).map(|()| Err(AckError::Timeout)),
            },
        }
    }
}

/// An answer of several arguments decodes as a tuple.
pub(crate) fn decode<R: DeserializeOwned>(arguments: &Arguments) -> Result<R, AckError> {
    Ok(crate::arguments::decode(arguments.body().as_ref())?)
}

impl<R> Drop for AckFuture<R> {
    fn drop(&mut self) {
        if let AckState::Waiting { socket, id, .. } = &self.state {
            socket.pending_acks().remove(*id);
        }
    }
}

impl<R> fmt::Debug for AckFuture<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AckFuture").finish_non_exhaustive()
    }
}
