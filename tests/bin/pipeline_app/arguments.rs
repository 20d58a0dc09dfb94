//! Which arguments reach which parameters, and who acknowledges.

use gateway_runtime::prelude::*;
use serde_json::{Value, json};

use crate::turn::turn;

/// What is not there, said so that JSON can tell.
fn shown(value: Option<Value>) -> Value {
    value.unwrap_or_else(|| "nothing".into())
}

// The first of all: its options are the server's.
#[web_socket_gateway(parser = crate::parser())]
pub(crate) struct ArgumentsGateway;

#[subscribe_messages]
impl ArgumentsGateway {
    #[subscribe_message("arguments/body")]
    fn body(&self, #[message_body] body: Option<Value>) -> Value {
        json!({ "body": shown(body) })
    }

    #[subscribe_message("arguments/body-without-decorators")]
    fn body_by_position(&self, _client: Socket, body: Option<Value>) -> Value {
        json!({ "body": shown(body) })
    }

    #[subscribe_message("arguments/key")]
    fn key(&self, #[message_body("id")] id: Option<Value>) -> Value {
        json!({ "id": shown(id) })
    }

    #[subscribe_message("arguments/keys")]
    fn keys(
        &self,
        #[message_body("a")] a: Option<Value>,
        #[message_body] body: Option<Value>,
        #[message_body("b")] b: Option<Value>,
    ) -> Value {
        json!({ "a": shown(a), "b": shown(b), "body": shown(body) })
    }

    #[subscribe_message("arguments/required-key")]
    fn required_key(&self, #[message_body("name")] name: String) -> String {
        format!("hello {name}")
    }

    #[subscribe_message("arguments/ack")]
    fn ack(&self, #[ack] ack: Ack<&'static str>) -> &'static str {
        ack.send("by hand");
        "a result that does not acknowledge"
    }

    #[subscribe_message("arguments/ack-is-there")]
    fn ack_is_there(&self, #[connected_socket] client: Socket, #[ack] ack: Option<Ack>) {
        client.emit("asked", ack.is_some());
    }

    #[subscribe_message("arguments/ack-twice")]
    fn ack_twice(&self, #[ack] ack: Ack<&'static str>) {
        ack.send("first");
        ack.send("second");
    }

    #[subscribe_message("arguments/ack-and-response")]
    fn ack_and_response(&self, #[ack] ack: Ack<&'static str>) -> WsResponse<&'static str> {
        ack.send("by hand");
        WsResponse::new("answer", "as well")
    }

    #[subscribe_message("arguments/ack-then-fail")]
    fn ack_then_fail(&self, #[ack] ack: Ack<&'static str>) -> Result<(), WsException> {
        ack.send("by hand");
        Err(WsException::new("afterwards"))
    }

    #[subscribe_message("arguments/ack-async")]
    async fn ack_async(&self, #[message_body] body: Option<Value>, #[ack] ack: Ack) -> &'static str {
        turn().await;
        ack.send(json!({ "body": shown(body) }));
        "a result that does not acknowledge"
    }

    /// All three by position.
    #[subscribe_message("arguments/by-position")]
    fn by_position(&self, client: Socket, body: Option<Value>, ack: Ack<&'static str>) {
        client.emit("body", shown(body));
        ack.send("by hand");
    }

    #[subscribe_message("arguments/by-position-with-result")]
    fn by_position_with_result(&self, _client: Socket, body: Option<Value>, ack: Ack) -> &'static str {
        ack.send(json!({ "body": shown(body) }));
        "a result that comes second"
    }

    #[subscribe_message("arguments/emit-before-return")]
    fn emit_before_return(&self, #[connected_socket] client: Socket) -> &'static str {
        client.emit("first", 1);
        client.emit("second", 2);
        "last"
    }
}

/// Several handlers of one event.
#[web_socket_gateway]
pub(crate) struct TwiceGateway;

#[subscribe_messages]
impl TwiceGateway {
    #[subscribe_message("twice/both")]
    fn first(&self, #[connected_socket] client: Socket) -> &'static str {
        client.emit("from", "the first");
        "the first"
    }

    #[subscribe_message("twice/both")]
    fn second(&self, #[connected_socket] client: Socket) -> &'static str {
        client.emit("from", "the second");
        "the second"
    }

    /// The first takes longer: the second acknowledges.
    #[subscribe_message("twice/slow-and-fast")]
    async fn slow(&self) -> &'static str {
        turn().await;
        "the slow one"
    }

    #[subscribe_message("twice/slow-and-fast")]
    fn fast(&self) -> &'static str {
        "the fast one"
    }

    #[subscribe_message("twice/silent-and-loud")]
    fn silent(&self) {}

    #[subscribe_message("twice/silent-and-loud")]
    fn loud(&self) -> &'static str {
        "the loud one"
    }

    #[subscribe_message("twice/failing-and-fine")]
    fn failing(&self) -> Result<&'static str, WsException> {
        Err(WsException::new("the first fails"))
    }

    #[subscribe_message("twice/failing-and-fine")]
    fn fine(&self) -> &'static str {
        "the second"
    }

    #[subscribe_message("twice/two-gateways")]
    fn of_one_gateway(&self) -> WsResponse<&'static str> {
        WsResponse::new("from", "one gateway")
    }
}

/// Shares an event with another gateway.
#[web_socket_gateway]
pub(crate) struct TwiceMoreGateway;

#[subscribe_messages]
impl TwiceMoreGateway {
    #[subscribe_message("twice/two-gateways")]
    fn of_another_gateway(&self) -> WsResponse<&'static str> {
        WsResponse::new("from", "another gateway")
    }
}
