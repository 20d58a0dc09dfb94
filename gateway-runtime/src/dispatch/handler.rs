//! One handler with everything that stands around it, resolved once, at start.

use std::any::TypeId;
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use gateway_core::container::{Container, ContainerError, Instance};
use gateway_core::enhancers::{Enhancer, Enhancers, SharedFilter, SharedGuard, SharedInterceptor};
use gateway_core::pipes::{DynUntypedPipe, GatewayPipe, ValidationPipe};
use gateway_core::registry::HandlerDescriptor;
use gateway_core::{Metadata, Target};

use super::deliver::ReplyStyle;
use super::metrics::HandlerMetrics;
use super::{GlobalEnhancers, Overrides, ServedGateway};

/// A guard, interceptor, pipe or filter that could not be made.
#[derive(Debug)]
pub(crate) struct ResolveError {
    /// As the user wrote it.
    pub(crate) name: &'static str,
    pub(crate) source: ContainerError,
}

/// What enhancers are made from.
#[derive(Clone, Copy)]
pub(crate) struct Sources<'s> {
    pub(crate) container: &'s Container,
    pub(crate) global: &'s GlobalEnhancers,
    pub(crate) overrides: &'s Overrides,
    /// What has been made already: a type has one instance, on however many gateways and methods it
    /// stands.
    pub(crate) made: &'s RefCell<Overrides>,
}

impl Sources<'_> {
    fn make<T: Clone>(
        &self,
        enhancer: &Enhancer<T>,
        of_kind: impl Fn(&Overrides) -> &HashMap<TypeId, T>,
        of_kind_mut: impl Fn(&mut Overrides) -> &mut HashMap<TypeId, T>,
    ) -> Result<T, ResolveError> {
        let make =
            || (enhancer.make)(self.container).map_err(|source| ResolveError { name: enhancer.name, source });
        let Some(class) = enhancer.class else { return make() };
        if let Some(replaced) = of_kind(self.overrides).get(&class.type_id) {
            return Ok(replaced.clone());
        }
        if let Some(made) = of_kind(&self.made.borrow()).get(&class.type_id) {
            return Ok(made.clone());
        }
        let made = make()?;
        of_kind_mut(&mut self.made.borrow_mut()).insert(class.type_id, made.clone());
        Ok(made)
    }

    fn guard(&self, enhancer: &Enhancer<SharedGuard>) -> Result<SharedGuard, ResolveError> {
        self.make(enhancer, |all| &all.guards, |all| &mut all.guards)
    }

    fn pipe(&self, enhancer: &Enhancer<GatewayPipe>) -> Result<GatewayPipe, ResolveError> {
        self.make(enhancer, |all| &all.pipes, |all| &mut all.pipes)
    }

    fn interceptor(&self, enhancer: &Enhancer<SharedInterceptor>) -> Result<SharedInterceptor, ResolveError> {
        self.make(enhancer, |all| &all.interceptors, |all| &mut all.interceptors)
    }

    fn filter(&self, enhancer: &Enhancer<SharedFilter>) -> Result<SharedFilter, ResolveError> {
        self.make(enhancer, |all| &all.filters, |all| &mut all.filters)
    }
}

/// What stands around a handler, or around the hooks of a gateway.
#[derive(Clone, Default)]
pub(crate) struct Around {
    pub(crate) guards: Vec<SharedGuard>,
    pub(crate) interceptors: Vec<SharedInterceptor>,
    pub(crate) pipes: Vec<Arc<dyn DynUntypedPipe>>,
    /// In the order in which they are asked.
    pub(crate) filters: Vec<SharedFilter>,
    pub(crate) validation: Option<Arc<ValidationPipe>>,
}

impl fmt::Debug for Around {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Around")
            .field("guards", &self.guards.len())
            .field("interceptors", &self.interceptors.len())
            .field("pipes", &self.pipes.len())
            .field("filters", &self.filters.len())
            .field("validation", &self.validation)
            .finish()
    }
}

