//! From registrations to running servers: what happens between `create` and the first client.
//!
//! What is awaited from here and from `running` comes boxed: an `async fn` is compiled where it is awaited, which is in
//! every application, at each of its builds.

use std::any::TypeId;
use std::cell::RefCell;
use std::sync::Arc;

use axum::Router;
use futures_util::future::{BoxFuture, FutureExt, join_all};
use gateway_core::container::{Container, ContainerBuilder, Instance, ProviderKey};
use gateway_core::registry::{self, GatewayDescriptor, GatewayHooks, HandlerDescriptor};
use gateway_core::{GatewayOptions, NamespacePattern, Server, serve};

use super::error::GatewayError;
use super::mount::{self, Adapters, Mount, Served};
use super::{WebSocketAdapter, servers};
use crate::client::{DetachedHandlers, DetachedLimits};
use crate::dispatch::{GlobalEnhancers, Overrides, Sources};

/// A gateway of this application.
pub(crate) struct RegisteredGateway {
    pub(crate) descriptor: &'static GatewayDescriptor,
    pub(crate) options: GatewayOptions,
    pub(crate) server: Server,
    pub(crate) instance: Instance,
    pub(crate) handlers: Vec<&'static HandlerDescriptor>,
}

impl RegisteredGateway {
    pub(crate) fn name(&self) -> &'static str {
        self.descriptor.provider.name
    }
}

/// What the application consists of, before it listens.
pub(crate) struct Assembly {
    pub(crate) container: Container,
    pub(crate) gateways: Vec<RegisteredGateway>,
}

/// Which gateways are wanted.
#[derive(Default)]
pub(crate) struct Selection {
    pub(crate) only: Option<Vec<(TypeId, &'static str)>>,
    pub(crate) expected: Vec<(TypeId, &'static str)>,
}

impl Selection {
    fn select(&self) -> Result<Vec<&'static GatewayDescriptor>, GatewayError> {
        let linked = registry::gateways();
        for (wanted, name) in self.expected.iter().chain(self.only.iter().flatten()) {
            if !linked.iter().any(|gateway| gateway.type_id == *wanted) {
                return Err(GatewayError::NotLinked { name });
            }
        }
        let selected: Vec<_> = linked
            .into_iter()
            .filter(|gateway| {
                self.only
                    .as_ref()
                    .is_none_or(|only| only.iter().any(|(wanted, _)| *wanted == gateway.type_id))
            })
            .collect();
        for (wanted, name) in &self.expected {
            if !selected.iter().any(|gateway| gateway.type_id == *wanted) {
                return Err(GatewayError::NotLinked { name });
            }
        }
        if selected.is_empty() { Err(GatewayError::NoGateways) } else { Ok(selected) }
    }
}

/// Builds the providers and the gateways.
pub(crate) fn assemble<'a>(
    selection: &'a Selection,
    builder: ContainerBuilder,
    overrides: &'a Overrides,
) -> BoxFuture<'a, Result<Assembly, GatewayError>> {
    assembled(selection, builder, overrides).boxed()
}

async fn assembled(
    selection: &Selection,
    mut builder: ContainerBuilder,
    overrides: &Overrides,
) -> Result<Assembly, GatewayError> {
    let selected = selection.select()?;
    let mut prepared = Vec::new();
    for descriptor in selected {
        let mut options = GatewayOptions::default();
        (descriptor.options)(&mut options);
        let problems = servers::problems(&options);
        if !problems.is_empty() {
            let (gateway, location) = (descriptor.provider.name, descriptor.provider.location.to_string());
            return Err(GatewayError::Options { gateway, location, problems });
        }
        let namespace = options.namespace.as_ref().map_or_else(|| "/".to_owned(), NamespacePattern::text);
        let server = serve::unbound(&namespace);
        builder = builder.describe(&descriptor.provider).attach((descriptor.provider.key)(), server.clone());
        prepared.push((descriptor, options, server));
    }
    // What only gateways that were left out need is neither built nor checked, nor is what a test has
    // put something else in the place of.
    let (mut needed, mut replaced) = (Vec::new(), Vec::new());
    for (descriptor, ..) in &prepared {
        enhancer_keys(descriptor, overrides, &mut needed, &mut replaced);
    }
    for provider in gateway_core::container::provider_descriptors() {
        let key = (provider.key)();
        let wanted = needed.contains(&key) || selection.only.is_none() && !replaced.contains(&key);
        builder = if wanted { builder.describe(provider) } else { builder.describe_on_demand(provider) };
    }
    let container = builder.build().await?;
    let gateways = prepared.into_iter().filter_map(|(descriptor, options, server)| {
        // Built a moment ago: the container has an instance of each described provider.
        let instance = container.instance(&(descriptor.provider.key)())?.clone();
        let handlers = registry::handlers_of(descriptor.type_id);
        Some(RegisteredGateway { descriptor, options, server, instance, handlers })
    });
    let gateways = gateways.collect();
    Ok(Assembly { container, gateways })
}

