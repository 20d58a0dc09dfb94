//! The gateway of the benchmark, as a user of this framework writes it. `main.rs` serves it over Socket.IO or plain
//! WebSocket, `peer-gateway-redis` behind Redis.

use gateway_runtime::prelude::*;
use peer_common::{JoinRoom, Message, RoomMessage, SendMessage};
use serde_json::Value;

/// All events of the benchmark.
#[web_socket_gateway]
pub struct BenchGateway {
    #[web_socket_server]
    server: Server,
}

#[subscribe_messages]
impl BenchGateway {
    #[subscribe_message("push")]
    fn push(&self, #[message_body] body: Message) -> WsResponse<Message> {
        WsResponse::new("pop", body)
    }

    #[subscribe_message("push_any")]
    fn push_any(&self, #[message_body] body: Value) -> WsResponse<Value> {
        WsResponse::new("pop", body)
    }

    #[subscribe_message("echo")]
    fn echo(&self, #[message_body] body: Message) -> Message {
        body
    }

    #[subscribe_message("join")]
    fn join(&self, #[message_body] room: String, #[connected_socket] client: Socket) -> bool {
        client.join(&room);
        true
    }

    #[subscribe_message("cast")]
    fn cast(&self, #[message_body] body: Message) {
        self.server.emit("cast", body);
    }

    #[subscribe_message("room")]
    fn room(&self, #[message_body] body: RoomMessage) {
        self.server.to(&body.room).emit("room", &body);
    }

    #[subscribe_message("binary")]
    fn binary(&self, #[message_body] body: Binary) -> WsResponse<Binary> {
        WsResponse::new("binary", body)
    }

    #[subscribe_message("joinRoom")]
    fn join_room(&self, #[message_body] body: JoinRoom, #[connected_socket] client: Socket) -> String {
        client.join(&body.room_id);
        format!("Joined room {}", body.room_id)
    }

    #[subscribe_message("sendMessage")]
    fn send_message(&self, #[message_body] body: SendMessage) -> &'static str {
        let SendMessage { room_id, user_name, message } = body;
        self.server.to(&room_id).emit("roomMessage", format!("{user_name}: {message}"));
        "sent"
    }
}

/// Serves the gateway until it is told to stop.
///
/// # Errors
/// See [`GatewayApp::start`].
pub async fn serve(adapter: impl Into<WebSocketAdapter>) -> peer_common::Outcome {
    let app = GatewayApp::builder().expect::<BenchGateway>().use_web_socket_adapter(adapter).create().await?;
    let running = app.start(peer_common::address()?).await?;
    peer_common::ready()?;
    running.wait().await;
    Ok(())
}
