//! The benchmark's server on socketioxide, for any adapter. `main.rs` serves it alone, `peer-socketioxide-redis` behind
//! Redis.

use axum::Router;
use axum::serve::ListenerExt;
use bytes::Bytes;
use peer_common::{JoinRoom, Message, Outcome, RoomMessage, SendMessage};
use serde_json::Value;
use socketioxide::SocketIo;
use socketioxide::adapter::Adapter;
use socketioxide::extract::{AckSender, Data, SocketRef};
use socketioxide::layer::SocketIoLayer;

/// Packets that wait for one connection; with the default of 128 it misses broadcasts that come quickly. The value is the
/// one of the crate's own example of a configuration.
pub const MAX_BUFFER_SIZE: usize = 10_000;

/// The connect handler of the namespace `/`: all events of the benchmark.
pub async fn on_connect<A: Adapter>(socket: SocketRef<A>) {
    socket.on("push", async |socket: SocketRef<A>, Data::<Message>(body)| {
        socket.emit("pop", &body).ok();
    });
    socket.on("push_any", async |socket: SocketRef<A>, Data::<Value>(body)| {
        socket.emit("pop", &body).ok();
    });
    socket.on("echo", async |Data::<Message>(body), ack: AckSender<A>| {
        ack.send(&body).ok();
    });
    socket.on("join", async |socket: SocketRef<A>, Data::<String>(room), ack: AckSender<A>| {
        socket.join(room);
        ack.send(&true).ok();
    });
    socket.on("cast", async |io: SocketIo<A>, Data::<Message>(body)| {
        io.emit("cast", &body).await.ok();
    });
    socket.on("room", async |io: SocketIo<A>, Data::<RoomMessage>(body)| {
        io.to(body.room.clone()).emit("room", &body).await.ok();
    });
    socket.on("binary", async |socket: SocketRef<A>, Data::<Bytes>(body)| {
        socket.emit("binary", &body).ok();
    });
    socket.on("joinRoom", async |socket: SocketRef<A>, Data::<JoinRoom>(body), ack: AckSender<A>| {
        let reply = format!("Joined room {}", body.room_id);
        socket.join(body.room_id);
        ack.send(&reply).ok();
    });
    socket.on("sendMessage", async |io: SocketIo<A>, Data::<SendMessage>(body), ack: AckSender<A>| {
        let SendMessage { room_id, user_name, message } = body;
        io.to(room_id).emit("roomMessage", &format!("{user_name}: {message}")).await.ok();
        ack.send("sent").ok();
    });
}

/// Serves until the process ends.
///
/// # Errors
/// If the address is not free.
pub async fn serve<A: Adapter>(layer: SocketIoLayer<A>) -> Outcome {
    let app = Router::new().layer(layer);
    let listener = peer_common::listener().await?.tap_io(|tcp| drop(tcp.set_nodelay(true)));
    Ok(axum::serve(listener, app).await?)
}
