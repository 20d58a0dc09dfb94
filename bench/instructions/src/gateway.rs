//! The gateway of the cases that go all the way through a server.

use gateway_runtime::prelude::*;
use serde::{Deserialize, Serialize};

/// The body of all messages.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Message {
    pub(crate) id: u64,
    pub(crate) user: String,
    pub(crate) text: String,
}

#[derive(Default)]
struct OpenGuard;

impl CanActivate for OpenGuard {
    async fn can_activate(&self, context: &ExecutionContext) -> GuardResult {
        Ok(context.socket().connected())
    }
}

#[derive(Default)]
struct PassInterceptor;

impl Interceptor for PassInterceptor {
    async fn intercept<'a>(&'a self, _: &'a ExecutionContext, next: Next<'a>) -> ReplyResult<'a> {
        next.handle().await
    }
}

/// A heartbeat would be counted if it came.
#[web_socket_gateway(ping_interval = 100_000_000)]
pub(crate) struct BenchGateway {
    #[web_socket_server]
    server: Server,
}

#[subscribe_messages]
impl BenchGateway {
    #[subscribe_message("push")]
    fn push(&self, #[message_body] message: Message) -> WsResponse<Message> {
        WsResponse::new("pop", message)
    }

    #[subscribe_message("push_any")]
    fn push_any(&self, #[message_body] message: serde_json::Value) -> WsResponse<serde_json::Value> {
        WsResponse::new("pop", message)
    }

    #[subscribe_message("push_async")]
    async fn push_async(&self, #[message_body] message: Message) -> WsResponse<Message> {
        WsResponse::new("pop", message)
    }

    #[subscribe_message("echo")]
    fn echo(&self, #[message_body] message: Message) -> Message {
        message
    }

    #[subscribe_message("id")]
    fn id(&self, #[message_body("id")] id: u64) -> u64 {
        id
    }

    #[subscribe_message("guarded")]
    #[use_guards(OpenGuard)]
    fn guarded(&self, #[message_body("id")] id: u64) -> u64 {
        id
    }

    #[subscribe_message("piped")]
    fn piped(&self, #[message_body("id", ParseIntPipe)] id: u64) -> u64 {
        id
    }

    #[subscribe_message("intercepted")]
    #[use_interceptors(PassInterceptor)]
    fn intercepted(&self, #[message_body("id")] id: u64) -> u64 {
        id
    }

    #[subscribe_message("around")]
    #[use_guards(OpenGuard)]
    #[use_interceptors(PassInterceptor)]
    fn around(&self, #[message_body("id", ParseIntPipe)] id: u64) -> u64 {
        id
    }

    #[subscribe_message("cast")]
    fn cast(&self, #[message_body] message: Message) {
        self.server.emit("cast", message);
    }
}
