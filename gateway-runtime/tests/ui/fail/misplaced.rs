//! An attribute in a wrong place says where it belongs.
use gateway_runtime::prelude::*;

#[inject]
struct Service;

#[message_body]
fn body() {}

#[web_socket_gateway]
enum Gateway {}

#[injectable]
fn provider() {}

#[subscribe_messages]
struct Handlers;

#[web_socket_gateway]
struct Chats;

#[subscribe_messages]
impl OnGatewayConnection for Chats {
    async fn handle_connection(&self, _client: Socket) -> HookResult {
        Ok(())
    }
}

#[subscribe_messages(namespace = "chats")]
impl Chats {
    fn no_handler(&self, #[message_body] _body: String) {}

    #[connected_socket]
    fn on_a_method(&self) {}

    #[subscribe_message("ok")]
    fn on_a_parameter(&self, #[inject] _service: String) {}
}

#[web_socket_gateway]
#[subscribe_messages]
struct Both;

fn main() {
    body();
}
