//! An application without listeners, for tests: it is the real one up to where connections come from.
//!
//! It must never know who connects, or how.

use axum::Router;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

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
    pub(super) fn start(ready: Ready, options: ShutdownOptions, stop: CancellationToken) -> Self {
        let Ready { container, ports, served, detached } = ready;
        let routers = ports.into_iter().map(|port| (port.port, port.router)).collect();
        let handle = AppHandle { container, stop };
        let serving = Serving { handle: handle.clone(), served, detached, options };
        let stopped = tokio::spawn(serving.run(Vec::new()));
        Self { routers, handle, stopped }
    }
}
