//! Connections between test clients and the application, within the process.
//!
//! Each is a duplex stream with hyper's HTTP/1 on both ends: on the server's end what a TCP connection gets with its
//! first request that is not plain polling. It must never know what is asked over it.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use axum::Router;
use axum::body::Body;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio_util::sync::CancellationToken;

use super::error::TestError;
use crate::net;

/// Bytes that one end may have sent and the other has not read: about what the buffers of a loopback
/// socket hold.
const STREAM_BUFFER: usize = 256 * 1024;

/// The largest answer to a plain HTTP request that a test reads.
pub(super) const MAX_ANSWER: usize = 64 * 1024 * 1024;

/// The first port that a client seems to come from, as operating systems choose them.
const FIRST_CLIENT_PORT: u16 = 49_152;

/// What listens, and how it is reached.
#[derive(Clone)]
pub(super) struct Network(Arc<Listening>);

struct Listening {
    own: Router,
    /// Of the gateways with ports of their own.
    ports: BTreeMap<u16, Router>,
    stop: CancellationToken,
    clients: AtomicU16,
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network").finish_non_exhaustive()
    }
}

impl Network {
    /// `None` is the app's own port.
    pub(super) fn new(routers: Vec<(Option<u16>, Router)>, stop: CancellationToken) -> Self {
        let (mut own, mut ports) = (Router::new(), BTreeMap::new());
        for (port, router) in routers {
            match port {
                Some(port) => drop(ports.insert(port, router)),
                None => own = router,
            }
        }
        Self(Arc::new(Listening { own, ports, stop, clients: AtomicU16::new(0) }))
    }

    /// The app's own routes.
    pub(super) fn router(&self) -> &Router {
        &self.0.own
    }

    /// Where the next client seems to come from.
    pub(super) fn next_address(&self) -> SocketAddr {
        let client = self.0.clients.fetch_add(1, Ordering::Relaxed) % (u16::MAX - FIRST_CLIENT_PORT);
        (Ipv4Addr::LOCALHOST, FIRST_CLIENT_PORT + client).into()
    }

    /// Sends one request over a connection of its own, which may be upgraded.
    pub(super) async fn send(
        &self,
        port: Option<u16>,
        address: SocketAddr,
        request: Request<Body>,
    ) -> Result<Response<Incoming>, TestError> {
        let Listening { own, ports, stop, .. } = &*self.0;
        let router = match port {
            None => own,
            Some(port) => ports
                .get(&port)
                .ok_or_else(|| TestError::NoSuchPort { port, ports: ports.keys().copied().collect() })?,
        };
        if stop.is_cancelled() {
            return Err(TestError::AppClosed);
        }
        let (client, server) = tokio::io::duplex(STREAM_BUFFER);
        tokio::spawn(net::in_process(server, address, router.clone(), stop.clone()));
        let failed = |error| TestError::connection("an HTTP request", error);
        let (mut sender, connection) = http1::handshake(TokioIo::new(client)).await.map_err(failed)?;
        tokio::spawn(async move {
            // Whoever waits for the answer is told as well.
            if let Err(error) = connection.with_upgrades().await {
                tracing::debug!(%error, "a test client's connection ended");
            }
        });
        sender.send_request(request).await.map_err(failed)
    }
}

/// The body of an answer as text.
pub(super) async fn text(response: Response<Incoming>) -> Result<String, TestError> {
    let body = axum::body::to_bytes(Body::new(response.into_body()), MAX_ANSWER).await;
    let body = body.map_err(|error| TestError::connection("an HTTP answer", error))?;
    Ok(String::from_utf8_lossy(&body).into_owned())
}
