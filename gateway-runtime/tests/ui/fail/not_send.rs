//! Gateways and the futures of their handlers move between threads.
use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use futures_util::Stream;
use gateway_runtime::prelude::*;

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

    #[subscribe_message("stream")]
    fn stream(&self) -> Ticks {
        Ticks(Rc::new(1))
    }
}

struct Ticks(Rc<u8>);

impl Stream for Ticks {
    type Item = u8;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<u8>> {
        Poll::Ready(Some(*self.0))
    }
}

fn main() {}
