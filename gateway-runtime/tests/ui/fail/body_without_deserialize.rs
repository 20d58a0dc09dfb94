//! A body is decoded.
use gateway_runtime::prelude::*;

struct Message {
    text: String,
}

#[web_socket_gateway]
struct Chats;

#[subscribe_messages]
impl Chats {
    #[subscribe_message("whole")]
    fn whole(&self, #[message_body] message: Message) {
        drop(message.text);
    }

    #[subscribe_message("member")]
    fn member(&self, #[message_body("message")] message: Vec<Message>) {
        drop(message);
    }

    #[subscribe_message("by type")]
    fn by_type(&self, client: Socket, message: Message) {
        drop((client, message));
    }
}

fn main() {}
