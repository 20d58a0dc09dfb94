//! `ShardedRedisAdapter` beside `createShardedAdapter` of `@socket.io/redis-adapter` 8: what `classic` asks, without the
//! emitter.

use gateway_runtime::SubscriptionMode;

use super::classic::{acknowledgements, broadcasts, server_side_events, sockets};
use super::nodes::{Cluster, Kind};

async fn cluster(mode: SubscriptionMode) -> Cluster {
    Cluster::start_with(Kind::Sharded(mode)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn broadcasts_over_sharded_channels() {
    for mode in [SubscriptionMode::Static, SubscriptionMode::Dynamic, SubscriptionMode::DynamicPrivate] {
        broadcasts(cluster(mode).await).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledgements_over_sharded_channels() {
    acknowledgements(cluster(SubscriptionMode::Dynamic).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_over_sharded_channels() {
    for mode in [SubscriptionMode::Static, SubscriptionMode::Dynamic, SubscriptionMode::DynamicPrivate] {
        sockets(cluster(mode).await).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn server_side_events_over_sharded_channels() {
    server_side_events(cluster(SubscriptionMode::Dynamic).await).await;
}
