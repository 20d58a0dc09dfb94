//! Calling listeners: at once up to their first wait, panics caught.
//!
//! What is left to do goes to whoever runs it: the connection, or a test.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures_util::future::{BoxFuture, FutureExt};

use super::{Callback, DISCONNECT, DISCONNECTING, ERROR, Listeners, PacketMiddleware, UPGRADE};
use crate::exception::{HandlerError, WsException};
use crate::execution_context::ExecutionContext;
use crate::filter::BaseWsExceptionFilter;
use crate::incoming::{Incoming, ListenerOutcome, ListenerResult};
use crate::options::Transport;
use crate::reason::DisconnectReason;
use crate::socket::Socket;
use crate::target::Target;

thread_local! {
    /// This thread is in a listener of what goes out.
    static CALLING_OUTGOING: Cell<bool> = const { Cell::new(false) };
}

/// What a listener has left to do.
type Task = BoxFuture<'static, ()>;

/// The listeners of one event, in their order.
#[derive(Clone)]
pub struct EventListeners(pub(super) Vec<Callback>);

impl EventListeners {
    /// Whether nobody listens.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Calls them; what they have left to do goes to `run`.
    pub fn call(&self, socket: &Socket, event: &Incoming, run: &mut dyn FnMut(Task)) {
        self.0.iter().for_each(|callback| call(callback, socket, event, run));
    }
}

impl std::fmt::Debug for EventListeners {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventListeners").field("len", &self.0.len()).finish()
    }
}

fn call(callback: &Callback, socket: &Socket, event: &Incoming, run: &mut dyn FnMut(Task)) {
    match catch_unwind(AssertUnwindSafe(|| callback(socket.clone(), event.clone()))) {
        Ok(ListenerOutcome::Ready(result)) => settle(result, socket, event),
        Ok(ListenerOutcome::Pending(future)) => {
            let (socket, event) = (socket.clone(), event.clone());
            run(Box::pin(async move {
                let result = AssertUnwindSafe(future).catch_unwind().await;
                settle(result.unwrap_or_else(|panic| Err(HandlerError::panic(panic))), &socket, &event);
            }));
        }
        Err(panic) => settle(Err(HandlerError::panic(panic)), socket, event),
    }
}

/// Tells the client what its event has led to, as for a handler of a gateway; the log, if the event is
/// the socket's own.
fn settle(result: ListenerResult, socket: &Socket, event: &Incoming) {
    let Err(error) = result else { return };
    if event.is_own() {
        tracing::error!(event = event.name(), socket = socket.id(), "a listener failed: {error:?}");
        return;
    }
    let target = Arc::new(Target::detached(event.name()));
    let context = ExecutionContext::new(socket.clone(), target, event.arguments().clone(), None);
    BaseWsExceptionFilter::new().handle(error, &context);
}

/// The middlewares of one socket, in their order.
#[derive(Clone)]
pub struct Middlewares(Vec<PacketMiddleware>);

impl Middlewares {
    /// Asks them up to the first refusal.
    ///
    /// # Errors
    /// The refusal, which is for [`SocketListeners::refused`].
    pub async fn decide(self, socket: Socket, event: Incoming) -> Result<(), WsException> {
        for middleware in &self.0 {
            // Called inside the future, so that a panic of its first steps is caught as well.
            let decision = AssertUnwindSafe(async { middleware(socket.clone(), event.clone()).await });
            let decision = decision.catch_unwind().await;
            if let Err(error) = decision.unwrap_or_else(|panic| Err(HandlerError::panic(panic))) {
                let (exception, log) = error.into_exception();
                // It stays in this process: nothing needs to be hidden.
                return Err(log.map_or(exception, WsException::new));
            }
        }
        Ok(())
    }
}

impl std::fmt::Debug for Middlewares {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Middlewares").field("len", &self.0.len()).finish()
    }
}

/// The listeners of one socket, as whoever serves it calls them.
#[derive(Clone, Copy, Debug)]
pub struct SocketListeners<'s> {
    socket: &'s Socket,
    table: &'s Listeners,
}

impl<'s> SocketListeners<'s> {
    pub(crate) fn new(socket: &'s Socket, table: &'s Listeners) -> Self {
        Self { socket, table }
    }

    /// Calls the listeners of every event. Returns whether there are any.
    pub fn call_any(self, event: &Incoming, run: &mut dyn FnMut(Task)) -> bool {
        let listeners = self.table.any();
        listeners.call(self.socket, event, run);
        !listeners.is_empty()
    }

    /// The middlewares; `None` if there are none.
    pub fn middlewares(self) -> Option<Middlewares> {
        Some(self.table.middlewares()).filter(|all| !all.is_empty()).map(Middlewares)
    }

    /// The listeners of one event; those that want it once will not get another one.
    pub fn take(self, event: &str) -> EventListeners {
        self.table.take(event)
    }

    /// Tells that a middleware refused an event.
    pub fn refused(self, error: WsException, run: &mut dyn FnMut(Task)) {
        tracing::debug!(socket = self.socket.id(), "a middleware refused an event: {error}");
        self.own(ERROR, &Incoming::refusal_of(ERROR, error), run);
    }

    /// Tells that the transport has changed.
    pub fn upgraded(self, transport: Transport, run: &mut dyn FnMut(Task)) {
        self.own(UPGRADE, &Incoming::upgrade_of(UPGRADE, transport), run);
    }

    fn own(self, name: &str, event: &Incoming, run: &mut dyn FnMut(Task)) {
        self.table.take(name).call(self.socket, event, run);
    }

    /// Tells that the socket has left; what listeners of `disconnecting` have left to do comes first.
    pub fn left(self, reason: &DisconnectReason, run: &mut dyn FnMut(Task)) {
        self.table.take_leaving().into_iter().for_each(&mut *run);
        self.own(DISCONNECT, &Incoming::leave_of(DISCONNECT, reason), run);
    }

    /// Calls the listeners of `disconnecting`, up to their first wait; the rest is kept for
    /// [`left`](Self::left).
    pub(crate) fn leaving(self, reason: &DisconnectReason) {
        let mut pending = |mut task: Task| {
            // Whoever runs the rest polls it again, with a waker of its own.
            match task.poll_unpin(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(()) => {}
                Poll::Pending => self.table.keep_leaving(task),
            }
        };
        self.own(DISCONNECTING, &Incoming::leave_of(DISCONNECTING, reason), &mut pending);
    }

    /// Calls the listeners of what goes out.
    pub(crate) fn outgoing(self, event: &Incoming) {
        // What such a listener sends would call it again, without an end.
        if CALLING_OUTGOING.replace(true) {
            return;
        }
        for callback in self.table.outgoing() {
            if catch_unwind(AssertUnwindSafe(|| callback(self.socket.clone(), event.clone()))).is_err() {
                let (event, socket) = (event.name(), self.socket.id());
                tracing::error!(event, socket, "a listener of what goes out panicked");
            }
        }
        CALLING_OUTGOING.set(false);
    }
}
