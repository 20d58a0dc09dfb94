//! A running application, and how it stops.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt, join_all};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::front::Front;
use super::mount::{Adapters, Served};
use super::start::Ready;
use super::{AppHandle, GatewayError, ListenAddr, ShutdownOptions, shutdown};
use crate::client::DetachedHandlers;
use crate::net::{self, Door, ListenOptions, Listener, Site};

/// An application that serves clients.
///
/// Dropping it leaves it running; [`wait`](Self::wait) ends with it.
#[derive(Debug)]
pub struct RunningApp {
    local_addr: Option<SocketAddr>,
    gateway_addrs: Vec<(u16, SocketAddr)>,
    handle: AppHandle,
    stopped: JoinHandle<()>,
}

impl RunningApp {
    /// Listens on the app's port and on those of its gateways.
    pub(crate) fn start(
        ready: Ready,
        own: Listener,
        front: Front,
        options: ShutdownOptions,
        handle: AppHandle,
    ) -> BoxFuture<'static, Result<Self, GatewayError>> {
        Self::started(ready, own, front, options, handle).boxed()
    }

    async fn started(
        ready: Ready,
        own: Listener,
        front: Front,
        options: ShutdownOptions,
        handle: AppHandle,
    ) -> Result<Self, GatewayError> {
        front.prepare();
        let local_addr = own.local_addr()?;
        let (gateway_addrs, stopped) = serve(ready, Some(own), &front, options, handle.clone()).await?;
        match local_addr {
            Some(address) => tracing::info!("listening on {address}"),
            None => tracing::info!("listening on a Unix socket"),
        }
        Ok(Self { local_addr, gateway_addrs, handle, stopped })
    }

    /// Serves what is not served by somebody else's listener.
    pub(crate) fn serve_mounted(
        ready: Ready,
        front: Front,
        options: ShutdownOptions,
        handle: AppHandle,
    ) -> BoxFuture<'static, Result<(), GatewayError>> {
        // Signals are the business of whoever serves the router.
        async move { serve(ready, None, &front, options.signals(false), handle).await.map(drop) }.boxed()
    }

    /// Where the app listens: tells the port that was chosen for port 0. On a Unix socket it is `0.0.0.0:0`.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr.unwrap_or_else(|| (Ipv4Addr::UNSPECIFIED, 0).into())
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

/// Binds the gateways' ports and starts to serve.
async fn serve(
    ready: Ready,
    mut own: Option<Listener>,
    front: &Front,
    options: ShutdownOptions,
    handle: AppHandle,
) -> Result<(Vec<(u16, SocketAddr)>, JoinHandle<()>), GatewayError> {
    let Ready { ports, served, adapters, detached } = ready;
    let (mut gateway_addrs, mut listening) = (Vec::new(), Vec::new());
    let how = own.as_ref().map(|own| own.options).unwrap_or_default();
    for port_router in ports {
        let port = port_router.port;
        let (listener, site) = (listen(port, how, &mut own).await?, front.site(port_router));
        if let Some(listener) = listener {
            gateway_addrs.extend(port.zip(listener.local_addr()?));
            listening.push((listener, site));
        }
    }
    for (_, address) in &gateway_addrs {
        tracing::info!("gateways listening on {address}");
    }
    handle.vitals.ready(&served);
    let door = front.door(options.requests_timeout);
    let serving = Serving { handle, served, adapters, detached, options };
    Ok((gateway_addrs, tokio::spawn(serving.run(listening, door).boxed())))
}

/// The listener of a gateway's port, or the app's own.
async fn listen(
    port: Option<u16>,
    options: ListenOptions,
    own: &mut Option<Listener>,
) -> Result<Option<Listener>, GatewayError> {
    match port {
        Some(port) => ListenAddr::from(port).with_options(options).bind().await.map(Some),
        None => Ok(own.take()),
    }
}

/// What serves, until it is stopped.
pub(super) struct Serving {
    pub(super) handle: AppHandle,
    pub(super) served: Vec<Arc<dyn Served>>,
    pub(super) adapters: Vec<Arc<dyn Adapters>>,
    pub(super) detached: DetachedHandlers,
    pub(super) options: ShutdownOptions,
}

impl Serving {
    pub(super) async fn run(self, listening: Vec<(Listener, Site)>, door: Door) {
        // Apart from `stop`, which comes first: in between the application drains.
        let closed = CancellationToken::new();
        #[cfg(feature = "tls")]
        let watching = door.tls.clone().map(|tls| tokio::spawn(net::watch(tls, closed.clone()).boxed()));
        let listeners = listening
            .into_iter()
            .map(|(listener, site)| net::serve(listener, site, door.clone(), closed.clone()))
            .map(|serving| tokio::spawn(serving.boxed()));
        let listeners: Vec<_> = listeners.collect();
        let signal = tokio::select! {
            () = self.handle.stop.cancelled() => None,
            signal = shutdown::signal(), if self.options.signals => Some(signal),
        };
        self.handle.vitals.draining();
        match signal {
            Some(signal) => {
                tracing::info!("{signal}: stopping; a second one stops at once");
                tokio::select! {
                    () = self.drain_and_stop(Some(signal), &closed) => {}
                    _ = shutdown::signal() => tracing::warn!("stopped at once, on a second signal"),
                }
            }
            None => self.drain_and_stop(None, &closed).await,
        }
        closed.cancel();
        for listener in listeners {
            // A panic in one is no reason not to wait for the others.
            let _ = listener.await;
        }
        #[cfg(feature = "tls")]
        if let Some(watching) = watching {
            let _ = watching.await;
        }
    }

    async fn drain_and_stop(&self, signal: Option<&str>, closed: &CancellationToken) {
        let drain = self.options.drain;
        if !drain.is_zero() {
            tracing::info!("draining for {drain:?}: not ready for new clients");
            tokio::time::sleep(drain).await;
        }
        // No new connections from here on.
        closed.cancel();
        self.handle.stop.cancel();
        self.stop(signal).await;
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
        let adapters: Vec<_> = self.adapters.iter().flat_map(|server| server.adapters()).collect();
        join_all(adapters.iter().map(|adapter| adapter.close())).await;
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
