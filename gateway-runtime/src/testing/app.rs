//! `TestingApp`: a whole application inside the process of a test.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use gateway_core::container::ContainerError;
use tokio::task::JoinHandle;
use tokio_util::sync::DropGuard;

use super::builder::TestingAppBuilder;
use super::client::TestClient;
use super::connect::TestClientBuilder;
use super::error::TestError;
use super::network::Network;
use super::ws_client::TestWsClient;
use crate::app::{AppHandle, GatewayAppBuilder, InProcessApp};

/// An application of gateways that serves test clients and opens no port (what
/// `Test.createTestingModule().compile()` gives in NestJS, started).
///
/// Everything is the real thing up to where a TCP connection would come from. Dropping it stops the
/// application in the background; [`close`](Self::close) waits for the end, hooks included.
#[derive(Debug)]
pub struct TestingApp {
    network: Network,
    handle: AppHandle,
    stopped: JoinHandle<()>,
    limit: Duration,
    /// Stops the application that a test lets fall.
    _stop: DropGuard,
}

impl TestingApp {
    /// Gateways, providers and what takes the place of others (`Test.createTestingModule()`).
    pub fn builder() -> TestingAppBuilder {
        TestingAppBuilder::default()
    }

    /// The same on top of the application that is tested, as its `main` builds it:
    /// `TestingApp::of(my_app::builder()).override_provider(..)`. What is overridden goes over what
    /// the application provides itself.
    pub fn of(app: GatewayAppBuilder) -> TestingAppBuilder {
        app.into()
    }

    pub(super) fn new(app: InProcessApp, limit: Duration) -> Self {
        let InProcessApp { routers, handle, stopped } = app;
        let network = Network::new(routers, handle.stop.clone());
        let stop = handle.stop.clone().drop_guard();
        Self { network, handle, stopped, limit, _stop: stop }
    }

    /// Connects a Socket.IO client to a namespace, over WebSocket.
    ///
    /// # Errors
    /// The connection was refused: see [`TestClientBuilder::connect`].
    pub async fn connect(&self, namespace: &str) -> Result<TestClient, TestError> {
        self.client().namespace(namespace).connect().await
    }

    /// Connects a bare WebSocket to a path, which may have a query string.
    ///
    /// # Errors
    /// The upgrade was refused: see [`TestClientBuilder::connect_ws`].
    pub async fn connect_ws(&self, path: &str) -> Result<TestWsClient, TestError> {
        self.client().path(path).connect_ws().await
    }

    /// A client with headers, a query string, `auth`, ….
    pub fn client(&self) -> TestClientBuilder {
        TestClientBuilder::new(self.network.clone(), self.limit)
    }

    /// A provider: a service, a gateway, a `dyn Trait` (`app.get()`).
    ///
    /// # Errors
    /// Nothing provides it; the error says how to.
    pub fn get<T: ?Sized + Send + Sync + 'static>(&self) -> Result<Arc<T>, ContainerError> {
        self.handle.get::<T>()
    }

    /// What is served on the app's own port, HTTP routes included: for `tower::ServiceExt::oneshot`.
    pub fn router(&self) -> Router {
        self.network.router().clone()
    }

    /// A handle to the providers and to the stop.
    pub fn handle(&self) -> &AppHandle {
        &self.handle
    }

    /// Stops the application as a signal would and waits until it has stopped: clients are
    /// disconnected, the hooks of the shutdown have run.
    pub async fn close(self) {
        self.handle.shutdown();
        if let Err(error) = self.stopped.await {
            tracing::error!(%error, "the application ended abnormally");
        }
    }
}
