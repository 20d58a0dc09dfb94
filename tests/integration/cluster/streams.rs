//! `RedisStreamsAdapter` beside `createAdapter` of `@socket.io/redis-streams-adapter` 0.3: what `classic` asks, without the emitter.

use super::classic::{acknowledgements, broadcasts, server_side_events, sockets};
use super::nodes::{Cluster, Kind};

#[tokio::test(flavor = "multi_thread")]
async fn broadcasts_over_streams() {
    for kind in [Kind::Streams, Kind::SeveralStreams] {
        broadcasts(Cluster::start_with(kind).await).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledgements_over_streams() {
    for kind in [Kind::Streams, Kind::SeveralStreams] {
        acknowledgements(Cluster::start_with(kind).await).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_over_streams() {
    for kind in [Kind::Streams, Kind::SeveralStreams] {
        sockets(Cluster::start_with(kind).await).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn server_side_events_over_streams() {
    for kind in [Kind::Streams, Kind::SeveralStreams] {
        server_side_events(Cluster::start_with(kind).await).await;
    }
}
