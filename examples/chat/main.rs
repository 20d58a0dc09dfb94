//! Run with: `cargo run --bin chat`, then open <http://127.0.0.1:3000> in two windows
//!
//! A chat with its page: the gateway is in `chats_gateway.rs`, the page in `public/index.html`. The page
//! takes its Socket.IO client from this server, at `/socket.io/socket.io.js`.

mod chats_gateway;

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use gateway_runtime::prelude::*;

/// HTTP routes are an axum router beside the gateways (NestJS: a `@Controller()`).
#[tokio::main]
async fn main() -> Result<(), GatewayError> {
    gateway_examples::init_log();
    let routes = Router::new().route("/", get(page));
    let app = GatewayApp::create().await?.with_router(routes);
    gateway_examples::listen(app).await
}

/// `tests/nestjs/src/chat/page.controller.ts`
async fn page() -> Html<&'static str> {
    Html(include_str!("public/index.html"))
}
