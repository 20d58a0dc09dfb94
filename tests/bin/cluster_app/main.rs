//! A server of a cluster, to be killed and frozen: `PORT=3000 REDIS_URL=redis://… ADAPTER=sharded cargo run --bin cluster-app`.
//!
//! Its clients are in the namespace `/chats` and in the room `listeners`, as those of `tests/integration/cluster/stations.rs`.

use std::env;

use gateway_runtime::prelude::*;
use gateway_runtime::{RedisAdapter, RedisStreamsAdapter, ShardedRedisAdapter};

#[web_socket_gateway(namespace = "chats")]
struct ListeningGateway;

#[subscribe_messages]
impl ListeningGateway {}

impl OnGatewayConnection for ListeningGateway {
    async fn handle_connection(&self, client: Socket) -> HookResult {
        client.join("listeners");
        Ok(())
    }
}

/// The adapter that `ADAPTER` names.
async fn adapter() -> IoAdapter {
    let url = env::var("REDIS_URL").expect("REDIS_URL");
    match env::var("ADAPTER").as_deref() {
        Ok("classic") => IoAdapter::with_adapter(RedisAdapter::connect(url).await.expect("Redis is there")),
        Ok("sharded") => {
            IoAdapter::with_adapter(ShardedRedisAdapter::connect(url).await.expect("Redis is there"))
        }
        Ok("streams") => {
            IoAdapter::with_adapter(RedisStreamsAdapter::connect(url).await.expect("Redis is there"))
        }
        other => panic!("ADAPTER is {other:?}"),
    }
}

#[tokio::main]
async fn main() -> Result<(), GatewayError> {
    gateway_examples::init_log();
    let app = GatewayApp::builder()
        .only::<ListeningGateway>()
        .use_web_socket_adapter(adapter().await)
        .create()
        .await?;
    gateway_examples::listen(app).await
}
