//! The namespace `/chats`: a welcome on connect, messages to everyone, and rooms.

use serde::{Deserialize, Serialize};
use socketioxide::SocketIo;
use socketioxide::extract::{AckSender, Data, SocketRef};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct JoinRoom {
    room_id: String,
    user_name: String,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct ChatMessage {
    room_id: String,
    user_name: String,
    message: String,
}

/// The connect handler of the namespace.
pub async fn on_connect(socket: SocketRef) {
    socket.emit("welcome", &format!("Welcome, {}!", socket.id)).ok();
    socket.on("message", handle_message);
    socket.on("joinRoom", handle_join_room);
    socket.on("chatMessage", handle_chat_message);
}

async fn handle_message(io: SocketIo, socket: SocketRef, Data(message): Data<String>, ack: AckSender) {
    if let Some(namespace) = io.of(socket.ns()) {
        namespace.emit("message", &message).await.ok();
    }
    ack.send("Message received").ok();
}

async fn handle_join_room(socket: SocketRef, Data(body): Data<JoinRoom>, ack: AckSender) {
    let JoinRoom { room_id, user_name } = body;
    socket.join(room_id.clone());
    let announcement = format!("{user_name} has joined room {room_id}");
    socket.within(room_id.clone()).emit("roomMessage", &announcement).await.ok();
    ack.send(&format!("Joined room {room_id}")).ok();
}

async fn handle_chat_message(socket: SocketRef, Data(body): Data<ChatMessage>) {
    socket.within(body.room_id.clone()).emit("chatMessage", &body).await.ok();
}
