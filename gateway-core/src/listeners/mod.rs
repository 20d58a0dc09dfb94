//! Listeners that the application adds to a socket while it runs: `client.on(..)` and its kin.
//!
//! This file keeps them. It must never know how an event came here, nor call a listener while it holds
//! its lock.

mod call;
mod register;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use parking_lot::Mutex;

pub use self::call::{EventListeners, Middlewares, SocketListeners};
pub use self::register::{ListenerId, ListenerKey};
use crate::incoming::{Incoming, ListenerOutcome, ListenerResult};
use crate::socket::Socket;

/// What is called for an event.
pub(crate) type Callback = Arc<dyn Fn(Socket, Incoming) -> ListenerOutcome + Send + Sync>;

/// What is called for an event that goes out.
pub(crate) type OutgoingCallback = Arc<dyn Fn(Socket, Incoming) + Send + Sync>;

/// What decides on an event before anybody receives it.
pub(crate) type PacketMiddleware =
    Arc<dyn Fn(Socket, Incoming) -> BoxFuture<'static, ListenerResult> + Send + Sync>;

/// The event with which a socket says that it is about to leave; it is in its rooms still.
pub(crate) const DISCONNECTING: &str = "disconnecting";

/// The event with which a socket says that it has left.
pub(crate) const DISCONNECT: &str = "disconnect";

/// The event with which a socket says that a middleware has refused a message of its client.
pub(crate) const ERROR: &str = "error";

/// The event with which a socket says that its transport has changed.
pub(crate) const UPGRADE: &str = "upgrade";

/// Listeners of one socket, those of all kinds together, unless `max_listeners` says otherwise.
pub const DEFAULT_MAX_LISTENERS: usize = 1000;

/// The listeners of one socket, in the order in which they are called.
#[derive(Default)]
pub(crate) struct Listeners {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    next_id: u64,
    named: Vec<Named>,
    any: Vec<(ListenerId, Callback)>,
    outgoing: Vec<(ListenerId, OutgoingCallback)>,
    middlewares: Vec<(ListenerId, PacketMiddleware)>,
    /// The limit was exceeded, which is logged once.
    warned: bool,
    /// What listeners of `disconnecting` have left to do.
    leaving: Vec<BoxFuture<'static, ()>>,
}

struct Named {
    id: ListenerId,
    event: Cow<'static, str>,
    callback: Callback,
    once: bool,
}

impl State {
    fn len(&self) -> usize {
        self.named.len() + self.any.len() + self.outgoing.len() + self.middlewares.len()
    }
}

impl Listeners {
    /// The listeners of an event; those that want it once are taken out.
    pub(crate) fn take(&self, event: &str) -> EventListeners {
        let (mut callbacks, mut spent) = (Vec::new(), Vec::new());
        let mut state = self.state.lock();
        for listener in state.named.iter().filter(|listener| listener.event == event) {
            callbacks.push(listener.callback.clone());
            if listener.once {
                spent.push(listener.id);
            }
        }
        if !spent.is_empty() {
            state.named.retain(|listener| !spent.contains(&listener.id));
        }
        drop(state);
        EventListeners(callbacks)
    }

    /// The listeners of every event.
    pub(crate) fn any(&self) -> EventListeners {
        EventListeners(self.state.lock().any.iter().map(|(_, callback)| callback.clone()).collect())
    }

    pub(crate) fn outgoing(&self) -> Vec<OutgoingCallback> {
        self.state.lock().outgoing.iter().map(|(_, callback)| callback.clone()).collect()
    }

    pub(crate) fn middlewares(&self) -> Vec<PacketMiddleware> {
        self.state.lock().middlewares.iter().map(|(_, middleware)| middleware.clone()).collect()
    }

    /// Keeps what a listener of `disconnecting` has left to do, for whoever runs what is left.
    pub(crate) fn keep_leaving(&self, rest: BoxFuture<'static, ()>) {
        self.state.lock().leaving.push(rest);
    }

    pub(crate) fn take_leaving(&self) -> Vec<BoxFuture<'static, ()>> {
        std::mem::take(&mut self.state.lock().leaving)
    }

    /// Forgets them all. Returns how many there were of what goes out.
    pub(crate) fn clear(&self) -> usize {
        let state = std::mem::take(&mut *self.state.lock());
        // Dropped outside the lock: a listener may own a socket.
        state.outgoing.len()
    }
}

impl fmt::Debug for Listeners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listeners").field("len", &self.state.lock().len()).finish()
    }
}
