//! What a written receiver may be is a matter of its type.
use gateway_runtime::prelude::*;

#[web_socket_gateway]
struct Counter {
    count: u32,
}

#[subscribe_messages]
impl Counter {
    #[subscribe_message("boxed")]
    fn boxed(self: Box<Self>) -> u32 {
        self.count
    }
}

fn main() {}
