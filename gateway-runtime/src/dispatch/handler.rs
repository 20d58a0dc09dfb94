//! One handler with everything that stands around it, resolved once, at start.

use std::any::TypeId;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use gateway_core::container::{Container, ContainerError, Instance};
use gateway_core::enhancers::{Enhancer, Enhancers, SharedFilter, SharedGuard, SharedInterceptor};
use gateway_core::pipes::{DynUntypedPipe, GatewayPipe, ValidationPipe};
use gateway_core::registry::HandlerDescriptor;
use gateway_core::{Metadata, Target};

use super::deliver::ReplyStyle;
use super::{GlobalEnhancers, Overrides};

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
}

impl Sources<'_> {
    fn make<T: Clone>(
        &self,
        enhancer: &Enhancer<T>,
        overrides: &HashMap<TypeId, T>,
    ) -> Result<T, ResolveError> {
        if let Some(replaced) = enhancer.class.and_then(|class| overrides.get(&class.type_id)) {
            return Ok(replaced.clone());
        }
        (enhancer.make)(self.container).map_err(|source| ResolveError { name: enhancer.name, source })
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
    /// Global, then the gateway's, then the method's; filters the other way round.
    pub(crate) fn resolve(
        sources: Sources<'_>,
        gateway: &Enhancers,
        method: &Enhancers,
    ) -> Result<Self, ResolveError> {
        let Sources { global, overrides, .. } = sources;
        let mut around = Self {
            guards: global.guards.clone(),
            interceptors: global.interceptors.clone(),
            ..Self::default()
        };
        let mut filters = global.filters.clone();
        for level in [gateway, method] {
            for entry in level.guards.iter().filter(|entry| !entry.on_connection) {
                around.guards.push(sources.make(&entry.guard, &overrides.guards)?);
            }
            for entry in level.interceptors {
                around.interceptors.push(sources.make(entry, &overrides.interceptors)?);
            }
            for entry in level.filters {
                filters.push(sources.make(entry, &overrides.filters)?);
            }
        }
        filters.reverse();
        around.filters = filters;
        let own: Result<Vec<_>, _> =
            gateway.pipes.iter().map(|entry| sources.make(entry, &overrides.pipes)).collect();
        for pipe in global.pipes.iter().cloned().chain(own?) {
            match pipe {
                // The innermost one's options hold.
                GatewayPipe::Validation(pipe) => around.validation = Some(pipe),
                GatewayPipe::Untyped(pipe) => around.pipes.push(pipe),
            }
        }
        Ok(around)
    }

    /// The guards that decide who may connect.
    pub(crate) fn connection_guards(
        sources: Sources<'_>,
        gateway: &Enhancers,
    ) -> Result<Vec<SharedGuard>, ResolveError> {
        let guards = gateway.guards.iter().filter(|entry| entry.on_connection);
        guards.map(|entry| sources.make(&entry.guard, &sources.overrides.guards)).collect()
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
}

impl Handler {
    pub(crate) fn resolve(
        sources: Sources<'_>,
        gateway: (&'static str, &Enhancers, Instance),
        descriptor: &'static HandlerDescriptor,
        style: ReplyStyle,
    ) -> Result<Self, ResolveError> {
        let (name, enhancers, instance) = gateway;
        let around = Around::resolve(sources, enhancers, &descriptor.enhancers)?;
        let pipes: Result<Vec<_>, _> = descriptor
            .pipes
            .iter()
            .map(|pipe| {
                (pipe.make)(sources.container).map_err(|source| ResolveError { name: pipe.name, source })
            })
            .collect();
        let metadata = Metadata::new(enhancers.metadata, descriptor.enhancers.metadata);
        let target = Target::new(name, descriptor.method, descriptor.event, metadata)
            .with_validation(around.validation.clone())
            .with_pipes(pipes?)
            .with_container(sources.container.clone());
        let bare = around.is_empty();
        Ok(Self { instance, descriptor, style, target: Arc::new(target), around, bare })
    }
}
