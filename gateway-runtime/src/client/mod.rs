//! The clients of one connection: their events in order, their running handlers within limits.
//!
//! Both protocols share this: Socket.IO has a client for each namespace of a connection, plain
//! WebSocket has one. Nothing in here knows a wire format or how handlers are found; what is called
//! is seen through [`NamespaceHandler`] only.

mod admission;
mod member;
mod metrics;
mod packet_rate;
mod running;
mod tracked;
mod workload;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use gateway_core::{AckTicket, Arguments, ConnectError, DisconnectReason, Socket};

pub(crate) use admission::{Candidate, admission, disconnect_reason, request_head};
pub(crate) use packet_rate::{PacketBucket, TooFast};
pub(crate) use tracked::{DetachedHandlers, DetachedLimits};
pub(crate) use workload::{ClientKey, Workload};

/// Something that runs for a client and needs no answer.
pub(crate) type Task = BoxFuture<'static, ()>;

/// The layer above, as one namespace sees it.
pub(crate) trait NamespaceHandler: Send + Sync + 'static {
    /// Decides on a client before it is connected; `None` if there is nothing to ask.
    fn admit(&self, socket: &Socket) -> Option<BoxFuture<'static, Result<(), ConnectError>>>;

    /// Calls the connection hooks; `None` if there is nothing to wait for.
    fn connection(&self, socket: &Socket) -> Option<Task>;

    /// Whether events may race the connection hooks.
    fn concurrent_connection(&self) -> bool;

    /// The route of an event of this name; `None` if no gateway subscribes to it.
    fn route(&self, event: &[u8]) -> Option<usize>;

    /// The name of a route's events.
    fn event_name(&self, route: usize) -> &'static str;

    /// Told of an event that neither a gateway nor a listener wants.
    fn unhandled(&self, event: &str);

    /// Calls the handlers of a route. Those that are done at once have replied when this returns;
    /// each of the others is given to `run`.
    fn event(&self, socket: &Socket, event: Event, run: &mut dyn FnMut(Task));

    /// A client has connected: for whoever counts.
    fn joined(&self) {}

    /// A client that had [joined](Self::joined) is gone.
    fn left(&self) {}

    /// A client was not admitted.
    fn refused(&self) {}

    /// Calls the disconnect hooks; `None` if there is nothing to wait for.
    fn disconnect(&self, socket: &Socket, reason: DisconnectReason) -> Option<Task>;
}

/// An event that has a route.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) route: usize,
    pub(crate) arguments: Arguments,
    /// If the client expects an acknowledgement.
    pub(crate) ack: Option<AckTicket>,
}

/// What handlers of one connection may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HandlerLimits {
    /// Handlers that wait at the same time; further events queue.
    pub(crate) max_running_handlers: usize,
    /// Bytes of events that queue; then reading pauses.
    pub(crate) max_queued_bytes: usize,
}

impl Default for HandlerLimits {
    fn default() -> Self {
        Self { max_running_handlers: 256, max_queued_bytes: 1 << 20 }
    }
}

/// A namespace without gateways: clients may connect and receive, nothing is called.
#[derive(Debug)]
pub(crate) struct NoHandler;

impl NamespaceHandler for NoHandler {
    fn admit(&self, _socket: &Socket) -> Option<BoxFuture<'static, Result<(), ConnectError>>> {
        None
    }

    fn connection(&self, _socket: &Socket) -> Option<Task> {
        None
    }

    fn concurrent_connection(&self) -> bool {
        false
    }

    fn route(&self, _event: &[u8]) -> Option<usize> {
        None
    }

    fn event_name(&self, _route: usize) -> &'static str {
        ""
    }

    fn unhandled(&self, _event: &str) {}

    fn event(&self, _socket: &Socket, _event: Event, _run: &mut dyn FnMut(Task)) {}

    fn disconnect(&self, _socket: &Socket, _reason: DisconnectReason) -> Option<Task> {
        None
    }
}

/// A namespace's handler, shared by its clients.
pub(crate) type SharedHandler = Arc<dyn NamespaceHandler>;
