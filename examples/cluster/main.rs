//! Run with: `cargo run --bin cluster`, with a Redis at `REDIS_URL`. `README.md` starts three servers behind nginx
//!
//! The chat and the notifications on several servers that are one cluster: two of this program and one in
//! NestJS (`tests/nestjs/src/cluster`). The chat's gateway is that of `examples/chat`, in which no line changes. The
//! notifications' gateway keeps its users in rooms, which all servers see; its page is `public/index.html`.

#[path = "../chat/chats_gateway.rs"]
mod chats_gateway;
mod comments_controller;
mod node;
mod notifications_gateway;

use std::env;

use axum::response::Html;
use axum::routing::get;
use gateway_runtime::RedisAdapter;
use gateway_runtime::prelude::*;

use crate::node::Node;

/// Without `REDIS_URL`.
const REDIS_URL: &str = "redis://127.0.0.1:6379";

/// How long a start waits for Redis: started together, it may be there a little later.
const REDIS_LIMIT_MS: u32 = 10_000;

/// NestJS: `app.useWebSocketAdapter(redisIoAdapter)`.
#[tokio::main]
async fn main() -> Result<(), GatewayError> {
    gateway_examples::init_log();
    let url = env::var("REDIS_URL").unwrap_or_else(|_| REDIS_URL.to_owned());
    let adapter = RedisAdapter::builder(url).wait_for_redis(REDIS_LIMIT_MS).connect().await?;
    let app = GatewayApp::builder()
        .provide(Node::from_environment())
        .use_web_socket_adapter(IoAdapter::with_adapter(adapter))
        .trust_proxy("loopback")
        .create()
        .await?
        .with_router(comments_controller::router().route("/", get(page)));
    gateway_examples::listen(app).await
}

/// `tests/nestjs/src/cluster/page.controller.ts`
async fn page() -> Html<&'static str> {
    Html(include_str!("public/index.html"))
}
