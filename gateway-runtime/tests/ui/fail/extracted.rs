//! What `#[extract]` and `#[message_name]` cannot give.
use gateway_runtime::prelude::*;

struct User;

#[web_socket_gateway]
struct Chats;

#[subscribe_messages]
impl Chats {
    #[subscribe_message("a")]
    fn a(&self, #[extract] user: User, #[message_name] name: Vec<u8>) {
        let _ = (user, name);
    }
}

fn main() {}
