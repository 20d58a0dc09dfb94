//! One plain WebSocket server: the clients of one path.

use std::fmt;
use std::sync::{Arc, OnceLock};

use gateway_core::adapter::AdapterFactory;
use gateway_core::{ArgumentLimits, FORBIDDEN_MESSAGE, Handshake, PacketRate, Server, SocketLimits, serve};
use http::StatusCode;

use super::connection::{WsConnection, WsLink};
use super::encoder::WsEncoder;
use super::message::MessageParser;
use crate::client::{self, Candidate, DetachedHandlers, HandlerLimits, NoHandler, SharedHandler};
use crate::engine::{Application, HandshakeRequest, Refusal, SessionLink, generate_id};

/// Options of a plain WebSocket server that the engine does not know.
#[derive(Clone)]
pub(crate) struct WsConfig {
    /// What handlers of one connection may use.
    pub(crate) handlers: HandlerLimits,
    /// What one socket may have.
    pub(crate) sockets: SocketLimits,
    /// What an event's name and body may be.
    pub(crate) arguments: ArgumentLimits,
    /// How many messages of one connection are taken in a second.
    pub(crate) packet_rate: Option<PacketRate>,
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
        serve::limit_sockets(&server, config.sockets);
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

    /// A client of this server that has no session yet.
    fn client(&self, id: &str, request: &HandshakeRequest) -> Admitted {
        let handshake = Handshake::new(Arc::new(client::request_head(request)), None);
        let link = Arc::new(WsLink::default());
        let socket = serve::socket(id.into(), self.server.clone(), handshake, link.clone());
        Admitted { candidate: Candidate::new(socket), link }
    }

    /// Asks middlewares, then guards, before the upgrade: 403 if a guard says no, 401 if one says why.
    pub(crate) async fn admit(&self, request: &HandshakeRequest) -> Result<(), Refusal> {
        let id = generate_id().map_err(|error| {
            tracing::error!(%error, "the system's random generator failed: a client could not connect");
            Refusal { status: StatusCode::SERVICE_UNAVAILABLE, message: "Service Unavailable".to_owned() }
        })?;
        let admitted = self.client(&id, request);
        if let Some(decision) = client::admission(admitted.candidate.socket(), self.handler())
            && let Err(error) = decision.await
        {
            self.handler().refused();
            let forbidden = error.message == FORBIDDEN_MESSAGE;
            let status = if forbidden { StatusCode::FORBIDDEN } else { StatusCode::UNAUTHORIZED };
            // The details are JSON for the client, as they are in a `connect_error`.
            let message = match &error.data {
                Some(data) => data.to_string(),
                None => error.message,
            };
            return Err(Refusal { status, message });
        }
        request.keep(admitted);
        Ok(())
    }
}

/// A client that may connect.
struct Admitted {
    candidate: Candidate,
    link: Arc<WsLink>,
}

/// The application of an engine that speaks plain WebSocket.
#[derive(Debug)]
pub(crate) struct WsApplication(pub(crate) Arc<WsServer>);

impl Application for WsApplication {
    type Connection = WsConnection;

    fn connect(&self, session: Arc<SessionLink>, request: Arc<HandshakeRequest>) -> WsConnection {
        // Kept by the admission, which every request passes.
        let admitted = request.take_kept::<Admitted>();
        let Admitted { candidate, link } = admitted.unwrap_or_else(|| self.0.client(session.id(), &request));
        link.bind(session.clone());
        WsConnection::new(self.0.clone(), session, candidate.admitted())
    }
}
