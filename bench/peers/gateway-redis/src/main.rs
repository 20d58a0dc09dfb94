//! Run with: `PORT=3000 REDIS_URL=redis://127.0.0.1:6379 cargo run --release -p peer-gateway-redis`

use gateway_runtime::IoAdapter;
use gateway_runtime::RedisAdapter;
use peer_common::Outcome;

fn main() -> Outcome {
    peer_common::run(async {
        let redis = RedisAdapter::connect(&peer_common::redis_url()?).await?;
        peer_gateway::serve(IoAdapter::with_adapter(redis)).await
    })
}
