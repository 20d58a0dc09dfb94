//! The plain WebSocket server: the same sessions, without Engine.IO's framing, handshake packet and
//! heartbeat. It must never know what the messages mean.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::response::Response;
use http::StatusCode;
use tracing::warn;

use super::metrics::EngineMetrics;
use super::registry::Registry;
use super::session::{Framing, Session, SessionConfig};
use super::transport::{DeflateServer, WebSocketConfig, WebSocketTransport, WebSocketUpgrade};
use super::{
    Application, CloseReason, HandshakeRequest, PlainConfig, Revision, SessionLink, TransportName, id,
    request, response,
};

/// A server of plain WebSocket connections.
pub(crate) struct PlainEngine<A: Application> {
    config: PlainConfig,
    session_config: Arc<SessionConfig>,
    websocket_config: WebSocketConfig,
    registry: Arc<Registry>,
    application: A,
}

impl<A: Application> PlainEngine<A> {
    /// A server without connections.
    pub(crate) fn new(config: PlainConfig, application: A) -> Arc<Self> {
        let session_config = SessionConfig {
            framing: Framing::Plain,
            ping_interval: config.ping_interval,
            ping_timeout: config.ping_timeout,
            upgrade_timeout: Duration::ZERO,
            max_payload: config.max_payload,
            limits: config.limits.clone(),
            metrics: EngineMetrics::default(),
        };
        let websocket_config = WebSocketConfig {
            max_message: config.max_payload,
            write_buffer_size: config.limits.write_buffer_size,
            deflate: config.per_message_deflate.clone().map(DeflateServer::new),
        };
        Arc::new(Self {
            config,
            websocket_config,
            session_config: Arc::new(session_config),
            registry: Arc::default(),
            application,
        })
    }

    /// How many connections are open.
    pub(crate) fn sessions(&self) -> usize {
        self.registry.len()
    }

    /// From now on requests are refused with status 503; open connections go on.
    pub(crate) fn stop(&self) {
        self.registry.stop();
    }

    /// Closes every connection that is open now, each at a random instant within the window; returns
    /// when the last has been told.
    pub(crate) async fn close_all(&self, reason: CloseReason, window: Duration) {
        self.registry.close_all(reason, window).await;
    }

    /// Waits until no connection is left, closed ones that wait for their client included.
    pub(crate) async fn wait_idle(&self) {
        self.registry.wait_idle().await;
    }

    /// Answers a request on the path.
    pub(crate) async fn handle(self: Arc<Self>, request: Request) -> Response {
        let (mut parts, _) = request.into_parts();
        if !request::asks_for_websocket(&parts.headers) {
            return response::refused(StatusCode::UPGRADE_REQUIRED, "Upgrade Required".to_owned());
        }
        if self.config.check_origin.as_ref().is_some_and(|check| !check(&parts.headers)) {
            return response::refused(StatusCode::FORBIDDEN, "Forbidden".to_owned());
        }
        let Some(mut upgrade) = WebSocketUpgrade::from_parts(&mut parts, &self.websocket_config) else {
            return response::refused(StatusCode::BAD_REQUEST, "Bad Request".to_owned());
        };
        let handshake = Arc::new(HandshakeRequest::from_parts(parts));
        if let Some(allow) = &self.config.allow_request
            && let Err(refusal) = allow(Arc::clone(&handshake)).await
        {
            return response::refused(refusal.status, refusal.message);
        }
        if self.registry.is_stopped() {
            return response::bare(StatusCode::SERVICE_UNAVAILABLE);
        }
        let hooks = Arc::clone(&self.config.hooks);
        if let Some(choice) = &hooks.handle_protocols {
            upgrade.choose_protocol(&handshake.headers, |offered| {
                choice.choose(offered, &handshake.to_handshake())
            });
        }
        let seen = hooks.watch_answers().then(|| handshake.to_handshake());
        let mut response = upgrade.on_upgrade(move |socket| self.open(socket, handshake));
        if let Some(seen) = seen {
            hooks.apply_headers(&mut response, &seen, true);
        }
        response
    }

    /// Makes the session of a new connection. Boxed, so that the task that runs it stays small.
    fn open(
        self: Arc<Self>,
        socket: WebSocketTransport,
        handshake: Arc<HandshakeRequest>,
    ) -> impl Future<Output = ()> + Send + use<A> {
        let session = self.register().map(|(link, registration)| {
            let connection = self.application.connect(Arc::clone(&link), handshake);
            let config = Arc::clone(&self.session_config);
            Box::pin(Session::websocket(registration, link, config, connection, socket, None))
        });
        // The session outlives the request, but must not keep the engine alive.
        drop(self);
        async move {
            if let Some(session) = session {
                session.await;
            }
        }
    }

    fn register(&self) -> Option<(Arc<SessionLink>, super::registry::Registration)> {
        let id = id::generate().inspect_err(|error| warn!("no session id: {error}")).ok()?;
        let link =
            SessionLink::new(id, Revision::V4, TransportName::WebSocket, self.config.limits.max_outbox_bytes);
        self.registry.register(&link).map(|registration| (link, registration))
    }
}
