//! Handlers share their gateway.
use gateway_runtime::prelude::*;

#[web_socket_gateway]
struct Counter {
    count: u32,
}

#[subscribe_messages]
impl Counter {
    #[subscribe_message("increment")]
    fn increment(&mut self) {
        self.count += 1;
    }

    #[subscribe_message("reset")]
    fn reset(self: &mut Self) {
        self.count = 0;
    }

    #[subscribe_message("take")]
    fn take(self) -> u32 {
        self.count
    }

    #[subscribe_message("boxed")]
    fn boxed(self: Box<Self>) -> u32 {
        self.count
    }
}

fn main() {}
