//! The built-in pipes, and pipes of one's own.

use futures_util::stream::{self, Stream, StreamExt};
use gateway_runtime::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value, json};

use crate::turn::turn;

/// What the built-in pipes throw by default, here as well.
fn exception_factory(error: &str) -> WsException {
    WsException::new(error)
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Colour {
    Red,
    Blue,
}

#[derive(Default)]
pub(crate) struct TrimPipe;

impl PipeTransform<String> for TrimPipe {
    type In = String;

    async fn transform(&self, value: String, _: &ArgumentMetadata) -> Result<String, HandlerError> {
        Ok(value.trim().to_owned())
    }
}

#[derive(Default)]
pub(crate) struct ShoutPipe;

impl PipeTransform<String> for ShoutPipe {
    type In = String;

    async fn transform(&self, value: String, metadata: &ArgumentMetadata) -> Result<String, HandlerError> {
        turn().await;
        if value.is_empty() {
            return Err(WsException::new(format!("{} is empty", metadata.name())))?;
        }
        Ok(format!("{}!", value.to_uppercase()))
    }
}

/// Doubles what is a number, leaves everything else alone.
#[derive(Default)]
pub(crate) struct DoublePipe;

impl PipeTransform<Data> for DoublePipe {
    type In = Data;

    async fn transform(&self, value: Data, _: &ArgumentMetadata) -> Result<Data, HandlerError> {
        Ok(match &value {
            Data::Number(number) => {
                number.as_i64().map_or(value, |number| Data::Number(Number::from(number * 2)))
            }
            _ => value,
        })
    }
}

#[web_socket_gateway]
pub(crate) struct PipesGateway;

#[subscribe_messages]
impl PipesGateway {
    #[subscribe_message("pipes/int")]
    fn int(
        &self,
        #[message_body("value", ParseIntPipe::new().exception_factory(exception_factory))] value: i64,
    ) -> Value {
        json!({ "value": value })
    }

    #[subscribe_message("pipes/int-of-body")]
    fn int_of_body(
        &self,
        #[message_body(ParseIntPipe::new().exception_factory(exception_factory))] value: i64,
    ) -> Value {
        json!({ "value": value })
    }

    #[subscribe_message("pipes/int-default-exception")]
    fn int_default_exception(&self, #[message_body("value", ParseIntPipe)] value: i64) -> Value {
        json!({ "value": value })
    }

    #[subscribe_message("pipes/float")]
    fn float(
        &self,
        #[message_body("value", ParseFloatPipe::new().exception_factory(exception_factory))] value: f64,
    ) -> Value {
        json!({ "value": value })
    }

    #[subscribe_message("pipes/bool")]
    fn bool(
        &self,
        #[message_body("value", ParseBoolPipe::new().exception_factory(exception_factory))] value: bool,
    ) -> Value {
        json!({ "value": value })
    }

    #[subscribe_message("pipes/array")]
    fn array(
        &self,
        #[message_body("value", ParseArrayPipe::new().exception_factory(exception_factory))] value: Vec<
            String,
        >,
    ) -> Value {
        json!({ "value": value })
    }

    #[subscribe_message("pipes/array-of-numbers")]
    fn array_of_numbers(
        &self,
        #[message_body("value", ParseArrayPipe::new().separator(";").exception_factory(exception_factory))]
        value: Vec<f64>,
    ) -> Value {
        json!({ "value": value })
    }

    #[subscribe_message("pipes/uuid")]
    fn uuid(
        &self,
        #[message_body("value", ParseUuidPipe::new().exception_factory(exception_factory))] value: String,
    ) -> Value {
        json!({ "value": value })
    }

    #[subscribe_message("pipes/enum")]
    fn r#enum(
        &self,
        #[message_body("value", ParseEnumPipe::new().exception_factory(exception_factory))] value: Colour,
    ) -> Value {
        json!({ "value": value })
    }

    #[subscribe_message("pipes/default")]
    fn default(
        &self,
        #[message_body("value", DefaultValuePipe::new("a default".to_owned()))] value: String,
    ) -> Value {
        json!({ "value": value })
    }

    #[subscribe_message("pipes/default-then-int")]
    fn default_then_int(
        &self,
        #[message_body(
            "value",
            DefaultValuePipe::new(1),
            ParseIntPipe::new().exception_factory(exception_factory)
        )]
        value: i64,
    ) -> Value {
        json!({ "value": value })
    }

    #[subscribe_message("pipes/chain")]
    fn chain(&self, #[message_body("value", TrimPipe, ShoutPipe)] value: String) -> Value {
        json!({ "value": value })
    }

    #[subscribe_message("pipes/chain-of-body")]
    fn chain_of_body(&self, #[message_body(TrimPipe, ShoutPipe)] value: String) -> Value {
        json!({ "value": value })
    }

    #[use_pipes(TrimPipe)]
    #[subscribe_message("pipes/method")]
    fn method(&self, #[message_body("value", ShoutPipe)] value: String) -> Value {
        json!({ "value": value })
    }

    #[use_pipes(TrimPipe)]
    #[subscribe_message("pipes/method-without-decorators")]
    fn method_without_decorators(&self, _client: Socket, value: String) -> Value {
        json!({ "value": value })
    }

    #[subscribe_message("pipes/async")]
    async fn r#async(
        &self,
        #[message_body("value", ParseIntPipe::new().exception_factory(exception_factory))] value: i64,
    ) -> Value {
        turn().await;
        json!({ "value": value })
    }

    #[subscribe_message("pipes/stream")]
    fn stream(
        &self,
        #[message_body("value", ParseIntPipe::new().exception_factory(exception_factory))] value: i64,
    ) -> impl Stream<Item = WsResponse<i64>> + Send + use<> {
        stream::iter([value, value + 1]).map(|data| WsResponse::new("item", data))
    }

    #[subscribe_message("pipes/ack")]
    fn ack(
        &self,
        #[message_body("value", ParseIntPipe::new().exception_factory(exception_factory))] value: i64,
        #[connected_socket] client: &Socket,
        #[ack] ack: Ack<&'static str>,
    ) -> &'static str {
        client.emit("value", value);
        ack.send("by hand");
        "a result that does not acknowledge"
    }

    /// Both refuse: one of them is told.
    #[subscribe_message("pipes/two-fail")]
    fn two_fail(
        &self,
        #[message_body("a", ParseIntPipe::new().exception_factory(|_| WsException::new("a is wrong")))]
        a: i64,
        #[message_body("b", ParseIntPipe::new().exception_factory(|_| WsException::new("b is wrong")))]
        b: i64,
    ) -> Value {
        json!({ "a": a, "b": b })
    }
}

/// A pipe of the whole gateway.
#[use_pipes(DoublePipe)]
#[web_socket_gateway]
pub(crate) struct GatewayPipesGateway;

#[subscribe_messages]
impl GatewayPipesGateway {
    #[subscribe_message("pipes/gateway")]
    fn gateway(&self, #[message_body] value: Option<Value>) -> Value {
        match value {
            Some(value) => json!({ "value": value }),
            None => json!({}),
        }
    }

    #[subscribe_message("pipes/gateway-and-key")]
    fn gateway_and_key(&self, #[message_body("value")] value: Value) -> Value {
        json!({ "value": value })
    }

    #[subscribe_message("pipes/gateway-without-body")]
    fn gateway_without_body(&self) -> &'static str {
        "done"
    }
}
