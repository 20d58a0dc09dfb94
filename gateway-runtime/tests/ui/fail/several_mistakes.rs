//! All mistakes come together, and nothing else with them.
use gateway_runtime::prelude::*;

#[web_socket_gateway(namspace = "chats", pth = "/ws")]
#[derive(Debug)]
struct Chats {
    #[inject]
    #[web_socket_server]
    server: Server,
}

#[subscribe_messages]
impl Chats {
    #[subscribe_message("one")]
    fn one(&mut self, #[message_body] text: &str) -> String {
        text.to_owned()
    }

    #[subscribe_message("two")]
    fn two(&self, #[message_body] text: String) -> String {
        text
    }
}

impl OnGatewayConnection for Chats {
    async fn handle_connection(&self, client: Socket) -> HookResult {
        client.emit("welcome", self.two("you".to_owned()));
        Ok(())
    }
}

fn main() {}
