//! A gateway is one type.
use gateway_runtime::prelude::*;

#[web_socket_gateway]
struct Chats<T> {
    last: T,
}

#[subscribe_messages]
impl<T> Chats<T> {
    #[subscribe_message("last")]
    fn last(&self) {}
}

#[web_socket_gateway]
struct Rooms;

#[subscribe_messages]
impl Rooms {
    #[subscribe_message("any")]
    fn any<T: serde::de::DeserializeOwned>(&self, body: T) {
        drop(body);
    }
}

fn main() {}
