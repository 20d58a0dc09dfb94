//! `tests/js/clients/server.mjs`, ported: what every version of `socket.io-client`, and a client that is no JavaScript,
//! must be able to do. `PORT=3000 cargo run --bin clients-app`.
//!
//! `tests/js/clients` and `tests/python` drive it; `tests/integration/clients.rs` starts them.
#![allow(clippy::unused_self, reason = "handlers are methods, as in NestJS, whatever they need")]

use std::time::Duration;

use gateway_runtime::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

/// How long a client may take to answer a question.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Deserialize)]
struct ToRoom {
    room: String,
    body: Data,
}

#[derive(Deserialize)]
struct ToAll {
    event: String,
    body: Data,
}

/// A gateway that can do all of it, in a namespace of its own.
macro_rules! gateway {
    ($name:ident, $namespace:literal) => {
        #[web_socket_gateway(namespace = $namespace, allow_eio3 = true, ping_interval = 500)]
        struct $name {
            #[web_socket_server]
            server: Server,
        }

        impl OnGatewayConnection for $name {
            async fn handle_connection(&self, client: Socket) -> HookResult {
                let token = client.handshake().auth_value::<Value>("token");
                let welcome = json!({ "id": client.id(), "namespace": self.server.name(), "token": token });
                client.emit("welcome", welcome);
                Ok(())
            }
        }

        impl OnGatewayDisconnect for $name {
            async fn handle_disconnect(&self, client: Socket, reason: DisconnectReason) -> HookResult {
                let name = client.data_value::<String>("name");
                let gone = json!({ "name": name, "reason": reason.to_string() });
                self.server.of("/gone").emit("gone", gone);
                Ok(())
            }
        }

        #[subscribe_messages]
        impl $name {
            #[subscribe_message("name")]
            fn name(&self, #[message_body] name: String, #[connected_socket] client: Socket) -> String {
                client.set_data("name", &name);
                name
            }

            #[subscribe_message("echo")]
            fn echo(&self, #[message_body] body: Data, #[ack] ack: Ack<Data>) {
                // `null` too is acknowledged by `Ack`.
                ack.send(body);
            }

            #[subscribe_message("say")]
            fn say(&self, #[message_body] body: Data, #[connected_socket] client: Socket) {
                client.emit("said", body);
            }

            #[subscribe_message("ask")]
            async fn ask(
                &self,
                #[message_body] question: Data,
                #[connected_socket] client: Socket,
            ) -> Result<Data, AckError> {
                client.timeout(ANSWER_TIMEOUT).emit_with_ack("question", question).await
            }

            #[subscribe_message("ask for")]
            async fn ask_for(
                &self,
                #[message_body] file: Data,
                #[connected_socket] client: Socket,
            ) -> Result<Data, AckError> {
                client.timeout(ANSWER_TIMEOUT).emit_with_ack("file", file).await
            }

            #[subscribe_message("join")]
            fn join(&self, #[message_body] room: String, #[connected_socket] client: Socket) -> String {
                client.join(&room);
                room
            }

            #[subscribe_message("leave")]
            fn leave(&self, #[message_body] room: String, #[connected_socket] client: Socket) -> String {
                client.leave(&room);
                room
            }

            #[subscribe_message("to room")]
            fn to_room(&self, #[message_body] ToRoom { room, body }: ToRoom) {
                self.server.to(&room).emit(&room, body);
            }

            #[subscribe_message("to others")]
            fn to_others(
                &self,
                #[message_body] ToRoom { room, body }: ToRoom,
                #[connected_socket] client: Socket,
            ) {
                client.to(&room).emit(&room, body);
            }

            #[subscribe_message("to all")]
            fn to_all(&self, #[message_body] ToAll { event, body }: ToAll) {
                self.server.emit(&event, body);
            }

            #[subscribe_message("volatile")]
            fn volatile(&self, #[message_body] body: Data, #[connected_socket] client: Socket) -> Data {
                client.volatile().emit("volatile", body.clone());
                body
            }

            #[subscribe_message("disconnect me")]
            fn disconnect_me(&self, #[connected_socket] client: Socket) {
                client.emit("last words", client.data_value::<String>("name"));
                client.disconnect(false);
            }

            #[subscribe_message("close me")]
            fn close_me(&self, #[connected_socket] client: Socket) {
                client.emit("last words", client.data_value::<String>("name"));
                client.disconnect(true);
            }
        }
    };
}

gateway!(MainGateway, "/");
gateway!(OtherGateway, "other");
gateway!(AdminGateway, "admin");

impl OnGatewayInit for AdminGateway {
    async fn after_init(&self, server: Server) -> HookResult {
        server.use_middleware(|client| async move {
            match client.handshake().auth_value::<String>("token").as_deref() {
                Some("secret") => Ok(()),
                None => Err(ConnectError::new("no token")),
                Some(token) => {
                    Err(ConnectError::new("wrong token").with_data(json!({ "code": 401, "token": token })))
                }
            }
        });
        Ok(())
    }
}

/// Clients that hear of those that go.
#[web_socket_gateway(namespace = "gone", allow_eio3 = true, ping_interval = 500)]
struct GoneGateway;

#[tokio::main]
async fn main() -> Result<(), GatewayError> {
    gateway_examples::init_log();
    let builder = GatewayApp::builder().only::<(MainGateway, OtherGateway, AdminGateway, GoneGateway)>();
    gateway_examples::listen(builder.create().await?).await
}
