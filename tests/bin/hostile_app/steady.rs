//! What well-behaved clients do: exchange numbers in pairs, and count a clock that all hear.

use std::time::Duration;

use gateway_runtime::prelude::*;
use serde::Deserialize;

/// Between two strokes of the clock.
const STROKE: Duration = Duration::from_millis(100);

/// A number for another client.
#[derive(Deserialize)]
struct Number {
    to: String,
    number: u64,
}

/// The well-behaved clients.
#[web_socket_gateway(namespace = "steady")]
pub(crate) struct Steady {
    #[web_socket_server]
    server: Server,
}

#[subscribe_messages]
impl Steady {
    #[subscribe_message("number")]
    fn number(&self, #[message_body] body: Number) -> u64 {
        self.server.to(&body.to).emit("number", body.number);
        body.number
    }

    #[subscribe_message("join")]
    fn join(&self, #[message_body] room: String, #[connected_socket] client: &Socket) -> bool {
        client.join(&room);
        true
    }

    #[subscribe_message("leave")]
    fn leave(&self, #[message_body] room: String, #[connected_socket] client: &Socket) -> bool {
        client.leave(&room);
        true
    }
}

impl OnGatewayInit for Steady {
    async fn after_init(&self, server: Server) -> HookResult {
        tokio::spawn(async move {
            let mut clock = tokio::time::interval(STROKE);
            for stroke in 0_u64.. {
                clock.tick().await;
                server.emit("stroke", stroke);
            }
        });
        Ok(())
    }
}
