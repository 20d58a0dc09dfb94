//! Servers with other options, at paths of their own, and namespaces that clients make.

use gateway_runtime::prelude::*;

/// What all of them have: an event to answer.
macro_rules! gateway {
    ($(#[$doc:meta])* $name:ident, $($options:tt)*) => {
        $(#[$doc])*
        #[web_socket_gateway($($options)*)]
        pub(crate) struct $name {
            #[web_socket_server]
            pub(crate) server: Server,
        }

        #[subscribe_messages]
        impl $name {
            #[subscribe_message("echo")]
            fn echo(&self, #[message_body] body: Option<Data>) -> Option<Data> {
                body
            }
        }
    };
}

gateway!(
    /// Packets in MessagePack.
    Packed, path = "/packed", parser = "msgpack", ping_interval = 3000, ping_timeout = 8000, connect_timeout = 4000
);
gateway!(
    /// Clients of Socket.IO 2 as well.
    Old, path = "/old", allow_eio3 = true, ping_interval = 3000, ping_timeout = 8000, connect_timeout = 4000
);
gateway!(
    /// Compressed frames.
    Deflated,
    path = "/deflated", per_message_deflate = true, ping_interval = 3000, ping_timeout = 8000, connect_timeout = 4000
);
/// Namespaces that clients make. The options are those of the whole server at `/socket.io`, whose first gateway this is:
/// times and limits that a test can wait for and exceed.
#[web_socket_gateway(
    namespace = made(),
    cleanup_empty_child_namespaces = true,
    ping_interval = milliseconds("PING_INTERVAL", 3000),
    ping_timeout = milliseconds("PING_TIMEOUT", 8000),
    connect_timeout = 4000,
    upgrade_timeout = 2000,
    max_outbox_bytes = 4_000_000,
    write_timeout = 3000
)]
pub(crate) struct Made;

#[subscribe_messages]
impl Made {}

/// A time from the environment.
fn milliseconds(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn made() -> Regex {
    Regex::new("^/made-[0-9]+$").expect("an expression")
}
