//! Run with: `PORT=3000 cargo run`
//!
//! `examples/chat`, whose page and log this is.

mod chats_gateway;

use std::env;

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use gateway_runtime::prelude::*;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> Result<(), GatewayError> {
    tracing_subscriber::fmt().with_env_filter(EnvFilter::from_default_env()).init();
    let port: u16 = env::var("PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(3000);
    let routes = Router::new().route("/", get(page));
    let running = GatewayApp::create().await?.with_router(routes).start(port).await?;
    println!("listening on {}", running.local_addr().port());
    running.wait().await;
    Ok(())
}

async fn page() -> Html<&'static str> {
    Html(include_str!("../../../../examples/chat/public/index.html"))
}
