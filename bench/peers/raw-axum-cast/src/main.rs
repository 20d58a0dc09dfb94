//! Run with: `PORT=3000 cargo run --release -p peer-raw-axum-cast`
//!
//! The bare pattern of a broadcast, without a protocol: any frame that arrives goes to all connections. One task a
//! connection, a bounded queue of shared bytes, and one flush for all that waits in it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::any;
use axum::serve::ListenerExt;
use futures_util::{SinkExt, StreamExt};
use peer_common::Outcome;
use tokio::select;
use tokio::sync::mpsc;

/// Frames that wait for one connection; it misses what comes past them.
const QUEUE: usize = 1024;
/// Frames that are written before one flush.
const BATCH: usize = 64;

#[derive(Default)]
struct Connections {
    next: AtomicU64,
    queues: Mutex<HashMap<u64, mpsc::Sender<Utf8Bytes>>>,
}

impl Connections {
    fn queues(&self) -> MutexGuard<'_, HashMap<u64, mpsc::Sender<Utf8Bytes>>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cast(&self, text: &Utf8Bytes) {
        for queue in self.queues().values() {
            drop(queue.try_send(text.clone()));
        }
    }
}

fn main() -> Outcome {
    peer_common::run(async {
        let app = Router::new().fallback(any(upgrade)).with_state(Arc::<Connections>::default());
        let listener = peer_common::listener().await?.tap_io(|tcp| drop(tcp.set_nodelay(true)));
        Ok(axum::serve(listener, app).await?)
    })
}

async fn upgrade(State(connections): State<Arc<Connections>>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(async move |socket| {
        let id = connections.next.fetch_add(1, Ordering::Relaxed);
        let (queue, waiting) = mpsc::channel(QUEUE);
        connections.queues().insert(id, queue);
        serve(socket, waiting, &connections).await;
        connections.queues().remove(&id);
    })
}

/// Until the client goes, or the connection fails.
async fn serve(mut socket: WebSocket, mut waiting: mpsc::Receiver<Utf8Bytes>, connections: &Connections) {
    let mut batch = Vec::new();
    loop {
        select! {
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => connections.cast(&text),
                Some(Ok(Message::Binary(_) | Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
            },
            _ = waiting.recv_many(&mut batch, BATCH) => {
                for text in batch.drain(..) {
                    if socket.feed(Message::Text(text)).await.is_err() {
                        return;
                    }
                }
                if socket.flush().await.is_err() {
                    return;
                }
            }
        }
    }
}
