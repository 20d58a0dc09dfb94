//! Acknowledgements that the server waits for.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use tokio::sync::{mpsc, oneshot};

use crate::arguments::{Arguments, DecodeError};
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
enum Waiter {
    One(oneshot::Sender<Arguments>),
    Many(mpsc::UnboundedSender<Arguments>),
}

impl PendingAcks {
    fn insert(&self, id: u64, waiter: Waiter) {
        let mut waiters = self.waiters.lock();
        // To a closed socket nothing is sent: dropping the waiter says so to the one who waits.
        if !waiters.closed {
            waiters.by_id.insert(id, waiter);
        }
    }

    fn remove(&self, id: u64) -> Option<Waiter> {
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
            Some(Waiter::Many(waiter)) => drop(waiter.send(arguments)),
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

enum Timeout {
    None,
    After(Duration),
    Running(Pin<Box<tokio::time::Sleep>>),
}

impl Timeout {
    fn new(timeout: Option<Duration>) -> Self {
        timeout.map_or(Self::None, Self::After)
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
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

fn decode<R: DeserializeOwned>(arguments: &Arguments) -> Result<R, AckError> {
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

/// The acknowledgements of a broadcast that have not all come in time.
#[derive(Clone, Debug, thiserror::Error)]
#[error("operation has timed out: {} of {expected} clients acknowledged", responses.len())]
pub struct BroadcastAckError<R> {
    /// The answers that came.
    pub responses: Vec<R>,
    /// How many clients were asked.
    pub expected: usize,
}

/// The acknowledgements of one broadcast: the raw material of `emit_with_ack` on several sockets.
pub struct BroadcastAcks {
    sockets: Vec<Socket>,
    id: u64,
    timeout: Timeout,
    answers: mpsc::UnboundedReceiver<Arguments>,
    received: Vec<Arguments>,
}

impl BroadcastAcks {
    /// Expects an acknowledgement numbered `id` from each of `sockets`.
    pub fn expect(sockets: &[Socket], id: u64, timeout: Option<Duration>) -> Self {
        let (sender, answers) = mpsc::unbounded_channel();
        for socket in sockets {
            socket.pending_acks().insert(id, Waiter::Many(sender.clone()));
        }
        let timeout = Timeout::new(timeout);
        Self { sockets: sockets.to_vec(), id, timeout, answers, received: Vec::new() }
    }

    /// Waits for all of them and decodes them.
    ///
    /// # Errors
    /// The timeout passed, a client left, or an answer does not decode: the rest is in the error.
    pub(crate) fn collect<R: DeserializeOwned + Send>(
        mut self,
    ) -> BoxFuture<'static, Result<Vec<R>, BroadcastAckError<R>>> {
        Box::pin(async move {
            let expected = self.sockets.len();
            std::future::poll_fn(|cx| self.poll_all(cx)).await;
            let answers = self.received.iter();
            let responses: Vec<R> = answers.filter_map(|answer| decode(answer).ok()).collect();
            if responses.len() == expected {
                Ok(responses)
            } else {
                Err(BroadcastAckError { responses, expected })
            }
        })
    }

    fn poll_all(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.received.len() < self.sockets.len() {
            match self.answers.poll_recv(cx) {
                Poll::Ready(Some(answer)) => self.received.push(answer),
                // Whoever has not answered is gone.
                Poll::Ready(None) => return Poll::Ready(()),
                Poll::Pending => return self.timeout.poll(cx),
            }
        }
        Poll::Ready(())
    }
}

impl Drop for BroadcastAcks {
    fn drop(&mut self) {
        for socket in &self.sockets {
            socket.pending_acks().remove(self.id);
        }
    }
}

impl fmt::Debug for BroadcastAcks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BroadcastAcks").field("id", &self.id).finish_non_exhaustive()
    }
}
