//! A pipe that does not fit its parameter, its neighbour or the message says so where it is listed.
use gateway_runtime::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Message {
    text: String,
}

/// Takes what no message can be decoded into.
#[derive(Default)]
struct Hidden;

struct NotDecoded;

impl PipeTransform<String> for Hidden {
    type In = NotDecoded;

    async fn transform(&self, _: NotDecoded, _: &ArgumentMetadata) -> Result<String, HandlerError> {
        Ok(String::new())
    }
}

#[derive(Default)]
struct NoPipe;

#[web_socket_gateway]
struct Chats;

#[subscribe_messages]
impl Chats {
    #[subscribe_message("wrong type")]
    fn wrong_type(&self, #[message_body("id", ParseIntPipe)] id: String) {
        drop(id);
    }

    #[subscribe_message("wrong neighbour")]
    fn wrong_neighbour(&self, #[message_body("id", ParseBoolPipe, ParseIntPipe)] id: u8) {
        let _ = id;
    }

    #[subscribe_message("no rules")]
    fn no_rules(&self, #[message_body(ValidationPipe)] message: Message) {
        drop(message.text);
    }

    #[subscribe_message("no pipe")]
    fn no_pipe(&self, #[message_body(NoPipe)] text: String) {
        drop(text);
    }

    #[subscribe_message("hidden")]
    fn hidden(&self, #[message_body(Hidden)] text: String) {
        drop(text);
    }

    #[use_pipes(ParseIntPipe::new())]
    #[subscribe_message("of the method")]
    fn of_the_method(&self, client: &Socket, text: String) {
        let _ = (client, text);
    }

    #[use_pipes(ParseIntPipe)]
    #[subscribe_message("nothing")]
    fn nothing(&self, client: &Socket) {
        client.join("a");
    }
}

fn main() {}
