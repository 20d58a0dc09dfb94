//! One parameter at most is the body without saying so.
use gateway_runtime::prelude::*;

#[web_socket_gateway]
struct Chats;

#[subscribe_messages]
impl Chats {
    #[subscribe_message("two")]
    fn two(&self, client: Socket, room: String, user: String) {
        drop((client, room, user));
    }

    #[subscribe_message("mixed")]
    fn mixed(&self, #[message_body("room")] room: String, user: String) {
        drop((room, user));
    }
}

fn main() {}
