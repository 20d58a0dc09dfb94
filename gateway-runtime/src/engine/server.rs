//! The Engine.IO server: answers every request below its path and opens the sessions.
//!
//! Checks are made in the order of the reference server, which is what decides between its error
//! codes. It must never know what is said over a session, and adds no CORS headers.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::response::Response;
use gateway_core::telemetry;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde_json::json;
use tokio::sync::oneshot;
use tracing::{debug, warn};

use super::handshake::request_head;
use super::link::Command;
use super::metrics::EngineMetrics;
use super::post::PostClaim;
use super::registry::{Registration, Registry};
use super::request::{self, BodyError, EngineQuery};
use super::response::{self, Client, ProtocolError, Rejection};
use super::session::{Framing, Session, SessionConfig};
use super::transport::{DeflateServer, PollAnswer, WebSocketConfig, WebSocketTransport, WebSocketUpgrade};
use super::{
    Application, CloseReason, EngineConfig, HandshakeRequest, Revision, SessionLink, TransportName, id, jsonp,
};

/// An Engine.IO server: of revision 4, and of revision 3 if that is allowed.
pub(crate) struct Engine<A: Application> {
    pub(super) config: EngineConfig,
    session_config: Arc<SessionConfig>,
    /// Of sessions of revision 3, if they are allowed.
    session_config_3: Option<Arc<SessionConfig>>,
    websocket_config: WebSocketConfig,
    pub(super) registry: Arc<Registry>,
    application: A,
}

impl<A: Application> Engine<A> {
    /// A server without sessions.
    pub(crate) fn new(config: EngineConfig, application: A) -> Arc<Self> {
        let session_config = |revision| SessionConfig {
            framing: Framing::EngineIo(revision),
            ping_interval: Some(config.ping_interval),
            ping_timeout: config.ping_timeout,
            upgrade_timeout: config.upgrade_timeout,
            max_payload: config.max_http_buffer_size,
            limits: config.limits.clone(),
            metrics: EngineMetrics::default(),
        };
        let websocket_config = WebSocketConfig {
            max_message: config.max_http_buffer_size,
            write_buffer_size: config.limits.write_buffer_size,
            deflate: config.per_message_deflate.clone().map(DeflateServer::new),
        };
        Arc::new(Self {
            session_config: Arc::new(session_config(Revision::V4)),
            session_config_3: config.allow_eio3.then(|| Arc::new(session_config(Revision::V3))),
            config,
            websocket_config,
            registry: Arc::default(),
            application,
        })
    }

    /// How many sessions are open; engine.io's `clientsCount`.
    pub(crate) fn sessions(&self) -> usize {
        self.registry.len()
    }

    /// The open session of that id.
    #[cfg(test)]
    pub(crate) fn session(&self, id: &str) -> Option<Arc<SessionLink>> {
        self.registry.find(id)
    }

    /// From now on handshakes are refused with status 503; open sessions go on.
    pub(crate) fn stop(&self) {
        self.registry.stop();
    }

    /// Closes every session that is open now, each at a random instant within the window; returns when
    /// the last has been told.
    pub(crate) async fn close_all(&self, reason: CloseReason, window: Duration) {
        self.registry.close_all(reason, window).await;
    }

    /// Waits until no session is left, closed ones that wait for their client included.
    pub(crate) async fn wait_idle(&self) {
        self.registry.wait_idle().await;
    }

    /// Answers a request below the path, whatever its method, and asks the hooks about the answer.
    pub(crate) async fn handle(self: Arc<Self>, request: Request) -> Response {
        let hooks = Arc::clone(&self.config.hooks);
        if !hooks.watch_answers() {
            return self.answer(request).await;
        }
        let initial = EngineQuery::parse(request.uri()).sid.is_none();
        let (parts, body) = request.into_parts();
        let seen = request_head(&parts);
        let mut response = self.answer(Request::from_parts(parts, body)).await;
        if let Some(rejection) = response.extensions_mut().remove::<Rejection>() {
            hooks.report(&rejection.into_connection_error(seen));
        } else {
            hooks.apply_headers(&mut response, &seen, initial);
        }
        response
    }

