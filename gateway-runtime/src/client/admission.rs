//! From a session of the engine to a client: what both protocols do when one comes and goes.

use futures_util::future::{BoxFuture, FutureExt};
use gateway_core::{ConnectError, DisconnectReason, RequestHead, Socket, serve};

use super::SharedHandler;
use crate::engine::{CloseReason, HandshakeRequest};

/// A client that is not let in yet. One that never is loses the listeners that a middleware added.
pub(crate) struct Candidate {
    socket: Socket,
    admitted: bool,
}

impl Candidate {
    pub(crate) fn new(socket: Socket) -> Self {
        Self { socket, admitted: false }
    }

    pub(crate) fn socket(&self) -> &Socket {
        &self.socket
    }

    /// Lets the client in: from now on somebody else ends it.
    pub(crate) fn admitted(mut self) -> Socket {
        self.admitted = true;
        self.socket.clone()
    }
}

impl Drop for Candidate {
    fn drop(&mut self) {
        if !self.admitted {
            serve::forget_listeners(&self.socket);
        }
    }
}

/// Middlewares of the namespace first, then the guards of its gateways.
pub(crate) fn admission(
    socket: &Socket,
    handler: SharedHandler,
) -> Option<BoxFuture<'static, Result<(), ConnectError>>> {
    let Some(middlewares) = serve::middlewares(socket) else { return handler.admit(socket) };
    let socket = socket.clone();
    Some(
        async move {
            middlewares.await?;
            match handler.admit(&socket) {
                Some(admission) => admission.await,
                None => Ok(()),
            }
        }
        .boxed(),
    )
}

/// What handlers may know of the request.
pub(crate) fn request_head(request: &HandshakeRequest) -> RequestHead {
    RequestHead {
        headers: request.headers.clone(),
        uri: request.uri.clone(),
        address: request.remote_address,
        secure: request.secure,
        issued: request.issued,
    }
}

/// Why a client is gone, from why its session ended.
pub(crate) fn disconnect_reason(reason: CloseReason) -> DisconnectReason {
    match reason {
        CloseReason::TransportClose => DisconnectReason::TransportClose,
        CloseReason::TransportError => DisconnectReason::TransportError,
        CloseReason::PingTimeout => DisconnectReason::PingTimeout,
        CloseReason::ParseError => DisconnectReason::ParseError,
        CloseReason::ForcedClose => DisconnectReason::ForcedClose,
        CloseReason::ForcedServerClose => DisconnectReason::ForcedServerClose,
        CloseReason::ServerShuttingDown => DisconnectReason::ServerShuttingDown,
        CloseReason::Closed { code, reason } => DisconnectReason::Closed { code, reason: reason.into() },
    }
}
