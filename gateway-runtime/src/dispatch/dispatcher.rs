//! The table of one namespace: which handlers and hooks answer for it. Built once, at start.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use gateway_core::container::Instance;
use gateway_core::registry::{GatewayHooks, HandlerDescriptor};
use gateway_core::{AckTicket, Call, ConnectError, DisconnectReason, Socket, counters};
use parking_lot::Mutex;

use super::deliver::ReplyStyle;
use super::{hooks, invoke};
use crate::client::{Event, NamespaceHandler, Task};

/// Names of unhandled events that are remembered, so that each is logged once.
const REMEMBERED_UNHANDLED_EVENTS: usize = 256;

/// A gateway that serves a namespace.
#[derive(Clone, Debug)]
pub(crate) struct ServedGateway {
    pub(crate) name: &'static str,
    pub(crate) instance: Instance,
    pub(crate) hooks: GatewayHooks,
    pub(crate) handlers: Vec<&'static HandlerDescriptor>,
    pub(crate) concurrent_connection: bool,
}

/// One handler of one gateway.
#[derive(Debug)]
pub(crate) struct Handler {
    pub(crate) gateway: &'static str,
    pub(crate) instance: Instance,
    pub(crate) descriptor: &'static HandlerDescriptor,
    pub(crate) style: ReplyStyle,
}

/// All handlers of one event, in the order of the source.
#[derive(Debug)]
struct Route {
    pattern: Arc<str>,
    handlers: Vec<Arc<Handler>>,
}

/// The gateways of one namespace.
#[derive(Debug)]
pub(crate) struct Dispatcher {
    namespace: String,
    gateways: Vec<ServedGateway>,
    by_event: HashMap<&'static str, usize>,
    routes: Vec<Route>,
    concurrent_connection: bool,
    unhandled: Mutex<HashSet<String>>,
}

impl Dispatcher {
    /// The table of the gateways that share a namespace.
    pub(crate) fn new(namespace: &str, gateways: Vec<ServedGateway>, style: ReplyStyle) -> Self {
        let mut by_event = HashMap::new();
        let mut routes: Vec<Route> = Vec::new();
        for gateway in &gateways {
            for &descriptor in &gateway.handlers {
                let route = *by_event.entry(descriptor.event).or_insert_with(|| {
                    routes.push(Route { pattern: descriptor.event.into(), handlers: Vec::new() });
                    routes.len() - 1
                });
                let (gateway, instance) = (gateway.name, gateway.instance.clone());
                routes[route].handlers.push(Arc::new(Handler { gateway, instance, descriptor, style }));
            }
        }
        let concurrent_connection = gateways.iter().all(|gateway| gateway.concurrent_connection);
        let (namespace, unhandled) = (namespace.to_owned(), Mutex::default());
        Self { namespace, gateways, by_event, routes, concurrent_connection, unhandled }
    }

    fn note_unhandled(&self, event: &str) {
        counters::count_unhandled_event();
        let mut unhandled = self.unhandled.lock();
        if unhandled.len() < REMEMBERED_UNHANDLED_EVENTS && !unhandled.contains(event) {
            let name: String = event.chars().take(100).collect();
            tracing::warn!(
                event = name,
                namespace = self.namespace,
                "no gateway subscribes to this event; further ones of this name are counted only"
            );
            unhandled.insert(event.to_owned());
        }
    }
}

impl NamespaceHandler for Dispatcher {
    fn admit(&self, _socket: &Socket) -> Option<BoxFuture<'static, Result<(), ConnectError>>> {
        None
    }

    fn connection(&self, socket: &Socket) -> Option<Task> {
        hooks::connection(&self.gateways, socket)
    }

    fn concurrent_connection(&self) -> bool {
        self.concurrent_connection
    }

    fn route(&self, event: &str) -> Option<usize> {
        let route = self.by_event.get(event).copied();
        if route.is_none() {
            self.note_unhandled(event);
        }
        route
    }

    fn event(&self, socket: &Socket, event: Event, run: &mut dyn FnMut(Task)) {
        let Some(route) = self.routes.get(event.route) else { return };
        let Event { arguments, ack, .. } = event;
        let (pattern, handlers) = (&route.pattern, route.handlers.as_slice());
        if let [handler] = handlers
            && !handler.descriptor.takes_ack
        {
            let call = Call::new(socket.clone(), pattern.clone(), arguments, ack.map(AckTicket::single));
            return invoke::invoke(handler, call, run);
        }
        // Whoever acknowledges first wins.
        let ticket = ack.map(AckTicket::shared);
        for handler in handlers {
            let call = Call::new(socket.clone(), pattern.clone(), arguments.clone(), ticket.clone());
            invoke::invoke(handler, call, run);
        }
    }

    fn disconnect(&self, socket: &Socket, reason: DisconnectReason) -> Option<Task> {
        hooks::disconnect(&self.gateways, socket, &reason)
    }
}
