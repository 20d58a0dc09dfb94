//! A field has one source, and its attribute the right form.
use gateway_runtime::prelude::*;
use std::sync::Arc;

#[injectable]
struct Service {
    #[web_socket_server]
    server: Server,
}

#[web_socket_gateway]
struct Chats {
    #[inject]
    #[web_socket_server]
    both: Server,
    #[inject(8080)]
    number: Arc<Service>,
    #[web_socket_server("chats")]
    named: Server,
    #[message_body]
    body: String,
}

fn main() {}
