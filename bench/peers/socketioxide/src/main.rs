//! Run with: `PORT=3000 cargo run --release -p peer-socketioxide`

use peer_common::Outcome;
use peer_socketioxide::{MAX_BUFFER_SIZE, on_connect, serve};
use socketioxide::SocketIo;

fn main() -> Outcome {
    peer_common::run(async {
        let (layer, io) = SocketIo::builder().max_buffer_size(MAX_BUFFER_SIZE).build_layer();
        io.ns("/", on_connect);
        serve(layer).await
    })
}
