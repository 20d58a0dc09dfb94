//! Run with: `PORT=3000 REDIS_URL=redis://127.0.0.1:6379 cargo run --release -p peer-socketioxide-redis`

use peer_common::Outcome;
use peer_socketioxide::{MAX_BUFFER_SIZE, on_connect, serve};
use socketioxide::SocketIo;
use socketioxide_redis::{RedisAdapter, RedisAdapterCtr};

fn main() -> Outcome {
    peer_common::run(async {
        // The driver needs RESP3.
        let client = redis::Client::open(format!("{}?protocol=resp3", peer_common::redis_url()?))?;
        let adapter = RedisAdapterCtr::new_with_redis(&client).await?;
        let (layer, io) = SocketIo::builder()
            .max_buffer_size(MAX_BUFFER_SIZE)
            .with_adapter::<RedisAdapter<_>>(adapter)
            .build_layer();
        io.ns("/", on_connect).await?;
        serve(layer).await
    })
}
