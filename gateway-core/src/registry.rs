//! What the macros register: static descriptors, collected over all linked crates.
//!
//! A registration exists if rustc loaded the crate that holds it; the order is the source's, not
//! the linker's.

use std::any::TypeId;
use std::fmt;

use futures_util::future::BoxFuture;

use crate::container::{HookResult, Instance, Location, ProviderDescriptor, in_order};
use crate::enhancers::{Enhancer, EnhancerClass, Enhancers, ParameterPipe};
use crate::execution_context::ExecutionContext;
use crate::options::GatewayOptions;
use crate::reason::DisconnectReason;
use crate::reply::Outcome;
use crate::server::Server;
use crate::socket::Socket;

/// A gateway: one `#[web_socket_gateway]`.
#[derive(Debug)]
pub struct GatewayDescriptor {
    /// The struct.
    pub type_id: TypeId,
    /// How it is built; it holds the name and the place.
    pub provider: ProviderDescriptor,
    /// Sets the options of the attribute.
    pub options: fn(&mut GatewayOptions),
    /// The lifecycle hooks that the struct implements.
    pub hooks: GatewayHooks,
    /// Guards, interceptors, filters, pipes and metadata on the struct.
    pub enhancers: Enhancers,
}

/// Calls `after_init`.
pub type InitHook = for<'a> fn(&'a Instance, Server) -> BoxFuture<'a, HookResult>;
/// Calls `handle_connection`.
pub type ConnectionHook = for<'a> fn(&'a Instance, Socket) -> BoxFuture<'a, HookResult>;
/// Calls `handle_disconnect`.
pub type DisconnectHook = for<'a> fn(&'a Instance, Socket, DisconnectReason) -> BoxFuture<'a, HookResult>;

/// The hooks that a gateway implements.
#[derive(Clone, Copy, Default)]
pub struct GatewayHooks {
    /// `OnGatewayInit`
    pub init: Option<InitHook>,
    /// `OnGatewayConnection`
    pub connection: Option<ConnectionHook>,
    /// `OnGatewayDisconnect`
    pub disconnect: Option<DisconnectHook>,
}

impl fmt::Debug for GatewayHooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GatewayHooks")
            .field("init", &self.init.is_some())
            .field("connection", &self.connection.is_some())
            .field("disconnect", &self.disconnect.is_some())
            .finish()
    }
}

/// The handlers of one `#[subscribe_messages]` block.
#[derive(Debug)]
pub struct HandlersDescriptor {
    /// The gateway's struct.
    pub gateway: TypeId,
    /// Its name, for messages.
    pub gateway_name: &'static str,
    /// Where the block stands.
    pub location: Location,
    /// The handlers, in the order of the source.
    pub handlers: &'static [HandlerDescriptor],
}

/// One `#[subscribe_message]`.
#[derive(Clone, Copy)]
pub struct HandlerDescriptor {
    /// The event.
    pub event: &'static str,
    /// The method's name, for messages.
    pub method: &'static str,
    /// Whether the method acknowledges by hand: then its reply does not.
    pub takes_ack: bool,
    /// Whether it runs as a task of its own: it burns CPU, and would hold up its connection.
    pub spawn: bool,
    /// Guards, interceptors, filters and metadata on the method.
    pub enhancers: Enhancers,
    /// The pipes of its parameters, in the order in which the handler asks for them by number: all of one
    /// parameter together.
    pub pipes: &'static [Enhancer<ParameterPipe>],
    /// The types among these pipes.
    pub pipe_classes: &'static [EnhancerClass],
    /// Calls the method.
    pub invoke: Invoke,
}

impl HandlerDescriptor {
    /// The types that come from the container.
    pub fn classes(&self) -> impl Iterator<Item = EnhancerClass> {
        self.enhancers.classes().chain(self.pipe_classes.iter().copied())
    }
}

impl fmt::Debug for HandlerDescriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandlerDescriptor")
            .field("event", &self.event)
            .field("method", &self.method)
            .field("takes_ack", &self.takes_ack)
            .finish_non_exhaustive()
    }
}

/// How a handler is called.
#[derive(Clone, Copy)]
pub enum Invoke {
    /// The outcome borrows nothing: called with both on the stack.
    Owned(for<'a> fn(&'a Instance, &'a ExecutionContext) -> Outcome<'static>),
    /// The outcome may borrow from the gateway and the call: both are kept beside it.
    Borrowed(for<'a> fn(&'a Instance, &'a ExecutionContext) -> Outcome<'a>),
}

impl fmt::Debug for Invoke {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Owned(_) => "Owned",
            Self::Borrowed(_) => "Borrowed",
        })
    }
}

inventory::collect!(GatewayDescriptor);
inventory::collect!(HandlersDescriptor);

/// All gateways that are linked in, in the order of their source.
pub fn gateways() -> Vec<&'static GatewayDescriptor> {
    let gateways: Vec<_> = inventory::iter::<GatewayDescriptor>.into_iter().collect();
    let order = in_order(gateways.iter().map(|gateway| (gateway.provider.location, gateway.provider.name)));
    order.into_iter().map(|index| gateways[index]).collect()
}

/// All handlers of a gateway, in the order of their source.
pub fn handlers_of(gateway: TypeId) -> Vec<&'static HandlerDescriptor> {
    let blocks: Vec<_> =
        inventory::iter::<HandlersDescriptor>.into_iter().filter(|block| block.gateway == gateway).collect();
    let order = in_order(blocks.iter().map(|block| (block.location, "")));
    order.into_iter().flat_map(|index| blocks[index].handlers).collect()
}
