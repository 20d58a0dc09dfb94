//! Run with: `cargo run --bin rooms`
//!
//! Who is told what: a room with and without the sender, everyone else, another namespace, and a question to
//! one client that waits for its answer. Two gateways: `rooms_gateway.rs` in the namespace `/rooms`, and
//! `lobby_gateway.rs` in the default one.

mod lobby_gateway;
mod rooms_gateway;

use gateway_runtime::prelude::*;
use lobby_gateway::LobbyGateway;
use rooms_gateway::RoomsGateway;

/// `only` names the gateways (NestJS: `@Module({ providers: [..] })`). Without it all that are compiled in
/// are served.
#[tokio::main]
async fn main() -> Result<(), GatewayError> {
    gateway_examples::init_log();
    let app = GatewayApp::builder().only::<(RoomsGateway, LobbyGateway)>().create().await?;
    gateway_examples::listen(app).await
}
