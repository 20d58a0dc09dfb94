//! What `#[inject]` and `#[web_socket_server]` fill has the type for it.
use gateway_runtime::prelude::*;
use std::sync::Arc;

#[injectable]
struct ChatsService;

#[web_socket_gateway]
struct Chats {
    #[inject]
    by_value: ChatsService,
    #[inject(default)]
    without_default: Arc<ChatsService>,
    #[web_socket_server]
    server: Socket,
}

trait Greeter: Send + Sync {}

#[injectable(as dyn Greeter)]
struct Rude;

fn main() {}
