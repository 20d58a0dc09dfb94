//! What a parameter cannot be.
use gateway_runtime::prelude::*;

#[web_socket_gateway]
struct Chats;

#[subscribe_messages]
impl Chats {
    #[subscribe_message("text")]
    fn text(&self, text: &str) {
        drop(text.to_owned());
    }

    #[subscribe_message("slice")]
    fn slice(&self, #[message_body] numbers: &[u8]) {
        drop(numbers.to_owned());
    }

    #[subscribe_message("borrowed")]
    fn borrowed(&self, #[message_body] text: &String) {
        drop(text.clone());
    }

    #[subscribe_message("mutable")]
    fn mutable(&self, client: &mut Socket) {
        client.join("a");
    }

    #[subscribe_message("impl")]
    fn any(&self, body: impl serde::de::DeserializeOwned) {
        drop(body);
    }

    #[subscribe_message("two attributes")]
    fn two(
        &self,
        #[message_body]
        #[connected_socket]
        client: Socket,
    ) {
        drop(client);
    }

    #[subscribe_message("two acks")]
    fn acks(&self, #[ack] first: Ack<u8>, #[ack] second: Ack<u8>) {
        drop((first, second));
    }

    #[subscribe_message("key")]
    fn key(
        &self,
        #[message_body(1)] one: u8,
        #[message_body("a", "b")] two: u8,
        #[message_body = "c"] three: u8,
    ) {
        drop((one, two, three));
    }

    #[subscribe_message("conditional")]
    fn conditional(&self, #[cfg(unix)] body: u8, #[cfg_attr(unix, message_body)] other: u8) {
        drop((body, other));
    }

    #[subscribe_message]
    fn no_event(&self) {}

    #[subscribe_message("twice")]
    #[subscribe_message("twice")]
    fn twice(&self) {}

    #[subscribe_message(1)]
    unsafe fn number(&self) {}
}

fn main() {}
