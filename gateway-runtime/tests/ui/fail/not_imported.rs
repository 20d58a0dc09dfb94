//! An attribute that was not imported is named where it was written.
use gateway_runtime::{Gateway, Socket, subscribe_message, subscribe_messages, web_socket_gateway};

#[web_socket_gateway]
struct Chats;

#[subscribe_messages]
impl Chats {
    #[subscribe_message("message")]
    fn message(&self, #[connected_socket] client: Socket) {
        client.join("a");
    }
}

fn main() {
    let _: &dyn Gateway = &Chats;
}
