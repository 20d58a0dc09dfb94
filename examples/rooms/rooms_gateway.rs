//! `RoomsGateway`: who receives what, and questions from the server to a client.
//!
//! A port of `tests/nestjs/src/rooms/rooms.gateway.ts`.

use std::time::Duration;

use gateway_runtime::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RoomMessage {
    room_id: String,
    text: String,
}

#[derive(Debug, PartialEq, Serialize)]
struct Answer {
    answer: String,
}

/// How long a client may take to answer a question.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(1);

#[web_socket_gateway(namespace = "rooms", cors(origin = "*"))]
pub(crate) struct RoomsGateway {
    #[web_socket_server]
    server: Namespace,
}

#[subscribe_messages]
impl RoomsGateway {
    /// The body is a list of room ids; answers with every room that the client is in now. Nothing of the
    /// gateway is needed for that, so there is no `self`.
    #[subscribe_message("enter_chat")]
    fn enter_chat(#[message_body] room_ids: Vec<String>, #[connected_socket] client: Socket) -> Vec<String> {
        client.join(room_ids);
        rooms_of(&client)
    }

    #[subscribe_message("leave_chat")]
    fn leave_chat(#[message_body] room_id: String, #[connected_socket] client: Socket) -> Vec<String> {
        client.leave(room_id);
        rooms_of(&client)
    }

    /// To everyone in the room, the sender included if it is in there.
    #[subscribe_message("send_message")]
    fn send_message(
        &self,
        #[message_body] RoomMessage { room_id, text }: RoomMessage,
        #[connected_socket] client: Socket,
    ) {
        let message = json!({ "roomId": room_id, "text": text, "from": client.id() });
        self.server.in_(room_id).emit("receive_message", message);
    }

    /// To everyone in the room but the sender.
    #[subscribe_message("send_message_others")]
    fn send_message_to_others(
        #[message_body] RoomMessage { room_id, text }: RoomMessage,
        #[connected_socket] client: Socket,
    ) {
        let message = json!({ "roomId": room_id, "text": text, "from": client.id() });
        client.to(room_id).emit("receive_message", message);
    }

    /// To everyone in the namespace but the sender.
    #[subscribe_message("broadcast")]
    fn broadcast(#[message_body] text: String, #[connected_socket] client: Socket) {
        client.broadcast().emit("receive_broadcast", text);
    }

    /// Asks the client itself, and acknowledges with what it answered.
    #[subscribe_message("ask")]
    async fn ask(
        #[message_body("question")] question: String,
        #[connected_socket] client: Socket,
    ) -> Result<Answer, WsException> {
        let answer = client.timeout(ANSWER_TIMEOUT).emit_with_ack("question", question).await;
        answer.map(|answer| Answer { answer }).map_err(|_| WsException::new("No answer"))
    }
}

/// The rooms that the client joined: all but the one of its own id.
fn rooms_of(client: &Socket) -> Vec<String> {
    let rooms = client.rooms();
    let mut joined: Vec<_> = rooms.iter().filter(|room| *room != client.id()).map(str::to_owned).collect();
    joined.sort();
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gateway() -> RoomsGateway {
        RoomsGateway { server: Server::detached() }
    }

    fn rooms(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn message() -> RoomMessage {
        RoomMessage { room_id: "kitchen".into(), text: "Hi".into() }
    }

    /// Two clients in the kitchen and one elsewhere.
    fn three_clients(gateway: &RoomsGateway) -> [Socket; 3] {
        let clients = ["ann", "bob", "eve"].map(|id| Socket::detached_in(&gateway.server, id));
        clients[0].join("kitchen");
        clients[1].join("kitchen");
        clients[2].join("garden");
        clients
    }

    /// How many events each client received.
    fn received(clients: &[Socket; 3]) -> [usize; 3] {
        clients.each_ref().map(|client| client.emitted().len())
    }

    #[test]
    fn rooms_are_entered_by_list_and_left_one_by_one() {
        let client = Socket::detached("c1");
        assert_eq!(RoomsGateway::enter_chat(rooms(&["b", "a"]), client.clone()), ["a", "b"]);
        assert_eq!(RoomsGateway::enter_chat(rooms(&["c", "a"]), client.clone()), ["a", "b", "c"]);
        assert_eq!(RoomsGateway::leave_chat("b".into(), client), ["a", "c"]);
    }

    #[test]
    fn a_message_reaches_its_room_the_sender_included() {
        let gateway = gateway();
        let clients = three_clients(&gateway);
        gateway.send_message(message(), clients[0].clone());
        assert_eq!(received(&clients), [1, 1, 0]);
        let expected = json!({ "roomId": "kitchen", "text": "Hi", "from": "ann" });
        assert_eq!(clients[1].emitted()[0].data(), expected);
    }

    #[test]
    fn a_message_to_others_leaves_the_sender_out() {
        let gateway = gateway();
        let clients = three_clients(&gateway);
        RoomsGateway::send_message_to_others(message(), clients[0].clone());
        assert_eq!(received(&clients), [0, 1, 0]);
    }

    #[test]
    fn a_broadcast_reaches_everyone_else() {
        let gateway = gateway();
        let clients = three_clients(&gateway);
        RoomsGateway::broadcast("Dinner!".into(), clients[0].clone());
        assert_eq!(received(&clients), [0, 1, 1]);
    }

    /// With the clock paused, a timeout passes at once.
    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_answer_is_an_exception() {
        let client = Socket::detached("c1");
        let answer = RoomsGateway::ask("Anyone?".into(), client.clone()).await;
        assert_eq!(answer.unwrap_err().message(), "No answer");
        assert_eq!(client.emitted()[0].data(), json!("Anyone?"));
    }
}
