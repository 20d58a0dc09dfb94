//! What hostile clients find: every kind of handler.

use std::time::Duration;

use gateway_runtime::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::watch::{self, Waiting};

/// How long a handler waits for an acknowledgement.
const ACK_TIMEOUT: Duration = Duration::from_secs(2);

/// Bytes or events that a client asks for at once.
const MAX_ASKED: usize = 100_000;

/// The main namespace.
#[web_socket_gateway]
pub(crate) struct Target;

/// A typed body.
#[derive(Deserialize)]
struct Typed {
    name: String,
    number: u8,
}

#[subscribe_messages]
impl Target {
    #[subscribe_message("echo")]
    fn echo(&self, #[message_body] body: Option<Data>) -> Option<Data> {
        body
    }

    #[subscribe_message("json")]
    fn json(&self, #[message_body] body: Value) -> Value {
        body
    }

    #[subscribe_message("typed")]
    fn typed(&self, #[message_body] body: Typed) -> String {
        format!("{} {}", body.name, body.number)
    }

    #[subscribe_message("key")]
    fn key(&self, #[message_body("key")] key: Option<Data>) -> Option<Data> {
        key
    }

    #[subscribe_message("say")]
    fn say(&self, #[message_body] body: Data, #[connected_socket] client: &Socket) {
        client.emit("said", body);
    }

    #[subscribe_message("ask")]
    async fn ask(&self, #[message_body] body: Data, #[connected_socket] client: Socket) {
        let _waiting = Waiting::new();
        if let Ok(reply) = client.timeout(ACK_TIMEOUT).emit_with_ack::<Data>("question", body).await {
            client.emit("answered", reply);
        }
    }

    #[subscribe_message("join")]
    fn join(&self, #[message_body] room: String, #[connected_socket] client: &Socket) -> bool {
        client.join(&room);
        true
    }

    #[subscribe_message("rooms")]
    fn rooms(&self, #[message_body] count: usize, #[connected_socket] client: &Socket) -> usize {
        for number in 0..count.min(MAX_ASKED) {
            client.join(format!("room {number}"));
        }
        client.rooms().len()
    }

    #[subscribe_message("broadcast")]
    fn broadcast(&self, #[message_body] body: Data, #[connected_socket] client: &Socket) {
        client.nsp().to("crowd").emit("said", body);
    }

    #[subscribe_message("burst")]
    fn burst(&self, #[message_body] count: usize, #[connected_socket] client: &Socket) {
        for number in 0..count.min(MAX_ASKED) {
            client.emit("number", number);
        }
    }

    #[subscribe_message("filling")]
    fn filling(&self, #[message_body] length: usize, #[connected_socket] client: &Socket) {
        client.emit("filled", "x".repeat(length.min(10 * MAX_ASKED)));
    }

    #[subscribe_message("leave")]
    fn leave(&self, #[connected_socket] client: &Socket) {
        client.disconnect(false);
    }

    #[subscribe_message("close")]
    fn close(&self, #[connected_socket] client: &Socket) {
        client.disconnect(true);
    }

    #[subscribe_message("slow")]
    async fn slow(&self, #[message_body] milliseconds: u64) -> u64 {
        let _waiting = Waiting::new();
        tokio::time::sleep(Duration::from_millis(milliseconds.min(2000))).await;
        milliseconds
    }
}

impl OnGatewayDisconnect for Target {
    async fn handle_disconnect(&self, _client: Socket, reason: DisconnectReason) -> HookResult {
        watch::count_leave(&reason);
        Ok(())
    }
}

/// Another namespace.
#[web_socket_gateway(namespace = "chat")]
pub(crate) struct Chat;

#[subscribe_messages]
impl Chat {
    #[subscribe_message("echo")]
    fn echo(&self, #[message_body] body: Option<Data>) -> Option<Data> {
        body
    }
}

/// A namespace that lets nobody in, after a while.
#[web_socket_gateway(namespace = "closed")]
pub(crate) struct Closed;

#[subscribe_messages]
impl Closed {}

impl OnGatewayInit for Closed {
    async fn after_init(&self, server: Server) -> HookResult {
        server.use_middleware(|client: Socket| async move {
            let patient = client.handshake().auth()["patient"] == true;
            tokio::time::sleep(if patient { Duration::from_secs(5) } else { Duration::from_millis(50) })
                .await;
            Err(ConnectError::new("closed").with_data(json!({"auth": client.handshake().auth()})))
        });
        Ok(())
    }
}

/// A namespace whose handlers and hooks fail.
#[web_socket_gateway(namespace = "throwing")]
pub(crate) struct Throwing;

#[subscribe_messages]
impl Throwing {
    #[subscribe_message("fail")]
    fn fail(&self) -> Result<(), WsException> {
        Err(WsException::new("failed"))
    }

    #[subscribe_message("panic")]
    fn panic(&self) {
        panic!("on purpose");
    }

    #[subscribe_message("panic later")]
    async fn panic_later(&self) {
        tokio::task::yield_now().await;
        panic!("on purpose");
    }
}

impl OnGatewayConnection for Throwing {
    async fn handle_connection(&self, client: Socket) -> HookResult {
        if client.handshake().auth()["panic"] == true {
            panic!("on purpose");
        }
        Ok(())
    }
}

impl OnGatewayDisconnect for Throwing {
    async fn handle_disconnect(&self, _client: Socket, _reason: DisconnectReason) -> HookResult {
        panic!("on purpose");
    }
}
