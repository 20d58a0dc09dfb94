//! Run with: `PORT=3000 cargo run --release -p peer-nest-rs-ws`
//!
//! The benchmark's server on nest-rs-ws, as its documentation has it. A returned value goes back under the event of the
//! request; what has another name is emitted.

use nest_rs_core::{App, module};
use nest_rs_http::{HttpConfig, HttpModule};
use nest_rs_ws::{WsClient, WsModule, gateway, messages};
use peer_common::{JoinRoom, Message, Outcome, RoomMessage, SendMessage};
use serde_json::Value;
use tokio::net::TcpStream;

#[derive(Default)]
#[gateway(path = "/")]
struct BenchGateway {}

#[messages]
impl BenchGateway {
    #[subscribe_message("push")]
    async fn push(&self, client: &WsClient, body: Message) {
        client.emit("pop", &body).ok();
    }

    #[subscribe_message("push_any")]
    async fn push_any(&self, client: &WsClient, body: Value) {
        client.emit("pop", &body).ok();
    }

    #[subscribe_message("echo")]
    async fn echo(&self, body: Message) -> Message {
        body
    }

    #[subscribe_message("join")]
    async fn join(&self, client: &WsClient, room: String) -> bool {
        client.join(room);
        true
    }

    #[subscribe_message("cast")]
    async fn cast(&self, client: &WsClient, body: Message) {
        client.broadcast("cast", &body).ok();
    }

    #[subscribe_message("room")]
    async fn room(&self, client: &WsClient, body: RoomMessage) {
        client.to(&body.room, "room", &body).ok();
    }

    #[subscribe_message("joinRoom")]
    async fn join_room(&self, client: &WsClient, body: JoinRoom) -> String {
        client.join(&body.room_id);
        format!("Joined room {}", body.room_id)
    }

    #[subscribe_message("sendMessage")]
    async fn send_message(&self, client: &WsClient, body: SendMessage) -> &'static str {
        let SendMessage { room_id, user_name, message } = body;
        client.to(&room_id, "roomMessage", &format!("{user_name}: {message}")).ok();
        "sent"
    }
}

#[module(imports = [HttpModule::for_root(None), WsModule], providers = [BenchGateway])]
struct AppModule;

fn main() -> Outcome {
    peer_common::run(async {
        let address = peer_common::address()?;
        let config =
            HttpConfig { host: address.ip().to_string(), port: address.port(), ..HttpConfig::default() };
        let app = App::builder().provide(config).module::<AppModule>().build().await?;
        // It binds its address itself, and says nothing of it.
        tokio::spawn(async move {
            while TcpStream::connect(address).await.is_err() {
                tokio::task::yield_now().await;
            }
            peer_common::ready()
        });
        Ok(app.run().await?)
    })
}
