//! The lifecycle hooks of gateways. A gateway that implements one of these traits has the hook;
//! nothing else declares it.

use std::future::Future;

use crate::container::HookResult;
use crate::reason::DisconnectReason;
use crate::server::Server;
use crate::socket::Socket;

/// A type under `#[web_socket_gateway]`, which implements this.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no gateway",
    label = "no gateway",
    note = "put `#[web_socket_gateway]` on the struct `{Self}`"
)]
pub trait Gateway: Send + Sync + 'static {}

/// Called once, when the gateway's server is ready and before any client connects (NestJS's
/// `OnGatewayInit`).
pub trait OnGatewayInit: Gateway {
    /// `server` is the gateway's namespace.
    ///
    /// # Errors
    /// An error stops the start of the app and is printed with the gateway's name.
    fn after_init(&self, server: Server) -> impl Future<Output = HookResult> + Send;
}

/// Called for each client that has connected to the gateway's namespace (NestJS's
/// `OnGatewayConnection`).
///
/// The client's messages reach this gateway's handlers after the hook has finished; the option
/// `concurrent_connection = true` lets them race, as in NestJS.
pub trait OnGatewayConnection: Gateway {
    /// What NestJS passes as further arguments is in `client.handshake()`.
    ///
    /// # Errors
    /// An error reaches the client as an `exception` event with the pattern `handleConnection`.
    fn handle_connection(&self, client: Socket) -> impl Future<Output = HookResult> + Send;
}

/// Called once for each client that had connected and is gone (NestJS's `OnGatewayDisconnect`).
pub trait OnGatewayDisconnect: Gateway {
    /// The client has left its rooms when this is called; its `data` is still there.
    ///
    /// # Errors
    /// An error is logged: there is nobody to send it to.
    fn handle_disconnect(
        &self,
        client: Socket,
        reason: DisconnectReason,
    ) -> impl Future<Output = HookResult> + Send;
}
