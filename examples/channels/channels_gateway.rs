//! `ChannelsGateway`: who comes, who goes and why, and messages to everyone.
//!
//! A port of `tests/nestjs/src/channels/channels.gateway.ts` and, since a `Socket` is the same with both
//! adapters, of `channels-ws.gateway.ts` too. It must never know which adapter serves it.

use gateway_examples::port;
use gateway_runtime::prelude::*;
use serde_json::json;

/// On the port that the app listens on, named explicitly. (Another port would get a listener of its own.)
#[web_socket_gateway(port(), cors(origin = "*"))]
struct ChannelsGateway {
    #[web_socket_server]
    server: Server,
}

impl OnGatewayInit for ChannelsGateway {
    async fn after_init(&self, _server: Server) -> HookResult {
        tracing::info!("Gateway initialized");
        Ok(())
    }
}

impl OnGatewayConnection for ChannelsGateway {
    async fn handle_connection(&self, client: Socket) -> HookResult {
        tracing::info!("Client connected: {}", client.id());
        Ok(())
    }
}

impl OnGatewayDisconnect for ChannelsGateway {
    /// Those who are left learn who went, and why: Socket.IO's words, or the close code of a plain WebSocket.
    async fn handle_disconnect(&self, client: Socket, reason: DisconnectReason) -> HookResult {
        tracing::info!("Client disconnected: {} ({reason})", client.id());
        let left = json!({ "id": client.id(), "reason": reason.to_string() });
        self.server.emit("ClientDisconnected", left);
        Ok(())
    }
}

#[subscribe_messages]
impl ChannelsGateway {
    /// No attributes on the parameters: the client, then the body.
    #[subscribe_message("ClientToServer")]
    fn handle_message(&self, _client: Socket, text: String) {
        self.server.emit("ServerToClient", text);
    }

    /// The server hangs up; what was emitted before still arrives.
    #[subscribe_message("LeaveServer")]
    fn handle_leave(client: Socket) {
        client.emit("Goodbye", "See you soon");
        client.disconnect(true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gateway() -> ChannelsGateway {
        ChannelsGateway { server: Server::detached() }
    }

    #[tokio::test]
    async fn hooks_are_async_methods() -> HookResult {
        let gateway = gateway();
        gateway.after_init(gateway.server.clone()).await?;
        gateway.handle_connection(Socket::detached_in(&gateway.server, "ann")).await
    }

    #[tokio::test]
    async fn those_who_are_left_learn_who_went_and_why() -> HookResult {
        let gateway = gateway();
        let ann = Socket::detached_in(&gateway.server, "ann");
        let bob = Socket::detached_in(&gateway.server, "bob");
        bob.disconnect(true);
        gateway.handle_disconnect(bob.clone(), DisconnectReason::TransportClose).await?;
        assert_eq!(ann.emitted()[0].event, "ClientDisconnected");
        assert_eq!(ann.emitted()[0].data(), json!({ "id": "bob", "reason": "transport close" }));
        assert!(bob.emitted().is_empty());
        Ok(())
    }

    #[test]
    fn what_one_says_reaches_all_the_sender_included() {
        let gateway = gateway();
        let ann = Socket::detached_in(&gateway.server, "ann");
        let bob = Socket::detached_in(&gateway.server, "bob");
        gateway.handle_message(ann.clone(), "Hello".into());
        for client in [ann, bob] {
            assert_eq!(client.emitted()[0].event, "ServerToClient");
            assert_eq!(client.emitted()[0].data(), json!("Hello"));
        }
    }

    #[test]
    fn a_client_that_leaves_hears_a_goodbye() {
        let client = Socket::detached("c1");
        ChannelsGateway::handle_leave(client.clone());
        assert_eq!(client.emitted()[0].event, "Goodbye");
        assert!(!client.connected());
    }
}
