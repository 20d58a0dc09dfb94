//! Handlers belong to a gateway, and so do hooks.
use gateway_runtime::prelude::*;

struct Chats;

#[subscribe_messages]
impl Chats {
    #[subscribe_message("message")]
    fn message(&self) {}
}

impl OnGatewayInit for Chats {
    async fn after_init(&self, _server: Server) -> HookResult {
        Ok(())
    }
}

fn main() {}
