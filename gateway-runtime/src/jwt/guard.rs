//! `WsJwtGuard`: lets clients with a valid token in, and says who they are.
//!
//! It must never know how a token is verified.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use gateway_core::{CanActivate, ExecutionContext, GuardResult, HandlerError, Handshake, Socket};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::WsJwtError;
use super::service::{JwtService, Verified, claims_as};
use super::session::Session;
use super::source::{TokenSource, without_scheme};

/// The member of `socket.data` that has the claims.
pub const DEFAULT_DATA_KEY: &str = "user";

/// Only clients with a valid token pass. `C` is the type of the claims.
///
/// On the connection (`#[use_guards(WsJwtGuard<Claims>, on = "connection")]`) a client without one is refused with a
/// `connect_error`; in front of messages with an `exception`. Either says `{"code", "message"}`: see
/// [`WsJwtError`]. The token is verified once for a client; after that its time is looked at with every message
/// that this guard stands in front of.
///
/// The claims are in `socket.data` under [`user`](DEFAULT_DATA_KEY), whole and as JSON, and as a `C` in
/// `socket.extensions()`, from where [`CurrentUser<C>`](super::CurrentUser) takes them.
///
/// The guard comes from the container, with its service: `GatewayApp::builder().use_jwt::<Claims>(options)` provides
/// both; `.provide(WsJwtGuard::<Claims>::new(jwt))` one that is configured otherwise.
///
/// ```
/// use gateway_runtime::{CanActivate, ExecutionContext, Handshake, JwtOptions, JwtService, Server, Socket, WsJwtGuard};
/// use serde::{Deserialize, Serialize};
/// use serde_json::json;
///
/// #[derive(Clone, Serialize, Deserialize)]
/// struct Claims { sub: String, exp: u64 }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), gateway_runtime::JwtError> {
/// let jwt = JwtService::new(JwtOptions::new().secret("32 or more bytes from a secret store"))?;
/// let guard = WsJwtGuard::<Claims>::new(jwt.clone());
///
/// let token = jwt.sign(&Claims { sub: "ann".into(), exp: 4_000_000_000 })?;
/// let handshake = Handshake::with_auth(json!({ "token": token }));
/// let client = Socket::detached_with(&Server::detached(), "c1", handshake);
/// let context = ExecutionContext::detached(client.clone(), "joinRoom", &());
/// assert!(guard.can_activate(&context).await.is_ok());
/// assert_eq!(client.data()["user"]["sub"], "ann");
/// # Ok(()) }
/// ```
pub struct WsJwtGuard<C> {
    service: JwtService,
    sources: Vec<TokenSource>,
    data_key: Cow<'static, str>,
    disconnect_on_expiry: bool,
    claims: PhantomData<fn() -> C>,
}

