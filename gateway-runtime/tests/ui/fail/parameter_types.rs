//! What only the type of a parameter tells.
use gateway_runtime::prelude::*;

#[web_socket_gateway]
struct Chats;

#[subscribe_messages]
impl Chats {
    #[subscribe_message("socket")]
    fn socket(&self, #[connected_socket] client: String) {
        drop(client);
    }

    #[subscribe_message("ack")]
    fn ack(&self, #[ack] ack: &Ack<u8>) {
        ack.send(1);
    }

    #[subscribe_message("lent")]
    fn lent(&self, body: &String) {
        drop(body.clone());
    }
}

fn main() {}
