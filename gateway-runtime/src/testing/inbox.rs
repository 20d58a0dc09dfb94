//! What a client has received and the test has not taken yet.
//!
//! It knows order, time limits and the end of a connection; it must never know a protocol.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, timeout_at};

use super::error::{Instead, TestError};

/// How many messages may wait for the test. A client that is told more than a test will ever look at
/// is closed.
pub(super) const MAX_WAITING_MESSAGES: usize = 10_000;

/// Messages of type `M`, until the connection ends for a reason of type `R`.
#[derive(Debug)]
pub(super) struct Inbox<M, R> {
    state: Mutex<State<M, R>>,
    changed: Notify,
    limit: Duration,
}

#[derive(Debug)]
struct State<M, R> {
    waiting: VecDeque<M>,
    closed: Option<R>,
    /// Those who wait until everything sent before their marker has come.
    markers: VecDeque<oneshot::Sender<()>>,
}

impl<M: fmt::Debug, R: Clone + fmt::Display> Inbox<M, R> {
    /// `limit` is how long a test waits for anything.
    pub(super) fn new(limit: Duration) -> Self {
        let state = State { waiting: VecDeque::new(), closed: None, markers: VecDeque::new() };
        Self { state: Mutex::new(state), changed: Notify::new(), limit }
    }

    pub(super) fn limit(&self) -> Duration {
        self.limit
    }

    /// Adds a message; false if too many wait already.
    pub(super) fn push(&self, message: M) -> bool {
        let mut state = self.state.lock();
        let fits = state.waiting.len() < MAX_WAITING_MESSAGES;
        if fits {
            state.waiting.push_back(message);
        }
        drop(state);
        self.changed.notify_waiters();
        fits
    }

    /// Ends it; the first reason counts. What was received before can still be taken.
    pub(super) fn close(&self, reason: R) {
        let mut state = self.state.lock();
        state.closed.get_or_insert(reason);
        let markers = std::mem::take(&mut state.markers);
        drop(state);
        drop(markers);
        self.changed.notify_waiters();
    }

    /// Why the connection ended, if it has.
    pub(super) fn closed(&self) -> Option<R> {
        self.state.lock().closed.clone()
    }

    /// Takes the first message, whatever it is.
    pub(super) async fn take_next(&self, awaited: impl fmt::Display) -> Result<M, TestError> {
        self.take(awaited, |_| true).await
    }

    /// Takes the first message that `is_wanted`; the others stay.
    pub(super) async fn take(
        &self,
        awaited: impl fmt::Display,
        is_wanted: impl Fn(&M) -> bool,
    ) -> Result<M, TestError> {
        let found = self.wait(|state| {
            let position = state.waiting.iter().position(&is_wanted);
            match (position.and_then(|position| state.waiting.remove(position)), &state.closed) {
                (Some(message), _) => Some(Ok(message)),
                (None, Some(reason)) => Some(Err(TestError::Closed {
                    awaited: awaited.to_string(),
                    reason: reason.to_string(),
                    instead: Instead::of(state.waiting.iter()),
                })),
                (None, None) => None,
            }
        });
        match found.await {
            Some(found) => found,
            None => Err(self.timeout(&awaited)),
        }
    }

    /// Waits for the end of the connection.
    pub(super) async fn wait_closed(&self) -> Result<R, TestError> {
        let closed = self.wait(|state| state.closed.clone()).await;
        closed.ok_or_else(|| self.timeout(&"the end of the connection"))
    }

    /// Asks again at each change; `None` when the time is up.
    async fn wait<T>(&self, mut ask: impl FnMut(&mut State<M, R>) -> Option<T>) -> Option<T> {
        let deadline = Instant::now() + self.limit;
        loop {
            // Made before the state is looked at, so that no change is missed.
            let changed = self.changed.notified();
            let answer = ask(&mut self.state.lock());
            if answer.is_some() {
                return answer;
            }
            timeout_at(deadline, changed).await.ok()?;
        }
    }

    /// The error of one who waited for something else than a message.
    pub(super) fn timeout(&self, awaited: &dyn fmt::Display) -> TestError {
        let instead = Instead::of(self.state.lock().waiting.iter());
        TestError::Timeout { awaited: awaited.to_string(), limit: self.limit, instead }
    }

    /// The error of one who waited for something else than a message when the connection ended.
    pub(super) fn ended(&self, awaited: &dyn fmt::Display) -> TestError {
        let state = self.state.lock();
        let reason = state.closed.as_ref().map_or_else(|| "it has just ended".to_owned(), R::to_string);
        TestError::Closed { awaited: awaited.to_string(), reason, instead: Instead::of(state.waiting.iter()) }
    }

    /// Whoever has sent a marker waits on this for its return.
    pub(super) fn marker(&self) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        let mut state = self.state.lock();
        // To a connection that has ended no marker returns.
        if state.closed.is_none() {
            state.markers.push_back(sender);
        }
        receiver
    }

    /// The oldest marker is back.
    pub(super) fn marker_returned(&self) {
        if let Some(waiter) = self.state.lock().markers.pop_front() {
            // A test that no longer waits does not want to know.
            let _ = waiter.send(());
        }
    }

    /// Waits for a marker. A connection that ends brings nothing more either.
    pub(super) async fn wait_marker(&self, marker: oneshot::Receiver<()>) -> Result<(), TestError> {
        match tokio::time::timeout(self.limit, marker).await {
            Ok(_returned_or_ended) => Ok(()),
            Err(_) => Err(self.timeout(&"the answer to the marker")),
        }
    }

    /// Fails if anything waits.
    pub(super) fn expect_empty(&self, awaited: &str) -> Result<(), TestError> {
        let state = self.state.lock();
        if state.waiting.is_empty() {
            return Ok(());
        }
        let came = Instead::of(state.waiting.iter()).0.join(", ");
        Err(TestError::Unexpected { awaited: awaited.to_owned(), came })
    }
}
