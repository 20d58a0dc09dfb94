//! What an `IoAdapter` or a `WsAdapter` may be told about HTTP requests: hooks and tower layers.
//!
//! They hold for every server of the adapter. It must never know how a request is answered.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::response::IntoResponse;
use axum::routing::Route;
use futures_util::future::FutureExt;
use gateway_core::{
    AllowRequest, ConnectionError, GatewayOptions, HandleProtocols, Handshake, RequestRefused, Verdict,
};
use http::{HeaderMap, StatusCode};
use tower::{Layer, Service};

use super::{IoAdapter, WsAdapter};
use crate::engine::{self, ChangeHeaders, EngineHooks, Refusal};

/// Puts a layer around a router.
pub(crate) type AddLayer = Arc<dyn Fn(Router) -> Router + Send + Sync>;

fn add_layer<L>(layer: L) -> AddLayer
where
    L: Layer<Route> + Clone + Send + Sync + 'static,
    L::Service: Service<Request> + Clone + Send + Sync + 'static,
    <L::Service as Service<Request>>::Response: IntoResponse + 'static,
    <L::Service as Service<Request>>::Error: Into<Infallible> + 'static,
    <L::Service as Service<Request>>::Future: Send + 'static,
{
    Arc::new(move |router| router.layer(layer.clone()))
}

/// Layers around a router: the first sees a request first.
pub(crate) fn with_layers(router: Router, layers: &[AddLayer]) -> Router {
    layers.iter().rev().fold(router, |router, add| add(router))
}

