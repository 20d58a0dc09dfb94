//! What handlers and enhancers fail with.

use gateway_runtime::prelude::*;
use serde_json::{Value, json};

#[derive(Debug, thiserror::Error)]
#[error("the room {room} is full")]
pub(crate) struct RoomIsFull {
    pub(crate) room: &'static str,
}

/// As a subclass of `WsException`.
impl From<RoomIsFull> for WsException {
    fn from(error: RoomIsFull) -> Self {
        Self::new(error.to_string())
    }
}

#[derive(Debug, thiserror::Error)]
#[error("secret")]
pub(crate) struct NoSuchRoom;

#[derive(Debug, thiserror::Error)]
#[error("secret")]
pub(crate) struct NoSuchUser;

/// Where the body of the message says `kind`, that is what is thrown.
pub(crate) fn failure(kind: &str) -> HandlerError {
    match kind {
        "text" => WsException::new("refused").into(),
        "empty-text" => WsException::new("").into(),
        "object" => WsException::from_value(json!({ "code": 7, "message": "refused" })).into(),
        "empty-object" => WsException::from_value(json!({})).into(),
        "array" => WsException::from_value(json!(["first", 2])).into(),
        "number" => WsException::from_value(7).into(),
        "zero" => WsException::from_value(0).into(),
        "boolean" => WsException::from_value(false).into(),
        "null" => WsException::from_value(Value::Null).into(),
        "subclass" => HandlerError::exception(RoomIsFull { room: "general" }),
        "error" => std::io::Error::other("secret").into(),
        "panic" => panic!("secret"),
        "thrown-text" => HandlerError::error("secret"),
        // What NestJS throws for HTTP means nothing here either.
        "http" => std::fmt::Error.into(),
        "no-room" => NoSuchRoom.into(),
        "no-user" => NoSuchUser.into(),
        other => HandlerError::error(format!("no kind of failure: {other}")),
    }
}
