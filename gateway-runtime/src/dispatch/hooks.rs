//! Calling the lifecycle hooks of the gateways of a namespace.

use std::panic::AssertUnwindSafe;

use futures_util::future::{FutureExt, join_all};
use gateway_core::{DisconnectReason, ExceptionCause, HandlerError, Socket};

use super::deliver;
use super::dispatcher::ServedGateway;
use crate::client::Task;

/// Calls `handle_connection` of each gateway that has one; they start in order and wait together.
pub(crate) fn connection(gateways: &[ServedGateway], socket: &Socket) -> Option<Task> {
    let hooks: Vec<_> = gateways
        .iter()
        .filter_map(|gateway| {
            let (hook, instance, socket) =
                (gateway.hooks.connection?, gateway.instance.clone(), socket.clone());
            Some(async move {
                let call = async { hook(&instance, socket.clone()).await };
                let error = match AssertUnwindSafe(call).catch_unwind().await {
                    Ok(Ok(())) => return,
                    Ok(Err(error)) => HandlerError::from(error),
                    Err(panic) => HandlerError::panic(panic),
                };
                let cause = ExceptionCause { pattern: "handleConnection", data: None };
                deliver::send_exception(&socket, error, cause);
            })
        })
        .collect();
    run_all(hooks)
}

/// Calls `handle_disconnect` of each gateway that has one. Its errors are logged: nobody is there to
/// receive them.
pub(crate) fn disconnect(
    gateways: &[ServedGateway],
    socket: &Socket,
    reason: &DisconnectReason,
) -> Option<Task> {
    let hooks: Vec<_> = gateways
        .iter()
        .filter_map(|gateway| {
            let (hook, instance, socket) =
                (gateway.hooks.disconnect?, gateway.instance.clone(), socket.clone());
            let (name, reason) = (gateway.name, reason.clone());
            Some(async move {
                let call = async { hook(&instance, socket, reason).await };
                let text = match AssertUnwindSafe(call).catch_unwind().await {
                    Ok(Ok(())) => return,
                    Ok(Err(error)) => format!("{error:#}"),
                    Err(panic) => format!("{:?}", HandlerError::panic(panic)),
                };
                tracing::error!(gateway = name, "handle_disconnect failed: {text}");
            })
        })
        .collect();
    run_all(hooks)
}

fn run_all(mut hooks: Vec<impl Future<Output = ()> + Send + 'static>) -> Option<Task> {
    match hooks.len() {
        0 => None,
        1 => hooks.pop().map(FutureExt::boxed),
        _ => Some(join_all(hooks).map(drop).boxed()),
    }
}