/// What the guards, interceptors, filters and pipes of a gateway are provided as: those that it uses, and
/// those that others stand in for.
fn enhancer_keys(
    gateway: &GatewayDescriptor,
    overrides: &Overrides,
    needed: &mut Vec<ProviderKey>,
    replaced: &mut Vec<ProviderKey>,
) {
    let handlers = registry::handlers_of(gateway.type_id);
    let of_handlers = handlers.iter().flat_map(|handler| handler.enhancers.classes());
    for class in gateway.enhancers.classes().chain(of_handlers) {
        if overrides.replaces(class.type_id) { &mut *replaced } else { &mut *needed }.push((class.key)());
    }
    // These are part of the handlers' types: nothing else can stand in for them.
    let pipes = handlers.iter().flat_map(|handler| handler.pipe_classes);
    needed.extend(pipes.map(|class| (class.key)()));
}

/// What listens on one port.
pub(crate) struct PortRouter {
    /// `None` is the app's own port.
    pub(crate) port: Option<u16>,
    pub(crate) router: Router,
    pub(crate) mounts: Vec<Mount>,
}

/// Servers that are ready for clients.
pub(crate) struct Ready {
    pub(crate) ports: Vec<PortRouter>,
    pub(crate) served: Vec<Arc<dyn Served>>,
    pub(crate) adapters: Vec<Arc<dyn Adapters>>,
    pub(crate) detached: DetachedHandlers,
}

/// Builds the servers, runs the hooks of the start and prints what is subscribed to what.
pub(crate) fn ready<'a>(
    assembly: Assembly,
    adapter: &'a WebSocketAdapter,
    app_port: Option<u16>,
    behind: Router,
    enhancers: &'a (GlobalEnhancers, Overrides),
) -> BoxFuture<'a, Result<Ready, GatewayError>> {
    made_ready(assembly, adapter, app_port, behind, enhancers).boxed()
}

async fn made_ready(
    assembly: Assembly,
    adapter: &WebSocketAdapter,
    app_port: Option<u16>,
    behind: Router,
    enhancers: &(GlobalEnhancers, Overrides),
) -> Result<Ready, GatewayError> {
    let Assembly { container, gateways } = assembly;
    let detached = DetachedHandlers::new(DetachedLimits::default());
    let servers = {
        let made = RefCell::default();
        let sources =
            Sources { container: &container, global: &enhancers.0, overrides: &enhancers.1, made: &made };
        servers::build(&gateways, adapter, app_port, &detached, sources)?
    };
    container.module_init().await?;
    for gateway in &gateways {
        if let Some(init) = gateway.descriptor.hooks.init {
            let started = init(&gateway.instance, gateway.server.clone()).await;
            started.map_err(|error| GatewayError::after_init(gateway.name(), error))?;
        }
        print(gateway);
    }
    container.application_bootstrap().await?;

    let mut behind = Some(behind.layer(axum::Extension(container.clone())));
    let (mut ports, mut served, mut adapters) = (Vec::new(), Vec::new(), Vec::new());
    for server in servers {
        // The user's routes are on the app's own port only.
        let routes = if server.port.is_none() { behind.take() } else { None };
        ports.push(PortRouter {
            port: server.port,
            router: mount::router(server.mounts.clone(), routes.unwrap_or_default()),
            mounts: server.mounts,
        });
        served.extend(server.served);
        adapters.extend(server.adapters);
    }
    let all: Vec<_> = adapters.iter().flat_map(|server| server.adapters()).collect();
    join_all(all.iter().map(|adapter| adapter.ready())).await;
    Ok(Ready { ports, served, adapters, detached })
}

/// The lines that NestJS prints at start.
fn print(gateway: &RegisteredGateway) {
    let (name, namespace) = (gateway.name(), gateway.server.name());
    let GatewayHooks { init, connection, disconnect } = gateway.descriptor.hooks;
    if gateway.handlers.is_empty() && init.is_none() && connection.is_none() && disconnect.is_none() {
        tracing::warn!(
            "{name} has no messages and no hooks: put #[subscribe_messages] on its impl block, and hooks into \
             `impl OnGatewayConnection for {name}` and its kin"
        );
    }
    for handler in &gateway.handlers {
        tracing::info!(namespace, "{name} subscribed to the {:?} message", handler.event);
    }
}
