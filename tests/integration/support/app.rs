//! Starts an application of chosen gateways on a free port of this machine.

use std::net::SocketAddr;
use std::sync::Arc;

use gateway_runtime::prelude::*;
use gateway_runtime::{GatewayAppBuilder, GatewaySet, RunningApp};

use super::client::{Client, within};
use super::plain::PlainClient;

/// A running application. It ends with the runtime of its test.
#[derive(Debug)]
pub(crate) struct TestApp {
    running: RunningApp,
}

/// A builder for these gateways, which stops without waiting for its clients to come in turns.
pub(crate) fn builder<S: GatewaySet>() -> GatewayAppBuilder {
    GatewayApp::builder().only::<S>().shutdown_options(ShutdownOptions::new().signals(false).window(0))
}

impl TestApp {
    /// Serves these gateways over Socket.IO.
    pub(crate) async fn serve<S: GatewaySet>() -> Self {
        Self::start(builder::<S>()).await
    }

    /// Serves these gateways over plain WebSocket.
    pub(crate) async fn serve_plain<S: GatewaySet>() -> Self {
        Self::start(builder::<S>().use_web_socket_adapter(WsAdapter::new())).await
    }

    /// Serves what was built.
    pub(crate) async fn start(builder: GatewayAppBuilder) -> Self {
        Self::listen(builder.create().await.expect("the providers fit together")).await
    }

    /// Serves an application.
    pub(crate) async fn listen(app: GatewayApp) -> Self {
        let running = within("the start", app.start(("127.0.0.1", 0))).await;
        Self { running: running.expect("the application listens") }
    }

    /// Where it listens.
    pub(crate) fn addr(&self) -> SocketAddr {
        self.running.local_addr()
    }

    /// A gateway, or another provider.
    pub(crate) fn get<T: ?Sized + Send + Sync + 'static>(&self) -> Arc<T> {
        self.running.handle().get::<T>().expect("it is provided")
    }

    /// The running application.
    pub(crate) fn running(&self) -> &RunningApp {
        &self.running
    }

    /// The running application, to be stopped.
    pub(crate) fn into_running(self) -> RunningApp {
        self.running
    }

    /// A Socket.IO client in the main namespace.
    pub(crate) async fn client(&self) -> Client {
        Client::connect(self.addr(), "/").await
    }

    /// A Socket.IO client in a namespace.
    pub(crate) async fn client_in(&self, namespace: &str) -> Client {
        Client::connect(self.addr(), namespace).await
    }

    /// A plain WebSocket client at a path.
    pub(crate) async fn plain(&self, path: &str) -> PlainClient {
        PlainClient::connect(self.addr(), path).await
    }
}
