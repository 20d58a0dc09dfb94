//! Run with: `PORT=3000 cargo run --release -p peer-raw-axum-batch`
//!
//! axum's WebSocket, as cheap as it gets: all frames that are ready are echoed, then flushed together.

use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::any;
use axum::serve::ListenerExt;
use futures_util::{FutureExt, SinkExt, StreamExt};
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

/// Until the client goes, or the connection fails.
async fn echo(mut socket: WebSocket) {
    while let Some(first) = socket.next().await {
        let mut next = Some(Some(first));
        while let Some(message) = next {
            let Some(Ok(message)) = message else { return };
            let echoed = match message {
                Message::Text(_) | Message::Binary(_) => socket.feed(message).await,
                Message::Close(_) => return,
                // A ping is answered by the library.
                Message::Ping(_) | Message::Pong(_) => Ok(()),
            };
            if echoed.is_err() {
                return;
            }
            next = socket.next().now_or_never();
        }
        if socket.flush().await.is_err() {
            return;
        }
    }
}
