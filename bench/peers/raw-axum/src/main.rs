//! Run with: `PORT=3000 cargo run --release -p peer-raw-axum`
//!
//! axum's WebSocket as its example has it: each frame is echoed and flushed.

use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::any;
use axum::serve::ListenerExt;
use peer_common::Outcome;

fn main() -> Outcome {
    peer_common::run(async {
        let app = Router::new().fallback(any(upgrade));
        let listener = peer_common::listener().await?.tap_io(|tcp| drop(tcp.set_nodelay(true)));
        Ok(axum::serve(listener, app).await?)
    })
}

async fn upgrade(upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(echo)
}

async fn echo(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        let echoed = match message {
            Message::Text(_) | Message::Binary(_) => socket.send(message).await,
            Message::Close(_) => return,
            // A ping is answered by the library.
            Message::Ping(_) | Message::Pong(_) => Ok(()),
        };
        if echoed.is_err() {
            return;
        }
    }
}
