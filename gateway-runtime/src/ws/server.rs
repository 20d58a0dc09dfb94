//! One plain WebSocket server: the clients of one path.

use std::fmt;
use std::sync::{Arc, OnceLock};

use futures_util::future::BoxFuture;
use gateway_core::adapter::AdapterFactory;
use gateway_core::{ConnectError, Handshake, Server, Socket, serve};

use super::connection::{WsConnection, WsLink};
use super::encoder::WsEncoder;
use super::message::MessageParser;
use crate::client::{self, DetachedHandlers, HandlerLimits, NoHandler, SharedHandler};
use crate::engine::{Application, HandshakeRequest, SessionLink};

/// Options of a plain WebSocket server that the engine does not know.
#[derive(Clone)]
pub(crate) struct WsConfig {
    /// What handlers of one connection may use.
    pub(crate) handlers: HandlerLimits,
    /// Makes the adapter, which holds clients and rooms.
    pub(crate) adapter: AdapterFactory,
    /// Where handlers of clients that are gone run on.
    pub(crate) detached: DetachedHandlers,
    /// Maps frames to messages; `None` is the `{event, data}` envelope.
    pub(crate) message_parser: Option<MessageParser>,
}

/// One plain WebSocket server.
pub(crate) struct WsServer {
    config: WsConfig,
    server: Server,
    handler: OnceLock<SharedHandler>,
}

impl fmt::Debug for WsServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WsServer").finish_non_exhaustive()
    }
}

impl WsServer {
    pub(crate) fn new(config: WsConfig) -> Arc<Self> {
        let adapter = (config.adapter)("/");
        let server = serve::namespace("/", adapter, Arc::new(WsEncoder), None);
        Arc::new(Self { config, server, handler: OnceLock::new() })
    }

    /// The handle to all clients of this server.
    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    /// Lets `handler` answer. Called once, before clients connect.
    pub(crate) fn serve(&self, handler: SharedHandler) {
        if self.handler.set(handler).is_err() {
            tracing::error!("two handlers for one WebSocket server: the first one stays");
        }
    }

    pub(super) fn config(&self) -> &WsConfig {
        &self.config
    }

    pub(super) fn handler(&self) -> SharedHandler {
        self.handler.get().cloned().unwrap_or_else(|| Arc::new(NoHandler))
    }

    /// Asks middlewares, then guards, whether a client may connect; `None` if there are none.
    pub(super) fn admission(&self, socket: &Socket) -> Option<BoxFuture<'static, Result<(), ConnectError>>> {
        client::admission(socket, self.handler())
    }
}

/// The application of an engine that speaks plain WebSocket.
#[derive(Debug)]
pub(crate) struct WsApplication(pub(crate) Arc<WsServer>);

impl Application for WsApplication {
    type Connection = WsConnection;

    fn connect(&self, session: Arc<SessionLink>, request: Arc<HandshakeRequest>) -> WsConnection {
        let handshake = Handshake::new(Arc::new(client::request_head(&request)), None);
        let link = WsLink::new(session.clone());
        let socket = serve::socket(session.id().into(), self.0.server().clone(), handshake, link);
        WsConnection::new(self.0.clone(), session, socket)
    }
}
