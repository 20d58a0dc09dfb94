//! Run with: `PORT=3000 cargo run --release -p peer-arcly`
//!
//! The benchmark's server on arcly-http-realtime, as its documentation has it. A handler returns nothing to the client:
//! all that goes back is emitted.

use std::time::Duration;

use arcly_http::prelude::*;
use arcly_http::realtime::{ArclyGateway, WsClient};
use peer_common::{JoinRoom, Message, Outcome, RoomMessage, SendMessage};
use serde_json::Value;

/// Frames that wait for one connection; with the default of 256 it is closed by broadcasts that come quickly.
const OUTBOUND_BUFFER: usize = 10_000;

#[Injectable]
struct BenchGateway;

impl ArclyGateway for BenchGateway {}

#[Gateway("/")]
impl BenchGateway {
    #[Subscribe("push")]
    async fn push(&self, client: WsClient, body: Json<Message>) -> Result<(), Error> {
        client.emit("pop", body.0).await;
        Ok(())
    }

    #[Subscribe("push_any")]
    async fn push_any(&self, client: WsClient, body: Json<Value>) -> Result<(), Error> {
        client.emit("pop", body.0).await;
        Ok(())
    }

    #[Subscribe("echo")]
    async fn echo(&self, client: WsClient, body: Json<Message>) -> Result<(), Error> {
        client.emit("echo", body.0).await;
        Ok(())
    }

    #[Subscribe("join")]
    async fn join(&self, client: WsClient, room: Json<String>) -> Result<(), Error> {
        client.join_room(room.0);
        client.emit("join", true).await;
        Ok(())
    }

    #[Subscribe("cast")]
    async fn cast(&self, client: WsClient, body: Json<Message>) -> Result<(), Error> {
        client.broadcast("cast", body.0).await;
        Ok(())
    }

    #[Subscribe("room")]
    async fn room(&self, client: WsClient, body: Json<RoomMessage>) -> Result<(), Error> {
        client.broadcast_to_room(&body.0.room, "room", &body.0).await;
        Ok(())
    }

    #[Subscribe("joinRoom")]
    async fn join_room(&self, client: WsClient, body: Json<JoinRoom>) -> Result<(), Error> {
        let reply = format!("Joined room {}", body.0.room_id);
        client.join_room(body.0.room_id);
        client.emit("joinRoom", reply).await;
        Ok(())
    }

    #[Subscribe("sendMessage")]
    async fn send_message(&self, client: WsClient, body: Json<SendMessage>) -> Result<(), Error> {
        let SendMessage { room_id, user_name, message } = body.0;
        client.broadcast_to_room(&room_id, "roomMessage", format!("{user_name}: {message}")).await;
        client.emit("sendMessage", "sent").await;
        Ok(())
    }
}

#[Module(gateways(BenchGateway), providers(BenchGateway))]
struct AppModule;

fn main() -> Outcome {
    peer_common::run(async {
        let config = LaunchConfig::default()
            .ws_outbound_buffer(OUTBOUND_BUFFER)
            .ws_drain_deadline(Duration::ZERO)
            .expose_docs(false);
        let info = OpenApiInfo::new("bench", "0.0.0");
        let listener = peer_common::listener().await?;
        Ok(App::launch_on_listener::<AppModule>(listener, info, Vec::new(), config).await?)
    })
}
