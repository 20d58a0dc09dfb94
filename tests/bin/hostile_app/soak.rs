//! What the busy clients of `scripts/soak.sh` do.

use gateway_runtime::prelude::*;
use serde::Deserialize;

use crate::watch;

/// A number for everybody in a room.
#[derive(Deserialize)]
struct Cast {
    room: String,
    sender: u64,
    number: u64,
}

/// The busy clients.
#[web_socket_gateway(namespace = "soak")]
pub(crate) struct Soak {
    #[web_socket_server]
    server: Server,
}

#[subscribe_messages]
impl Soak {
    #[subscribe_message("echo")]
    fn echo(&self, #[message_body] body: Data) -> Data {
        body
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

    #[subscribe_message("cast")]
    fn cast(&self, #[message_body] cast: Cast) -> u64 {
        self.server.to(&cast.room).emit("cast", Args((cast.sender, cast.number)));
        cast.number
    }
}

impl OnGatewayDisconnect for Soak {
    async fn handle_disconnect(&self, _client: Socket, reason: DisconnectReason) -> HookResult {
        watch::count_leave(&reason);
        Ok(())
    }
}
