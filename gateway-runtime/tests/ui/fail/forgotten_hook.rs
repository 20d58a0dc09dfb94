//! A hook's method in the wrong block is not a silent no-op.
use gateway_runtime::prelude::*;

#[web_socket_gateway]
struct Chats;

#[subscribe_messages]
impl Chats {
    async fn handle_connection(&self, _client: Socket) -> HookResult {
        Ok(())
    }
}

fn main() {}
