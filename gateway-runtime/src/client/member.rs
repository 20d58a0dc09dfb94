//! One client of a connection: whom its events go to, and what keeps them waiting.
//!
//! Listeners of every event, middlewares, the event's listeners, handlers of gateways: an event passes
//! them in the order in which a NestJS server calls them. This file must never know how many may run.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::{BoxFuture, FutureExt};
use gateway_core::{
    AckTicket, Arguments, DisconnectReason, Incoming, NamedArguments, Socket, SocketListeners, WsException,
    serve,
};
use tracing::{Instrument, Span};

use super::running::{Label, Running};
use super::{ClientKey, Event, SharedHandler, Task};

/// An event that nobody has looked at yet.
pub(super) struct Arrived {
    /// Its route, or its name if no gateway subscribes to it: a listener may, until it is started.
    pub(super) route: Result<usize, Arc<str>>,
    pub(super) arguments: Arguments,
    /// The number under which the client expects an acknowledgement.
    pub(super) ack: Option<u64>,
}

pub(super) enum Entry {
    Event(Arrived),
    Leave(DisconnectReason),
}

/// An event that the listeners of every event have heard of.
struct Heard {
    incoming: Incoming,
    route: Option<usize>,
    ack: Option<AckTicket>,
    /// Somebody listens to every event: this one is not lost.
    by_any: bool,
}

/// An event that a middleware of the socket has not decided on.
struct Deciding {
    heard: Heard,
    decision: BoxFuture<'static, Result<(), WsException>>,
}

pub(super) struct Client {
    pub(super) key: ClientKey,
    socket: Socket,
    pub(super) handler: SharedHandler,
    /// Of the client in its namespace; `None` if nobody watches.
    span: Option<Box<Span>>,
    /// The connection hooks run, and events wait for them.
    pub(super) greeting: bool,
    /// A middleware waits, and events wait for it.
    deciding: Option<Box<Deciding>>,
    pub(super) queue: VecDeque<Entry>,
}

impl Drop for Client {
    fn drop(&mut self) {
        self.handler.left();
        // A listener that owns the socket would keep both for ever.
        serve::forget_listeners(&self.socket);
    }
}

impl Client {
    pub(super) fn new(key: ClientKey, socket: Socket, handler: SharedHandler) -> Self {
        handler.joined();
        let (span, queue) = (span_of(&socket), VecDeque::new());
        Self { key, socket, handler, span, greeting: false, deciding: None, queue }
    }

    /// Whether events have to wait, whatever else runs.
    pub(super) fn is_held(&self) -> bool {
        self.greeting || self.deciding.is_some()
    }

    /// Whether an event that comes now has to wait.
    pub(super) fn is_blocked(&self) -> bool {
        self.is_held() || !self.queue.is_empty()
    }

    /// Whether a middleware waits.
    pub(super) fn is_deciding(&self) -> bool {
        self.deciding.is_some()
    }

    /// Calls the connection hooks.
    pub(super) fn greet(&mut self, running: &mut Running, cx: &mut Context<'_>) {
        let span = self.span.as_deref();
        if let Some(hooks) = in_span(span, || self.handler.connection(&self.socket)) {
            let waits = !running.start(Label::Greeting(self.key), instrumented(span, hooks), cx);
            self.greeting = waits && !self.handler.concurrent_connection();
        }
    }

    /// The route of an event, or its name; `None` if nobody wants it, nor will if it does not wait.
    pub(super) fn route(&self, event: &NamedArguments, waits: bool) -> Option<Result<usize, Arc<str>>> {
        match self.handler.route(event.name_bytes()) {
            Some(route) => Some(Ok(route)),
            None if waits || serve::listeners(&self.socket).is_some() => Some(Err(event.name().into())),
            None => {
                self.handler.unhandled(event.name());
                None
            }
        }
    }

    /// Starts an event: handlers that are done at once have replied when this returns.
    pub(super) fn start(&mut self, arrived: Arrived, running: &mut Running, cx: &mut Context<'_>) {
        let Some(listeners) = serve::listeners(&self.socket) else {
            match arrived.route {
                Ok(route) => {
                    let ack = arrived.ack.map(AckTicket::single);
                    let event = Event { route, arguments: arrived.arguments, ack };
                    in_span(self.span.as_deref(), || {
                        self.handler.event(&self.socket, event, &mut |task| {
                            running.start(Label::Handler, task, cx);
                        });
                    });
                }
                Err(name) => self.handler.unhandled(&name),
            }
            return;
        };
        let heard = self.call(running, cx, |run| self.hear(listeners, arrived, run));
        let Some(middlewares) = listeners.middlewares() else {
            return self.call(running, cx, |run| self.deliver(heard, run));
        };
        let decision = middlewares.decide(self.socket.clone(), heard.incoming.clone());
        let mut decision = instrumented(self.span.as_deref(), decision.boxed());
        match decision.poll_unpin(cx) {
            Poll::Ready(decision) => self.call(running, cx, |run| self.decided(heard, decision, run)),
            Poll::Pending => self.deciding = Some(Box::new(Deciding { heard, decision })),
        }
    }

