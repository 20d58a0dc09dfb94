//! Smoke.
use gateway_runtime::prelude::*;

/// G.
#[web_socket_gateway(namespace = "chats", cors(origin = "*"))]
pub struct ChatsGateway {
    #[web_socket_server]
    server: Server,
}

#[subscribe_messages]
impl ChatsGateway {
    /// M.
    #[subscribe_message("message")]
    pub fn handle_message(&self, #[message_body] text: String) -> String {
        self.server.emit("message", text);
        "Message received".to_owned()
    }

    #[subscribe_message("joinRoom")]
    async fn handle_join_room(
        &self,
        #[message_body("roomId")] room_id: String,
        #[message_body("userName")] user_name: String,
        #[connected_socket] client: Socket,
    ) -> String {
        client.join(&room_id);
        self.server.to(&room_id).emit("roomMessage", format!("{user_name} has joined room {room_id}"));
        format!("Joined room {room_id}")
    }
}

impl OnGatewayConnection for ChatsGateway {
    async fn handle_connection(&self, client: Socket) -> HookResult {
        client.emit("welcome", format!("Welcome, {}!", client.id()));
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), GatewayError> {
    tracing_subscriber::fmt().init();
    GatewayApp::create().await?.listen(("127.0.0.1", 3000)).await
}
