//! Gateways and the futures of their handlers move between threads.
use gateway_runtime::prelude::*;
use std::cell::Cell;
use std::rc::Rc;

#[web_socket_gateway]
struct Counter {
    count: Cell<u32>,
}

#[web_socket_gateway]
struct Chats;

#[subscribe_messages]
impl Chats {
    #[subscribe_message("value")]
    async fn value(&self) -> u32 {
        let held = Rc::new(1);
        std::future::ready(()).await;
        *held
    }

    #[subscribe_message("nothing")]
    async fn nothing(&self) {
        let held = Rc::new(1);
        std::future::ready(()).await;
        drop(held);
    }
}

fn main() {}
