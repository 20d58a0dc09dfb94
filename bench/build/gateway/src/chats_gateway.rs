//! `ChatsGateway`: a welcome on connect, messages to everyone, and rooms.

use gateway_runtime::prelude::*;
use serde::Serialize;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ChatMessage {
    room_id: String,
    user_name: String,
    message: String,
}

#[web_socket_gateway(namespace = "chats", cors(origin = "*"), serve_client = ServeClient::Cdn)]
struct ChatsGateway {
    #[web_socket_server]
    server: Namespace,
}

impl OnGatewayConnection for ChatsGateway {
    async fn handle_connection(&self, client: Socket) -> HookResult {
        client.emit("welcome", format!("Welcome, {}!", client.id()));
        Ok(())
    }
}

#[subscribe_messages]
impl ChatsGateway {
    #[subscribe_message("message")]
    fn handle_message(&self, #[message_body] message: String) -> String {
        self.server.emit("message", message);
        "Message received".to_owned()
    }

    #[subscribe_message("joinRoom")]
    fn handle_join_room(
        &self,
        #[message_body("roomId")] room_id: String,
        #[message_body("userName")] user_name: String,
        #[connected_socket] client: Socket,
    ) -> String {
        client.join(&room_id);
        self.server.to(&room_id).emit("roomMessage", format!("{user_name} has joined room {room_id}"));
        format!("Joined room {room_id}")
    }

    #[subscribe_message("chatMessage")]
    fn handle_chat_message(
        &self,
        #[message_body("roomId")] room_id: String,
        #[message_body("userName")] user_name: String,
        #[message_body("message")] message: String,
    ) {
        let room = self.server.to(&room_id);
        room.emit("chatMessage", ChatMessage { room_id, user_name, message });
    }
}
