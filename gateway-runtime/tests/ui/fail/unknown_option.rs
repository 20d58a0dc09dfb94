//! Every option exists, has a value and stands once.
use gateway_runtime::prelude::*;

#[web_socket_gateway(
    namspace = "chats",
    pingInterval = 25_000,
    transport_protocol = "tcp",
    port = 8080,
    path = "/a",
    path = "/b",
    allow_upgrades,
    cors(origins = ["http://localhost"], credentials),
)]
struct Chats;

#[web_socket_gateway("chats")]
struct NamespaceFirst;

#[web_socket_gateway(namespace = "chats", 8080)]
struct PortLast;

#[web_socket_gateway(ping_timeout = "soon", path(a = 1))]
struct WrongValue;

fn main() {}