    /// Asks the middleware that waits; true if there was one, and it has decided.
    pub(super) fn poll_deciding(&mut self, running: &mut Running, cx: &mut Context<'_>) -> bool {
        let Some(deciding) = &mut self.deciding else { return false };
        let Poll::Ready(decision) = deciding.decision.poll_unpin(cx) else { return false };
        let Some(deciding) = self.deciding.take() else { return false };
        self.call(running, cx, |run| self.decided(deciding.heard, decision, run));
        true
    }

    /// Tells the listeners that the transport has changed.
    pub(super) fn upgraded(&self, running: &mut Running, cx: &mut Context<'_>) {
        if let Some(listeners) = serve::listeners(&self.socket) {
            self.call(running, cx, |run| listeners.upgraded(self.socket.transport(), run));
        }
    }

    /// Calls the listeners of the disconnect, and the hooks.
    pub(super) fn leave(&self, reason: DisconnectReason, running: &mut Running, cx: &mut Context<'_>) {
        self.call(running, cx, |run| {
            if let Some(listeners) = serve::listeners(&self.socket) {
                listeners.left(&reason, run);
            }
            if let Some(hooks) = self.handler.disconnect(&self.socket, reason) {
                run(hooks);
            }
        });
    }

    /// Does something in the span of the client; what is left to do is started.
    fn call<R>(
        &self,
        running: &mut Running,
        cx: &mut Context<'_>,
        work: impl FnOnce(&mut dyn FnMut(Task)) -> R,
    ) -> R {
        let span = self.span.as_deref();
        in_span(span, || {
            work(&mut |task| {
                running.start(Label::Handler, instrumented(span, task), cx);
            })
        })
    }

    /// Calls the listeners of every event.
    fn hear(&self, listeners: SocketListeners<'_>, arrived: Arrived, run: &mut dyn FnMut(Task)) -> Heard {
        let Arrived { route, arguments, ack } = arrived;
        // Listeners and handlers of gateways share the acknowledgement: the first one wins.
        let ack = ack.map(AckTicket::shared);
        let name = match &route {
            Ok(route) => self.handler.event_name(*route).into(),
            Err(name) => name.clone(),
        };
        let incoming = Incoming::of_client(&self.socket, name, arguments, ack.clone());
        let by_any = listeners.call_any(&incoming, run);
        Heard { incoming, route: route.ok(), ack, by_any }
    }

    /// Delivers an event, or tells the socket that it was refused.
    fn decided(&self, heard: Heard, decision: Result<(), WsException>, run: &mut dyn FnMut(Task)) {
        match decision {
            Ok(()) => self.deliver(heard, run),
            Err(error) => {
                if let Some(listeners) = serve::listeners(&self.socket) {
                    listeners.refused(error, run);
                }
            }
        }
    }

    /// Calls the listeners of an event, then the handlers of gateways.
    fn deliver(&self, heard: Heard, run: &mut dyn FnMut(Task)) {
        let Heard { incoming, route, ack, by_any } = heard;
        let socket = &self.socket;
        let listeners = serve::listeners(socket).map(|listeners| listeners.take(incoming.name()));
        if let Some(listeners) = &listeners {
            listeners.call(socket, &incoming, run);
        }
        match route {
            Some(route) => {
                let arguments = incoming.arguments().clone();
                self.handler.event(socket, Event { route, arguments, ack }, run);
            }
            None if by_any || listeners.is_some_and(|listeners| !listeners.is_empty()) => {}
            None => self.handler.unhandled(incoming.name()),
        }
    }
}

/// The span of a client in its namespace; messages of it have their own within.
fn span_of(socket: &Socket) -> Option<Box<Span>> {
    let span = tracing::debug_span!(
        target: "gateway::namespace", "namespace", name = socket.nsp().name(), socket = socket.id()
    );
    if span.is_disabled() { None } else { Some(Box::new(span)) }
}

fn in_span<R>(span: Option<&Span>, work: impl FnOnce() -> R) -> R {
    match span {
        Some(span) => span.in_scope(work),
        None => work(),
    }
}

fn instrumented<R: 'static>(span: Option<&Span>, task: BoxFuture<'static, R>) -> BoxFuture<'static, R> {
    match span {
        Some(span) => task.instrument(span.clone()).boxed(),
        None => task,
    }
}

/// What a queued event counts: its bytes, and what keeping it costs.
pub(super) fn queue_cost(event: &Arrived) -> usize {
    event.arguments.byte_len() + size_of::<Entry>()
}
