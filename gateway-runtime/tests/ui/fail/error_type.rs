//! What a handler fails with is told to the client or to the log.
use gateway_runtime::prelude::*;

struct Refused;

#[web_socket_gateway]
struct Chats;

#[subscribe_messages]
impl Chats {
    #[subscribe_message("sync")]
    fn sync(&self) -> Result<(), Refused> {
        Err(Refused)
    }

    #[subscribe_message("async")]
    async fn asynchronous(&self) -> Option<Result<String, std::rc::Rc<str>>> {
        None
    }
}

fn main() {}
