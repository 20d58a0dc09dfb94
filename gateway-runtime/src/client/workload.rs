//! What one connection's clients have to do: hooks, events, and their order.
//!
//! Each client has a queue. An event goes past it when nothing is in its way: the client's connection
//! hooks are done, no earlier event of it waits, and the connection runs fewer handlers than its
//! limit. A client that leaves does so through its queue as well: what it sent before is started
//! before its disconnect hooks are.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::{Context, Poll};

use gateway_core::{DisconnectReason, NamedArguments, Socket, telemetry};

use super::member::{Arrived, Client, Entry, queue_cost};
use super::metrics::Share;
use super::running::{Label, Running};
use super::{DetachedHandlers, HandlerLimits, SharedHandler};

/// Which client of a connection; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClientKey(u32);

/// The clients of one connection and what runs for them.
pub(crate) struct Workload {
    limits: HandlerLimits,
    clients: Vec<Client>,
    running: Running,
    /// Clients with a middleware that waits.
    deciding: usize,
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
            deciding: 0,
            queued_bytes: 0,
            queued_events: Share::queued_events(),
            next_key: 0,
        }
    }

    /// Adds a client that has just connected and calls its connection hooks.
    pub(crate) fn join(&mut self, socket: Socket, handler: SharedHandler, cx: &mut Context<'_>) -> ClientKey {
        let key = ClientKey(self.next_key);
        self.next_key = self.next_key.wrapping_add(1);
        let mut client = Client::new(key, socket, handler);
        client.greet(&mut self.running, cx);
        self.clients.push(client);
        key
    }

    fn client(&mut self, key: ClientKey) -> Option<&mut Client> {
        self.clients.iter_mut().find(|client| client.key == key)
    }

    /// An event of a client: started now, or queued.
    pub(crate) fn event(
        &mut self,
        key: ClientKey,
        event: NamedArguments,
        ack: Option<u64>,
        cx: &mut Context<'_>,
    ) {
        let full = self.running.len() >= self.limits.max_running_handlers;
        let Some(index) = self.clients.iter().position(|client| client.key == key) else { return };
        let client = &mut self.clients[index];
        let waits = full || client.is_blocked();
        let Some(route) = client.route(&event, waits) else { return };
        let arrived = Arrived { route, arguments: event.into_arguments(), ack };
        if waits {
            let was_saturated = self.queued_bytes >= self.limits.max_queued_bytes;
            self.queued_bytes += queue_cost(&arrived);
            self.queued_events.add();
            if !was_saturated && self.queued_bytes >= self.limits.max_queued_bytes {
                telemetry::limit_exceeded("max_queued_bytes");
            }
            client.queue.push_back(Entry::Event(arrived));
        } else {
            self.start(index, arrived, cx);
        }
    }

    fn start(&mut self, index: usize, arrived: Arrived, cx: &mut Context<'_>) {
        let client = &mut self.clients[index];
        client.start(arrived, &mut self.running, cx);
        self.deciding += usize::from(client.is_deciding());
    }

    /// Asks the middlewares that wait.
    fn poll_deciding(&mut self, cx: &mut Context<'_>) {
        let mut decided = 0;
        for client in &mut self.clients {
            decided += usize::from(client.poll_deciding(&mut self.running, cx));
        }
        if decided > 0 {
            self.deciding -= decided;
            self.advance(cx);
        }
    }

    /// The transport under a client has changed.
    pub(crate) fn upgraded(&mut self, key: ClientKey, cx: &mut Context<'_>) {
        if let Some(client) = self.clients.iter().find(|client| client.key == key) {
            client.upgraded(&mut self.running, cx);
        }
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
        if self.deciding > 0 {
            self.poll_deciding(cx);
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
            if client.is_held() {
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
                Some(Entry::Event(arrived)) => {
                    self.queued_bytes -= queue_cost(&arrived);
                    self.queued_events.remove();
                    self.start(index, arrived, cx);
                }
                Some(Entry::Leave(reason)) => {
                    client.leave(reason, &mut self.running, cx);
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
