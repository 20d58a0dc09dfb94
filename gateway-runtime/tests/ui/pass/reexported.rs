//! A crate that re-exports the framework names it with `crate = path`.
#![no_implicit_prelude]

mod framework {
    pub use ::gateway_runtime as gateways;
}

use framework::gateways::prelude::*;

#[injectable(crate = framework::gateways)]
struct Service;

#[web_socket_gateway(crate = crate::framework::gateways, namespace = "re-exported")]
struct Chats {
    #[inject]
    service: ::std::sync::Arc<Service>,
}

#[subscribe_messages(crate = framework::gateways)]
impl Chats {
    #[subscribe_message("message")]
    fn message(&self, #[connected_socket] client: &Socket) {
        client.join("a");
        let _ = &self.service;
    }
}

fn main() {}