    async fn answer(self: Arc<Self>, request: Request) -> Response {
        let query = EngineQuery::parse(request.uri());
        if request::asks_for_websocket(request.headers()) {
            let (parts, _) = request.into_parts();
            return self.handle_websocket(parts, query).await;
        }
        let session = self.verify(&query, request.method()).and_then(|session| {
            self.verify_script(&query, request.headers())?;
            Ok(session)
        });
        match session {
            Err(error) => error.into_polling_response(),
            Ok(Some(link)) => self.handle_session_request(link, query, request).await,
            Ok(None) => self.open_polling(query, request).await,
        }
    }

    /// The checks of a polling request; yields its session if it names one.
    fn verify(&self, query: &EngineQuery, method: &Method) -> Result<Option<Arc<SessionLink>>, Rejection> {
        let transport = self.transport(query)?;
        if let Some(sid) = &query.sid {
            let link = self.find(sid)?;
            let previous = link.transport();
            if previous != transport {
                let context = json!({
                    "name": "TRANSPORT_MISMATCH",
                    "transport": transport.as_str(),
                    "previousTransport": previous.as_str(),
                });
                return Err(ProtocolError::BadRequest.with_context(context));
            }
            same_revision(&link, query)?;
            return Ok(Some(link));
        }
        handshakes_are_gets(method)?;
        if transport == TransportName::WebSocket {
            return Err(transport_handshake_error());
        }
        Ok(None)
    }

    fn transport(&self, query: &EngineQuery) -> Result<TransportName, Rejection> {
        let known = self.config.transports.find(&query.transport);
        known.ok_or_else(|| {
            ProtocolError::UnknownTransport.with_context(json!({ "transport": query.transport }))
        })
    }

    fn find(&self, sid: &str) -> Result<Arc<SessionLink>, Rejection> {
        let known = self.registry.find(sid);
        known.ok_or_else(|| ProtocolError::UnknownSid.with_context(json!({ "sid": sid })))
    }

    /// CORS does not hold back the scripts and forms of JSONP: foreign pages are told here.
    fn verify_script(&self, query: &EngineQuery, headers: &HeaderMap) -> Result<(), Rejection> {
        match &self.config.check_origin {
            Some(check) if query.jsonp.is_some() && !jsonp::is_allowed(headers, check) => {
                Err(ProtocolError::forbidden().into())
            }
            _ => Ok(()),
        }
    }

