//! A reply is encoded.
use futures_util::Stream;
use gateway_runtime::prelude::*;

struct Message;

#[web_socket_gateway]
struct Chats;

#[subscribe_messages]
impl Chats {
    #[subscribe_message("value")]
    fn value(&self) -> Message {
        Message
    }

    #[subscribe_message("async")]
    async fn asynchronous(&self) -> Result<Option<Message>, WsException> {
        Ok(Some(Message))
    }

    #[subscribe_message("response")]
    fn response(&self) -> WsResponse<Message> {
        WsResponse::new("message", Message)
    }

    #[subscribe_message("stream")]
    fn stream(&self) -> impl Stream<Item = Message> + Send + use<> {
        futures_util::stream::iter([Message])
    }

    #[subscribe_message("callback")]
    fn callback(&self) -> fn() {
        || ()
    }
}

fn main() {}
