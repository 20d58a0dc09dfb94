//! Options of Engine.IO that have no meaning here say so, and why.
use gateway_runtime::prelude::*;

#[web_socket_gateway(ws_engine = "eiows", destroy_upgrade = false, destroy_upgrade_timeout = 1000)]
struct Chats;

#[web_socket_gateway(wsEngine = "eiows", cors(origin = "*"))]
struct Rooms;

fn main() {}
