//! Lints that a user's crate forbids: then nothing may allow them, generated code neither.
#![forbid(unused_imports, unused_qualifications, unused_results, dead_code)]

use gateway_runtime::prelude::*;

macro_rules! gateway {
    ($name:ident, $namespace:literal) => {
        #[web_socket_gateway(namespace = $namespace)]
        #[derive(Debug)]
        struct $name {
            #[web_socket_server]
            server: Server,
        }

        #[subscribe_messages]
        impl $name {
            #[subscribe_message("e")]
            fn e(#[message_body] body: String, #[connected_socket] _client: &Socket) -> String {
                body
            }
        }
    };
}

gateway!(Made, "made");

#[web_socket_gateway(namespace = "written")]
#[derive(Debug)]
struct Written {
    #[web_socket_server]
    server: Server,
}

#[subscribe_messages]
impl Written {
    #[subscribe_message("e")]
    fn e(#[message_body] body: String, #[connected_socket] _client: &Socket) -> String {
        body
    }
}

#[test]
fn gateways_are_made() {
    let (client, server) = (Socket::detached("a"), Server::detached());
    assert!(format!("{:?}", Made { server: server.clone() }.server).starts_with("Server"));
    assert!(format!("{:?}", Written { server }.server).starts_with("Server"));
    assert_eq!(Made::e("body".into(), &client), "body");
    assert_eq!(Written::e("body".into(), &client), "body");
}
