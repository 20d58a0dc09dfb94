//! Functions that an Engine.IO or WebSocket server asks about its HTTP requests, in the form in which options
//! carry them. Knows no server: what they decide is kept by those who call them.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt};
use serde_json::Value;

use crate::handshake::Handshake;

/// Why a request was not allowed. Strings convert into it, and pairs of an HTTP status and a string.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestRefused {
    /// The HTTP status of a refused plain WebSocket request, 401 if `None`. Engine.IO's are fixed: 403, for
    /// a WebSocket 400.
    pub status: Option<u16>,
    /// What the client is told.
    pub message: String,
}

impl From<&str> for RequestRefused {
    fn from(message: &str) -> Self {
        Self { status: None, message: message.to_owned() }
    }
}

impl From<String> for RequestRefused {
    fn from(message: String) -> Self {
        Self { status: None, message }
    }
}

impl<M: Into<String>> From<(u16, M)> for RequestRefused {
    fn from((status, message): (u16, M)) -> Self {
        Self { status: Some(status), message: message.into() }
    }
}

/// What a function may answer that decides about a request: a `bool`, or a `Result` whose error says why not.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say whether the request is allowed",
    label = "expected `bool` or `Result<(), E>`, where `E` is a string or `(status, string)`"
)]
pub trait Verdict {
    /// Whether the request is allowed.
    ///
    /// # Errors
    /// It is not.
    fn into_result(self) -> Result<(), RequestRefused>;
}

impl Verdict for bool {
    fn into_result(self) -> Result<(), RequestRefused> {
        // Without words of its own: the server's are used.
        if self { Ok(()) } else { Err(RequestRefused::from("")) }
    }
}

impl<E: Into<RequestRefused>> Verdict for Result<(), E> {
    fn into_result(self) -> Result<(), RequestRefused> {
        self.map_err(Into::into)
    }
}

/// Decides about a handshake before there is a session (Engine.IO's `allowRequest`, the `verifyClient` of `ws`).
#[derive(Clone)]
pub struct AllowRequest(
    Arc<dyn Fn(Handshake) -> BoxFuture<'static, Result<(), RequestRefused>> + Send + Sync>,
);

impl AllowRequest {
    /// A decision by an async function.
    pub fn new<F, R>(decide: F) -> Self
    where
        F: Fn(Handshake) -> R + Send + Sync + 'static,
        R: Future<Output: Verdict> + Send + 'static,
    {
        Self(Arc::new(move |request| {
            let decided = decide(request);
            async move { decided.await.into_result() }.boxed()
        }))
    }

    /// Asks about a request.
    ///
    /// # Errors
    /// It is not allowed.
    pub async fn ask(&self, request: Handshake) -> Result<(), RequestRefused> {
        (self.0)(request).await
    }
}

impl fmt::Debug for AllowRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AllowRequest({:p})", Arc::as_ptr(&self.0))
    }
}

/// Chooses the subprotocol of a WebSocket (the `handleProtocols` of `ws`).
#[derive(Clone)]
pub struct HandleProtocols(Arc<dyn Fn(&[&str], &Handshake) -> Option<String> + Send + Sync>);

impl HandleProtocols {
    /// A choice among those that the client offers, in its order; never asked if it offers none.
    pub fn new<F, S>(choose: F) -> Self
    where
        F: Fn(&[&str], &Handshake) -> Option<S> + Send + Sync + 'static,
        S: Into<String>,
    {
        Self(Arc::new(move |offered, request| choose(offered, request).map(Into::into)))
    }

    /// The chosen one; none is answered with `None`.
    pub fn choose(&self, offered: &[&str], request: &Handshake) -> Option<String> {
        (self.0)(offered, request)
    }
}

impl fmt::Debug for HandleProtocols {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HandleProtocols({:p})", Arc::as_ptr(&self.0))
    }
}

/// A request that opened no session (Engine.IO's event `connection_error`).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConnectionError {
    /// The request.
    pub request: Handshake,
    /// Engine.IO's code: 0 unknown transport, 1 unknown session, 2 bad handshake method, 3 bad request, 4
    /// forbidden, 5 unsupported protocol version.
    pub code: u8,
    /// The text of the code.
    pub message: &'static str,
    /// What Engine.IO knows besides: an object, or null.
    pub context: Value,
}

impl ConnectionError {
    /// For whoever answers requests.
    pub fn new(request: Handshake, code: u8, message: &'static str, context: Value) -> Self {
        Self { request, code, message, context }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_decision_is_a_bool_or_a_result() {
        let ask = |allow: AllowRequest| async move { allow.ask(Handshake::default()).await };
        assert_eq!(ask(AllowRequest::new(async |_| true)).await, Ok(()));
        assert_eq!(ask(AllowRequest::new(async |_| false)).await, Err("".into()));
        assert_eq!(ask(AllowRequest::new(async |_| Err("not you"))).await, Err("not you".into()));
        let teapot = AllowRequest::new(async |_| Err((418, "teapot")));
        assert_eq!(ask(teapot).await.map_err(|refused| refused.status), Err(Some(418)));
    }
}
