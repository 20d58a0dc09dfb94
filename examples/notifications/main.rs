//! Run with: `cargo run --bin notifications`, then
//!
//! ```sh
//! curl -H 'content-type: application/json' http://127.0.0.1:3000/comments \
//!   -d '{"postId": "1", "authorId": "ann", "recipientId": "bob", "text": "Hi"}'
//! ```
//!
//! Notifications for one user: the gateway in `notifications_gateway.rs` knows which socket belongs to
//! whom, and the HTTP route in `comments_controller.rs` has the gateway injected and speaks through it.

mod comments_controller;
mod notifications_gateway;

use gateway_runtime::prelude::*;

#[tokio::main]
async fn main() -> Result<(), GatewayError> {
    gateway_examples::init_log();
    let app = GatewayApp::create().await?.with_router(comments_controller::router());
    gateway_examples::listen(app).await
}
