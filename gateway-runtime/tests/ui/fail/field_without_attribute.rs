//! A forgotten attribute is never a second service or a server that talks to nobody.
use gateway_runtime::prelude::*;
use std::sync::Arc;

#[injectable]
struct ChatsService;

type Shared<T> = Arc<T>;

struct NoDefault;

#[web_socket_gateway]
struct Chats {
    plain: Arc<ChatsService>,
    alias: Shared<ChatsService>,
    optional: Option<Arc<ChatsService>>,
    server: Server,
    other: NoDefault,
}

fn main() {}