    async fn handle_session_request(
        &self,
        link: Arc<SessionLink>,
        query: EngineQuery,
        request: Request,
    ) -> Response {
        match *request.method() {
            Method::GET => {
                let (waiter, answer) = oneshot::channel();
                if link.submit(Command::Poll(waiter)).is_err() {
                    return ProtocolError::UnknownSid.into_polling_response();
                }
                let client = Client::of(request.headers());
                // Not kept while it waits.
                drop(request);
                self.poll_response(answer.await.ok(), &query, client, None)
            }
            Method::POST => self.handle_post(link, &query, request).await,
            _ => response::bare(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }

    async fn handle_post(&self, link: Arc<SessionLink>, query: &EngineQuery, request: Request) -> Response {
        let Some(mut claim) = PostClaim::new(&link) else {
            // The session may be gone already, then nothing is left to fault.
            let _ = link.submit(Command::Fault("data request overlap from client"));
            return response::bare(StatusCode::BAD_REQUEST);
        };
        let (parts, body) = request.into_parts();
        let client = Client::of(&parts.headers);
        let binary = parts.headers.get(http::header::CONTENT_TYPE).is_some_and(request::is_binary);
        if binary && query.revision == Revision::V4 {
            claim.fault = Some("invalid content");
            return response::bare(StatusCode::BAD_REQUEST);
        }
        let time = self.config.ping_interval.saturating_add(self.config.ping_timeout);
        match request::read_body(body, self.config.max_http_buffer_size, time).await {
            Ok(body) => {
                let body = match query.jsonp {
                    // Without the field nothing was sent, which is no payload.
                    Some(_) => jsonp::payload_of_form(&body).unwrap_or_default(),
                    None => body,
                };
                claim.deliver(body, binary, client).await
            }
            Err(BodyError::TooLarge) => {
                let limit = self.config.max_http_buffer_size;
                telemetry::limit_exceeded("max_http_buffer_size");
                warn!(
                    sid = claim.link.id(),
                    "data request refused: its body is over max_http_buffer_size = {limit}"
                );
                claim.fault = None;
                response::bare(StatusCode::PAYLOAD_TOO_LARGE)
            }
            Err(BodyError::TimedOut) => {
                claim.fault = Some("data request timed out");
                response::bare(StatusCode::REQUEST_TIMEOUT)
            }
            Err(BodyError::Cut) => response::bare(StatusCode::BAD_REQUEST),
        }
    }

    async fn open_polling(&self, query: EngineQuery, request: Request) -> Response {
        let (parts, _) = request.into_parts();
        let handshake = Arc::new(HandshakeRequest::from_parts(parts));
        if let Err(error) = self.admit(&query, &handshake).await {
            return error.into_polling_response();
        }
        let Some((link, registration)) = self.register(&query, TransportName::Polling, &handshake) else {
            return self.not_registered();
        };
        let connection = self.application.connect(Arc::clone(&link), Arc::clone(&handshake));
        let open = self.open_packet(link.id(), TransportName::Polling);
        let (waiter, answer) = oneshot::channel();
        // Just registered, the session takes its first request.
        let _ = link.submit(Command::Poll(waiter));
        let config = self.session_config(query.revision);
        let cookie = self.config.cookie.as_ref().and_then(|cookie| cookie.header(link.id()));
        let session = Session::polling(registration, link, config, connection, open);
        tokio::spawn(session.with_base64(query.base64));
        let client = Client::of(&handshake.headers);
        self.poll_response(answer.await.ok(), &query, client, cookie)
    }

    /// What is asked of a handshake after its request proved valid.
    async fn admit(&self, query: &EngineQuery, handshake: &Arc<HandshakeRequest>) -> Result<(), Rejection> {
        if let Some(allow) = &self.config.allow_request {
            allow(Arc::clone(handshake)).await.map_err(|refusal| {
                let context = json!({ "message": refusal.message });
                ProtocolError::Forbidden(refusal.message).with_context(context)
            })?;
        }
        if query.revision == Revision::V3 && !self.config.allow_eio3 {
            return Err(ProtocolError::UnsupportedProtocolVersion.with_context(json!({ "protocol": 3 })));
        }
        Ok(())
    }

    async fn handle_websocket(self: Arc<Self>, mut parts: Parts, query: EngineQuery) -> Response {
        let link = match self.verify_websocket(&query, &parts) {
            Ok(link) => link,
            Err(error) if error.is_forbidden() => return error.into_polling_response(),
            Err(error) => return error.into_upgrade_response(),
        };
        let Some(upgrade) = WebSocketUpgrade::from_parts(&mut parts, &self.websocket_config) else {
            return ProtocolError::BadRequest.into_upgrade_response();
        };
        if let Some(link) = link {
            let allowed = self.config.allow_upgrades;
            return upgrade.on_upgrade(move |socket| hand_over(link, socket, query.base64, allowed));
        }
        let handshake = Arc::new(HandshakeRequest::from_parts(parts));
        if let Err(error) = self.admit(&query, &handshake).await {
            return error.into_upgrade_response();
        }
        if self.registry.is_stopped() {
            return response::bare(StatusCode::SERVICE_UNAVAILABLE);
        }
        upgrade.on_upgrade(move |socket| self.open_websocket(socket, query, handshake))
    }

    /// The checks of a WebSocket request; yields the session that it wants to upgrade.
    fn verify_websocket(
        &self,
        query: &EngineQuery,
        parts: &Parts,
    ) -> Result<Option<Arc<SessionLink>>, Rejection> {
        let transport = self.transport(query)?;
        if self.config.check_origin.as_ref().is_some_and(|check| !check(&parts.headers)) {
            return Err(ProtocolError::forbidden().into());
        }
        let link = match &query.sid {
            Some(sid) => Some(self.find(sid)?),
            None => {
                handshakes_are_gets(&parts.method)?;
                None
            }
        };
        if let Some(link) = &link {
            same_revision(link, query)?;
        }
        // A WebSocket that calls itself polling.
        if transport != TransportName::WebSocket {
            return Err(transport_handshake_error());
        }
        Ok(link)
    }

    /// Makes the session of a new WebSocket. Boxed, so that the task that runs it stays small.
    fn open_websocket(
        self: Arc<Self>,
        socket: WebSocketTransport,
        query: EngineQuery,
        handshake: Arc<HandshakeRequest>,
    ) -> impl Future<Output = ()> + Send + use<A> {
        let session =
            self.register(&query, TransportName::WebSocket, &handshake).map(|(link, registration)| {
                let connection = self.application.connect(Arc::clone(&link), handshake);
                let open = self.open_packet(link.id(), TransportName::WebSocket);
                let config = self.session_config(query.revision);
                let session = Session::websocket(registration, link, config, connection, socket, Some(open));
                Box::pin(session.with_base64(query.base64))
            });
        // The session outlives the request, but must not keep the engine alive.
        drop(self);
        async move {
            if let Some(session) = session {
                session.await;
            }
        }
    }

    /// What sessions of an admitted revision have in common.
    fn session_config(&self, revision: Revision) -> Arc<SessionConfig> {
        match (revision, &self.session_config_3) {
            (Revision::V3, Some(config)) => Arc::clone(config),
            _ => Arc::clone(&self.session_config),
        }
    }

    fn register(
        &self,
        query: &EngineQuery,
        transport: TransportName,
        handshake: &HandshakeRequest,
    ) -> Option<(Arc<SessionLink>, Registration)> {
        let id = match &self.config.hooks.generate_id {
            Some(generate) => generate(&handshake.to_handshake()),
            None => id::generate().inspect_err(|error| warn!("no session id: {error}")).ok()?,
        };
        if id.is_empty() {
            warn!("session refused: generate_id made an empty id");
            return None;
        }
        let link = SessionLink::new(id, query.revision, transport, self.config.limits.max_outbox_bytes);
        if let Some(packet) = &self.config.initial_packet {
            // Behind the open packet, before anything that the application sends.
            link.send(packet.clone(), false);
        }
        let registration = self.registry.register(&link);
        if registration.is_none() && !self.registry.is_stopped() {
            warn!(sid = link.id(), "session refused: its id is taken, see generate_id");
        }
        registration.map(|registration| (link, registration))
    }

    fn not_registered(&self) -> Response {
        if self.registry.is_stopped() {
            response::bare(StatusCode::SERVICE_UNAVAILABLE)
        } else {
            let context = json!({ "name": "ID_GENERATION_ERROR" });
            ProtocolError::BadRequest.with_context(context).into_polling_response()
        }
    }

    fn poll_response(
        &self,
        answer: Option<PollAnswer>,
        query: &EngineQuery,
        client: Client,
        cookie: Option<HeaderValue>,
    ) -> Response {
        let compression = self.config.http_compression.as_deref();
        response::poll(answer, query.jsonp.as_deref(), compression, client, cookie)
    }

    fn open_packet(&self, id: &str, transport: TransportName) -> String {
        let config = &self.config;
        let can_upgrade =
            transport == TransportName::Polling && config.allow_upgrades && config.transports.websocket;
        format!(
            r#"0{{"sid":{},"upgrades":[{}],"pingInterval":{},"pingTimeout":{},"maxPayload":{}}}"#,
            response::json_string(id),
            if can_upgrade { r#""websocket""# } else { "" },
            config.ping_interval.as_millis(),
            config.ping_timeout.as_millis(),
            config.max_http_buffer_size,
        )
    }
}

/// Engine.IO opens no session with another method.
fn handshakes_are_gets(method: &Method) -> Result<(), Rejection> {
    if method == Method::GET {
        return Ok(());
    }
    Err(ProtocolError::BadHandshakeMethod.with_context(json!({ "method": method.as_str() })))
}

/// A session keeps the revision that it was opened with.
fn same_revision(link: &SessionLink, query: &EngineQuery) -> Result<(), Rejection> {
    if link.revision() == query.revision {
        return Ok(());
    }
    let number = |revision| if revision == Revision::V3 { 3 } else { 4 };
    let context = json!({
        "name": "PROTOCOL_MISMATCH",
        "protocol": number(query.revision),
        "previousProtocol": number(link.revision()),
    });
    Err(ProtocolError::BadRequest.with_context(context))
}

fn transport_handshake_error() -> Rejection {
    ProtocolError::BadRequest.with_context(json!({ "name": "TRANSPORT_HANDSHAKE_ERROR" }))
}

/// Gives a WebSocket to the session that it wants to upgrade, if that may still be upgraded.
async fn hand_over(link: Arc<SessionLink>, socket: WebSocketTransport, base64: bool, allowed: bool) {
    if allowed && link.begin_upgrade() {
        let socket = Box::new(socket);
        if link.submit(Command::Upgrade { socket, base64 }).is_err() {
            debug!(sid = link.id(), "upgrade attempt for closed client");
        }
    } else {
        debug!(sid = link.id(), "transport has already been upgraded, tries to, or may not");
        socket.close().await;
    }
}