/// The adapter's decision about a handshake, then the gateway's; `None` if nobody decides. `unsaid` is what a
/// refusal without words says.
pub(crate) fn allow_request(
    hooks: &Arc<EngineHooks>,
    options: &GatewayOptions,
    unsaid: (StatusCode, &'static str),
) -> Option<engine::AllowRequest> {
    let of_gateway = options.allow_request.clone();
    if hooks.allow_request.is_empty() && of_gateway.is_none() {
        return None;
    }
    let hooks = Arc::clone(hooks);
    Some(Arc::new(move |request| {
        let (hooks, of_gateway) = (Arc::clone(&hooks), of_gateway.clone());
        async move {
            let request = request.to_handshake();
            let allowed = match (hooks.allow(&request).await, of_gateway) {
                (Ok(()), Some(of_gateway)) => of_gateway.ask(request).await,
                (allowed, _) => allowed,
            };
            allowed.map_err(|refused| refusal(refused, unsaid))
        }
        .boxed()
    }))
}

fn refusal(refused: RequestRefused, (status, message): (StatusCode, &str)) -> Refusal {
    let status = refused.status.and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(status);
    let message = if refused.message.is_empty() { message.to_owned() } else { refused.message };
    Refusal { status, message }
}

/// The hooks of a plain WebSocket server: a gateway's choice of subprotocols goes before the adapter's.
pub(crate) fn of_plain(hooks: &Arc<EngineHooks>, options: &GatewayOptions) -> Arc<EngineHooks> {
    let mut hooks = Arc::clone(hooks);
    if let Some(choice) = &options.handle_protocols {
        Arc::make_mut(&mut hooks).handle_protocols = Some(choice.clone());
    }
    hooks
}

/// `io.engine` in Socket.IO: what happens to HTTP requests before there is a session, and to their answers.
impl IoAdapter {
    /// Decides about each handshake, by its request (`allowRequest`). A refused client gets HTTP 403 with
    /// Engine.IO's code 4 and the message, over WebSocket HTTP 400. Asked before the `allow_request` of a
    /// gateway; of several all must allow.
    ///
    /// ```
    /// use gateway_runtime::prelude::*;
    ///
    /// let adapter = IoAdapter::new().allow_request(async |request: Handshake| match request.header("x-api-key") {
    ///     Some("secret") => Ok(()),
    ///     _ => Err("an API key is missing"),
    /// });
    /// ```
    #[must_use]
    pub fn allow_request<F, R>(mut self, decide: F) -> Self
    where
        F: Fn(Handshake) -> R + Send + Sync + 'static,
        R: Future<Output: Verdict> + Send + 'static,
    {
        self.hooks_mut().allow_request.push(AllowRequest::new(decide));
        self
    }

    /// Makes the ids of sessions (`io.engine.generateId`). They must be unique, also among servers behind one load
    /// balancer, and nobody may guess one: whoever knows it can take part in the session.
    #[must_use]
    pub fn generate_id(mut self, generate: impl Fn(&Handshake) -> String + Send + Sync + 'static) -> Self {
        self.hooks_mut().generate_id = Some(Arc::new(generate));
        self
    }

    /// Changes the headers of the answer that opens a session: the first of polling, the upgrade of a WebSocket
    /// (event `initial_headers`).
    ///
    /// ```
    /// use gateway_runtime::prelude::*;
    /// use axum::http::HeaderValue;
    ///
    /// let adapter = IoAdapter::new().initial_headers(|headers, _request| {
    ///     headers.insert("set-cookie", HeaderValue::from_static("node=7; Path=/"));
    /// });
    /// ```
    #[must_use]
    pub fn initial_headers(
        mut self,
        change: impl Fn(&mut HeaderMap, &Handshake) + Send + Sync + 'static,
    ) -> Self {
        self.hooks_mut().initial_headers.push(Arc::new(change));
        self
    }

    /// Changes the headers of every answer of a session, those of WebSocket upgrades included (event `headers`).
    #[must_use]
    pub fn headers(mut self, change: impl Fn(&mut HeaderMap, &Handshake) + Send + Sync + 'static) -> Self {
        self.hooks_mut().headers.push(Arc::new(change));
        self
    }

    /// Told about each request that Engine.IO refuses (event `connection_error`).
    ///
    /// ```
    /// use gateway_runtime::prelude::*;
    ///
    /// let adapter = IoAdapter::new().connection_error(|error| {
    ///     eprintln!("{} {} {}", error.code, error.message, error.context);
    /// });
    /// ```
    #[must_use]
    pub fn connection_error(mut self, told: impl Fn(&ConnectionError) + Send + Sync + 'static) -> Self {
        self.hooks_mut().connection_error.push(Arc::new(told));
        self
    }

    /// Puts a tower layer around Engine.IO's HTTP (`io.engine.use`): around every request below the path, polling and
    /// upgrade, within the `cors` option. The layer that was added first sees a request first.
    ///
    /// ```
    /// use axum::http::{HeaderName, HeaderValue};
    /// use gateway_runtime::prelude::*;
    /// use tower_http::set_header::SetResponseHeaderLayer;
    ///
    /// let adapter = IoAdapter::new().layer(SetResponseHeaderLayer::overriding(
    ///     HeaderName::from_static("x-frame-options"),
    ///     HeaderValue::from_static("DENY"),
    /// ));
    /// ```
    #[must_use]
    pub fn layer<L>(mut self, layer: L) -> Self
    where
        L: Layer<Route> + Clone + Send + Sync + 'static,
        L::Service: Service<Request> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request>>::Response: IntoResponse + 'static,
        <L::Service as Service<Request>>::Error: Into<Infallible> + 'static,
        <L::Service as Service<Request>>::Future: Send + 'static,
    {
        self.layers.push(add_layer(layer));
        self
    }

    fn hooks_mut(&mut self) -> &mut EngineHooks {
        Arc::make_mut(&mut self.hooks)
    }
}

/// The options of the `ws` package that are functions.
impl WsAdapter {
    /// Decides about each connection, by its request (`verifyClient`). A refused one gets HTTP 401, or the status of
    /// the refusal. Asked before guards and middlewares; of several all must allow.
    ///
    /// ```
    /// use gateway_runtime::prelude::*;
    ///
    /// let adapter = WsAdapter::new().verify_client(async |request: Handshake| {
    ///     if request.query("token").is_some() { Ok(()) } else { Err((403, "no token")) }
    /// });
    /// ```
    #[must_use]
    pub fn verify_client<F, R>(mut self, decide: F) -> Self
    where
        F: Fn(Handshake) -> R + Send + Sync + 'static,
        R: Future<Output: Verdict> + Send + 'static,
    {
        self.hooks_mut().allow_request.push(AllowRequest::new(decide));
        self
    }

    /// Chooses the subprotocol among those that the client offers (`handleProtocols`); default the first. `None`
    /// answers without one, which browsers take for a refusal. A gateway's own `handle_protocols` goes before it.
    ///
    /// ```
    /// use gateway_runtime::prelude::*;
    ///
    /// let adapter = WsAdapter::new()
    ///     .handle_protocols(|offered, _request| offered.iter().find(|name| **name == "v2").map(ToString::to_string));
    /// ```
    #[must_use]
    pub fn handle_protocols<S: Into<String>>(
        mut self,
        choose: impl Fn(&[&str], &Handshake) -> Option<S> + Send + Sync + 'static,
    ) -> Self {
        self.hooks_mut().handle_protocols = Some(HandleProtocols::new(choose));
        self
    }

    /// Changes the headers of the answer that opens a WebSocket (event `headers`).
    #[must_use]
    pub fn headers(mut self, change: impl Fn(&mut HeaderMap, &Handshake) + Send + Sync + 'static) -> Self {
        let change: ChangeHeaders = Arc::new(change);
        self.hooks_mut().headers.push(change);
        self
    }

    fn hooks_mut(&mut self) -> &mut EngineHooks {
        Arc::make_mut(&mut self.hooks)
    }
}
