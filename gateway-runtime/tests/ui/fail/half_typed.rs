//! A body that does not parse is the user's own business.
use gateway_runtime::prelude::*;

#[web_socket_gateway]
struct Chats;

#[subscribe_messages]
impl Chats {
    #[subscribe_message("message")]
    fn message(&self, #[message_body] text: String) -> String {
        let length = text.
    }

    #[subscribe_message("other")]
    fn other(&self) -> String {
        String::new()
    }
}

fn main() {}
