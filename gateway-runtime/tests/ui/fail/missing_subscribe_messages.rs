//! Handlers register in a `#[subscribe_messages]` block only.
use gateway_runtime::prelude::*;

#[web_socket_gateway]
struct Chats;

impl Chats {
    #[subscribe_message("message")]
    fn message(&self) {}
}

#[subscribe_message("free")]
fn free() {}

fn main() {
    Chats.message();
    free();
}
