//! `ChatsGateway`: a welcome on connect, messages to everyone, and rooms.
//!
//! A port of `tests/nestjs/src/chat/chats.gateway.ts`. It must never know of the page that talks to it.

use gateway_examples::socket_io_client;
use gateway_runtime::prelude::*;
use serde::Serialize;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ChatMessage {
    room_id: String,
    user_name: String,
    message: String,
}

/// The value of an option is any expression, as in NestJS.
#[web_socket_gateway(namespace = "chats", cors(origin = "*"), serve_client = socket_io_client())]
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
    /// To everyone, the sender included; the sender gets an acknowledgement as well.
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

    /// To everyone in the room. Returns nothing, so nothing is acknowledged.
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn gateway() -> ChatsGateway {
        ChatsGateway { server: Server::detached() }
    }

    #[tokio::test]
    async fn a_client_is_welcomed_by_its_id() -> HookResult {
        let client = Socket::detached("c1");
        gateway().handle_connection(client.clone()).await?;
        let received = client.emitted();
        assert_eq!((received[0].event.as_str(), received[0].data()), ("welcome", json!("Welcome, c1!")));
        Ok(())
    }

    #[test]
    fn a_message_reaches_everyone_and_is_acknowledged() {
        let gateway = gateway();
        assert_eq!(gateway.handle_message("Hello".into()), "Message received");
        let emitted = gateway.server.emitted();
        assert_eq!((emitted[0].event.as_str(), emitted[0].data()), ("message", json!("Hello")));
    }

    #[test]
    fn who_joins_a_room_is_in_it_and_announced_there() {
        let gateway = gateway();
        let ann = Socket::detached_in(&gateway.server, "ann");
        assert_eq!(
            gateway.handle_join_room("general".into(), "Ann".into(), ann.clone()),
            "Joined room general"
        );
        assert!(ann.rooms().contains("general"));
        assert_eq!(ann.emitted()[0].data(), json!("Ann has joined room general"));
    }

    #[test]
    fn a_chat_message_stays_in_its_room() {
        let gateway = gateway();
        let ann = Socket::detached_in(&gateway.server, "ann");
        let eve = Socket::detached_in(&gateway.server, "eve");
        ann.join("general");
        eve.join("elsewhere");
        gateway.handle_chat_message("general".into(), "Ann".into(), "Hi".into());
        assert_eq!(
            ann.emitted()[0].data(),
            json!({ "roomId": "general", "userName": "Ann", "message": "Hi" })
        );
        assert!(eve.emitted().is_empty());
    }
}
