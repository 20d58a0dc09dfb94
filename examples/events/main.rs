//! Run with: `cargo run --bin events` (or `ADAPTER=ws cargo run --bin events` for plain WebSocket)
//!
//! The tutorial's first gateway: every kind of reply, binary bodies, a room for each user and a broadcast
//! to everyone. The gateway is in `events_gateway.rs`; the same one serves Socket.IO clients and plain
//! WebSocket ones.

mod events_gateway;

use gateway_runtime::prelude::*;

/// There is no module to write: a gateway that is compiled in is served.
#[tokio::main]
async fn main() -> Result<(), GatewayError> {
    gateway_examples::init_log();
    let mut app = GatewayApp::create().await?;
    app.use_web_socket_adapter(gateway_examples::web_socket_adapter());
    gateway_examples::listen(app).await
}
