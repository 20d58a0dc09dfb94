//! An application without listeners, for tests: it is the real one up to where connections come from.
//!
//! It must never know who connects, or how.

use axum::Router;
use futures_util::future::FutureExt;
use tokio::task::JoinHandle;

use super::front::Front;
use super::running::Serving;
use super::start::Ready;
use super::{AppHandle, ShutdownOptions};

/// An application that serves whoever brings connections to its routers.
pub(crate) struct InProcessApp {
    /// By port; `None` is the app's own.
    pub(crate) routers: Vec<(Option<u16>, Router)>,
    pub(crate) handle: AppHandle,
    pub(crate) stopped: JoinHandle<()>,
}

impl InProcessApp {
    pub(super) fn start(ready: Ready, front: &Front, options: ShutdownOptions, handle: AppHandle) -> Self {
        let Ready { ports, served, adapters, detached } = ready;
        let routers = ports.into_iter().map(|port| (port.port, port.router)).collect();
        handle.vitals.ready(&served);
        // No load balancer is to be told.
        let options = options.drain(0);
        let door = front.door(options.requests_timeout);
        let serving = Serving { handle: handle.clone(), served, adapters, detached, options };
        let stopped = tokio::spawn(serving.run(Vec::new(), door).boxed());
        Self { routers, handle, stopped }
    }
}
