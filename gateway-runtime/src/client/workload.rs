//! What one connection's clients have to do: hooks, events, and their order.
//!
//! Each client has a queue. An event goes past it when nothing is in its way: the client's connection
//! hooks are done, no earlier event of it waits, and the connection runs fewer handlers than its
//! limit. A client that leaves does so through its queue as well: what it sent before is started
//! before its disconnect hooks are.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::{Context, Poll};

use futures_util::future::FutureExt;
use gateway_core::{DisconnectReason, Socket, telemetry};
use tracing::{Instrument, Span};

use super::metrics::Share;
use super::running::{Label, Running};
use super::{DetachedHandlers, Event, HandlerLimits, SharedHandler, Task};

/// Which client of a connection; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClientKey(u32);

enum Entry {
    Event(Event),
    Leave(DisconnectReason),
}

struct Client {
    key: ClientKey,
    socket: Socket,
    handler: SharedHandler,
    /// Of the client in its namespace; `None` if nobody watches.
    span: Option<Box<Span>>,
    /// The connection hooks run, and events wait for them.
    greeting: bool,
    queue: VecDeque<Entry>,
}

impl Drop for Client {
    fn drop(&mut self) {
        self.handler.left();
    }
}

impl Client {
    fn is_blocked(&self) -> bool {
        self.greeting || !self.queue.is_empty()
    }
}

/// The clients of one connection and what runs for them.
pub(crate) struct Workload {
    limits: HandlerLimits,
    clients: Vec<Client>,
    running: Running,
    queued_bytes: usize,
    queued_events: Share,
    next_key: u32,
}

impl Workload {
    pub(crate) fn new(limits: HandlerLimits) -> Self {
        Self {
            limits,
            clients: Vec::new(),
            running: Running::default(),
            queued_bytes: 0,
            queued_events: Share::queued_events(),
            next_key: 0,
        }
    }

    /// Adds a client that has just connected and calls its connection hooks.
    pub(crate) fn join(&mut self, socket: Socket, handler: SharedHandler, cx: &mut Context<'_>) -> ClientKey {
        let key = ClientKey(self.next_key);
        self.next_key = self.next_key.wrapping_add(1);
        let span = span_of(&socket);
        let hooks = in_span(span.as_deref(), || handler.connection(&socket));
        let hooks = hooks.map(|hooks| instrumented(span.as_deref(), hooks));
        let concurrent = handler.concurrent_connection();
        handler.joined();
        self.clients.push(Client { key, socket, handler, span, greeting: false, queue: VecDeque::new() });
        if let Some(hooks) = hooks {
            let waits = !self.running.start(Label::Greeting(key), hooks, cx);
            if let Some(client) = self.client(key) {
                client.greeting = waits && !concurrent;
            }
        }
        key
    }

    fn client(&mut self, key: ClientKey) -> Option<&mut Client> {
        self.clients.iter_mut().find(|client| client.key == key)
    }

    /// An event of a client: started now, or queued.
    pub(crate) fn event(&mut self, key: ClientKey, event: Event, cx: &mut Context<'_>) {
        let full = self.running.len() >= self.limits.max_running_handlers;
        let Some(index) = self.clients.iter().position(|client| client.key == key) else { return };
        let client = &mut self.clients[index];
        if full || client.is_blocked() {
            let was_saturated = self.queued_bytes >= self.limits.max_queued_bytes;
            self.queued_bytes += queue_cost(&event);
            self.queued_events.add();
            if !was_saturated && self.queued_bytes >= self.limits.max_queued_bytes {
                telemetry::limit_exceeded("max_queued_bytes");
            }
            client.queue.push_back(Entry::Event(event));
        } else {
            self.start(index, event, cx);
        }
    }

    fn start(&mut self, index: usize, event: Event, cx: &mut Context<'_>) {
        let client = &self.clients[index];
        let running = &mut self.running;
        in_span(client.span.as_deref(), || {
            client.handler.event(&client.socket, event, &mut |task| {
                running.start(Label::Handler, task, cx);
            });
        });
    }

    /// A client has left its namespace, which it is out of already.
    pub(crate) fn leave(&mut self, key: ClientKey, reason: DisconnectReason, cx: &mut Context<'_>) {
        if let Some(client) = self.client(key) {
            client.queue.push_back(Entry::Leave(reason));
            self.advance(cx);
        }
    }

    /// All clients leave for the same reason: the connection has ended.
    pub(crate) fn leave_all(&mut self, reason: &DisconnectReason, cx: &mut Context<'_>) {
        for client in &mut self.clients {
            let leaving = client.queue.iter().any(|entry| matches!(entry, Entry::Leave(_)));
            if !leaving {
                client.queue.push_back(Entry::Leave(reason.clone()));
            }
        }
        self.advance(cx);
    }

    /// Runs what can run.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) {
        while let Poll::Ready(label) = self.running.poll_ended(cx) {
            if let Label::Greeting(key) = label
                && let Some(client) = self.client(key)
            {
                client.greeting = false;
            }
            self.advance(cx);
        }
    }

    /// Starts queued events and leaves, each client's in order, as far as the limit allows.
    fn advance(&mut self, cx: &mut Context<'_>) {
        let mut index = 0;
        while index < self.clients.len() {
            if self.advance_client(index, cx) {
                let client = self.clients.remove(index);
                drop(client);
            } else {
                index += 1;
            }
        }
    }

    /// Returns true if the client has left.
    fn advance_client(&mut self, index: usize, cx: &mut Context<'_>) -> bool {
        loop {
            let client = &mut self.clients[index];
            if client.greeting {
                return false;
            }
            match client.queue.front() {
                Some(Entry::Event(_)) if self.running.len() >= self.limits.max_running_handlers => {
                    return false;
                }
                Some(_) => {}
                None => {
                    client.queue = VecDeque::new();
                    return false;
                }
            }
            match client.queue.pop_front() {
                Some(Entry::Event(event)) => {
                    self.queued_bytes -= queue_cost(&event);
                    self.queued_events.remove();
                    self.start(index, event, cx);
                }
                Some(Entry::Leave(reason)) => {
                    let span = client.span.as_deref();
                    if let Some(hooks) = in_span(span, || client.handler.disconnect(&client.socket, reason)) {
                        let hooks = instrumented(span, hooks);
                        self.running.start(Label::Handler, hooks, cx);
                    }
                    return true;
                }
                None => return false,
            }
        }
    }

    /// Whether no more events fit: reading pauses.
    pub(crate) fn is_saturated(&self) -> bool {
        self.queued_bytes >= self.limits.max_queued_bytes
    }

    /// Nothing runs and nothing waits.
    fn is_idle(&self) -> bool {
        self.running.len() == 0 && self.clients.is_empty()
    }

    /// The connection has ended: what still runs goes on in a task of its own, as it would in Node.
    pub(crate) fn finish(mut self, reason: DisconnectReason, detached: &DetachedHandlers) {
        if self.clients.is_empty() && self.running.len() == 0 {
            return;
        }
        let mut left = Some(reason);
        detached.spawn(poll_fn(move |cx| {
            if let Some(reason) = left.take() {
                self.leave_all(&reason, cx);
            }
            self.poll(cx);
            if self.is_idle() { Poll::Ready(()) } else { Poll::Pending }
        }));
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

fn instrumented(span: Option<&Span>, task: Task) -> Task {
    match span {
        Some(span) => task.instrument(span.clone()).boxed(),
        None => task,
    }
}

/// What a queued event counts: its bytes, and what keeping it costs.
fn queue_cost(event: &Event) -> usize {
    event.arguments.byte_len() + size_of::<Entry>()
}
