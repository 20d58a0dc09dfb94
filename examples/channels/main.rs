//! Run with: `cargo run --bin channels` (or `ADAPTER=ws cargo run --bin channels` for plain WebSocket)
//!
//! The lifecycle of clients: all three hooks, handlers without attributes on their parameters, and a server
//! that hangs up. The gateway is in `channels_gateway.rs`; the same one serves Socket.IO clients and plain
//! WebSocket ones.

mod channels_gateway;

use gateway_runtime::prelude::*;

#[tokio::main]
async fn main() -> Result<(), GatewayError> {
    gateway_examples::init_log();
    let mut app = GatewayApp::create().await?;
    app.use_web_socket_adapter(gateway_examples::web_socket_adapter());
    gateway_examples::listen(app).await
}
