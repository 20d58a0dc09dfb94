//! The conformance suite, over both services.

use super::redis_server::RedisServer;
use super::{adapter, nodes};
use crate::RedisAdapter;
use crate::adapters::conformance::run;
use crate::adapters::redis::driver::stub::StubDriver;

#[tokio::test]
async fn the_adapter_conforms_over_a_stub() {
    let stub = StubDriver::default();
    run(&nodes(3, async || adapter(&stub).await).await).await;
}

#[tokio::test]
async fn the_adapter_conforms_over_redis() {
    let redis = RedisServer::start().await;
    for specific in [false, true] {
        let connect = async || {
            let builder = RedisAdapter::builder(redis.url()).publish_on_specific_response_channel(specific);
            builder.connect().await.expect("Redis is there")
        };
        run(&nodes(3, connect).await).await;
    }
}

#[tokio::test]
async fn two_servers_of_one_process_are_two() {
    let redis = RedisServer::start().await;
    let shared = RedisAdapter::connect(redis.url()).await.expect("Redis is there");
    run(&nodes(2, async || shared.clone()).await).await;
}
