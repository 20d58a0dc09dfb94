//! Run with: `PORT=3000 cargo run --release -p peer-gateway`, over plain WebSocket with the argument `plain`

use std::env;

use gateway_runtime::prelude::*;
use peer_common::Outcome;

fn main() -> Outcome {
    let plain = env::args().nth(1).is_some_and(|argument| argument == "plain");
    peer_common::run(async move {
        if plain {
            peer_gateway::serve(WsAdapter::new()).await
        } else {
            peer_gateway::serve(IoAdapter::new()).await
        }
    })
}
