//! The table of one namespace: which handlers and hooks answer for it. Built once, at start.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt};
use gateway_core::container::Instance;
use gateway_core::enhancers::Enhancers;
use gateway_core::registry::{GatewayHooks, HandlerDescriptor};
use gateway_core::{AckTicket, ConnectError, DisconnectReason, ExecutionContext, Socket, counters};
use parking_lot::Mutex;
use tracing::Instrument;

use super::deliver::ReplyStyle;
use super::handler::{Around, Handler, ResolveError, Sources};
use super::hooks::{self, HookedGateway};
use super::invoke;
use super::metrics::NamespaceMetrics;
use super::routes::Routes;
use crate::client::{Event, NamespaceHandler, Task};

/// Names of unhandled events that are remembered, so that each is logged once.
const REMEMBERED_UNHANDLED_EVENTS: usize = 256;

/// Bytes of such a name that are remembered and logged.
const REMEMBERED_NAME_BYTES: usize = 100;

/// A gateway that serves a namespace.
#[derive(Clone, Debug)]
pub(crate) struct ServedGateway {
    pub(crate) name: &'static str,
    pub(crate) instance: Instance,
    pub(crate) hooks: GatewayHooks,
    pub(crate) enhancers: Enhancers,
    pub(crate) handlers: Vec<&'static HandlerDescriptor>,
    pub(crate) concurrent_connection: bool,
}

/// The gateways of one namespace.
#[derive(Debug)]
pub(crate) struct Dispatcher {
    namespace: String,
    gateways: Vec<HookedGateway>,
    by_event: Routes,
    /// The handlers of each event, in the order of the source.
    routes: Vec<Vec<Arc<Handler>>>,
    concurrent_connection: bool,
    unhandled: Mutex<HashSet<String>>,
    metrics: NamespaceMetrics,
}

impl Dispatcher {
    /// The table of the gateways that share a namespace.
    pub(crate) fn new(
        namespace: &str,
        gateways: Vec<ServedGateway>,
        style: ReplyStyle,
        sources: Sources<'_>,
    ) -> Result<Self, (&'static str, ResolveError)> {
        let mut by_event = Routes::default();
        let mut routes: Vec<Vec<Arc<Handler>>> = Vec::new();
        let concurrent_connection = gateways.iter().all(|gateway| gateway.concurrent_connection);
        let mut hooked = Vec::with_capacity(gateways.len());
        for gateway in gateways {
            let name = gateway.name;
            let failed = |error| (name, error);
            let around = Around::gateway(sources, &gateway.enhancers).map_err(failed)?;
            for &descriptor in &gateway.handlers {
                let route = by_event.get_or_insert(descriptor.event, routes.len());
                if route == routes.len() {
                    routes.push(Vec::new());
                }
                let handler = Handler::resolve(sources, namespace, &gateway, &around, descriptor, style)
                    .map_err(failed)?;
                routes[route].push(Arc::new(handler));
            }
            hooked.push(HookedGateway::resolve(sources, gateway, around).map_err(failed)?);
        }
        Ok(Self {
            namespace: namespace.to_owned(),
            gateways: hooked,
            by_event,
            routes,
            concurrent_connection,
            unhandled: Mutex::default(),
            metrics: NamespaceMetrics::new(namespace),
        })
    }

    fn note_unhandled(&self, event: &str) {
        counters::count_unhandled_event();
        // Clients choose the names: a long one must not be kept for ever.
        let name = &event[..event.floor_char_boundary(REMEMBERED_NAME_BYTES)];
        let mut unhandled = self.unhandled.lock();
        if unhandled.len() < REMEMBERED_UNHANDLED_EVENTS && !unhandled.contains(name) {
            tracing::warn!(
                event = name,
                namespace = self.namespace,
                "no gateway subscribes to this event; further ones of this name are counted only"
            );
            unhandled.insert(name.to_owned());
        }
    }
}

impl NamespaceHandler for Dispatcher {
    fn admit(&self, socket: &Socket) -> Option<BoxFuture<'static, Result<(), ConnectError>>> {
        hooks::admit(&self.gateways, socket)
    }

    fn connection(&self, socket: &Socket) -> Option<Task> {
        hooks::connection(&self.gateways, socket)
    }

    fn concurrent_connection(&self) -> bool {
        self.concurrent_connection
    }

    fn route(&self, event: &[u8]) -> Option<usize> {
        self.by_event.get(event)
    }

    fn event_name(&self, route: usize) -> &'static str {
        self.routes
            .get(route)
            .and_then(|handlers| handlers.first())
            .map_or("", |first| first.descriptor.event)
    }

    fn unhandled(&self, event: &str) {
        self.note_unhandled(event);
    }

    fn event(&self, socket: &Socket, event: Event, run: &mut dyn FnMut(Task)) {
        let name = self.event_name(event.route);
        let span = tracing::debug_span!(target: "gateway::event", "event", name, socket = socket.id());
        if span.is_disabled() {
            return self.call(socket, event, run);
        }
        let entered = span.enter();
        self.call(socket, event, &mut |task| run(task.instrument(span.clone()).boxed()));
        drop(entered);
    }

    fn joined(&self) {
        self.metrics.joined();
    }

    fn left(&self) {
        self.metrics.left();
    }

    fn refused(&self) {
        self.metrics.refused();
    }

    fn disconnect(&self, socket: &Socket, reason: DisconnectReason) -> Option<Task> {
        self.metrics.disconnected(&reason);
        hooks::disconnect(&self.gateways, socket, &reason)
    }
}

impl Dispatcher {
    fn call(&self, socket: &Socket, event: Event, run: &mut dyn FnMut(Task)) {
        let Some(handlers) = self.routes.get(event.route) else { return };
        let Event { arguments, ack, .. } = event;
        if let [handler] = handlers.as_slice()
            && !handler.descriptor.takes_ack
        {
            let context = ExecutionContext::new(socket.clone(), handler.target.clone(), arguments, ack);
            return invoke::invoke(handler, context, run);
        }
        // Whoever acknowledges first wins.
        let ticket = ack.map(AckTicket::for_several);
        for handler in handlers {
            let (target, arguments) = (handler.target.clone(), arguments.clone());
            let context = ExecutionContext::new(socket.clone(), target, arguments, ticket.clone());
            invoke::invoke(handler, context, run);
        }
    }
}
