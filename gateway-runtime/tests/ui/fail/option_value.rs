//! The value of an option has the option's type.
use gateway_runtime::prelude::*;

#[web_socket_gateway("8080".len(), allow_upgrades = 1, cors(credentials = "yes"))]
struct Chats;

fn main() {}
