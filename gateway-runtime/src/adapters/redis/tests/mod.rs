//! The adapter and the emitter over a bus within the process, and over a real Redis.

mod emitter;
mod faults;
mod recovery;
#[cfg(feature = "redis-cluster")]
mod redis_cluster;
mod redis_server;
mod sharded;
mod streams;
mod subscriptions;
mod suite;

use std::sync::Arc;
use std::time::Duration;

use gateway_core::adapter::{AdapterFactory, IntoAdapterFactory};

use super::RedisAdapter;
use super::bus::{Bus, BusOptions};
use super::classic::ClassicOptions;
use super::driver::Driver;
use super::driver::stub::StubDriver;
use crate::adapters::conformance::Node;

fn options() -> ClassicOptions {
    ClassicOptions {
        key: "socket.io".into(),
        requests_timeout: Duration::from_secs(5),
        publish_on_specific_response_channel: false,
    }
}

/// A bus of a process of its own.
async fn bus(driver: Arc<dyn Driver>, limits: BusOptions) -> Bus {
    Bus::connect(driver, limits, Duration::ZERO, true).await.expect("the service is there")
}

/// The adapters of a process of its own.
async fn adapter(stub: &StubDriver) -> RedisAdapter {
    RedisAdapter::over(bus(Arc::new(stub.clone()), BusOptions::default()).await, options())
}

/// Servers in processes of their own.
async fn nodes(count: usize, mut adapter: impl AsyncFnMut() -> RedisAdapter) -> Vec<Node> {
    let mut nodes = Vec::new();
    for index in 0..count {
        let factory: AdapterFactory = adapter().await.into_adapter_factory();
        nodes.push(Node::new(&format!("n{index}"), "/chat", factory("/chat")).await);
    }
    nodes
}