impl Around {
    /// What stands around all handlers of a gateway: global, then its own.
    pub(crate) fn gateway(sources: Sources<'_>, enhancers: &Enhancers) -> Result<Self, ResolveError> {
        let global = sources.global;
        let mut around = Self {
            guards: global.guards.clone(),
            interceptors: global.interceptors.clone(),
            filters: global.filters.iter().rev().cloned().collect(),
            ..Self::default()
        };
        around.extend(sources, enhancers)?;
        let own: Result<Vec<_>, _> = enhancers.pipes.iter().map(|entry| sources.pipe(entry)).collect();
        for pipe in global.pipes.iter().cloned().chain(own?) {
            match pipe {
                // The innermost one's options hold.
                GatewayPipe::Validation(pipe) => around.validation = Some(pipe),
                GatewayPipe::Untyped(pipe) => around.pipes.push(pipe),
            }
        }
        Ok(around)
    }

    /// What stands around one of the gateway's handlers.
    fn method(&self, sources: Sources<'_>, enhancers: &Enhancers) -> Result<Self, ResolveError> {
        let mut around = self.clone();
        around.extend(sources, enhancers)?;
        Ok(around)
    }

    /// Adds a level inside of what is there; its filters are asked before, the last one first.
    fn extend(&mut self, sources: Sources<'_>, enhancers: &Enhancers) -> Result<(), ResolveError> {
        for entry in enhancers.guards.iter().filter(|entry| !entry.on_connection) {
            self.guards.push(sources.guard(&entry.guard)?);
        }
        for entry in enhancers.interceptors {
            self.interceptors.push(sources.interceptor(entry)?);
        }
        for entry in enhancers.filters {
            self.filters.insert(0, sources.filter(entry)?);
        }
        Ok(())
    }

    /// The guards that decide who may connect.
    pub(crate) fn connection_guards(
        sources: Sources<'_>,
        gateway: &Enhancers,
    ) -> Result<Vec<SharedGuard>, ResolveError> {
        let guards = gateway.guards.iter().filter(|entry| entry.on_connection);
        guards.map(|entry| sources.guard(&entry.guard)).collect()
    }

    /// Whether a message goes straight to its handler.
    pub(crate) fn is_empty(&self) -> bool {
        self.guards.is_empty()
            && self.interceptors.is_empty()
            && self.pipes.is_empty()
            && self.filters.is_empty()
    }
}

/// One handler of one gateway.
#[derive(Debug)]
pub(crate) struct Handler {
    pub(crate) instance: Instance,
    pub(crate) descriptor: &'static HandlerDescriptor,
    pub(crate) style: ReplyStyle,
    pub(crate) target: Arc<Target>,
    pub(crate) around: Around,
    /// Nothing stands around the handler: it costs nothing then.
    pub(crate) bare: bool,
    pub(super) metrics: HandlerMetrics,
}

impl Handler {
    pub(crate) fn resolve(
        sources: Sources<'_>,
        namespace: &str,
        gateway: &ServedGateway,
        around: &Around,
        descriptor: &'static HandlerDescriptor,
        style: ReplyStyle,
    ) -> Result<Self, ResolveError> {
        let around = around.method(sources, &descriptor.enhancers)?;
        let pipes: Result<Vec<_>, _> = descriptor
            .pipes
            .iter()
            .map(|pipe| {
                (pipe.make)(sources.container).map_err(|source| ResolveError { name: pipe.name, source })
            })
            .collect();
        let metadata = Metadata::new(gateway.enhancers.metadata, descriptor.enhancers.metadata);
        let target = Target::new(gateway.name, descriptor.method, descriptor.event, metadata)
            .with_validation(around.validation.clone())
            .with_pipes(pipes?)
            .with_container(sources.container.clone());
        let bare = around.is_empty();
        let instance = gateway.instance.clone();
        let metrics = HandlerMetrics::new(namespace, descriptor.event);
        Ok(Self { instance, descriptor, style, target: Arc::new(target), around, bare, metrics })
    }
}
