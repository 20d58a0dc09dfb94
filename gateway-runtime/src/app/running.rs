//! A running application, and how it stops.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use futures_util::future::join_all;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::mount::Served;
use super::start::{PortRouter, Ready};
use super::{AppHandle, GatewayError, ListenAddr, ShutdownOptions, listener, shutdown};
use crate::client::DetachedHandlers;

/// An application that serves clients.
///
/// Dropping it leaves it running; [`wait`](Self::wait) ends with it.
#[derive(Debug)]
pub struct RunningApp {
    local_addr: SocketAddr,
    gateway_addrs: Vec<(u16, SocketAddr)>,
    handle: AppHandle,
    stopped: JoinHandle<()>,
}

impl RunningApp {
    /// Listens on the app's port and on those of its gateways.
    pub(crate) async fn start(
        ready: Ready,
        own: TcpListener,
        options: ShutdownOptions,
        stop: CancellationToken,
    ) -> Result<Self, GatewayError> {
        let local_addr = own.local_addr()?;
        let (gateway_addrs, handle, stopped) = serve(ready, Some(own), options, stop).await?;
        tracing::info!("listening on {local_addr}");
        Ok(Self { local_addr, gateway_addrs, handle, stopped })
    }

    /// Serves what is not served by somebody else's listener.
    pub(crate) async fn serve_mounted(
        ready: Ready,
        options: ShutdownOptions,
        stop: CancellationToken,
    ) -> Result<(), GatewayError> {
        // Signals are the business of whoever serves the router.
        serve(ready, None, options.signals(false), stop).await.map(drop)
    }

    /// Where the app listens: tells the port that was chosen for port 0.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Where the gateways with ports of their own listen, by port.
    pub fn gateway_addrs(&self) -> &[(u16, SocketAddr)] {
        &self.gateway_addrs
    }

    /// A handle to the providers and to the stop.
    pub fn handle(&self) -> &AppHandle {
        &self.handle
    }

    /// Waits until the application has stopped: after [`AppHandle::shutdown`] or a signal.
    pub async fn wait(self) {
        if let Err(error) = self.stopped.await {
            tracing::error!(%error, "the application ended abnormally");
        }
    }

    /// Stops the application and waits until it has stopped.
    pub async fn shutdown(self) {
        self.handle.shutdown();
        self.wait().await;
    }
}

type Serves = (Vec<(u16, SocketAddr)>, AppHandle, JoinHandle<()>);

/// Binds the gateways' ports and starts to serve.
async fn serve(
    ready: Ready,
    mut own: Option<TcpListener>,
    options: ShutdownOptions,
    stop: CancellationToken,
) -> Result<Serves, GatewayError> {
    let Ready { container, ports, served, detached } = ready;
    let (mut gateway_addrs, mut listening) = (Vec::new(), Vec::new());
    for PortRouter { port, router } in ports {
        let listener = match port {
            Some(port) => {
                let listener = ListenAddr::from(port).bind().await?;
                gateway_addrs.push((port, listener.local_addr()?));
                Some(listener)
            }
            None => own.take(),
        };
        listening.extend(listener.map(|listener| (listener, router)));
    }
    for (_, address) in &gateway_addrs {
        tracing::info!("gateways listening on {address}");
    }
    let handle = AppHandle { container, stop };
    let serving = Serving { handle: handle.clone(), served, detached, options };
    let stopped = tokio::spawn(serving.run(listening));
    Ok((gateway_addrs, handle, stopped))
}

/// What serves, until it is stopped.
pub(super) struct Serving {
    pub(super) handle: AppHandle,
    pub(super) served: Vec<Arc<dyn Served>>,
    pub(super) detached: DetachedHandlers,
    pub(super) options: ShutdownOptions,
}

impl Serving {
    pub(super) async fn run(self, listening: Vec<(TcpListener, Router)>) {
        let listeners = listening.into_iter().map(|(listener, router)| {
            tokio::spawn(listener::serve(listener, router, self.handle.stop.clone()))
        });
        let listeners: Vec<_> = listeners.collect();
        let signal = tokio::select! {
            () = self.handle.stop.cancelled() => None,
            signal = shutdown::signal(), if self.options.signals => Some(signal),
        };
        // No new connections from here on.
        self.handle.stop.cancel();
        match signal {
            Some(signal) => {
                tracing::info!("{signal}: stopping; a second one stops at once");
                tokio::select! {
                    () = self.stop(Some(signal)) => {}
                    _ = shutdown::signal() => tracing::warn!("stopped at once, on a second signal"),
                }
            }
            None => self.stop(None).await,
        }
        join_all(listeners).await;
    }

    /// NestJS's order: the providers' first two hooks, then the connections, then the last hook.
    async fn stop(&self, signal: Option<&str>) {
        let container = &self.handle.container;
        self.served.iter().for_each(|served| served.stop());
        container.module_destroy().await;
        container.before_application_shutdown(signal).await;
        self.close_sessions().await;
        let running = self.detached.wait(self.options.handlers_timeout).await;
        if running > 0 {
            tracing::warn!("handlers of {running} clients were still running when the application stopped");
        }
        container.application_shutdown(signal).await;
        tracing::info!("stopped");
    }

    async fn close_sessions(&self) {
        let sessions: usize = self.served.iter().map(|served| served.sessions()).sum();
        let window = if sessions == 0 { Duration::ZERO } else { self.options.window };
        let closing = join_all(self.served.iter().map(|served| served.close(window)));
        if tokio::time::timeout(window + self.options.timeout, closing).await.is_err() {
            let left: usize = self.served.iter().map(|served| served.sessions()).sum();
            tracing::warn!(
                "{left} clients did not take what was sent to them before the application stopped"
            );
        }
    }
}
