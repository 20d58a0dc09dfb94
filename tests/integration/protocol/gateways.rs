//! What the protocol is spoken with: the gateways that `tests/nestjs/wire-server.mjs` has in JavaScript. Each path is a
//! server with other options.

use std::collections::HashMap;
use std::sync::Arc;

use gateway_runtime::prelude::*;
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::support::app::{TestApp, builder};
use crate::support::log::Gate;

/// Tells its clients which clients of the others left, and why.
#[web_socket_gateway(namespace = "log")]
pub(super) struct LogGateway {
    #[web_socket_server]
    server: Server,
}

#[subscribe_messages]
impl LogGateway {}

/// A gateway with these options and the events that all have.
macro_rules! gateway {
    ($name:ident, $($options:tt)*) => {
        #[web_socket_gateway($($options)*)]
        pub(super) struct $name {
            #[inject]
            log: Arc<LogGateway>,
        }

        #[subscribe_messages]
        impl $name {
            #[subscribe_message("echo")]
            fn echo(&self, #[message_body] body: Option<Data>) -> Option<Data> {
                body
            }

            #[subscribe_message("say")]
            fn say(&self, #[message_body] body: Data, #[connected_socket] client: &Socket) {
                client.emit("said", body);
            }

            #[subscribe_message("ask")]
            async fn ask(&self, #[message_body] body: Data, #[connected_socket] client: Socket) {
                if let Ok(reply) = client.emit_with_ack::<Data>("question", body).await {
                    client.emit("answered", reply);
                }
            }

            #[subscribe_message("auth")]
            fn auth(&self, #[connected_socket] client: &Socket) -> Value {
                client.handshake().auth().clone()
            }

            #[subscribe_message("leave")]
            fn leave(&self, #[connected_socket] client: &Socket) {
                client.disconnect(false);
            }

            #[subscribe_message("close")]
            fn close(&self, #[connected_socket] client: &Socket) {
                client.disconnect(true);
            }

            #[subscribe_message("burst")]
            fn burst(&self, #[message_body] count: u32, #[connected_socket] client: &Socket) {
                for number in 0..count {
                    client.emit("number", number);
                }
            }

            #[subscribe_message("filling")]
            fn filling(&self, #[message_body] length: usize, #[connected_socket] client: &Socket) {
                client.emit("filled", "x".repeat(length));
            }

            #[subscribe_message("7")]
            fn seven(&self) -> &'static str {
                "seven"
            }
        }

        impl OnGatewayDisconnect for $name {
            async fn handle_disconnect(&self, client: Socket, reason: DisconnectReason) -> HookResult {
                self.log.server.emit("left", Args((client.id(), reason.to_string())));
                Ok(())
            }
        }
    };
}

gateway!(Main,);
gateway!(Chat, namespace = "chat");
gateway!(Fast, path = "/fast", ping_interval = 300, ping_timeout = 300);
gateway!(Patient, path = "/patient", ping_interval = 300, ping_timeout = 60_000);
gateway!(Hasty, path = "/hasty", upgrade_timeout = 300, connect_timeout = 300);
gateway!(Small, path = "/small", max_http_buffer_size = 1000);
gateway!(OnlyWebSocket, path = "/websocket", transports = ["websocket"]);
gateway!(OnlyPolling, path = "/polling", transports = ["polling"]);
gateway!(Fixed, path = "/fixed", allow_upgrades = false);
gateway!(WithCookie, path = "/cookie", cookie = true);
gateway!(Closed, namespace = "closed");

impl OnGatewayInit for Closed {
    async fn after_init(&self, server: Server) -> HookResult {
        server.use_middleware(|client: Socket| async move {
            if client.handshake().auth()["token"] == "let me in" {
                Ok(())
            } else {
                Err(ConnectError::new("not you").with_data(json!({"code": 7})))
            }
        });
        Ok(())
    }
}

/// Opens the doors that clients of [`Slow`] wait at.
#[web_socket_gateway(namespace = "door")]
pub(super) struct Door {
    doors: Mutex<HashMap<String, Arc<Gate>>>,
}

impl Door {
    fn gate(&self, name: &str) -> Arc<Gate> {
        Arc::clone(self.doors.lock().entry(name.to_owned()).or_default())
    }
}

#[subscribe_messages]
impl Door {
    #[subscribe_message("open")]
    fn open(&self, #[message_body] name: String) -> &'static str {
        self.gate(&name).open();
        "opened"
    }
}

/// Lets a client in when the door that it names is open.
#[web_socket_gateway(namespace = "slow")]
pub(super) struct Slow {
    #[inject]
    door: Arc<Door>,
}

#[subscribe_messages]
impl Slow {
    #[subscribe_message("echo")]
    fn echo(&self, #[message_body] body: Option<Data>) -> Option<Data> {
        body
    }
}

impl OnGatewayInit for Slow {
    async fn after_init(&self, server: Server) -> HookResult {
        let door = Arc::clone(&self.door);
        server.use_middleware(move |client: Socket| {
            let gate = door.gate(&client.handshake().auth_value::<String>("door").unwrap_or_default());
            async move {
                gate.passed().await;
                Ok(())
            }
        });
        Ok(())
    }
}

/// Serves all of them.
pub(super) async fn serve() -> TestApp {
    let builder = builder::<(LogGateway, Main, Chat, Closed, Slow, Door)>().only::<(
        Fast,
        Patient,
        Hasty,
        Small,
        OnlyWebSocket,
        OnlyPolling,
        Fixed,
        WithCookie,
    )>();
    TestApp::start(builder).await
}