impl<C: DeserializeOwned + Clone + Send + Sync + 'static> WsJwtGuard<C> {
    /// A guard that looks for a token in `auth.token`, the parameter `token` of the query, and the `Authorization`
    /// header.
    pub fn new(service: JwtService) -> Self {
        let (sources, data_key) = (TokenSource::defaults(), DEFAULT_DATA_KEY.into());
        Self { service, sources, data_key, disconnect_on_expiry: false, claims: PhantomData }
    }

    /// Where the token is, in this order: the first place that has one counts.
    #[must_use]
    pub fn token_sources(mut self, sources: impl IntoIterator<Item = TokenSource>) -> Self {
        self.sources = sources.into_iter().collect();
        self
    }

    /// The member of `socket.data` that gets the claims.
    #[must_use]
    pub fn data_key(mut self, key: impl Into<Cow<'static, str>>) -> Self {
        self.data_key = key.into();
        self
    }

    /// Whether a client is disconnected from the namespace when its token expires: it receives the exception
    /// `EXPIRED_TOKEN` before. [`reauthenticate`](Self::reauthenticate) gives it more time.
    #[must_use]
    pub fn disconnect_on_expiry(mut self, disconnect: bool) -> Self {
        self.disconnect_on_expiry = disconnect;
        self
    }

    /// Accepts another token of a client that is connected: its claims take the place of the old ones, its `exp`
    /// that of the old one. For a handler that clients call before their token expires:
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use gateway_runtime::{Socket, WsException, WsJwtGuard};
    /// # #[derive(Clone, serde::Deserialize)] struct Claims { sub: String }
    /// # struct ChatsGateway { auth: Arc<WsJwtGuard<Claims>> }
    /// # impl ChatsGateway {
    /// // #[subscribe_message("authenticate")], with `#[inject] auth: Arc<WsJwtGuard<Claims>>`
    /// fn authenticate(&self, token: String, client: Socket) -> Result<bool, WsException> {
    ///     self.auth.reauthenticate(&client, &token)?;
    ///     Ok(true)
    /// }
    /// # }
    /// ```
    ///
    /// Rooms and whatever else was decided by the old claims are yours to change if the new ones are of another
    /// user.
    ///
    /// # Errors
    /// The token is not valid; the client keeps the claims and the time that it had.
    pub fn reauthenticate(&self, socket: &Socket, token: &str) -> Result<C, WsJwtError> {
        let token = without_scheme(token);
        if token.is_empty() { Err(WsJwtError::MissingToken) } else { self.accept(socket, token) }
    }

    fn token<'a>(&self, handshake: &'a Handshake) -> Option<Cow<'a, str>> {
        self.sources.iter().find_map(|source| source.find(handshake))
    }

    fn check(&self, socket: &Socket) -> Result<(), WsJwtError> {
        let session = socket.extensions().get::<Session<C>>().filter(|it| it.is_of(&self.service)).cloned();
        match session {
            Some(session) if session.is_over() => Err(WsJwtError::ExpiredToken),
            Some(_) => Ok(()),
            None => {
                let token = self.token(socket.handshake()).ok_or(WsJwtError::MissingToken)?;
                self.accept(socket, &token).map(drop)
            }
        }
    }

    fn accept(&self, socket: &Socket, token: &str) -> Result<C, WsJwtError> {
        let verified = self.service.verified(token).and_then(|Verified { claims, valid_until }| {
            let typed: C = claims_as(claims.clone())?;
            Ok((claims, typed, valid_until))
        });
        let (claims, typed, valid_until) = verified.map_err(|error| {
            tracing::debug!(socket = socket.id(), "a token was refused: {error}");
            WsJwtError::from(&error)
        })?;
        let mut session = Session::new(self.service.clone(), valid_until);
        if self.disconnect_on_expiry {
            session = session.with_timer(socket);
        }
        self.remember(socket, claims, typed.clone(), session);
        Ok(typed)
    }

    fn remember(&self, socket: &Socket, claims: Value, typed: C, session: Session<C>) {
        socket.data().insert(self.data_key.clone().into_owned(), claims);
        let mut extensions = socket.extensions();
        extensions.insert(typed);
        // The old one ends its timer.
        extensions.insert::<Session<C>>(session);
    }
}

impl<C: DeserializeOwned + Clone + Send + Sync + 'static> CanActivate for WsJwtGuard<C> {
    async fn can_activate(&self, context: &ExecutionContext) -> GuardResult {
        self.check(context.socket()).map_err(HandlerError::exception)?;
        Ok(true)
    }
}

impl<C> Clone for WsJwtGuard<C> {
    fn clone(&self) -> Self {
        Self {
            service: self.service.clone(),
            sources: self.sources.clone(),
            data_key: self.data_key.clone(),
            disconnect_on_expiry: self.disconnect_on_expiry,
            claims: PhantomData,
        }
    }
}

impl<C> fmt::Debug for WsJwtGuard<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WsJwtGuard")
            .field("sources", &self.sources)
            .field("data_key", &self.data_key)
            .field("disconnect_on_expiry", &self.disconnect_on_expiry)
            .finish_non_exhaustive()
    }
}
