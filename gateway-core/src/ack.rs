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

    /// How many are waited for.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.waiters.lock().by_id.len()
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

#[cfg(test)]
mod tests {
    use futures_util::future::FutureExt;

    use super::*;
    use crate::adapter::BroadcastOptions;
    use crate::{Adapter, MemoryAdapter, Payload, Server};

    #[tokio::test]
    async fn late_double_and_unasked_acknowledgements_leave_nothing() {
        let client = Socket::detached("c1");
        let answer = |id| client.resolve_ack(id, Arguments::from_value(&"answer").unwrap());
        let waiting = client.emit_with_ack::<String>("asked", ());
        assert_eq!(client.pending_acks().len(), 1);
        for id in [1, u64::MAX] {
            answer(id);
        }
        answer(0);
        answer(0);
        assert_eq!(waiting.now_or_never().unwrap().unwrap(), "answer");
        assert_eq!(client.pending_acks().len(), 0);

        let short = client.timeout(Duration::from_millis(1));
        let error = short.emit_with_ack::<String>("asked", ()).await.unwrap_err();
        assert!(matches!(error, AckError::Timeout), "{error}");
        assert_eq!(client.pending_acks().len(), 0);
        answer(1);
        // Who stops waiting takes its place along.
        drop(client.emit_with_ack::<String>("asked", ()));
        assert_eq!(client.pending_acks().len(), 0);

        let waiting = client.emit_with_ack::<String>("asked", ());
        client.disconnect(false);
        assert!(matches!(waiting.now_or_never(), Some(Err(AckError::Disconnected))));
        let gone = client.emit_with_ack::<String>("asked", ());
        assert!(matches!(gone.now_or_never(), Some(Err(AckError::Disconnected))));
        assert_eq!(client.pending_acks().len(), 0);
    }

    #[test]
    fn those_of_a_broadcast_leave_nothing_either() {
        let server = Server::detached();
        let (ann, bob) = (Socket::detached_in(&server, "ann"), Socket::detached_in(&server, "bob"));
        let mut asking = Box::pin(async { server.emit_with_ack::<String>("asked", ()).await });
        assert!((&mut asking).now_or_never().is_none());
        assert_eq!((ann.pending_acks().len(), bob.pending_acks().len()), (1, 1));
        for _ in 0..2 {
            ann.resolve_ack(0, Arguments::from_value(&"mine").unwrap());
        }
        assert!((&mut asking).now_or_never().is_none());
        drop(asking);
        assert_eq!((ann.pending_acks().len(), bob.pending_acks().len()), (0, 0));
        bob.resolve_ack(0, Arguments::none());

        let adapter = MemoryAdapter::default();
        let payload = Payload::event("asked", &()).unwrap();
        drop(adapter.broadcast_with_ack(&server, payload, &BroadcastOptions::default()));
        assert_eq!(ann.pending_acks().len(), 0);
    }
}
