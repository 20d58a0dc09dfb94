//! The gateways of `tests/nestjs/src/namespaces`, line by line: `PORT=3000 cargo run --bin namespaces-app`.
//!
//! Dynamic namespaces, and clients that come back to what they had. `tests/js/examples/namespaces.mjs` drives both.
#![allow(clippy::unused_self, reason = "handlers look like those they are ported from, which are methods")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use gateway_runtime::GatewayError;
use gateway_runtime::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Stream {
    count: usize,
    /// A room, or nothing for the client alone.
    room: Option<String>,
}

/// Clients that are cut off come back to what they had.
#[web_socket_gateway(cors(origin = "*"), connection_state_recovery = true)]
struct MainGateway {
    #[web_socket_server]
    server: Server,
}

#[subscribe_messages]
impl MainGateway {
    #[subscribe_message("prepare")]
    fn prepare(&self, #[message_body] room: String, #[connected_socket] client: &Socket) -> String {
        client.join(&room);
        client.set_data("name", "Ann");
        client.emit("prepared", &room);
        room
    }

    #[subscribe_message("state")]
    fn state(&self, #[connected_socket] client: &Socket) -> Value {
        let mut rooms: Vec<_> =
            client.rooms().iter().filter(|room| *room != client.id()).map(str::to_owned).collect();
        rooms.sort();
        let name = client.data_value::<String>("name");
        json!({ "id": client.id(), "recovered": client.recovered(), "rooms": rooms, "name": name })
    }

    /// Numbers from 0 on, whether the client is there or not.
    #[subscribe_message("stream")]
    async fn stream(&self, #[message_body] stream: Stream, #[connected_socket] client: Socket) {
        for number in 0..stream.count {
            match &stream.room {
                Some(room) => {
                    self.server.to(room).emit("number", number);
                    self.server.to("another room").emit("number", "not for those here");
                    self.server.except(room).emit("number", "not for those here");
                }
                None => client.emit("number", number),
            }
            if number % 5 == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    }

    #[subscribe_message("bytes")]
    fn bytes(&self, #[connected_socket] client: &Socket) {
        client.emit("bytes", Binary::from(b"\x01\x02\x03"));
    }

    /// What is not kept: volatile events, and those that ask for an acknowledgement.
    #[subscribe_message("without offset")]
    fn without_offset(&self, #[connected_socket] client: &Socket) {
        client.volatile().emit("volatile", 1);
        drop(client.emit_with_ack::<()>("asking", 1));
        client.emit("ordinary", 1);
    }
}

/// A namespace for each room.
#[web_socket_gateway(namespace = Regex::new("^/room-[0-9]+$").expect("an expression"))]
struct RoomsGateway {
    #[web_socket_server]
    server: Namespace,
    inits: AtomicUsize,
}

impl OnGatewayInit for RoomsGateway {
    async fn after_init(&self, server: Namespace) -> HookResult {
        self.inits.fetch_add(1, Ordering::Relaxed);
        server.use_middleware(async |client: Socket| match client.handshake().auth()["banned"].as_bool() {
            Some(true) => Err(ConnectError::new(format!("banned from {}", client.nsp().name()))),
            _ => Ok(()),
        });
        Ok(())
    }
}

#[derive(Serialize)]
struct Place {
    name: String,
    inits: usize,
}

#[subscribe_messages]
impl RoomsGateway {
    #[subscribe_message("where")]
    fn place(&self, #[connected_socket] client: &Socket) -> Place {
        Place { name: client.nsp().name().to_owned(), inits: self.inits.load(Ordering::Relaxed) }
    }

    #[subscribe_message("join")]
    fn join(&self, #[message_body] room: String, #[connected_socket] client: &Socket) -> String {
        client.join(&room);
        room
    }

    /// To the members of a room of this namespace.
    #[subscribe_message("say")]
    fn say(&self, #[message_body] room: String, #[connected_socket] client: &Socket) {
        client.nsp().to(room).emit("said", client.nsp().name());
    }

    /// To all namespaces.
    #[subscribe_message("say to all")]
    fn say_to_all(&self, #[message_body] text: String) {
        self.server.emit("said", text);
    }

    #[subscribe_message("fetch")]
    async fn fetch(&self) -> &'static str {
        match self.server.fetch_sockets().await {
            Ok(_) => "fetched",
            Err(_) => "refused",
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), GatewayError> {
    gateway_examples::init_log();
    let builder = GatewayApp::builder().only::<(MainGateway, RoomsGateway)>();
    gateway_examples::listen(builder.create().await?).await
}
