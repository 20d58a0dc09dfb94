//! What stands around handlers stands on a gateway or on a handler, and nowhere else.
use gateway_runtime::prelude::*;

#[derive(Default)]
struct Guard;

impl CanActivate for Guard {
    async fn can_activate(&self, _: &ExecutionContext) -> GuardResult {
        Ok(true)
    }
}

#[use_guards(Guard)]
fn function() {}

#[use_interceptors(Guard)]
struct NoGateway;

#[use_filters(Guard)]
#[injectable]
struct Service;

#[injectable]
#[set_metadata("a", 1)]
struct Other;

#[web_socket_gateway]
struct Chats {
    #[use_pipes(ValidationPipe)]
    field: u8,
}

#[web_socket_gateway]
#[extract]
struct Extracted;

#[use_guards(Guard)]
#[subscribe_messages]
impl Chats {}

#[subscribe_messages]
impl Extracted {
    #[use_guards(Guard)]
    fn no_handler(&self) {}

    #[set_metadata("a", 1)]
    fn neither(&self, #[message_name] _name: &str) {}

    #[cfg_attr(unix, use_guards(Guard))]
    #[subscribe_message("conditional")]
    fn conditional(&self) {}

    #[subscribe_message("parameter")]
    fn parameter(&self, #[use_pipes(ValidationPipe)] _body: String) {}

    #[extract]
    #[subscribe_message("method")]
    fn method(&self) {}

    #[use_guards(Guard, on = "connection")]
    #[subscribe_message("connection")]
    fn connection(&self) {}

    #[use_guards(Guard, on = "message")]
    #[use_filters(Guard, on = "connection")]
    #[use_interceptors()]
    #[use_pipes(ValidationPipe)]
    #[set_metadata("a")]
    #[subscribe_message("lists")]
    fn lists(&self) {}
}

fn main() {
    function();
}
