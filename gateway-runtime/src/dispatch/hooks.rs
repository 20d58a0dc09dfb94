//! Calling the lifecycle hooks of the gateways of a namespace, and the guards of their connections.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt, join_all};
use gateway_core::container::{HookResult, Instance};
use gateway_core::enhancers::{SharedFilter, SharedGuard};
use gateway_core::registry::GatewayHooks;
use gateway_core::{
    Arguments, ConnectError, DisconnectReason, ExecutionContext, HandlerError, Metadata, Socket, Target,
};

use super::handler::{Around, ResolveError, Sources};
use super::{ServedGateway, fail, pipeline};
use crate::client::Task;

/// A gateway as its hooks see it.
#[derive(Clone)]
pub(crate) struct HookedGateway {
    instance: Instance,
    hooks: GatewayHooks,
    /// Decide who may connect.
    guards: Arc<[SharedGuard]>,
    filters: Arc<[SharedFilter]>,
    connection: Arc<Target>,
    disconnect: Arc<Target>,
}

impl std::fmt::Debug for HookedGateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HookedGateway").field("hooks", &self.hooks).finish_non_exhaustive()
    }
}

impl HookedGateway {
    pub(crate) fn resolve(
        sources: Sources<'_>,
        gateway: ServedGateway,
        around: Around,
    ) -> Result<Self, ResolveError> {
        let guards = Around::connection_guards(sources, &gateway.enhancers)?;
        let target = |method, pattern| {
            let metadata = Metadata::new(gateway.enhancers.metadata, &[]);
            let target = Target::new(gateway.name, method, pattern, metadata);
            Arc::new(target.with_container(sources.container.clone()))
        };
        Ok(Self {
            connection: target("handle_connection", "handleConnection"),
            disconnect: target("handle_disconnect", "handleDisconnect"),
            instance: gateway.instance,
            hooks: gateway.hooks,
            guards: guards.into(),
            filters: around.filters.into(),
        })
    }

    fn context(target: &Arc<Target>, socket: Socket) -> ExecutionContext {
        ExecutionContext::new(socket, target.clone(), Arguments::none(), None)
    }

    /// Runs a hook; what it fails with goes to the filters.
    async fn run(self, target: Arc<Target>, socket: Socket, hook: impl AsyncFnOnce(&Instance) -> HookResult) {
        let called = AssertUnwindSafe(async { hook(&self.instance).await }).catch_unwind().await;
        let error = match called {
            Ok(Ok(())) => return,
            Ok(Err(error)) => HandlerError::from(error),
            Err(panic) => HandlerError::panic(panic),
        };
        fail::through_filters(&self.filters, error, &Self::context(&target, socket)).await;
    }
}

/// Asks the guards on the connection, those of each gateway in the order of the source; `None` if there
/// are none.
pub(crate) fn admit(
    gateways: &[HookedGateway],
    socket: &Socket,
) -> Option<BoxFuture<'static, Result<(), ConnectError>>> {
    let guarded: Vec<_> = gateways.iter().filter(|gateway| !gateway.guards.is_empty()).cloned().collect();
    if guarded.is_empty() {
        return None;
    }
    let socket = socket.clone();
    Some(
        async move {
            for gateway in guarded {
                let context = HookedGateway::context(&gateway.connection, socket.clone());
                let asked = AssertUnwindSafe(pipeline::ask(&gateway.guards, &context)).catch_unwind().await;
                if let Err(error) = asked.unwrap_or_else(|panic| Err(HandlerError::panic(panic))) {
                    let (exception, log) = error.into_exception();
                    if let Some(text) = log {
                        tracing::error!(
                            gateway = context.get_class(),
                            "a guard on the connection failed: {text}"
                        );
                    }
                    return Err(exception.into());
                }
            }
            Ok(())
        }
        .boxed(),
    )
}

/// Calls `handle_connection` of each gateway that has one; they start in order and wait together.
pub(crate) fn connection(gateways: &[HookedGateway], socket: &Socket) -> Option<Task> {
    let hooks: Vec<_> = gateways
        .iter()
        .filter_map(|gateway| {
            let hook = gateway.hooks.connection?;
            let (target, client) = (gateway.connection.clone(), socket.clone());
            let call = async move |instance: &Instance| hook(instance, client).await;
            Some(gateway.clone().run(target, socket.clone(), call).boxed())
        })
        .collect();
    run_all(hooks)
}

/// Calls `handle_disconnect` of each gateway that has one. What it fails with goes to the filters, and so
/// to the log: nobody is there to receive it.
pub(crate) fn disconnect(
    gateways: &[HookedGateway],
    socket: &Socket,
    reason: &DisconnectReason,
) -> Option<Task> {
    let hooks: Vec<_> = gateways
        .iter()
        .filter_map(|gateway| {
            let hook = gateway.hooks.disconnect?;
            let (target, client, reason) = (gateway.disconnect.clone(), socket.clone(), reason.clone());
            let call = async move |instance: &Instance| hook(instance, client, reason).await;
            Some(gateway.clone().run(target, socket.clone(), call).boxed())
        })
        .collect();
    run_all(hooks)
}

fn run_all(mut hooks: Vec<Task>) -> Option<Task> {
    match hooks.len() {
        0 | 1 => hooks.pop(),
        _ => Some(join_all(hooks).map(drop).boxed()),
    }
}
