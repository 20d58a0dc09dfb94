//! A stream under the name of a plain value is not taken for one.
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::Stream;
use gateway_runtime::prelude::*;

struct Value;

impl Stream for Value {
    type Item = Result<u8, WsException>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(None)
    }
}

#[web_socket_gateway]
struct Chats;

#[subscribe_messages]
impl Chats {
    #[subscribe_message("values")]
    fn values(&self) -> Value {
        Value
    }
}

fn main() {}
